use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::StatusCode;

use crate::house::{House, PASSWORD, Plan, send};

/// Holds: ASVS 16.5.4, ASVS 16.5.1
#[tokio::test]
async fn asvs_16_5_4_a_panic_is_one_500_and_the_house_stands() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let router = Router::new()
        .route(
            "/boom",
            get(async || -> &'static str { panic!("table \"users\" has no column bicycle") }),
        )
        .route("/fine", get(async || "fine"))
        .layer(from_fn_with_state(
            Arc::clone(&house.context),
            vestibule_http::browser::receive,
        ));
    for _ in 0..3 {
        let answer = send(&router, browser.request(http::Method::GET, "/boom", "")).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(answer.body.contains("<h1>") && answer.body.contains("alice@example.test"));
        assert!(
            !answer.body.contains("bicycle") && !answer.body.contains("panic"),
            "nothing of the inside"
        );
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.set_cookies().is_empty());
    }
    let answer = send(&router, browser.request(http::Method::GET, "/fine", "")).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "fine")
    );
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_without_the_store_logins_are_503_and_keep_what_there_is() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.browser();
    let token = browser.get("/login").await.csrf();
    house.lose_the_store().await;
    let fields = [
        ("csrf", token.as_str()),
        ("identifier", "alice@example.test"),
        ("password", crate::house::PASSWORD),
    ];
    let answer = browser.post("/login", &fields).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "5");
    assert!(answer.set_cookies().is_empty());
    assert!(answer.body.contains("href=\"/login\""));
}

/// Holds: ASVS 15.2.2, ASVS 6.3.8
#[tokio::test]
async fn asvs_15_2_2_without_room_for_another_hash_the_answer_is_503_and_nothing_was_judged() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let mut browser = house.signed_in("alice@example.test").await;
    let house = house
        .restarted(Plan {
            queue: 0,
            ..Plan::default()
        })
        .await;
    browser.router = house.router.clone();
    let trail = house.trail().await;
    house.clock.forward(std::time::Duration::from_mins(6));
    for (page, path, fields) in [
        (
            "/account/security",
            "/account/security",
            &[
                ("current_password", PASSWORD),
                ("new_password", "eleven green tandems"),
            ][..],
        ),
        (
            "/account",
            "/account/devices/end-others",
            &[("password", PASSWORD)],
        ),
    ] {
        let answer = browser.submit(page, path, fields).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(
            answer.header("retry-after").parse::<u64>().unwrap() > 0,
            "{path}"
        );
        assert!(
            answer.set_cookies().is_empty() && answer.body.contains("role=\"alert\""),
            "{path}"
        );
    }
    for email in ["alice@example.test", "nobody@example.test"] {
        let stranger = house.browser();
        stranger.get("/login").await;
        let answer = stranger.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        assert!(
            answer.body.contains(&format!("value=\"{email}\"")) && answer.set_cookies().is_empty()
        );
    }
    assert_eq!(house.trail().await, trail);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn while_sessions_are_still_being_read_a_cookie_is_neither_believed_nor_taken_away() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let mut browser = house.signed_in("alice@example.test").await;
    let token = browser.get("/account").await.csrf();
    let house = house
        .restarted(Plan {
            unfilled: true,
            ..Plan::default()
        })
        .await;
    browser.router = house.router.clone();
    for path in ["/", "/account", "/login", "/logout", "/account/security"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.set_cookies().is_empty());
    }
    let answer = browser.post("/logout", &[("csrf", &token)]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.set_cookies().is_empty());
    assert_eq!(
        house.browser().get("/login").await.status,
        StatusCode::OK,
        "who has none may come in"
    );
}
