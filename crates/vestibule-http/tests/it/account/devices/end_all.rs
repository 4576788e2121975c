use std::time::Duration;

use http::StatusCode;

use crate::house::{House, PASSWORD};

const ALICE: &str = "alice@example.test";

/// Holds: ASVS 7.5.2, ASVS 14.3.1
#[tokio::test]
async fn asvs_7_5_2_every_device_is_out_and_this_browser_forgets_its_cookie() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    let bob = house.signed_in("bob@example.test").await;
    let other = house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let value = browser.session().unwrap();
    let answer = browser
        .submit("/account", "/account/devices/end-all", &[])
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/logout")
    );
    assert_eq!(
        answer.set_cookies(),
        ["__Host-vestibule=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"]
    );
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    let replay = house.browser();
    replay.set_cookie("__Host-vestibule", &value);
    for ended in [replay, other] {
        assert_eq!(
            ended.get("/account").await.location(),
            "/login?next=%2Faccount"
        );
    }
    assert_eq!(bob.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        house.trail().await.last().unwrap(),
        "user_sessions.ended (everywhere_ended)"
    );
}

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_a_stale_login_proves_itself_first() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(5));
    let asked = browser
        .submit("/account", "/account/devices/end-all", &[])
        .await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.body.contains("and 1 other at its"), "{}", asked.body);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    let answer = browser
        .post(
            "/account/devices/end-all",
            &[("csrf", &asked.csrf()), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/logout")
    );
    assert!(
        browser.session().is_none(),
        "the renewed cookie is gone too"
    );
}
