use std::time::Duration;

use http::StatusCode;

use crate::handshake::town::{ISSUER, SIBLING, Town, UNRELATED};
use crate::house::House;

const ALICE: &str = "alice@example.test";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_a_person_sees_every_live_device_by_name_and_this_one_first() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add("bob@example.test").await;
    house.signed_in("bob@example.test").await;
    let browser = house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(1));
    let mut phone = house.browser();
    phone.user_agent = IPHONE;
    phone.peer = "[2001:db8::7]:50000".parse().unwrap();
    phone.sign_in(ALICE, crate::house::PASSWORD).await;

    let page = browser.get("/account").await;
    assert_eq!(page.status, StatusCode::OK);
    let (this, other) = (
        page.body.find("Firefox on Linux").unwrap(),
        page.body.find("Safari on iPhone").unwrap(),
    );
    assert!(this < other, "newest first, but this one before all");
    assert!(page.body.contains("this device"));
    assert!(page.body.contains("192.0.2.10") && page.body.contains("2001:db8::7"));
    assert_eq!(
        page.body.matches("action=\"/account/devices/end\"").count(),
        1,
        "one may be ended; bob's are not there"
    );
    assert!(page.body.contains("Sign out 1 other"), "{}", page.body);
}

#[tokio::test]
async fn what_has_ended_or_run_out_is_not_there_any_more() {
    let house = House::new().await;
    house.add(ALICE).await;
    let idle = house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let gone = house.signed_in(ALICE).await;
    gone.submit("/account", "/logout", &[]).await;
    house.clock.forward(Duration::from_mins(20));
    assert_eq!(
        browser
            .get("/account")
            .await
            .body
            .matches("name=\"device\"")
            .count(),
        1
    );
    house.clock.forward(Duration::from_mins(20));
    assert_eq!(
        browser
            .get("/account")
            .await
            .body
            .matches("name=\"device\"")
            .count(),
        0
    );
    assert_eq!(idle.get("/account").await.status, StatusCode::SEE_OTHER);
}

/// Holds: ASVS 7.3.1, ASVS 7.3.2, N07
#[tokio::test]
async fn asvs_7_3_1_a_session_ends_by_idleness_and_by_age_whatever_the_browser_does() {
    let house = House::new().await;
    house.add(ALICE).await;
    let busy = house.signed_in(ALICE).await;
    for _ in 0..24 {
        assert_eq!(busy.get("/account").await.status, StatusCode::OK);
        house.clock.forward(Duration::from_mins(29));
    }
    assert_eq!(
        busy.get("/account").await.status,
        StatusCode::OK,
        "11 h 36 min"
    );
    house.clock.forward(Duration::from_mins(24));
    assert_eq!(
        busy.get("/account").await.status,
        StatusCode::SEE_OTHER,
        "12 h"
    );
}

/// Holds: ASVS 3.2.2, ASVS 16.4.1
#[tokio::test]
async fn asvs_3_2_2_a_hostile_user_agent_is_only_text() {
    let house = House::new().await;
    house.add(ALICE).await;
    let mut browser = house.browser();
    browser.user_agent = "Mozilla/5.0 <script>alert(1)</script> (X11; \"Linux\")";
    browser.sign_in(ALICE, crate::house::PASSWORD).await;
    for path in ["/account", "/account/activity"] {
        assert!(!browser.get(path).await.body.contains("<script>alert"));
    }
}

#[tokio::test]
async fn a_notice_is_believed_only_after_a_page_of_ours() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let notice = "class=\"notice";
    assert!(
        browser
            .follow("/account?ended=2")
            .await
            .body
            .contains(notice)
    );
    assert!(
        !browser.get("/account?ended=2").await.body.contains(notice),
        "a link from elsewhere"
    );
    assert!(
        !browser
            .follow("/account?ended=many")
            .await
            .body
            .contains(notice)
    );
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_a_disabled_person_is_out_at_the_next_click() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house
        .engine
        .disable_user(&alice.email, &house.operator())
        .await
        .unwrap();
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn while_the_store_is_away_the_page_is_503_and_the_cookie_stays() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.lose_the_store().await;
    let answer = browser.get("/account").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.set_cookies().is_empty());
    assert!(answer.body.contains(ALICE), "still signed in");
}

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_each_device_names_the_applications_that_were_opened_through_it() {
    let town = Town::new().await;
    let mut laptop = town.person();
    laptop.sign_in().await;
    laptop.visit(SIBLING, "/").await;
    laptop.visit(UNRELATED, "/").await;
    let mut phone = town.person();
    phone.sign_in().await;
    let told = "Applications opened through it: The shop, The wiki";
    for person in [&mut laptop, &mut phone] {
        let page = person.at(ISSUER).get("/account").await;
        assert_eq!(page.body.matches(told).count(), 1, "{}", page.body);
    }
    // Its own are told first: it stands first.
    let page = laptop.at(ISSUER).get("/account").await;
    let (told, other) = (page.body.find(told), page.body.find("name=\"device\""));
    assert!(told < other);
}
