//! From the first page view to the application, and out again.

use http::StatusCode;

use super::town::{ALICE, APP, ISSUER, SIBLING, Town, UNRELATED};
use crate::house::PASSWORD;

/// Holds: ASVS 3.3.3, ASVS 3.7.2, R23
#[tokio::test]
async fn one_login_opens_every_application_on_its_own_host_with_its_own_cookie() {
    let town = Town::new().await;
    let mut alice = town.person();
    // The page view that meets nobody leads to the application's own host.
    let told = town.ask(SIBLING, "/cart?open=1", "");
    let told = told.with("sec-fetch-mode", "navigate").send().await;
    assert_eq!(
        (told.status, told.location()),
        (
            StatusCode::FOUND,
            "https://shop.example.test/vestibule/start?next=/cart%3Fopen%3D1"
        )
    );
    let start = alice.open(told.location()).await;
    assert_eq!(start.status, StatusCode::SEE_OTHER);
    let [set] = &start.set_cookies()[..] else {
        panic!("one cookie")
    };
    assert!(set.starts_with("__Host-vestibule-handshake-"));
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"));
    assert!(start.location().starts_with(
        "https://id.example.test/vestibule/handshake?origin=https://shop.example.test&browser="
    ));
    // Nobody is signed in: the sign-in page says what for.
    let offer = alice.open(start.location()).await;
    assert!(
        offer
            .location()
            .starts_with("/login?next=%2Fvestibule%2Fhandshake%3F")
    );
    let login = alice.at(ISSUER).get(offer.location()).await;
    assert!(
        login.body.contains("to continue to The shop"),
        "{}",
        login.body
    );
    let next = login.field("next").unwrap().replace("&#38;", "&");
    let fields = [
        ("csrf", &*login.csrf()),
        ("identifier", ALICE),
        ("password", PASSWORD),
        ("next", &next),
    ];
    let signed_in = alice.at(ISSUER).post("/login", &fields).await;
    assert_eq!(
        signed_in.status,
        StatusCode::SEE_OTHER,
        "{}",
        signed_in.body
    );
    // From our own form a page leads on, for redirections are held against its policy.
    let onward = alice.at(ISSUER).follow(signed_in.location()).await;
    assert_eq!(onward.status, StatusCode::OK);
    let back = onward.body.split("0;url=").nth(1).unwrap();
    let back = back[..back.find('"').unwrap()].replace("&#38;", "&");
    // No code stands in a page: the browser is asked for another challenge.
    assert_eq!(
        back,
        "https://shop.example.test/vestibule/start?round=1&next=/cart?open=1"
    );
    assert!(!onward.body.contains("code="));
    let start = alice.open(&back).await;
    assert!(start.set_cookies().is_empty());
    let offer = alice.open(start.location()).await;
    let finish = alice.open(offer.location()).await;
    assert_eq!(
        (finish.status, finish.location()),
        (StatusCode::SEE_OTHER, "/cart?open=1")
    );
    let [set] = &finish.set_cookies()[..] else {
        panic!("one cookie")
    };
    assert!(set.starts_with(APP) && !set.to_lowercase().contains("domain"));
    assert!(alice.is_in(SIBLING).await);
    // The second one asks for no password.
    assert_eq!(alice.visit(UNRELATED, "/page").await, "/page");
    assert!(alice.is_in(UNRELATED).await && alice.is_in(SIBLING).await);
    let cookie = alice.at(SIBLING).cookie(APP).unwrap();
    assert_ne!(cookie, alice.at(UNRELATED).cookie(APP).unwrap());
    let opened = town.house.trail().await;
    let opened = opened.iter().filter(|kind| *kind == "app_session.opened");
    assert_eq!(opened.count(), 2);
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_ending_the_device_ends_every_application_at_the_next_request() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    alice.visit(UNRELATED, "/").await;
    let answer = alice.at(ISSUER).submit("/logout", "/logout", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(!alice.is_in(SIBLING).await && !alice.is_in(UNRELATED).await);
}
