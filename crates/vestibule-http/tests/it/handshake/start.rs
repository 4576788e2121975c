//! `GET /vestibule/start`.

use http::StatusCode;
use vestibule_core::application::Demand;
use vestibule_http::HeaderFamily;

use super::town::{APP, ISSUER, SIBLING, Town, cut};
use crate::edge::asker::Ask;
use crate::house::Plan;

/// Holds: R23, ASVS 3.7.2
#[tokio::test]
async fn r23_next_is_a_path_on_this_host_and_none_of_ours() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    for (next, goes_to) in [
        ("/cart", "/cart"),
        ("/a?b=c%2526d%26e=%252B%2B", "/a?b=c%26d&e=%2B+"),
        ("", "/"),
        ("//evil.test", "/"),
        ("/%5Cevil.test", "/"),
        ("/%09/evil.test", "/"),
        ("https://evil.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("/..//evil.test", "/"),
        ("/vestibule/start", "/"),
        ("/vestibule", "/"),
        ("/%2576estibule/finish", "/"),
        ("/vestibules", "/vestibules"),
    ] {
        let start = alice.open(format!("{SIBLING}/vestibule/start?next={next}"));
        let start = start.await;
        assert_eq!(start.status, StatusCode::SEE_OTHER, "{next}");
        let (origin, _) = cut(start.location());
        assert_eq!(origin, ISSUER, "{next}");
        let offer = alice.open(start.location()).await;
        let (origin, _) = cut(offer.location());
        assert_eq!(origin, SIBLING, "{next}");
        let finish = alice.open(&offer.location().to_owned()).await;
        assert_eq!(finish.location(), goes_to, "{next}");
        alice.at(SIBLING).drop_cookie(APP);
    }
}

#[tokio::test]
async fn a_path_that_sign_in_would_not_carry_is_left_out_piece_by_piece() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    for (page, goes_to) in [
        (format!("/search?q={}", "a".repeat(1700)), None),
        (format!("/search?q={}", "a".repeat(2000)), Some("/search")),
        (format!("/{}", "a".repeat(2000)), Some("/")),
    ] {
        let goes_to = goes_to.unwrap_or(&page).to_owned();
        assert_eq!(alice.visit(SIBLING, &page).await, goes_to);
        alice.at(SIBLING).drop_cookie(APP);
    }
}

#[tokio::test]
async fn tabs_that_begin_at_once_share_the_browser_s_secret_and_all_arrive() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let one = alice.until_finish(SIBLING, "/one").await;
    let secrets = alice.secrets(SIBLING);
    let two = alice.until_finish(SIBLING, "/two").await;
    assert_eq!(alice.secrets(SIBLING), secrets);
    assert_eq!(alice.open(&two).await.location(), "/two");
    assert_eq!(alice.open(&one).await.location(), "/one");
    assert!(alice.is_in(SIBLING).await);
}

/// A browser that starts anew opens its tabs at once, before any has a cookie.
#[tokio::test]
async fn tabs_that_begin_before_there_is_a_secret_all_arrive_too() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let mut starts = Vec::new();
    for tab in ["/one", "/two", "/three"] {
        let url = format!("/vestibule/start?next={tab}");
        let request = alice.at(SIBLING).request(http::Method::GET, &url, "");
        starts.push((tab, request));
    }
    let mut under_way = Vec::new();
    for (tab, request) in starts {
        let start = alice.at(SIBLING).send(request).await;
        under_way.push((tab, start.location().to_owned()));
    }
    assert_eq!(alice.secrets(SIBLING).len(), 3);
    for (tab, offer) in under_way {
        let finish = alice.open(offer).await;
        assert_eq!(alice.open(finish.location()).await.location(), tab);
    }
    // From then on one of them serves.
    alice.at(SIBLING).drop_cookie(APP);
    alice.visit(SIBLING, "/").await;
    assert_eq!(alice.secrets(SIBLING).len(), 3);
}

#[tokio::test]
async fn who_is_signed_in_here_goes_straight_on() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    let answer = alice.open(format!("{SIBLING}/vestibule/start?next=/cart"));
    let answer = answer.await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/cart")
    );
}

