use http::StatusCode;

use crate::house::{House, PASSWORD};

const ALICE: &str = "alice@example.test";

#[tokio::test]
async fn a_person_reads_what_happened_on_their_account_and_nobody_else_s() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    let mut stranger = house.browser();
    stranger.peer = "203.0.113.66:4000".parse().unwrap();
    stranger.sign_in(ALICE, "guessed in the dark").await;
    let browser = house.signed_in(ALICE).await;
    house.signed_in(ALICE).await;
    browser
        .submit("/account", "/account/devices/end-others", &[])
        .await;
    let mut bob = house.browser();
    bob.peer = "203.0.113.99:4000".parse().unwrap();
    bob.sign_in("bob@example.test", PASSWORD).await;

    let page = browser.get("/account/activity").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("203.0.113.66"),
        "the failed try, and from where"
    );
    assert!(!page.body.contains("203.0.113.99"), "bob's");
    assert!(page.body.contains("Firefox on Linux"));
    let rows = page.body.matches("<time").count();
    assert_eq!(
        rows, 5,
        "made, failed, signed in twice, others ended: {}",
        page.body
    );
}
