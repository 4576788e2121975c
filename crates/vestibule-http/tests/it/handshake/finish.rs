//! `GET /vestibule/finish`.

use std::time::Duration;

use http::{Method, StatusCode};

use super::town::{APP, ISSUER, SIBLING, Town, UNRELATED, cut};

/// Holds: H04, ASVS 14.2.1
#[tokio::test]
async fn h04_a_code_works_once_and_for_ten_seconds() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/cart").await;
    assert_eq!(alice.open(&finish).await.location(), "/cart");
    let cookie = alice.at(SIBLING).cookie(APP);
    let again = alice.open(&finish).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.set_cookies().is_empty() && again.location().is_empty());
    assert!(again.body.contains("/vestibule/start"));
    assert_eq!(alice.at(SIBLING).cookie(APP), cookie);
    assert!(alice.is_in(SIBLING).await);

    alice.at(SIBLING).drop_cookie(APP);
    let late = alice.until_finish(SIBLING, "/").await;
    town.house.clock.forward(Duration::from_secs(10));
    assert_eq!(alice.open(&late).await.status, StatusCode::GONE);
    let in_time = alice.until_finish(SIBLING, "/").await;
    town.house.clock.forward(Duration::from_millis(9_999));
    assert_eq!(alice.open(&in_time).await.status, StatusCode::SEE_OTHER);
}

/// Holds: H04
#[tokio::test]
async fn h04_a_hundred_parallel_uses_open_one() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    let (_, path) = cut(&finish);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let router = town.house.router.clone();
        let request = alice.at(SIBLING).request(Method::GET, &path, "");
        tries.spawn(async move { crate::house::send(&router, request).await.status });
    }
    let statuses = tries.join_all().await;
    let opened = statuses
        .iter()
        .filter(|status| **status == StatusCode::SEE_OTHER);
    assert_eq!(opened.count(), 1);
}

/// Holds: ASVS 3.5.3, H04
#[tokio::test]
async fn asvs_3_5_3_whoever_only_looks_ahead_spends_no_code() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    let (_, path) = cut(&finish);
    let head = alice.at(SIBLING).request(Method::HEAD, &path, "");
    let head = alice.at(SIBLING).send(head).await;
    assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
    for headers in [
        [("sec-purpose", "prefetch")],
        [("sec-fetch-dest", "iframe")],
        [("sec-fetch-mode", "no-cors")],
    ] {
        assert_eq!(
            alice.open_with(&finish, &headers).await.status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(alice.open(&finish).await.status, StatusCode::SEE_OTHER);
}

/// Holds: ASVS 16.3.3, H02
#[tokio::test]
async fn a_stolen_url_opens_nothing_in_another_browser_and_is_on_record() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    // A browser that was here before, and so has a secret of its own.
    let mut mallory = town.person();
    mallory
        .open(format!("{SIBLING}/vestibule/start?next=/"))
        .await;
    let answer = mallory.open(&finish).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("This link belongs to another browser"));
    assert!(answer.set_cookies().is_empty() && answer.location().is_empty());
    assert!(mallory.at(SIBLING).cookie(APP).is_none());
    assert_eq!(
        town.house.trail().await.last().unwrap(),
        "handshake.refused"
    );
    // It is burnt: the browser it was made for gets nothing by it either.
    assert_eq!(alice.open(&finish).await.status, StatusCode::GONE);
    assert_eq!(alice.visit(SIBLING, "/").await, "/");
}

/// Holds: ASVS 16.3.3
#[tokio::test]
async fn a_browser_that_keeps_no_cookie_is_told_so_and_goes_round_in_no_circle() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    for (name, _) in alice.secrets(SIBLING) {
        alice.at(SIBLING).drop_cookie(&name);
    }
    let answer = alice.open(&finish).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Your browser did not keep a cookie"));
    assert!(answer.location().is_empty() && answer.set_cookies().is_empty());
    assert_eq!(
        town.house.trail().await.last().unwrap(),
        "handshake.refused"
    );
}

#[tokio::test]
async fn a_code_is_worth_nothing_on_another_application_s_host() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    for (name, value) in alice.secrets(SIBLING) {
        alice.at(UNRELATED).set_cookie(&name, &value);
    }
    let elsewhere = finish.replace(SIBLING, UNRELATED);
    assert_eq!(alice.open(&elsewhere).await.status, StatusCode::GONE);
    assert_eq!(alice.open(&finish).await.status, StatusCode::GONE);
    assert!(alice.at(UNRELATED).cookie(APP).is_none());
    for code in ["", "x", &"A".repeat(43), &"A".repeat(44)] {
        let url = format!("{SIBLING}/vestibule/finish?code={code}");
        assert_eq!(alice.open(&url).await.status, StatusCode::GONE, "{code}");
    }
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_a_login_that_ended_before_its_code_came_back_opens_nothing() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    let answer = alice.at(ISSUER).submit("/logout", "/logout", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(alice.open(&finish).await.status, StatusCode::GONE);
    // An application that was removed meanwhile has no host here any more.
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    let doorways = town.house.engine.doorways();
    let id = doorways.at("shop.example.test").unwrap().application().id;
    drop(doorways);
    town.house
        .store
        .remove_application(id, town.act())
        .await
        .unwrap();
    assert_eq!(
        alice.open(&finish).await.status,
        StatusCode::MISDIRECTED_REQUEST
    );
}
