use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::StatusCode;

use crate::house::{House, send};

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
