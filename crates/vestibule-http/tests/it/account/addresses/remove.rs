use std::time::Duration;

use http::StatusCode;
use vestibule_core::letter::Says;

use super::{ALICE, WORK, send, with_two};
use crate::house::PASSWORD;

/// Holds: ASVS 7.5.1, ASVS 6.3.7
#[tokio::test]
async fn asvs_7_5_1_removing_an_address_takes_a_fresh_login_and_both_are_told() {
    let (house, browser) = with_two().await;
    house.clock.forward(Duration::from_mins(6));
    let asked = send(&browser, "remove", WORK).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.body.contains("removes alice@work.example.test"));
    let csrf = asked.csrf();
    let wrong = [
        ("csrf", &*csrf),
        ("address", WORK),
        ("password", "not mine"),
    ];
    let refused = browser.post("/account/addresses/remove", &wrong).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(browser.get("/account/addresses").await.body.contains(WORK));
    let right = [("csrf", &*csrf), ("address", WORK), ("password", PASSWORD)];
    let done = browser.post("/account/addresses/remove", &right).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/account/addresses?done=removed")
    );
    assert!(!browser.get("/account/addresses").await.body.contains(WORK));
    let told = house.letters().await;
    let to: Vec<_> = told
        .iter()
        .filter(|letter| matches!(letter.says, Says::AddressRemoved { .. }))
        .map(|letter| letter.to.as_str())
        .collect();
    assert_eq!(to, [ALICE, WORK]);
    assert_eq!(
        house.browser().sign_in(WORK, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    let again = send(&browser, "remove", WORK).await;
    assert_eq!(again.location(), "/account/addresses?done=nothing");
}

#[tokio::test]
async fn the_primary_one_stays_and_the_page_says_why() {
    let (house, browser) = with_two().await;
    house.clock.forward(Duration::from_mins(6));
    let refused = send(&browser, "remove", ALICE).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("role=\"alert\""));
    assert!(refused.body.contains(ALICE));
}
