use http::StatusCode;

use super::ALICE;
use crate::house::{House, Plan};

#[tokio::test]
async fn the_page_says_in_numbers_what_will_happen_and_does_nothing() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.signed_in(ALICE).await;
    house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let page = browser.get("/account/delete").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("3 devices are signed out, this one too"));
    assert!(
        page.body
            .contains("1 address no longer belongs to an account")
    );
    assert!(page.body.contains("A last mail says so"));
    assert!(page.body.contains("cannot be undone"));
    assert_eq!(page.body.matches("class=\"button main").count(), 1);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn where_no_mail_is_sent_none_is_promised() {
    let house = House::planned(Plan {
        mailless: true,
        ..Plan::default()
    })
    .await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let page = browser.get("/account/delete").await;
    assert!(!page.body.contains("mail says so"));
    let gone = browser
        .submit("/account/delete", "/account/delete", &[])
        .await;
    assert!(gone.body.contains("Your account is deleted") && !gone.body.contains("mail"));
}
