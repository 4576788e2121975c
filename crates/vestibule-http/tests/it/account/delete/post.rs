use std::time::Duration;

use http::StatusCode;
use vestibule_core::letter::Says;

use super::ALICE;
use crate::house::{Browser, House, PASSWORD};

/// Holds: ASVS 7.4.2, ASVS 14.3.1
#[tokio::test]
async fn asvs_7_4_2_a_deleted_account_is_out_everywhere_and_this_browser_forgets_it() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    let bob = house.signed_in("bob@example.test").await;
    let other = house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    let value = browser.session().unwrap();
    let answer = delete(&browser, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Your account is deleted"));
    assert!(answer.body.contains("2 devices are signed out"));
    assert!(!answer.body.contains(ALICE) && !answer.body.contains("/logout"));
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 3, "{cookies:?}");
    assert!(cookies.iter().all(|set| set.contains("Max-Age=0")));
    assert_eq!(browser.cookie_header(), "");

    let replay = house.browser();
    replay.set_cookie("__Host-vestibule", &value);
    for ended in [replay, other] {
        assert_eq!(
            ended.get("/account").await.location(),
            "/login?next=%2Faccount"
        );
    }
    assert_eq!(
        house.browser().sign_in(ALICE, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    let letter = house.letter().await;
    assert_eq!(letter.to.as_str(), ALICE);
    assert!(matches!(letter.says, Says::AccountDeleted { .. }));
    assert_eq!(bob.get("/account").await.status, StatusCode::OK);
    assert!(house.trail().await.contains(&"user.deleted".to_owned()));
}

/// Holds: ASVS 7.5.3
#[tokio::test]
async fn asvs_7_5_3_a_stale_login_is_told_how_many_devices_before_it_proves_itself() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(6));
    let asked = delete(&browser, &[]).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.body.contains("signs out 2 devices, this one too"));
    let csrf = asked.csrf();
    let wrong = [("csrf", &*csrf), ("password", "not mine, I fear")];
    let refused = browser.post("/account/delete", &wrong).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    let right = [("csrf", &*csrf), ("password", PASSWORD)];
    let answer = browser.post("/account/delete", &right).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Your account is deleted"));
    assert!(
        browser.session().is_none(),
        "no renewed cookie comes back with it"
    );
}

#[tokio::test]
async fn the_only_administrator_stays_and_is_told_why() {
    let house = House::new().await;
    house.add_with(ALICE, &["admin"], true).await;
    let browser = house.signed_in(ALICE).await;
    let answer = delete(&browser, &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("You are the only administrator"));
    assert!(answer.set_cookies().is_empty());
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    house.add_with("bob@example.test", &["admin"], true).await;
    let answer = delete(&browser, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// Holds: N12
#[tokio::test]
async fn n12_without_this_session_s_token_nothing_is_deleted() {
    let house = House::new().await;
    house.add(ALICE).await;
    let other = house.signed_in(ALICE).await.get("/account").await.csrf();
    let browser = house.signed_in(ALICE).await;
    for token in ["", &other] {
        let answer = browser.post("/account/delete", &[("csrf", token)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_while_the_store_is_away_nothing_is_deleted_and_the_cookie_stays() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let token = browser.get("/account/delete").await.csrf();
    house.lose_the_store().await;
    let answer = browser.post("/account/delete", &[("csrf", &token)]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.set_cookies().is_empty());
    assert!(answer.body.contains(ALICE), "still signed in");
}

async fn delete(browser: &Browser, fields: &[(&str, &str)]) -> crate::house::Answer {
    browser
        .submit("/account/delete", "/account/delete", fields)
        .await
}
