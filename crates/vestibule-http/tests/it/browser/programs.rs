//! A program reads problems (RFC 9457), whichever page a person would have seen.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::Value;

use crate::house::{Answer, Browser, House, PASSWORD, Plan};

const ALICE: &str = "alice@example.test";
const WRONG: &str = "not the password, sorry";

/// Sends a form of the page as a program that wants JSON.
async fn ask(browser: &Browser, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.get(page).await.csrf();
    let mut whole = vec![("csrf", csrf.as_str())];
    whole.extend(fields);
    let mut request = browser.form(path, &whole);
    let json = "application/json".parse().unwrap();
    request.headers_mut().insert(header::ACCEPT, json);
    browser.send(request).await
}

/// The problem's code.
fn code(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["status"], answer.status.as_u16());
    assert_eq!(problem["id"].as_str().unwrap().len(), 8);
    problem["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_that_cannot_be_taken_is_a_problem() {
    let house = House::planned(Plan::open()).await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    for (page, path, fields) in [
        ("/register", "/register", vec![("identifier", "alice")]),
        ("/recover", "/recover", vec![("identifier", "alice")]),
        (
            "/account/security",
            "/account/security",
            vec![("current_password", PASSWORD), ("new_password", "short")],
        ),
        (
            "/account/addresses",
            "/account/addresses/add",
            vec![("email", "alice")],
        ),
    ] {
        let answer = ask(&browser, page, path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(code(&answer), "invalid", "{path}");
        assert!(!answer.body.contains("alice"), "{path}");
        let person = browser.submit(page, path, &fields).await;
        assert!(person.body.contains("<h1>"), "{path}");
    }
}

/// Holds: ASVS 6.3.1
#[tokio::test]
async fn asvs_6_3_1_too_many_tries_are_a_problem_that_says_when() {
    let house = House::planned(Plan::open()).await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(6));
    let current = [
        ("current_password", WRONG),
        ("new_password", "eleven green tandems"),
    ];
    let security = "/account/security";
    let password = [("password", WRONG)];
    let others = "/account/devices/end-others";
    let email = [("identifier", ALICE)];
    for (page, path, fields, before) in [
        (security, security, &current[..], 403),
        ("/account", others, &password[..], 403),
        ("/register", "/register", &email[..], 200),
        ("/recover", "/recover", &email[..], 200),
    ] {
        let mut last = None;
        for _ in 0..20 {
            let answer = ask(&browser, page, path, fields).await;
            let status = answer.status;
            if status == StatusCode::FORBIDDEN {
                assert_eq!(code(&answer), "login_refused", "{path}");
            }
            last = Some(answer);
            if status.as_u16() != before {
                break;
            }
        }
        let last = last.unwrap();
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(code(&last), "too_many_requests", "{path}");
        let wait: u64 = last.header("retry-after").parse().unwrap();
        assert!(wait >= 1, "{path}");
    }
}

/// Holds: ASVS 7.2.4
#[tokio::test]
async fn asvs_7_2_4_a_session_that_was_renewed_on_the_way_stays_signed_in() {
    let house = House::new().await;
    house.add_with(ALICE, &["admin"], true).await;
    let browser = house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(6));
    let old = browser.session();
    let path = "/account/delete";
    let answer = ask(&browser, path, path, &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(code(&answer), "invalid");
    assert_eq!(answer.set_cookies().len(), 1);
    assert_ne!(browser.session(), old);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_room_to_check_a_password_is_a_problem_that_says_when() {
    let house = House::planned(Plan {
        queue: 0,
        ..Plan::default()
    })
    .await;
    let browser = house.browser();
    let fields = [("identifier", ALICE), ("password", WRONG)];
    let answer = ask(&browser, "/login", "/login", &fields).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(code(&answer), "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
}
