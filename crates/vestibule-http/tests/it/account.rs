//! `/account` and what is below it.

mod activity;
mod addresses;
mod delete;
mod devices;
mod get;
mod profile;
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
        ("/account/addresses", "%2Faccount%2Faddresses"),
        ("/account/profile", "%2Faccount%2Fprofile"),
        ("/account/delete", "%2Faccount%2Fdelete"),
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
        "/account/addresses/add",
        "/account/addresses/primary",
        "/account/addresses/prove",
        "/account/addresses/remove",
        "/account/addresses/confirm",
        "/account/profile",
        "/account/delete",
    ] {
        let answer = house.browser().post(path, &[]).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/login?next=%2Faccount")
        );
    }
}
