use http::StatusCode;
use vestibule_core::letter::Says;
use vestibule_core::user::Language;
use vestibule_engine::{Invitation, RegistrationMode};

use crate::house::{House, PASSWORD, Plan, token};

const BOB: &str = "bob@example.test";

/// The token of a mailed link, for Bob.
async fn asked(house: &House) -> String {
    let fields = [("identifier", BOB), ("name", "Bob")];
    let answer = house
        .browser()
        .submit("/register", "/register", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    token(&house.letter().await).to_owned()
}

fn link(token: &str) -> String {
    format!("/register/finish?token={token}")
}

/// Holds: ASVS 3.5.3, ASVS 6.2.7
#[tokio::test]
async fn the_link_makes_the_account_once_and_signs_in() {
    let house = House::planned(Plan::open()).await;
    let token = asked(&house).await;
    let browser = house.browser();
    for _ in 0..3 {
        let page = browser.get(&link(&token)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(&format!(
            "autocomplete=\"username\" readonly value=\"{BOB}\""
        )));
        assert!(page.body.contains("autocomplete=\"new-password\""));
        assert!(page.body.contains("value=\"Bob\""), "the name is kept");
        assert!(
            page.set_cookies()
                .iter()
                .all(|set| !set.starts_with("__Host-vestibule="))
        );
    }
    assert_eq!(
        house.trail().await,
        ["registration.asked"],
        "no GET makes it"
    );

    let fields = [
        ("token", token.as_str()),
        ("name", "Bob"),
        ("password", PASSWORD),
    ];
    let done = browser
        .submit(&link(&token), "/register/finish", &fields)
        .await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/account")
    );
    let account = browser.get("/account").await;
    assert_eq!(account.status, StatusCode::OK);
    assert!(account.body.contains(BOB));
    assert!(browser.cookie("__Host-vestibule-device").is_some());

    let again = house.browser();
    let page = again.get(&link(&token)).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.body.contains("href=\"/register\""));
    let csrf = again.get("/login").await.csrf();
    let fields = [
        ("csrf", csrf.as_str()),
        ("token", &token),
        ("password", PASSWORD),
    ];
    assert_eq!(
        again.post("/register/finish", &fields).await.status,
        StatusCode::GONE
    );
}

#[tokio::test]
async fn a_password_that_may_not_be_is_refused_at_its_field_and_the_link_stays_good() {
    let house = House::planned(Plan::open()).await;
    let token = asked(&house).await;
    let browser = house.browser();
    for password in ["", "short", BOB, "vestibule"] {
        let fields = [
            ("token", token.as_str()),
            ("name", "Robert"),
            ("password", password),
        ];
        let answer = browser
            .submit(&link(&token), "/register/finish", &fields)
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{password}"
        );
        assert!(answer.body.contains("id=\"password-fault\""), "{password}");
        assert!(
            answer.body.contains("value=\"Robert\""),
            "what was typed stays"
        );
        assert!(
            password.is_empty()
                || !answer.body.contains(&format!("value=\"{password}\""))
                || password == BOB
        );
    }
    let fields = [
        ("token", token.as_str()),
        ("name", ""),
        ("password", PASSWORD),
    ];
    let done = browser
        .submit(&link(&token), "/register/finish", &fields)
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
}

/// Holds: H04
#[tokio::test]
async fn h04_a_link_that_is_no_link_or_too_old_is_410() {
    let house = House::planned(Plan::open()).await;
    let token = asked(&house).await;
    let browser = house.browser();
    for wrong in [
        "",
        "x",
        &token[1..],
        &format!("{token}A"),
        "vst_recover_AAAA",
    ] {
        assert_eq!(
            browser.get(&link(wrong)).await.status,
            StatusCode::GONE,
            "{wrong}"
        );
    }
    assert_eq!(
        browser.get("/register/finish").await.status,
        StatusCode::GONE
    );
    house.clock.forward(std::time::Duration::from_mins(61));
    assert_eq!(browser.get(&link(&token)).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn over_a_live_session_the_new_account_takes_the_browser() {
    let house = House::planned(Plan::open()).await;
    let alice = house.add("alice@example.test").await;
    let token = asked(&house).await;
    let browser = house.signed_in("alice@example.test").await;
    let fields = [
        ("token", token.as_str()),
        ("name", ""),
        ("password", PASSWORD),
    ];
    let done = browser
        .submit(&link(&token), "/register/finish", &fields)
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/account").await.body.contains(BOB));
    let sessions = house.store.sessions_of(alice.id, house.engine.now()).await;
    assert!(sessions.unwrap().is_empty());
}

#[tokio::test]
async fn an_invitation_is_good_where_registration_is_not_open() {
    for mode in [RegistrationMode::Invited, RegistrationMode::Off] {
        let mut plan = Plan::open();
        plan.policy.registration.mode = mode;
        plan.policy.registration.terms = Some("/terms".to_owned());
        let house = House::planned(plan).await;
        let invitation = Invitation {
            email: BOB,
            name: "Bob",
            roles: &["shop".to_owned()],
            language: Language::of("de"),
        };
        house
            .engine
            .invite(invitation, &house.operator())
            .await
            .unwrap();
        let letter = house.letter().await;
        assert!(matches!(letter.says, Says::Invitation { .. }));
        let token = token(&letter).to_owned();
        let browser = house.browser();
        let page = browser.get(&link(&token)).await;
        assert!(page.body.contains("You are invited"), "{}", page.body);
        let mut fields = vec![
            ("token", token.as_str()),
            ("name", "Bob"),
            ("password", PASSWORD),
        ];
        let refused = browser
            .submit(&link(&token), "/register/finish", &fields)
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("id=\"terms-fault\""));
        fields.push(("terms", "on"));
        let done = browser
            .submit(&link(&token), "/register/finish", &fields)
            .await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
}

#[tokio::test]
async fn an_address_that_has_an_account_by_now_leads_to_the_door() {
    let house = House::planned(Plan::open()).await;
    let token = asked(&house).await;
    house.add(BOB).await;
    let browser = house.browser();
    let fields = [
        ("token", token.as_str()),
        ("name", ""),
        ("password", PASSWORD),
    ];
    let answer = browser
        .submit(&link(&token), "/register/finish", &fields)
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(answer.body.contains("href=\"/login\""));
    assert_eq!(browser.session(), None);
}