/// What `/verify` leads a HEAD to that looks like a page view.
///
/// Holds: ASVS 3.5.3
#[tokio::test]
async fn asvs_3_5_3_a_head_gets_an_answer_and_changes_nothing() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let start = "/vestibule/start?next=/cart";
    let head = async |alice: &mut super::town::Person<'_>| {
        let asked = alice.at(SIBLING).request(http::Method::HEAD, start, "");
        alice.at(SIBLING).send(asked).await
    };
    let nobody = head(&mut alice).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        nobody.header("www-authenticate"),
        "Bearer realm=\"vestibule\""
    );
    assert!(nobody.set_cookies().is_empty());
    alice.visit(SIBLING, "/").await;
    for _ in 0..7 {
        let known = head(&mut alice).await;
        assert_eq!(
            (known.status, known.location()),
            (StatusCode::SEE_OTHER, "/cart")
        );
        assert!(known.set_cookies().is_empty());
    }
}

#[tokio::test]
async fn a_proxy_that_keeps_the_cookie_to_itself_is_found_out_before_the_browser_gives_up() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/cart").await;
    let start = format!("{SIBLING}/vestibule/start?next=/cart");
    for _ in 0..5 {
        assert_eq!(alice.open(&start).await.location(), "/cart");
    }
    let stopped = alice.open(&start).await;
    assert_eq!(stopped.status, StatusCode::LOOP_DETECTED);
    assert!(
        stopped
            .body
            .contains("the proxy must pass the Cookie header on")
    );
    assert!(stopped.body.contains("href=\"/\""));
    // Another page is another matter.
    let other = alice.open(format!("{SIBLING}/vestibule/start?next=/other"));
    assert_eq!(other.await.location(), "/other");
}

/// Holds: H02
#[tokio::test]
async fn h02_two_cookies_of_one_name_are_none() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    let value = alice.at(SIBLING).cookie(APP).unwrap();
    for (cookies, status) in [
        (format!("{APP}={value}"), StatusCode::OK),
        (
            format!("{APP}={value}; {APP}={value}"),
            StatusCode::UNAUTHORIZED,
        ),
        (
            format!("{APP}={value}; {APP}=tossed"),
            StatusCode::UNAUTHORIZED,
        ),
        (
            format!("{APP}={}", value.to_lowercase()),
            StatusCode::UNAUTHORIZED,
        ),
        (
            format!("__host-vestibule-app={value}"),
            StatusCode::UNAUTHORIZED,
        ),
        (
            format!("vestibule-app-443={value}"),
            StatusCode::UNAUTHORIZED,
        ),
    ] {
        let answer = town.ask(SIBLING, "/", &cookies).send().await;
        assert_eq!(answer.status, status, "{cookies}");
    }
}

/// Holds: N14, ASVS 3.3.1
#[tokio::test]
async fn n14_on_http_loopback_the_cookies_names_carry_the_application_s_port() {
    let plan = Plan {
        issuer: "http://localhost:8080",
        ..Plan::default()
    };
    let town = Town::planned(plan).await;
    let shop = "http://localhost:9000";
    town.register("loopback", &[shop], Demand::default()).await;
    let issuer = "http://localhost:8080";
    let mut alice = town.person();
    let fields = [
        ("identifier", super::town::ALICE),
        ("password", crate::house::PASSWORD),
    ];
    let signed_in = alice.at(issuer).submit("/login", "/login", &fields).await;
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
    let start = alice.open(format!("{shop}/vestibule/start?next=/")).await;
    assert!(start.set_cookies()[0].starts_with("vestibule-handshake-9000-"));
    assert!(!start.set_cookies()[0].contains("Secure"));
    let offer = alice.open(start.location()).await;
    let finish = alice.open(offer.location()).await;
    assert!(finish.set_cookies()[0].starts_with("vestibule-app-9000="));
    let cookies = alice.at(shop).cookie_header();
    let asked = Ask::new(
        &town.house.router,
        shop,
        HeaderFamily::XForwarded,
        "GET",
        "/",
    );
    let answer = asked.with("cookie", &cookies).send().await;
    assert_eq!(answer.status, StatusCode::OK);
}
