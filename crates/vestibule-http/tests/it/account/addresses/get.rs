use std::time::Duration;

use http::StatusCode;

use super::{ALICE, BOB, WORK, add, own, with_two};
use crate::house::{House, Plan};

#[tokio::test]
async fn a_person_sees_their_own_addresses_the_primary_one_first() {
    let (house, browser) = with_two().await;
    house.add(BOB).await;
    let page = browser.get("/account/addresses").await;
    assert_eq!(page.status, StatusCode::OK);
    // ASVS 14.3.2
    assert_eq!(page.header("cache-control"), "no-store");
    let at = |email: &str| page.body.find(&format!("<h2><bdi>{email}</bdi>"));
    assert!(at(ALICE).unwrap() < at(WORK).unwrap());
    assert!(!page.body.contains(BOB));
    let tagged = page.body.matches("class=\"tag\"").count();
    assert_eq!(tagged, 1, "one is primary");
    for form in ["primary", "remove"] {
        let action = format!("action=\"/account/addresses/{form}\"");
        assert_eq!(page.body.matches(&action).count(), 1, "{form}");
    }
}

#[tokio::test]
async fn a_notice_is_believed_only_after_a_page_of_ours() {
    let (_house, browser) = with_two().await;
    for done in ["confirmed", "removed", "primary", "nothing"] {
        let path = format!("/account/addresses?done={done}");
        let follows = browser.follow(&path).await;
        assert!(follows.body.contains("class=\"notice\""), "{done}");
        let linked = browser.get(&path).await;
        assert!(!linked.body.contains("class=\"notice\""), "{done}");
    }
    let unknown = browser.follow("/account/addresses?done=pwned").await;
    assert!(!unknown.body.contains("class=\"notice\""));
}

#[tokio::test]
async fn without_mail_or_room_the_page_says_so_in_place_of_the_form() {
    let house = House::planned(Plan {
        mailless: true,
        ..Plan::default()
    })
    .await;
    house.add_with(ALICE, &[], false).await;
    let browser = house.signed_in(ALICE).await;
    let page = browser.get("/account/addresses").await;
    assert!(!page.body.contains("/account/addresses/add"));
    assert!(!page.body.contains("/account/addresses/prove"));
    assert!(page.body.contains("This server sends no mail"));
    let answer = add(&browser, WORK).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);

    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    for n in 1..10 {
        own(&house, &browser, &format!("alice{n}@example.test")).await;
        // Five minutes for the login to be fresh, and some time for the network's mails.
        house.clock.forward(Duration::from_secs(20));
    }
    let page = browser.get("/account/addresses").await;
    assert!(page.body.contains("at most 10 addresses"), "{}", page.body);
    assert!(!page.body.contains("/account/addresses/add"));
    let answer = add(&browser, WORK).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(house.letters().await.is_empty());
}
