//! Who may be in the console, whatever the page.

use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule_core::user::Role;

use super::ROOT;
use crate::browser::routes::pages;
use crate::house::House;

/// Each path of the console that can be asked for without naming something, with its methods.
fn rooms() -> Vec<(String, Vec<Method>)> {
    let rooms = pages().into_iter();
    let rooms: Vec<_> = rooms
        .filter(|(path, _)| path.starts_with("/console"))
        .collect();
    assert!(!rooms.is_empty());
    rooms
}

#[tokio::test]
async fn a_stranger_is_led_to_sign_in_and_back() {
    let house = House::new().await;
    for (path, methods) in rooms() {
        let visitor = house.browser();
        if methods.contains(&Method::GET) {
            let answer = visitor.get(&path).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            let next = utf8_percent_encode(&path, NON_ALPHANUMERIC).to_string();
            let back_to_it = format!("/login?next={next}");
            let led = answer.location();
            // A path with a place for an id is no path that anybody asks for.
            assert!(led == back_to_it || path.contains('{'), "{path}: {led}");
            assert!(led.starts_with("/login?next=%2F"), "{path}: {led}");
        }
        if methods.contains(&Method::POST) {
            let answer = visitor.post(&path, &[]).await;
            let told = (answer.status, answer.location());
            assert_eq!(
                told,
                (StatusCode::SEE_OTHER, "/login?next=%2Fconsole"),
                "{path}"
            );
        }
    }
}

/// Holds: ASVS 8.2.1, ASVS 8.3.1
#[tokio::test]
async fn asvs_8_2_1_who_is_no_administrator_sees_nothing_of_the_console_and_does_nothing_in_it() {
    let house = House::new().await;
    house.add_with("alice@example.test", &["staff"], true).await;
    let alice = house.signed_in("alice@example.test").await;
    let trail = house.trail().await;
    for (path, methods) in rooms() {
        for method in methods {
            let request = if method == Method::POST {
                let csrf = alice.get("/account").await.csrf();
                alice.form(&path, &[("csrf", &csrf)])
            } else {
                alice.request(method.clone(), &path, "")
            };
            let answer = alice.send(request).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            if method != Method::HEAD {
                assert!(answer.body.contains("This is for administrators"), "{path}");
            }
        }
    }
    assert_eq!(house.trail().await, trail);
    let account = alice.get("/account").await;
    assert!(!account.body.contains("/console"));
}

/// Holds: ASVS 8.3.2
#[tokio::test]
async fn asvs_8_3_2_a_role_that_was_given_or_taken_counts_at_the_next_request() {
    let house = House::new().await;
    let root = house.add_with(ROOT, &["admin"], true).await;
    house.add_with("other@example.test", &["admin"], true).await;
    let browser = house.signed_in(ROOT).await;
    assert_eq!(browser.get("/console").await.status, StatusCode::OK);
    assert!(
        browser
            .get("/account")
            .await
            .body
            .contains("href=\"/console\"")
    );
    let (email, operator) = (root.email.clone(), house.operator());
    let engine = &house.engine;
    engine
        .set_roles(&email, Vec::new(), &operator)
        .await
        .unwrap();
    assert_eq!(browser.get("/console").await.status, StatusCode::FORBIDDEN);
    assert!(
        !browser
            .get("/account")
            .await
            .body
            .contains("href=\"/console\"")
    );
    engine
        .set_roles(
            &email,
            vec![Role::ADMIN.parse::<Role>().unwrap()],
            &operator,
        )
        .await
        .unwrap();
    assert_eq!(browser.get("/console").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_overview_is_a_page_of_the_console() {
    let house = House::new().await;
    house.add_with(ROOT, &["admin"], true).await;
    let browser = house.signed_in(ROOT).await;
    let page = browser.get("/console").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("aria-current=\"page\""));
    assert!(page.body.contains("<h1>Overview</h1>"), "{}", page.body);
}
