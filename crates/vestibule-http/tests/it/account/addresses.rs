//! `/account/addresses/…`

mod add;
mod confirm;
mod get;
mod primary;
mod prove;
mod remove;

use http::StatusCode;

use crate::house::{Answer, Browser, House, token};

const ALICE: &str = "alice@example.test";
const WORK: &str = "alice@work.example.test";
const BOB: &str = "bob@example.test";

/// Asks for an address.
async fn add(browser: &Browser, email: &str) -> Answer {
    browser
        .submit(
            "/account/addresses",
            "/account/addresses/add",
            &[("email", email)],
        )
        .await
}

/// A form about one of the addresses on the page.
async fn send(browser: &Browser, what: &str, address: &str) -> Answer {
    let path = format!("/account/addresses/{what}");
    browser
        .submit("/account/addresses", &path, &[("address", address)])
        .await
}

/// The link in the only letter there is.
async fn link(house: &House) -> String {
    let letter = house.letter().await;
    format!("/account/addresses/confirm?token={}", token(&letter))
}

async fn confirm(browser: &Browser, link: &str) -> Answer {
    let (path, token) = link.split_once("?token=").unwrap();
    browser.submit(link, path, &[("token", token)]).await
}

/// Adds an address the whole way, and passes over the letters that tell of it.
async fn own(house: &House, browser: &Browser, email: &str) {
    house.letters().await;
    assert_eq!(add(browser, email).await.status, StatusCode::OK);
    let link = link(house).await;
    let answer = confirm(browser, &link).await;
    assert_eq!(
        answer.location(),
        "/account/addresses?done=confirmed",
        "{}",
        answer.body
    );
    house.letters().await;
}

/// A person with two addresses, signed in just now.
async fn with_two() -> (House, Browser) {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    own(&house, &browser, WORK).await;
    (house, browser)
}
