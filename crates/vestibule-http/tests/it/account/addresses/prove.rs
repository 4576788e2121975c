use std::time::Duration;

use http::StatusCode;

use super::{ALICE, BOB, confirm, link};
use crate::house::House;

#[tokio::test]
async fn a_declared_address_is_proved_by_its_owner_without_a_fresh_login() {
    let house = House::new().await;
    house.add_with(ALICE, &[], false).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    house.clock.forward(Duration::from_mins(6));
    let page = browser.get("/account/addresses").await;
    assert!(page.body.contains("not confirmed yet"));
    assert!(page.body.contains("action=\"/account/addresses/prove\""));
    let asked = browser
        .submit("/account/addresses", "/account/addresses/prove", &[])
        .await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.body.contains("on its way to alice@example.test"));
    let link = link(&house).await;
    let done = confirm(&browser, &link).await;
    assert_eq!(done.location(), "/account/addresses?done=confirmed");
    let page = browser.get("/account/addresses").await;
    assert!(!page.body.contains("not confirmed yet"));
    assert!(!page.body.contains("/account/addresses/prove"));
    assert!(house.trail().await.contains(&"address.verified".to_owned()));
    let again = browser
        .submit("/account/addresses", "/account/addresses/prove", &[])
        .await;
    assert_eq!(again.location(), "/account/addresses?done=nothing");
}

#[tokio::test]
async fn a_proved_one_needs_no_proof() {
    let house = House::new().await;
    house.add(BOB).await;
    let browser = house.signed_in(BOB).await;
    let page = browser.get("/account/addresses").await;
    assert!(!page.body.contains("/account/addresses/prove"));
}
