use http::{StatusCode, header};
use vestibule_core::letter::Says;

use super::ask::code;
use crate::house::{Browser, House, PASSWORD, token};

const ALICE: &str = "alice@example.test";
const NEW: &str = "four violet umbrellas up";

/// Asks in this browser; the code it shows and the token in the mail.
async fn asked(house: &House, browser: &Browser) -> (String, String) {
    let answer = browser
        .submit("/recover", "/recover", &[("identifier", ALICE)])
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let letters = house.letters().await;
    let letter = letters
        .iter()
        .find(|letter| matches!(letter.says, Says::Recover { .. }));
    (code(&answer), token(letter.unwrap()).to_owned())
}

fn link(token: &str) -> String {
    format!("/recover/finish?token={token}")
}

/// Holds: ASVS 6.3.6, ASVS 6.6.2, ASVS 3.5.3, N62
#[tokio::test]
async fn asvs_6_6_2_in_the_browser_that_asked_the_link_sets_a_password_and_signs_nobody_in() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let elsewhere = house.signed_in(ALICE).await;
    house.letters().await;
    let browser = house.browser();
    let (_, token) = asked(&house, &browser).await;
    for _ in 0..3 {
        let page = browser.get(&link(&token)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("name=\"code\""));
        assert!(page.body.contains(&format!(
            "autocomplete=\"username\" readonly value=\"{ALICE}\""
        )));
        assert!(page.body.contains("autocomplete=\"new-password\""));
    }
    assert_eq!(
        elsewhere.get("/account").await.status,
        StatusCode::OK,
        "no GET ends anything"
    );

    let fields = [("token", token.as_str()), ("password", NEW)];
    let done = browser
        .submit(&link(&token), "/recover/finish", &fields)
        .await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/login?notice=password-set")
    );
    assert_eq!(browser.session(), None);
    let sets = done.set_cookies();
    let [device] = &sets[..] else {
        panic!("{sets:?}")
    };
    assert!(
        device.starts_with("__Host-vestibule-device=")
            && device.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=34560000"),
        "{device}"
    );
    let sessions = house.store.sessions_of(alice.id, house.engine.now()).await;
    assert!(sessions.unwrap().is_empty());
    assert_eq!(
        elsewhere.get("/account").await.status,
        StatusCode::SEE_OTHER
    );

    // The notice is shown to whom our own page leads there, and to nobody else.
    let led = browser.follow(done.location()).await;
    assert!(
        led.body.contains("Your new password is set"),
        "{}",
        led.body
    );
    let typed = house.browser().get(done.location()).await;
    assert!(!typed.body.contains("Your new password is set"));

    assert_eq!(
        house.browser().sign_in(ALICE, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        browser.sign_in(ALICE, NEW).await.status,
        StatusCode::SEE_OTHER
    );
    let letters = house.letters().await;
    assert!(
        letters
            .iter()
            .any(|letter| matches!(letter.says, Says::PasswordReset { .. }))
    );
    assert_eq!(
        browser.get(&link(&token)).await.status,
        StatusCode::GONE,
        "once"
    );
}

#[tokio::test]
async fn somebody_else_who_is_signed_in_here_is_told_that_it_worked() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    let browser = house.signed_in("bob@example.test").await;
    let (_, token) = asked(&house, &browser).await;
    let fields = [("token", token.as_str()), ("password", NEW)];
    let done = browser
        .submit(&link(&token), "/recover/finish", &fields)
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    for part in ["role=\"status\"", ALICE, "href=\"/logout\""] {
        assert!(done.body.contains(part), "{part}: {}", done.body);
    }
    let sets = done.set_cookies();
    assert!(
        matches!(&sets[..], [device] if device.starts_with("__Host-vestibule-device=")),
        "{sets:?}"
    );
    let account = browser.get("/account").await;
    assert!(account.body.contains("bob@example.test"), "still bob's");
    let alice = house.browser().sign_in(ALICE, NEW).await;
    assert_eq!(alice.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_owner_who_is_signed_in_here_signs_in_anew() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let (_, token) = asked(&house, &browser).await;
    let fields = [("token", token.as_str()), ("password", NEW)];
    let done = browser
        .submit(&link(&token), "/recover/finish", &fields)
        .await;
    assert_eq!(done.location(), "/login?notice=password-set");
    let led = browser.follow(done.location()).await;
    assert!(led.body.contains("Your new password is set"));
}

