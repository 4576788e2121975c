use std::time::Duration;

use http::StatusCode;
use vestibule_core::secret::SessionCookie;

use crate::house::{FIREFOX, House, PASSWORD, Plan};

const ALICE: &str = "alice@example.test";

#[tokio::test]
async fn the_right_pair_opens_a_session_and_leads_on() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let browser = house.browser();
    let answer = browser
        .submit(
            "/login?next=%2Fapp",
            "/login",
            &[
                ("identifier", " Alice@Example.TEST "),
                ("password", PASSWORD),
                ("next", "/app"),
            ],
        )
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/app")
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);

    let sessions = house
        .store
        .sessions_of(alice.id, house.engine.now())
        .await
        .unwrap();
    let [session] = &sessions[..] else {
        panic!("{sessions:?}")
    };
    assert_eq!(session.device.user_agent.as_deref(), Some(FIREFOX));
    assert_eq!(session.device.address, Some("192.0.2.10".parse().unwrap()));
    assert!(!session.remembered);
    assert_eq!(
        house.trail().await,
        ["user.created", "login.succeeded", "device.known"]
    );
}

/// Holds: ASVS 3.3.1, ASVS 3.3.2, ASVS 3.3.3, ASVS 3.3.4, N13, N14, N16
#[tokio::test]
async fn asvs_3_3_the_session_cookie_has_every_attribute_and_dies_with_the_browser() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let answer = browser.sign_in(ALICE, PASSWORD).await;
    let cookies = answer.set_cookies();
    let [session, form, device] = &cookies[..] else {
        panic!("{cookies:?}")
    };
    let value = browser.session().unwrap();
    assert_eq!(
        *session,
        format!("__Host-vestibule={value}; Path=/; HttpOnly; SameSite=Lax; Secure")
    );
    assert_eq!(
        form,
        "__Host-vestibule-form=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
    );
    assert!(
        device.starts_with("__Host-vestibule-device=")
            && device.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=34560000"),
        "{device}"
    );
    // ASVS 3.3.5
    assert!(session.len() < 4096);
    // ASVS 3.3.4: nowhere else.
    assert!(!answer.body.contains(&value) && !answer.location().contains(&value));
}

/// Holds: N14, N16
#[tokio::test]
async fn n16_the_cookie_outlives_the_browser_only_if_that_was_ticked() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let browser = house.browser();
    let answer = browser
        .submit(
            "/login",
            "/login",
            &[
                ("identifier", ALICE),
                ("password", PASSWORD),
                ("remember", "on"),
            ],
        )
        .await;
    let month = 30 * 24 * 60 * 60;
    assert!(
        answer.set_cookies()[0].ends_with(&format!("; Secure; Max-Age={month}")),
        "{:?}",
        answer.set_cookies()
    );
    let sessions = house
        .store
        .sessions_of(alice.id, house.engine.now())
        .await
        .unwrap();
    assert!(sessions[0].remembered);
    house.clock.forward(Duration::from_hours(24 * 13));
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn on_http_loopback_the_cookie_is_named_by_the_port() {
    let house = House::planned(Plan {
        issuer: "http://localhost:8080",
        ..Plan::default()
    })
    .await;
    house.add(ALICE).await;
    let answer = house.browser().sign_in(ALICE, PASSWORD).await;
    let cookie = &answer.set_cookies()[0];
    assert!(
        cookie.starts_with("vestibule-8080=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(answer.header("strict-transport-security"), "");
}

/// Holds: ASVS 6.3.8, ASVS 16.3.1
#[tokio::test]
async fn asvs_6_3_8_unknown_wrong_disabled_and_without_password_are_one_answer() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("dora@example.test").await;
    house
        .engine
        .disable_user(&"dora@example.test".parse_email(), &house.operator())
        .await
        .unwrap();
    house.add_without_password("pia@example.test").await;

    let mut answers = Vec::new();
    for (email, password) in [
        (ALICE, "not the password, sorry"),
        ("nobody@example.test", PASSWORD),
        ("dora@example.test", PASSWORD),
        ("pia@example.test", PASSWORD),
        ("not an address", PASSWORD),
        (ALICE, ""),
        (ALICE, &"x".repeat(5000)),
    ] {
        let browser = house.browser();
        browser.get("/login").await;
        let answer = browser.sign_in(email, password).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{email}");
        assert_eq!(
            answer.header("www-authenticate"),
            "Cookie realm=\"vestibule\""
        );
        assert_eq!(browser.session(), None);
        let mut headers = answer.headers.clone();
        let length: usize = answer.header("content-length").parse().unwrap();
        headers.insert("content-length", (length - escaped(email).len()).into());
        answers.push((headers, answer.steady().replace(&escaped(email), "ADDRESS")));
    }
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }
    let refused: Vec<_> = house
        .trail()
        .await
        .into_iter()
        .filter(|event| event.starts_with("login.refused"))
        .collect();
    assert_eq!(
        refused,
        [
            "login.refused (wrong_password)",
            "login.refused (unknown_user)",
            "login.refused (disabled)",
            "login.refused (no_password)",
            "login.refused (unknown_user)",
            "login.refused (wrong_password)",
            "login.refused (wrong_password)",
        ]
    );
}

