//! `/api/v1/session`

use std::time::Duration;

use http::{StatusCode, header};

use super::{asked, call, csrf, program, read, refused, sent};
use crate::house::{House, PASSWORD};

const SESSION: &str = "/api/v1/session";
const PROVE: &str = "/api/v1/session/reauthenticate";
const ALICE: &str = "alice@example.test";

#[tokio::test]
async fn who_is_signed_in_is_told_and_nobody_else() {
    let house = House::new().await;
    house.add(ALICE).await;
    let answer = asked(&house.browser(), SESSION).await;
    refused(&answer, 401, "not_signed_in");
    assert_eq!(
        answer.header("www-authenticate"),
        "Cookie realm=\"vestibule\""
    );
    let browser = house.signed_in(ALICE).await;
    let answer = asked(&browser, SESSION).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.set_cookies().is_empty());
    assert_eq!(read(&answer)["user"]["email"], ALICE);
    let head = browser.send(call(&browser, "HEAD", SESSION, "")).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}

/// Holds: ASVS 7.4.1, N10
#[tokio::test]
async fn n10_a_sign_out_ends_the_session_and_takes_its_cookie() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let cookie = browser.session().unwrap();
    let answer = sent(&browser, "DELETE", SESSION, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    assert!(
        answer
            .set_cookies()
            .iter()
            .any(|set| set.starts_with("__Host-vestibule=;") && set.contains("Max-Age=0"))
    );
    assert!(browser.session().is_none());
    browser.set_cookie("__Host-vestibule", &cookie);
    for method in ["GET", "DELETE"] {
        let answer = browser.send(call(&browser, method, SESSION, "")).await;
        refused(&answer, 401, "not_signed_in");
        // A late tab must not erase a new cookie.
        assert!(answer.set_cookies().is_empty(), "{answer:?}");
    }
}

/// Holds: N12, ASVS 3.5.1
#[tokio::test]
async fn n12_what_changes_something_needs_this_session_s_token_and_origin() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    let browser = house.signed_in(ALICE).await;
    let other = csrf(&house.signed_in("bob@example.test").await).await;
    let own = csrf(&browser).await;
    for token in [None, Some(other.as_str()), Some(""), Some("x")] {
        let mut request = call(&browser, "DELETE", SESSION, "");
        if let Some(token) = token {
            request
                .headers_mut()
                .insert("x-csrf-token", token.parse().unwrap());
        }
        refused(&browser.send(request).await, 403, "csrf_token_required");
    }
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut request = call(&browser, "DELETE", SESSION, "");
        request
            .headers_mut()
            .insert("x-csrf-token", own.parse().unwrap());
        request.headers_mut().insert(name, value.parse().unwrap());
        refused(&browser.send(request).await, 403, "cross_site");
    }
    assert_eq!(asked(&browser, SESSION).await.status, StatusCode::OK);
    // A program tells no origin, and has the token.
    let mut request = program(&browser, "DELETE", SESSION, "");
    request
        .headers_mut()
        .insert("x-csrf-token", own.parse().unwrap());
    assert_eq!(browser.send(request).await.status, StatusCode::NO_CONTENT);
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_a_sign_out_that_is_not_stored_says_so_until_it_is() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let token = csrf(&browser).await;
    house.lose_the_store().await;
    for _ in 0..2 {
        let mut request = call(&browser, "DELETE", SESSION, "");
        request
            .headers_mut()
            .insert("x-csrf-token", token.parse().unwrap());
        let answer = browser.send(request).await;
        refused(&answer, 503, "end_unstored");
        assert!(answer.set_cookies().is_empty());
    }
    refused(&asked(&browser, SESSION).await, 401, "not_signed_in");
}

#[tokio::test]
async fn a_session_is_told_while_the_store_is_away() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.lose_the_store().await;
    let answer = asked(&browser, SESSION).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(read(&answer)["device"].is_null());
}

/// Holds: ASVS 7.2.4, N07
#[tokio::test]
async fn asvs_7_2_4_a_login_proved_anew_has_another_cookie_and_both_clocks() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let (before, token) = (browser.session().unwrap(), csrf(&browser).await);
    house.clock.forward(Duration::from_mins(20));
    let mut request = call(
        &browser,
        "POST",
        PROVE,
        &format!("{{\"password\": \"{PASSWORD}\"}}"),
    );
    request
        .headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    let answer = browser.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(read(&answer)["auth_time"], "2026-01-01T00:20:00.000Z");
    assert_eq!(read(&answer)["expires_at"], "2026-01-01T12:20:00.000Z");
    let late = house.browser();
    late.set_cookie("__Host-vestibule", &before);
    refused(&asked(&late, SESSION).await, 401, "not_signed_in");
    // The token is bound to the session, not to its secret.
    let mut request = call(&browser, "DELETE", SESSION, "");
    request
        .headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    assert_eq!(browser.send(request).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_wrong_password_proves_nothing_and_ends_nothing() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let answer = sent(
        &browser,
        "POST",
        PROVE,
        r#"{"password": "not the password of it"}"#,
    )
    .await;
    refused(&answer, 403, "password_refused");
    assert!(answer.set_cookies().is_empty());
    assert_eq!(asked(&browser, SESSION).await.status, StatusCode::OK);
    assert_eq!(answer.headers.get(header::SET_COOKIE), None);
}
