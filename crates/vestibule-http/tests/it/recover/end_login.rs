use http::StatusCode;
use vestibule_core::letter::Says;

use crate::house::{House, token};

const ALICE: &str = "alice@example.test";

fn link(token: &str) -> String {
    format!("/recover/end-login?token={token}")
}

/// Holds: ASVS 6.3.5, ASVS 3.5.3
#[tokio::test]
async fn asvs_6_3_5_the_link_of_a_new_login_ends_that_one_when_its_button_is_pressed() {
    let house = House::new().await;
    house.add(ALICE).await;
    let owner = house.signed_in(ALICE).await;
    house.letters().await;
    let thief = house.signed_in(ALICE).await;
    let letters = house.letters().await;
    let letter = letters
        .iter()
        .find(|letter| matches!(letter.says, Says::NewLogin { .. }));
    let token = token(letter.expect("the owner is told")).to_owned();

    let reader = house.browser();
    for _ in 0..3 {
        let page = reader.get(&link(&token)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.body
                .contains("method=\"post\" action=\"/recover/end-login\"")
        );
    }
    assert_eq!(
        thief.get("/account").await.status,
        StatusCode::OK,
        "no GET ends it"
    );

    let fields = [("token", token.as_str())];
    let done = reader
        .submit(&link(&token), "/recover/end-login", &fields)
        .await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.body.contains("role=\"status\"") && done.body.contains("href=\"/recover\""));
    assert_eq!(reader.session(), None, "the link signs nobody in");
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        owner.get("/account").await.status,
        StatusCode::OK,
        "that one alone"
    );
    assert_eq!(
        reader.get(&link(&token)).await.status,
        StatusCode::GONE,
        "once"
    );
}

#[tokio::test]
async fn a_login_that_is_over_already_is_told_so() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.signed_in(ALICE).await;
    house.letters().await;
    let thief = house.signed_in(ALICE).await;
    let token = token(&house.letter().await).to_owned();
    let csrf = thief.get("/account").await.csrf();
    thief.post("/logout", &[("csrf", &csrf)]).await;
    let reader = house.browser();
    let csrf = reader.get("/login").await.csrf();
    let fields = [("csrf", csrf.as_str()), ("token", &token)];
    let answer = reader.post("/recover/end-login", &fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.body.contains("It was over already"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_link_that_is_none_is_410() {
    let house = House::new().await;
    let browser = house.browser();
    for wrong in ["", "x", "vst_recover_AAAA"] {
        assert_eq!(browser.get(&link(wrong)).await.status, StatusCode::GONE);
        let csrf = browser.get("/login").await.csrf();
        let fields = [("csrf", csrf.as_str()), ("token", wrong)];
        let answer = browser.post("/recover/end-login", &fields).await;
        assert_eq!(answer.status, StatusCode::GONE);
    }
}