fn escaped(text: &str) -> String {
    text.replace('"', "&#34;")
}

trait ParseEmail {
    fn parse_email(&self) -> vestibule_core::email::EmailAddress;
}

impl ParseEmail for str {
    fn parse_email(&self) -> vestibule_core::email::EmailAddress {
        vestibule_core::email::EmailAddress::parse(self).unwrap()
    }
}

#[tokio::test]
async fn a_refused_try_keeps_what_was_typed_but_the_password() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let answer = browser
        .submit(
            "/login?next=%2Fapp",
            "/login",
            &[
                ("identifier", ALICE),
                ("password", "correct horse, wrong stable"),
                ("remember", "on"),
                ("next", "/app?a=1&b=2"),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.contains("role=\"alert\""));
    assert!(answer.body.contains(" checked"));
    assert!(!answer.body.contains("wrong stable"));
    // The same page goes on to work.
    let answer = browser
        .post(
            "/login",
            &[
                ("csrf", &answer.csrf()),
                ("identifier", ALICE),
                ("password", PASSWORD),
                ("next", "/app?a=1&b=2"),
            ],
        )
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/app?a=1&b=2")
    );
}

/// Holds: ASVS 3.2.2
#[tokio::test]
async fn asvs_3_2_2_what_was_typed_comes_back_as_text() {
    let house = House::new().await;
    let script = "\"><script>alert(1)</script>";
    let answer = house.browser().sign_in(script, "x").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
    assert!(
        answer.body.contains("&#60;script&#62;alert(1)"),
        "{}",
        answer.body
    );
}

/// Holds: H02, ASVS 7.2.4
#[tokio::test]
async fn h02_no_value_from_before_the_login_becomes_the_session() {
    let house = House::new().await;
    house.add(ALICE).await;
    let mallory = house.signed_in(ALICE).await;
    let planted = mallory.session().unwrap();
    let made_up = "A".repeat(SessionCookie::LEN);
    for planted in [made_up.as_str(), "short", &planted] {
        let browser = house.browser();
        browser.set_cookie("__Host-vestibule", planted);
        let page = browser.get("/login").await;
        if page.status == StatusCode::OK {
            assert!(
                !page
                    .set_cookies()
                    .iter()
                    .any(|set| set.starts_with("__Host-vestibule="))
            );
            let fields = [
                ("csrf", page.csrf()),
                ("identifier", ALICE.into()),
                ("password", PASSWORD.into()),
            ];
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            assert_eq!(
                browser.post("/login", &fields).await.status,
                StatusCode::SEE_OTHER
            );
            assert_ne!(browser.session().as_deref(), Some(planted));
        }
    }
}

