use std::time::Duration;

use http::StatusCode;

use crate::house::{House, PASSWORD};

const ALICE: &str = "alice@example.test";

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_every_other_device_is_out_and_this_one_stays() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    let bob = house.signed_in("bob@example.test").await;
    let others = [house.signed_in(ALICE).await, house.signed_in(ALICE).await];
    let browser = house.signed_in(ALICE).await;
    let answer = browser
        .submit("/account", "/account/devices/end-others", &[])
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account?ended=2")
    );
    for other in others {
        assert_eq!(other.get("/account").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(bob.get("/account").await.status, StatusCode::OK);
    // Twice is consistent: the spared session stands against its own cutoff.
    assert_eq!(
        browser
            .submit("/account", "/account/devices/end-others", &[])
            .await
            .location(),
        "/account?ended=0"
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_a_stale_login_is_told_how_many_before_it_proves_itself() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.signed_in(ALICE).await;
    house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(5));
    let asked = browser
        .submit("/account", "/account/devices/end-others", &[])
        .await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.body.contains("Sign out 2 others"), "{}", asked.body);
    let answer = browser
        .post(
            "/account/devices/end-others",
            &[("csrf", &asked.csrf()), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account?ended=2")
    );
    assert_eq!(
        browser.get("/account").await.status,
        StatusCode::OK,
        "under the new secret"
    );
}
