//! What the public API refuses before it does anything.

use axum::body::Body;
use http::header;

use super::{asked, call, csrf, refused, sent};
use crate::house::House;

const PROFILE: &str = "/api/v1/account/profile";
const ALICE: &str = "alice@example.test";

/// Holds: ASVS 1.5.3, ASVS 4.1.1
#[tokio::test]
async fn asvs_1_5_3_what_could_be_read_in_two_ways_is_refused() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let deep = format!(
        r#"{{"name": {}1{}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    for body in [
        "",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{}",
        r#"{"name": "A", "language": "en"} x"#,
        r#"{"name": "A", "name": "B", "language": "en"}"#,
        r#"{"name": "A", "language": "en", "roles": ["admin"]}"#,
        r#"{"name": 1, "language": "en"}"#,
        r#"{"name": null, "language": "en"}"#,
        "{\"name\": \"\\ud800\", \"language\": \"en\"}",
        "\u{feff}{}",
        &deep,
    ] {
        let mut request = call(&browser, "PUT", PROFILE, body);
        let token = csrf(&browser).await;
        let headers = request.headers_mut();
        headers.insert("x-csrf-token", token.parse().unwrap());
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        refused(&browser.send(request).await, 400, "invalid_body");
    }
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_ten_megabytes_are_not_read() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(10_000_000));
    refused(
        &sent(&browser, "PUT", PROFILE, &large).await,
        413,
        "body_too_large",
    );
    let mut declared = call(&browser, "PUT", PROFILE, "{}");
    let token = csrf(&browser).await;
    declared
        .headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    declared
        .headers_mut()
        .insert(header::CONTENT_LENGTH, "99999999".parse().unwrap());
    *declared.body_mut() = Body::empty();
    refused(&browser.send(declared).await, 413, "body_too_large");
}

/// Holds: ASVS 4.1.4
#[tokio::test]
async fn asvs_4_1_4_a_method_that_is_not_there_is_told_those_that_are() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    for (method, path, allowed) in [
        ("POST", "/api/v1/session", "GET,HEAD,DELETE"),
        ("OPTIONS", "/api/v1/session", "GET,HEAD,DELETE"),
        ("GET", "/api/v1/login", "POST"),
        ("PATCH", PROFILE, "GET,HEAD,PUT"),
        ("TRACE", PROFILE, "GET,HEAD,PUT"),
    ] {
        let answer = browser.send(call(&browser, method, path, "")).await;
        refused(&answer, 405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/session",
        "/api/v1/session/",
    ] {
        refused(&asked(&browser, path).await, 404, "not_found");
    }
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_a_session_that_ends_while_its_request_is_on_the_way_does_nothing() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let token = csrf(&browser).await;
    let (whole, waits) = tokio::sync::oneshot::channel::<()>();
    let mut request = call(
        &browser,
        "PUT",
        PROFILE,
        r#"{"name": "Late", "language": "en"}"#,
    );
    request
        .headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    let request = request.map(|body| {
        Body::new(http_body_util::BodyExt::with_trailers(body, async {
            let _ = waits.await;
            None
        }))
    });
    let mut answer = std::pin::pin!(browser.send(request));
    crate::house::until_it_waits(&mut answer).await;
    house.engine.revoke_all(&house.operator()).await.unwrap();
    whole.send(()).unwrap();
    refused(&answer.await, 401, "not_signed_in");
}