/// Holds: H02, ASVS 7.2.4
#[tokio::test]
async fn h02_a_login_over_a_live_session_ends_that_one() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    house.add("bob@example.test").await;
    let browser = house.browser();
    let page = browser.get("/login").await;
    browser.sign_in(ALICE, PASSWORD).await;
    let (old, old_cookies) = (browser.session().unwrap(), browser.cookie_header());
    // Another tab still shows the form: its pre-session is gone, so it is shown once more and then taken.
    let stale = browser
        .post(
            "/login",
            &[
                ("csrf", &page.csrf()),
                ("identifier", "bob@example.test"),
                ("password", PASSWORD),
            ],
        )
        .await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    let answer = browser
        .post(
            "/login",
            &[
                ("csrf", &stale.csrf()),
                ("identifier", "bob@example.test"),
                ("password", PASSWORD),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_ne!(browser.session().unwrap(), old);
    assert!(
        browser
            .get("/account")
            .await
            .body
            .contains("bob@example.test")
    );

    let late = house.browser();
    let mut request = late.request(http::Method::GET, "/account", "");
    request
        .headers_mut()
        .insert("cookie", old_cookies.parse().unwrap());
    assert_eq!(late.send(request).await.status, StatusCode::SEE_OTHER);
    assert!(
        house
            .store
            .sessions_of(alice.id, house.engine.now())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        house
            .trail()
            .await
            .contains(&"session.ended (replaced)".to_owned())
    );
}

/// Holds: H03, N12, ASVS 3.5.1
#[tokio::test]
async fn h03_a_form_without_this_browser_s_token_signs_nobody_in() {
    let house = House::new().await;
    house.add(ALICE).await;
    let other = house.browser().get("/login").await.csrf();
    let signed_in = house.signed_in(ALICE).await;
    let of_session = signed_in.get("/account").await.csrf();
    let cut = other[1..].to_owned();
    for token in [
        None,
        Some(""),
        Some("x"),
        Some(cut.as_str()),
        Some(other.as_str()),
        Some(of_session.as_str()),
    ] {
        let browser = house.browser();
        browser.get("/login").await;
        let mut fields = vec![("identifier", ALICE), ("password", PASSWORD)];
        fields.extend(token.map(|token| ("csrf", token)));
        let answer = browser.post("/login", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token:?}");
        assert_eq!(browser.session(), None);
        assert!(answer.body.contains("role=\"alert\""));
        assert!(
            answer.body.contains(&format!("value=\"{ALICE}\"")),
            "what was typed stays"
        );
    }
    assert_eq!(
        house
            .trail()
            .await
            .iter()
            .filter(|event| event.starts_with("login"))
            .count(),
        1,
        "nothing was judged"
    );
}

/// Holds: H03
#[tokio::test]
async fn h03_a_form_without_a_pre_session_gets_one_and_works_the_second_time() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let token = browser.get("/login").await.csrf();
    browser.drop_cookie("__Host-vestibule-form");
    let stale = browser
        .post(
            "/login",
            &[
                ("csrf", &token),
                ("identifier", ALICE),
                ("password", PASSWORD),
            ],
        )
        .await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    assert!(browser.cookie("__Host-vestibule-form").is_some());
    let answer = browser
        .post(
            "/login",
            &[
                ("csrf", &stale.csrf()),
                ("identifier", ALICE),
                ("password", PASSWORD),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

/// Holds: H03
#[tokio::test]
async fn h03_the_token_of_a_form_is_spent_by_the_login() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let token = browser.get("/login").await.csrf();
    let fields = [
        ("csrf", token.as_str()),
        ("identifier", ALICE),
        ("password", PASSWORD),
    ];
    assert_eq!(
        browser.post("/login", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        browser.post("/login", &fields).await.status,
        StatusCode::FORBIDDEN,
        "replayed"
    );
    assert_eq!(
        browser.post("/logout", &[("csrf", &token)]).await.status,
        StatusCode::FORBIDDEN,
        "for the session"
    );
}

/// Holds: R24
#[tokio::test]
async fn r24_the_answer_to_a_password_is_303() {
    let house = House::new().await;
    house.add(ALICE).await;
    let answer = house.browser().sign_in(ALICE, PASSWORD).await;
    assert_eq!(answer.status.as_u16(), 303);
}

#[tokio::test]
async fn a_field_that_the_page_always_sends_is_required() {
    let house = House::new().await;
    let browser = house.browser();
    for fields in [&[("identifier", ALICE)][..], &[("password", PASSWORD)], &[]] {
        let answer = browser.submit("/login", "/login", fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
    }
}
