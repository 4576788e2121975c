use std::time::Duration;

use http::StatusCode;
use vestibule_core::letter::Says;

use super::{ALICE, BOB, WORK, add};
use crate::house::{House, PASSWORD};

/// Holds: ASVS 7.5.1
#[tokio::test]
async fn asvs_7_5_1_another_address_takes_a_fresh_login_and_then_a_mail() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    house.clock.forward(Duration::from_mins(6));
    let asked = add(&browser, WORK).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert_eq!(asked.field("email").as_deref(), Some(WORK));
    assert!(house.letters().await.is_empty(), "nothing went out yet");

    let old = browser.session();
    let fields = [
        ("csrf", asked.csrf()),
        ("email", WORK.to_owned()),
        ("password", PASSWORD.to_owned()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, &**value));
    let done = browser.post("/account/addresses/add", &fields).await;
    assert_eq!(done.status, StatusCode::OK);
    assert_ne!(browser.session(), old, "ASVS 7.2.4");
    assert!(done.body.contains("on its way to alice@work.example.test"));
    let letter = house.letter().await;
    assert_eq!(letter.to.as_str(), WORK);
    let page = browser.get("/account/addresses").await;
    assert!(!page.body.contains(WORK), "not theirs before it is proved");
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_the_answer_is_the_same_for_an_address_of_another_account() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add(BOB).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    let taken = add(&browser, BOB).await;
    let letter = house.letter().await;
    assert_eq!(
        (letter.to.as_str(), letter.says),
        (BOB, Says::AddressInUse),
        "its owner is told, and nobody else"
    );
    let free = add(&browser, "new@example.test").await;
    assert!(matches!(
        house.letter().await.says,
        Says::ConfirmAddress { .. }
    ));
    assert_eq!(taken.status, free.status);
    assert_eq!(
        taken.steady().replace(BOB, "…"),
        free.steady().replace("new@example.test", "…")
    );
}

#[tokio::test]
async fn what_is_wrong_with_it_is_said_at_the_field_before_any_password_is_asked_for() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    house.clock.forward(Duration::from_mins(6));
    for typed in [
        "",
        "  ",
        "alice",
        "a b@example.test",
        ALICE,
        " ALICE@EXAMPLE.TEST ",
    ] {
        let answer = add(&browser, typed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        let input = answer
            .body
            .split("<input")
            .find(|input| input.contains("id=\"email\""));
        let input = input.unwrap();
        assert!(input.contains("aria-invalid=\"true\""), "{typed}: {input}");
        assert!(input.contains("aria-describedby=\"email-fault\""));
        assert!(answer.body.contains("id=\"email-fault\""));
    }
    assert!(house.letters().await.is_empty());
}

/// Holds: ASVS 3.2.2
#[tokio::test]
async fn asvs_3_2_2_what_was_typed_is_only_text() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let answer = add(&browser, "\"><script>alert(1)</script>").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains("<script>alert"));
    assert!(answer.body.contains("&#60;script&#62;") || answer.body.contains("&lt;script&gt;"));
}

/// Holds: ASVS 2.4.1
#[tokio::test]
async fn asvs_2_4_1_too_many_mails_have_to_wait_and_the_page_says_how_long() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let mut answer = add(&browser, WORK).await;
    for _ in 0..20 {
        if answer.status != StatusCode::OK {
            break;
        }
        answer = add(&browser, WORK).await;
    }
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("try again in "));
    assert!(answer.body.contains(&format!("value=\"{WORK}\"")), "kept");
}

/// Holds: N12
#[tokio::test]
async fn n12_without_this_session_s_token_nothing_is_mailed_or_changed() {
    let house = House::new().await;
    house.add(ALICE).await;
    let other = house.signed_in(ALICE).await.get("/account").await.csrf();
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    let trail = house.trail().await;
    for token in ["", &other] {
        for path in ["add", "primary", "prove", "remove", "confirm"] {
            let fields = [
                ("csrf", token),
                ("email", WORK),
                ("address", ALICE),
                ("token", "vst_address_x"),
            ];
            let path = format!("/account/addresses/{path}");
            let answer = browser.post(&path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert!(house.letters().await.is_empty());
    assert_eq!(house.trail().await, trail);
}
