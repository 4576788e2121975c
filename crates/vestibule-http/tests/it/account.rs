//! `/account` and what is below it.

mod activity;
mod devices;
mod get;
mod security;

use http::StatusCode;

use crate::house::House;

#[tokio::test]
async fn a_stranger_is_led_to_sign_in_and_back() {
    let house = House::new().await;
    for (path, next) in [
        ("/account", "%2Faccount"),
        ("/account/security", "%2Faccount%2Fsecurity"),
        ("/account/activity", "%2Faccount%2Factivity"),
    ] {
        let answer = house.browser().get(path).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, &*format!("/login?next={next}"))
        );
        assert!(answer.body.is_empty() && answer.set_cookies().is_empty());
    }
    for path in [
        "/account/devices/end",
        "/account/devices/end-others",
        "/account/security",
    ] {
        let answer = house.browser().post(path, &[]).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/login?next=%2Faccount")
        );
    }
}
