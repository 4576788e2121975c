use std::time::Duration;

use http::StatusCode;
use vestibule_core::letter::Says;

use super::{ALICE, BOB, WORK, add, confirm, link};
use crate::house::{House, PASSWORD};

/// Holds: ASVS 3.5.3, H04
#[tokio::test]
async fn asvs_3_5_3_opening_the_link_asks_and_its_button_adds_the_address_once() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    add(&browser, WORK).await;
    let link = link(&house).await;
    let trail = house.trail().await;
    for _ in 0..2 {
        let page = browser.get(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.body.contains(WORK) && page.body.contains("class=\"button main"));
    }
    assert_eq!(house.trail().await, trail);

    let done = confirm(&browser, &link).await;
    assert_eq!(
        (done.status, done.location()),
        (StatusCode::SEE_OTHER, "/account/addresses?done=confirmed")
    );
    assert!(browser.get("/account/addresses").await.body.contains(WORK));
    let told: Vec<_> = house
        .letters()
        .await
        .into_iter()
        .map(|letter| {
            assert!(matches!(letter.says, Says::AddressAdded { .. }));
            letter.to.as_str().to_owned()
        })
        .collect();
    assert_eq!(told, [ALICE, WORK], "ASVS 6.3.7: both hear of it");
    assert_eq!(
        house.browser().sign_in(WORK, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn opened_elsewhere_it_leads_through_the_sign_in_and_back() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    add(&browser, WORK).await;
    let link = link(&house).await;
    let phone = house.browser();
    let door = phone.get(&link).await;
    assert_eq!(door.status, StatusCode::SEE_OTHER);
    assert!(door.location().starts_with("/login?next="));
    // R07: on no way out of here does the token go along.
    assert_eq!(door.header("referrer-policy"), "no-referrer");
    let page = phone.get(door.location()).await;
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let next = page.field("next").unwrap();
    assert_eq!(next, link);
    let (_, token) = link.split_once('=').unwrap();
    let elsewhere = page.body.replace(&format!("value=\"{next}\""), "");
    assert!(!elsewhere.contains(token), "nowhere but in the form");
    let fields = [
        ("identifier", ALICE),
        ("password", PASSWORD),
        ("next", &next),
    ];
    let back = phone.submit(door.location(), "/login", &fields).await;
    assert_eq!(back.location(), link);
    assert_eq!(
        confirm(&phone, &link).await.location(),
        "/account/addresses?done=confirmed"
    );
}

/// Holds: ASVS 8.2.2
#[tokio::test]
async fn asvs_8_2_2_another_account_s_link_is_as_good_as_none() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add(BOB).await;
    let alice = house.signed_in(ALICE).await;
    let bob = house.signed_in(BOB).await;
    house.letters().await;
    add(&alice, WORK).await;
    let link = link(&house).await;
    let (path, token) = link.split_once("?token=").unwrap();
    let foreign = bob.get(&link).await;
    let none = bob.get("/account/addresses/confirm?token=nonsense").await;
    assert_eq!(foreign.status, StatusCode::GONE);
    assert_eq!(foreign.steady(), none.steady());
    assert!(!foreign.body.contains(WORK), "nor is it said whose it is");
    let fields = [("token", token)];
    let tried = bob.submit("/account/addresses", path, &fields).await;
    assert_eq!(tried.status, StatusCode::GONE);
    assert_eq!(
        confirm(&alice, &link).await.location(),
        "/account/addresses?done=confirmed",
        "and it stays good for whom it is"
    );
}

#[tokio::test]
async fn an_old_link_and_one_whose_address_went_to_another_are_explained() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.letters().await;
    add(&browser, WORK).await;
    let late = link(&house).await;
    house.add(WORK).await;
    let (path, token) = late.split_once("?token=").unwrap();
    let answer = browser.submit(&late, path, &[("token", token)]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("This address is in use"));

    add(&browser, "third@example.test").await;
    let letters = house.letters().await;
    let old = letters
        .iter()
        .find(|letter| letter.to.as_str() == "third@example.test");
    let old = format!(
        "/account/addresses/confirm?token={}",
        crate::house::token(old.unwrap())
    );
    for _ in 0..3 {
        house.clock.forward(Duration::from_mins(21));
        browser.get("/account").await;
    }
    let answer = browser.get(&old).await;
    assert_eq!(answer.status, StatusCode::GONE);
    assert!(answer.body.contains("within an hour"));
}