/// Holds: ASVS 6.6.2, ASVS 6.6.3, ASVS 6.5.4
#[tokio::test]
async fn asvs_6_6_2_another_browser_needs_the_code_that_the_asking_page_shows() {
    let house = House::new().await;
    house.add(ALICE).await;
    let (code, token) = asked(&house, &house.browser()).await;
    let browser = house.browser();
    let page = browser.get(&link(&token)).await;
    for part in [
        "name=\"code\"",
        "inputmode=\"numeric\"",
        "autocomplete=\"one-time-code\"",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    let wrong = if code == "0000 0000" {
        "1111 1111"
    } else {
        "0000 0000"
    };
    for (typed, password, fault) in [
        (None, NEW, "code-fault"),
        (Some(""), NEW, "code-fault"),
        (Some(wrong), NEW, "code-fault"),
        (Some(&*code), "short", "password-fault"),
    ] {
        let mut fields = vec![("token", token.as_str()), ("password", password)];
        fields.extend(typed.map(|typed| ("code", typed)));
        let answer = browser
            .submit(&link(&token), "/recover/finish", &fields)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
        assert!(
            answer.body.contains(&format!("id=\"{fault}\"")),
            "{typed:?}"
        );
        assert!(answer.body.contains("name=\"code\""), "{typed:?}");
    }
    let plain = code.replace(' ', "");
    let fields = [
        ("token", token.as_str()),
        ("password", NEW),
        ("code", &plain),
    ];
    let done = browser
        .submit(&link(&token), "/recover/finish", &fields)
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(
        browser.sign_in(ALICE, NEW).await.status,
        StatusCode::SEE_OTHER
    );
}

/// Holds: ASVS 6.6.3, N45
#[tokio::test]
async fn asvs_6_6_3_after_five_wrong_codes_the_link_is_gone() {
    let house = House::new().await;
    house.add(ALICE).await;
    let asking = house.browser();
    let (code, token) = asked(&house, &asking).await;
    let wrong = if code == "0000 0000" {
        "1111 1111"
    } else {
        "0000 0000"
    };
    let browser = house.browser();
    for _ in 0..5 {
        let fields = [
            ("token", token.as_str()),
            ("password", NEW),
            ("code", wrong),
        ];
        let answer = browser
            .submit(&link(&token), "/recover/finish", &fields)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(browser.get(&link(&token)).await.status, StatusCode::GONE);
    assert_eq!(asking.get(&link(&token)).await.status, StatusCode::GONE);
    assert_eq!(
        house.signed_in(ALICE).await.get("/account").await.status,
        StatusCode::OK
    );
}

// A link in a mail that is read on the web is a cross-site navigation: Lax cookies go with it, Strict ones do not.
/// Holds: ASVS 3.3.2, ASVS 6.6.2
#[tokio::test]
async fn asvs_3_3_2_the_browser_that_asked_is_known_by_a_cookie_that_a_click_in_a_mail_sends() {
    let house = House::new().await;
    let browser = house.browser();
    let page = browser.get("/recover").await;
    let sets = page.set_cookies();
    let [form] = &sets[..] else {
        panic!("{sets:?}")
    };
    assert!(
        form.starts_with("__Host-vestibule-form=") && form.contains("SameSite=Lax"),
        "{form}"
    );
}

#[tokio::test]
async fn a_link_that_is_no_link_or_too_old_is_410_and_leads_to_a_new_one() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let (_, token) = asked(&house, &browser).await;
    for wrong in [
        "",
        "x",
        &token[1..],
        &format!("{token}A"),
        "vst_register_AAAA",
    ] {
        let answer = browser.get(&link(wrong)).await;
        assert_eq!(answer.status, StatusCode::GONE, "{wrong}");
        assert!(answer.body.contains("href=\"/recover\""));
    }
    house.clock.forward(std::time::Duration::from_mins(31));
    let csrf = browser.get("/recover").await.csrf();
    let fields = [
        ("csrf", csrf.as_str()),
        ("token", &token),
        ("password", NEW),
    ];
    assert_eq!(
        browser.post("/recover/finish", &fields).await.status,
        StatusCode::GONE
    );
}

/// Holds: ASVS 14.2.1, R07
#[tokio::test]
async fn asvs_14_2_1_the_token_goes_to_nobody_else() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.browser();
    let (_, token) = asked(&house, &browser).await;
    let page = browser.get(&link(&token)).await;
    assert_eq!(page.header(header::REFERRER_POLICY.as_str()), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.body.matches(&token).count(), 1, "in its form alone");
    let gone = browser.get(&link(&format!("{token}x"))).await;
    assert!(!gone.body.contains(&token));
}
