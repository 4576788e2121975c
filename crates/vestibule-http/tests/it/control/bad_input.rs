//! What no route takes, and who may not ask at all.

use axum::body::Body;
use http::{StatusCode, header};
use vestibule_http::OperatorUid;
use vestibule_http::api::problem::Code;
use vestibule_http::errors::Code as PageCode;
use vestibule_http::texts::Texts;

use super::caller::Caller;
use crate::house::send;

const USERS: &str = "/api/v1/admin/users";

/// Holds: ASVS 8.2.1
#[tokio::test]
async fn asvs_8_2_1_nothing_is_answered_without_a_checked_operator() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let before = caller.position().await;
    for (method, path) in [
        ("GET", USERS),
        ("POST", USERS),
        ("POST", "/api/v1/admin/users/alice@example.test/disable"),
        ("POST", "/api/v1/admin/users/alice@example.test/enable"),
        ("POST", "/api/v1/admin/users/alice@example.test/recover"),
        ("DELETE", "/api/v1/admin/users/alice@example.test"),
        ("POST", "/api/v1/admin/invitations"),
        ("GET", "/api/v1/admin/mail"),
        ("POST", "/api/v1/admin/mail/test"),
        ("GET", "/api/v1/admin/sessions"),
        ("DELETE", "/api/v1/admin/sessions?all=true"),
        ("DELETE", "/api/v1/admin/sessions/x"),
        ("GET", "/api/v1/admin/audit"),
        ("GET", "/api/v1/admin/audit/verify"),
        ("POST", "/api/v1/admin/backup"),
        ("GET", "/elsewhere"),
        ("PUT", USERS),
    ] {
        let mut request = Caller::request(method, path, r#"{"email": "bob@example.test"}"#);
        request.extensions_mut().remove::<OperatorUid>();
        let told = caller.send(request).await;
        assert_eq!(
            told.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{method} {path}"
        );
        assert_eq!(told.problem(), "operator_unknown");
    }
    assert_eq!(caller.position().await, before);
}

/// Holds: ASVS 8.2.1
#[tokio::test]
async fn what_only_somebody_at_the_machine_may_do_is_not_on_the_public_listener() {
    let caller = Caller::new().await;
    for (method, path) in [
        (http::Method::POST, "/api/v1/admin/backup"),
        (http::Method::GET, "/api/v1/admin/doctor"),
        (http::Method::POST, "/api/v1/admin/doctor/probes"),
    ] {
        let request = caller.house.browser().request(method, path, "");
        assert_eq!(
            send(&caller.house.router, request).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

/// Holds: ASVS 8.2.1
#[tokio::test]
async fn asvs_8_2_1_on_the_public_listener_nobody_administers_unasked() {
    let caller = Caller::new().await;
    for path in [USERS, "/api/v1/admin/sessions", "/api/v1/admin/audit"] {
        let request = caller.house.browser().request(http::Method::GET, path, "");
        let answer = send(&caller.house.router, request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

/// Holds: ASVS 1.5.3
#[tokio::test]
async fn asvs_1_5_3_unknown_and_repeated_fields_are_refused() {
    let caller = Caller::new().await;
    for body in [
        "{",
        "[]",
        "null",
        "\"alice@example.test\"",
        "{}",
        r#"{"email": 7}"#,
        r#"{"email": null}"#,
        r#"{"email": "a@example.test", "admin": true}"#,
        r#"{"email": "a@example.test", "email": "b@example.test"}"#,
        r#"{"email": "a@example.test", "verified": "yes"}"#,
        r#"{"email": "a@example.test", "roles": "admin"}"#,
        r#"{"email": "a@example.test"} {}"#,
        r#"{"email": "a@example.test",}"#,
    ] {
        let told = caller.post(USERS, body).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(told.problem(), "invalid_body");
    }
    assert_eq!(caller.position().await, 0);
    for query in [
        "?limits=1",
        "?limit=1&limit=2",
        "?limit=0",
        "?limit=1001",
        "?limit=-1",
        "?limit=x",
        "?limit=",
        "?after=a",
    ] {
        let told = caller.get(&format!("{USERS}{query}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{query}");
        told.problem();
    }
    let told = caller.get("/api/v1/admin/sessions?before=x").await;
    assert_eq!(told.problem(), "invalid_query");
}

/// Holds: ASVS 4.1.1, ASVS 3.5.2
#[tokio::test]
async fn asvs_4_1_1_a_body_is_declared_to_be_json() {
    let caller = Caller::new().await;
    let body = r#"{"email": "a@example.test"}"#;
    for declared in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json; charset=latin1",
        "application/json, text/plain",
    ] {
        let mut request = Caller::request("POST", USERS, body);
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, declared.parse().unwrap());
        let told = caller.send(request).await;
        assert_eq!(
            told.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{declared}"
        );
        assert_eq!(told.problem(), "unsupported_media_type");
    }
    let mut twice = Caller::request("POST", USERS, body);
    twice
        .headers_mut()
        .append(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(
        caller.send(twice).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let mut utf8 = Caller::request("POST", USERS, body);
    utf8.headers_mut().insert(
        header::CONTENT_TYPE,
        "Application/JSON; charset=UTF-8".parse().unwrap(),
    );
    assert_eq!(caller.send(utf8).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_body_has_a_limit_declared_or_not() {
    let caller = Caller::new().await;
    let large = format!(
        r#"{{"email": "a@example.test", "name": "{}"}}"#,
        "x".repeat(70_000)
    );
    let told = caller.post(USERS, &large).await;
    assert_eq!(
        (told.status, told.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
    );
    let mut declared = Caller::request("POST", USERS, "{}");
    declared
        .headers_mut()
        .insert(header::CONTENT_LENGTH, "99999999".parse().unwrap());
    *declared.body_mut() = Body::empty();
    assert_eq!(
        caller.send(declared).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

/// Holds: ASVS 4.1.4
#[tokio::test]
async fn asvs_4_1_4_what_is_not_there_says_so() {
    let caller = Caller::new().await;
    for path in [
        "/",
        "/api",
        "/api/v1/admin/user",
        "/api/v1/admin/users/",
        "/login",
        "/verify",
    ] {
        let told = caller.get(path).await;
        assert_eq!(
            (told.status, told.problem()),
            (StatusCode::NOT_FOUND, "route_not_found"),
            "{path}"
        );
    }
    for (method, path) in [
        ("PUT", USERS),
        ("DELETE", USERS),
        ("POST", "/api/v1/admin/sessions/x"),
        ("POST", "/api/v1/admin/audit"),
    ] {
        let told = caller.send(Caller::request(method, path, "")).await;
        assert_eq!(
            told.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{method} {path}"
        );
        assert_eq!(told.problem(), "method_not_allowed");
    }
}

/// The book's table is the product's.
#[test]
fn every_problem_is_in_the_book() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/problems.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let (page, pages) = page.split_once("## From the pages").unwrap();
    let texts = Texts::embedded();
    let english = texts.of("en");
    for code in Code::ALL {
        let row = format!(
            "| `{}` | {} | {} |",
            code.as_str(),
            code.status().as_u16(),
            english.text(code.title())
        );
        assert!(page.contains(&row), "the book lacks {row}");
    }
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows(page), Code::ALL.len());
    for code in PageCode::ALL {
        let row = format!("| `{}` | {} | ", code.as_str(), code.status().as_u16());
        assert!(pages.contains(&row), "the book lacks {row}");
    }
    assert_eq!(rows(pages), PageCode::ALL.len());
}
