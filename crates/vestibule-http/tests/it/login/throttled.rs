use std::time::Duration;

use http::{StatusCode, header};

use crate::house::{Answer, Browser, House, PASSWORD};

const ALICE: &str = "alice@example.test";
const WRONG: &str = "not the password, sorry";

/// Wrong passwords from a device nobody knows, until one is not looked at.
async fn guess(browser: &Browser, email: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(browser.sign_in(email, WRONG).await);
    }
    answers
}

async fn program(browser: &Browser, email: &str, password: &str) -> Answer {
    let csrf = browser.get("/login").await.csrf();
    let fields = [
        ("csrf", csrf.as_str()),
        ("identifier", email),
        ("password", password),
    ];
    let mut request = browser.form("/login", &fields);
    let json = "application/json".parse().unwrap();
    request.headers_mut().insert(header::ACCEPT, json);
    browser.send(request).await
}

/// Holds: ASVS 6.3.1, ASVS 6.3.8, N43
#[tokio::test]
async fn asvs_6_3_1_guessing_is_429_with_when_and_the_same_for_every_address() {
    let house = House::new().await;
    house.add(ALICE).await;
    let mut pages = Vec::new();
    for email in [ALICE, "nobdy@example.test"] {
        let browser = house.browser();
        let answers = guess(&browser, email).await;
        let statuses: Vec<_> = answers
            .iter()
            .map(|answer| answer.status.as_u16())
            .collect();
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
        let last = answers.last().unwrap();
        assert_eq!(last.header("retry-after"), "30");
        assert!(last.body.contains("role=\"alert\"") && last.body.contains("in 1 minute"));
        assert!(last.body.contains("href=\"/recover\""));
        assert!(
            last.body.contains(&format!("value=\"{email}\"")),
            "what was typed stays"
        );
        assert_eq!(browser.session(), None);
        let headers = last.headers.clone();
        pages.push((headers, last.steady().replace(email, "ADDRESS")));
        // The right one is not looked at either, and does not count.
        let right = browser.sign_in(email, PASSWORD).await;
        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(pages[0], pages[1]);
    house.clock.forward(Duration::from_secs(30));
    let browser = house.browser();
    assert_eq!(
        browser.sign_in(ALICE, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

/// Holds: C23, N15
#[tokio::test]
async fn c23_the_owner_gets_in_from_a_known_device_while_strangers_wait() {
    let house = House::new().await;
    house.add(ALICE).await;
    let owner = house.signed_in(ALICE).await;
    let device = owner.cookie("__Host-vestibule-device").unwrap();
    owner.submit("/logout", "/logout", &[]).await;
    assert_eq!(owner.session(), None);
    assert_eq!(
        owner.cookie("__Host-vestibule-device").as_ref(),
        Some(&device),
        "it outlives the login"
    );
    // Never a credential.
    assert_eq!(owner.get("/account").await.status, StatusCode::SEE_OTHER);

    let stranger = house.browser();
    guess(&stranger, ALICE).await;
    let waits = stranger.sign_in(ALICE, PASSWORD).await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS);
    let done = owner.sign_in(ALICE, PASSWORD).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let sets = done.set_cookies();
    let again = sets
        .iter()
        .find(|set| set.starts_with("__Host-vestibule-device="));
    // RFC 6265bis §5.5: browsers keep it for 400 days at most, so that each login sets it anew.
    assert!(again.unwrap().ends_with("; Max-Age=34560000"), "{sets:?}");
}

#[tokio::test]
async fn a_program_gets_problems_in_place_of_pages() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let refused = program(&browser, ALICE, WRONG).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.header("www-authenticate"),
        "Cookie realm=\"vestibule\""
    );
    guess(&browser, ALICE).await;
    let throttled = program(&browser, ALICE, PASSWORD).await;
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.header("retry-after"), "30");
    let mut stale = browser.form("/login", &[("identifier", ALICE), ("password", PASSWORD)]);
    let json = "application/problem+json".parse().unwrap();
    stale.headers_mut().insert(header::ACCEPT, json);
    let stale = browser.send(stale).await;
    for (answer, status, code) in [
        (refused, 401, "login_refused"),
        (throttled, 429, "too_many_requests"),
        (stale, 403, "form_expired"),
    ] {
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code);
        assert_eq!(problem["type"], format!("/docs/problems#{code}"));
        assert_eq!(problem["id"].as_str().unwrap().len(), 8);
        for text in ["title", "detail"] {
            assert!(!problem[text].as_str().unwrap().is_empty(), "{problem}");
        }
        assert!(!answer.body.contains(ALICE) && !answer.body.contains(PASSWORD));
    }
    house.clock.forward(Duration::from_secs(30));
    let done = program(&browser, ALICE, PASSWORD).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
}

/// Holds: ASVS 6.3.1
#[tokio::test]
async fn asvs_6_3_1_a_stolen_session_cannot_guess_the_password_either() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(6));
    let mut last = None;
    for _ in 0..12 {
        let fields = [
            ("current_password", WRONG),
            ("new_password", "eleven green tandems"),
        ];
        let answer = browser
            .submit("/account/security", "/account/security", &fields)
            .await;
        let status = answer.status;
        last = Some(answer);
        if status != StatusCode::FORBIDDEN {
            break;
        }
    }
    let last = last.unwrap();
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(last.header("retry-after"), "30");
    assert!(last.body.contains("in 1 minute"), "{}", last.body);

    let fields = [("password", PASSWORD)];
    let fresh = browser
        .submit("/account", "/account/devices/end-others", &fields)
        .await;
    assert_eq!(fresh.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(fresh.header("retry-after"), "30");
    assert!(fresh.body.contains("role=\"alert\"") && fresh.body.contains("in 1 minute"));
    house.clock.forward(Duration::from_secs(30));
    let done = browser
        .submit("/account", "/account/devices/end-others", &fields)
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn letters_are_in_the_language_of_the_browser() {
    let house = House::new().await;
    let browser = house.browser();
    let csrf = browser.get("/recover").await.csrf();
    let mut request = browser.form("/recover", &[("csrf", &csrf), ("identifier", ALICE)]);
    let german = "de-AT,de;q=0.9".parse().unwrap();
    request
        .headers_mut()
        .insert(header::ACCEPT_LANGUAGE, german);
    assert_eq!(browser.send(request).await.status, StatusCode::OK);
    assert_eq!(house.letter().await.language.as_str(), "de");
}
