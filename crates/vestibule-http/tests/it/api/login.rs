//! `POST /api/v1/login`

use http::{StatusCode, header};
use serde_json::json;

use super::{asked, call, program, read, refused};
use crate::house::{Browser, House, PASSWORD};

const LOGIN: &str = "/api/v1/login";
const ALICE: &str = "alice@example.test";

fn body(email: &str, password: &str) -> String {
    json!({"identifier": email, "password": password, "deliver": "cookie"}).to_string()
}

async fn log_in(browser: &Browser, body: &str) -> crate::house::Answer {
    browser.send(call(browser, "POST", LOGIN, body)).await
}

/// Holds: ASVS 7.2.4, N09, N14
#[tokio::test]
async fn a_login_opens_a_session_that_the_pages_know() {
    let house = House::new().await;
    house.add_with(ALICE, &["staff"], true).await;
    let browser = house.browser();
    let answer = log_in(&browser, &body(ALICE, PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let told = read(&answer);
    assert_eq!(told["status"], "ok");
    assert_eq!(told["session"]["user"]["email"], ALICE);
    assert_eq!(told["session"]["user"]["roles"], json!(["staff"]));
    assert_eq!(told["session"]["acr"], "aal1");
    assert_eq!(told["session"]["amr"], json!(["pwd"]));
    assert_eq!(told["session"]["device"]["name"], "Firefox on Linux");
    assert_eq!(told["session"]["auth_time"], "2026-01-01T00:00:00.000Z");
    assert_eq!(
        told["session"]["idle_expires_at"],
        "2026-01-01T00:30:00.000Z"
    );
    assert_eq!(told["session"]["expires_at"], "2026-01-01T12:00:00.000Z");
    let set = answer.set_cookies();
    let session = set
        .iter()
        .find(|set| set.starts_with("__Host-vestibule="))
        .unwrap();
    assert!(
        session.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{session}"
    );
    assert!(
        set.iter()
            .any(|set| set.starts_with("__Host-vestibule-device="))
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert!(house.trail().await.contains(&"login.succeeded".to_owned()));
}

#[tokio::test]
async fn who_is_remembered_keeps_the_cookie() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let body =
        json!({"identifier": ALICE, "password": PASSWORD, "deliver": "cookie", "remember": true});
    let answer = log_in(&browser, &body.to_string()).await;
    assert_eq!(read(&answer)["session"]["remembered"], true);
    assert!(
        answer
            .set_cookies()
            .iter()
            .any(|set| set.starts_with("__Host-vestibule=") && set.contains("Max-Age=2592000"))
    );
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_every_refusal_is_the_same() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add_without_password("bob@example.test").await;
    let mut told = Vec::new();
    for email in [
        ALICE,
        "bob@example.test",
        "nobody@example.test",
        "no address",
        "",
    ] {
        let answer = log_in(&house.browser(), &body(email, "not the password of it")).await;
        refused(&answer, 401, "login_refused");
        assert_eq!(
            answer.header("www-authenticate"),
            "Cookie realm=\"vestibule\""
        );
        assert!(answer.set_cookies().is_empty(), "{answer:?}");
        let mut body = read(&answer);
        body["id"] = json!("");
        told.push(body);
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
}

/// Holds: ASVS 6.3.1
#[tokio::test]
async fn asvs_6_3_1_the_api_and_the_page_share_their_tallies() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let mut throttled = None;
    for _ in 0..200 {
        let answer = log_in(&browser, &body(ALICE, "not the password of it")).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            throttled = Some(answer);
            break;
        }
        refused(&answer, 401, "login_refused");
    }
    let throttled = throttled.expect("a limit");
    refused(&throttled, 429, "too_many_requests");
    assert!(throttled.header("retry-after").parse::<u64>().unwrap() > 0);
    let page = house.browser().sign_in(ALICE, PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
}

/// Holds: H03, ASVS 3.5.1
#[tokio::test]
async fn h03_no_other_site_signs_its_visitor_in() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-mode", "no-cors"),
    ] {
        let mut request = program(&browser, "POST", LOGIN, &body(ALICE, PASSWORD));
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = browser.send(request).await;
        refused(&answer, 403, "cross_site");
        assert!(answer.set_cookies().is_empty());
    }
    // What a form of another site can send is no JSON.
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let mut request = program(&browser, "POST", LOGIN, &body(ALICE, PASSWORD));
        if content_type.is_empty() {
            request.headers_mut().remove(header::CONTENT_TYPE);
        } else {
            request
                .headers_mut()
                .insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        refused(&browser.send(request).await, 415, "unsupported_media_type");
    }
    assert!(browser.session().is_none());
    assert_eq!(house.trail().await, ["user.created"]);
}

#[tokio::test]
async fn a_program_signs_in_without_telling_an_origin() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let answer = browser
        .send(program(&browser, "POST", LOGIN, &body(ALICE, PASSWORD)))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        asked(&browser, "/api/v1/session").await.status,
        StatusCode::OK
    );
}

/// Holds: ASVS 7.2.4, H02
#[tokio::test]
async fn asvs_7_2_4_a_login_over_a_live_session_ends_that_one() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let before = browser.session().unwrap();
    assert_eq!(
        log_in(&browser, &body(ALICE, PASSWORD)).await.status,
        StatusCode::OK
    );
    assert_ne!(browser.session().unwrap(), before);
    let late = house.browser();
    late.set_cookie("__Host-vestibule", &before);
    refused(&asked(&late, "/api/v1/session").await, 401, "not_signed_in");
}

#[tokio::test]
async fn tokens_are_refused_in_words_and_no_password_is_looked_at() {
    let house = House::new().await;
    house.add(ALICE).await;
    let tokens = json!({"identifier": ALICE, "password": PASSWORD, "deliver": "tokens", "client_id": "x", "scope": "y"});
    refused(
        &log_in(&house.browser(), &tokens.to_string()).await,
        403,
        "tokens_not_offered",
    );
    let mixed =
        json!({"identifier": ALICE, "password": PASSWORD, "deliver": "cookie", "scope": "y"});
    refused(
        &log_in(&house.browser(), &mixed.to_string()).await,
        400,
        "invalid_body",
    );
    assert_eq!(house.trail().await, ["user.created"]);
}

#[tokio::test]
async fn every_flow_is_gone() {
    let house = House::new().await;
    let browser = house.browser();
    let body = r#"{"flow": "x", "method": "totp"}"#;
    let answer = browser
        .send(call(&browser, "POST", "/api/v1/login/continue", body))
        .await;
    refused(&answer, 410, "flow_gone");
}

/// Holds: ASVS 16.5.3
#[tokio::test]
async fn while_sessions_are_read_nobody_signs_in() {
    let house = House::new().await;
    house.add(ALICE).await;
    let cookie = house.signed_in(ALICE).await.session().unwrap();
    let plan = crate::house::Plan {
        unfilled: true,
        ..crate::house::Plan::default()
    };
    let house = house.restarted(plan).await;
    let browser = house.browser();
    browser.set_cookie("__Host-vestibule", &cookie);
    for browser in [browser, house.browser()] {
        let answer = log_in(&browser, &body(ALICE, PASSWORD)).await;
        refused(&answer, 503, "store_unavailable");
        assert!(answer.set_cookies().is_empty(), "{answer:?}");
    }
    let browser = house.browser();
    browser.set_cookie("__Host-vestibule", &cookie);
    let answer = asked(&browser, "/api/v1/session").await;
    refused(&answer, 503, "store_unavailable");
}
