use std::time::Duration;

use http::StatusCode;
use vestibule_core::letter::Says;

use super::{ALICE, BOB, WORK, send, with_two};
use crate::house::PASSWORD;

/// Holds: ASVS 7.5.1, ASVS 6.3.7
#[tokio::test]
async fn asvs_7_5_1_another_primary_address_takes_a_fresh_login_and_both_are_told() {
    let (house, browser) = with_two().await;
    house.clock.forward(Duration::from_mins(6));
    let asked = send(&browser, "primary", WORK).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert_eq!(asked.field("address").as_deref(), Some(WORK));
    assert!(
        asked
            .body
            .contains("makes alice@work.example.test the primary")
    );
    assert!(house.letters().await.is_empty());
    let csrf = asked.csrf();
    let fields = [("csrf", &*csrf), ("address", WORK), ("password", PASSWORD)];
    let done = browser.post("/account/addresses/primary", &fields).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/account/addresses?done=primary")
    );
    let page = browser.follow(done.location()).await;
    assert!(page.body.contains("class=\"notice\""));
    let at = |email: &str| page.body.find(&format!("<h2><bdi>{email}</bdi>"));
    assert!(at(WORK).unwrap() < at(ALICE).unwrap());
    let header = page.body.split("class=\"house\"").next().unwrap();
    assert!(header.contains(WORK), "it names the account from now on");
    let told: Vec<_> = house.letters().await;
    assert!(
        told.iter()
            .all(|letter| matches!(letter.says, Says::PrimaryChanged { .. }))
    );
    let to: Vec<_> = told.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, [ALICE, WORK]);
    assert!(
        house
            .trail()
            .await
            .contains(&"address.primary_changed".to_owned())
    );
}

/// Holds: ASVS 8.2.2
#[tokio::test]
async fn asvs_8_2_2_somebody_else_s_address_is_as_if_there_were_none() {
    let (house, browser) = with_two().await;
    house.add(BOB).await;
    house.clock.forward(Duration::from_mins(6));
    for what in ["primary", "remove"] {
        let foreign = send(&browser, what, BOB).await;
        let absent = send(&browser, what, "nobody@example.test").await;
        assert_eq!(
            (foreign.status, foreign.location()),
            (StatusCode::SEE_OTHER, "/account/addresses?done=nothing"),
            "{what}: nor is a stale login asked for its password"
        );
        assert_eq!(
            format!("{:?}", foreign.headers),
            format!("{:?}", absent.headers)
        );
        let malformed = send(&browser, what, "nothing at all").await;
        assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        house.browser().sign_in(BOB, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}
