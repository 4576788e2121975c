use http::StatusCode;

use super::ALICE;
use crate::house::House;

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
    assert!(page.body.contains("1 address is nobody"));
    assert!(page.body.contains("cannot be undone"));
    assert_eq!(page.body.matches("class=\"button main").count(), 1);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}
