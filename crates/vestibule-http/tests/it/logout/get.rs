use http::StatusCode;

use crate::house::House;

/// Holds: ASVS 3.5.3
#[tokio::test]
async fn asvs_3_5_3_a_get_asks_and_ends_nothing() {
    let house = House::new().await;
    let alice = house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let answer = browser.get("/logout").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("action=\"/logout\""));
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        house
            .store
            .sessions_of(alice.id, house.engine.now())
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn nobody_is_told_that_nobody_is_signed_in() {
    let house = House::new().await;
    let answer = house.browser().get("/logout").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("href=\"/login\""));
    assert!(answer.set_cookies().is_empty());
}
