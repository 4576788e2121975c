//! What an attacker might try with it.

use http::StatusCode;
use vestibule_core::app_session::{CHALLENGE_LIFE, PlainBrowserSecret, encode_browser};

use super::town::{APP, ISSUER, SIBLING, Town, UNRELATED};
use crate::house::PASSWORD;

/// Holds: H03
#[tokio::test]
async fn h03_nobody_is_signed_in_as_somebody_else_by_a_planted_url() {
    let town = Town::new().await;
    town.house.add("mallory@example.test").await;
    let mut mallory = town.person();
    let fields = [
        ("identifier", "mallory@example.test"),
        ("password", PASSWORD),
    ];
    mallory.at(ISSUER).submit("/login", "/login", &fields).await;
    let mut alice = town.person();
    alice.sign_in().await;
    // Alice follows Mallory's link, having been here or not.
    for been_here in [false, true] {
        let planted = mallory.until_finish(SIBLING, "/").await;
        if been_here {
            alice.visit(SIBLING, "/").await;
        }
        let before = alice.at(SIBLING).cookie(APP);
        let answer = alice.open(&planted).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(alice.at(SIBLING).cookie(APP), before);
        mallory.at(SIBLING).drop_cookie(APP);
    }
}

/// Holds: H02, ASVS 7.2.4
#[tokio::test]
async fn h02_what_was_planted_before_is_never_what_opens_the_door() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let planted = "A".repeat(64);
    alice.at(SIBLING).set_cookie(APP, &planted);
    alice.visit(SIBLING, "/").await;
    let first = alice.at(SIBLING).cookie(APP).unwrap();
    assert_ne!(first, planted);
    // Each handshake makes a new one, and the one before is dead at once.
    let finish = {
        alice.at(SIBLING).drop_cookie(APP);
        alice.until_finish(SIBLING, "/").await
    };
    alice.at(SIBLING).set_cookie(APP, &first);
    alice.open(&finish).await;
    let second = alice.at(SIBLING).cookie(APP).unwrap();
    assert_ne!(first, second);
    for (value, status) in [
        (first, StatusCode::UNAUTHORIZED),
        (planted, StatusCode::UNAUTHORIZED),
        (second, StatusCode::OK),
    ] {
        let answer = town
            .ask(SIBLING, "/", &format!("{APP}={value}"))
            .send()
            .await;
        assert_eq!(answer.status, status);
    }
}

/// Mallory has read a URL of Alice's on its way to the issuer, in a log or a history, and so knows what her browser's secret
/// hashes to: as long as she keeps that cookie, a code for Mallory's own login must not be had for it.
///
/// Holds: H03, ASVS 14.2.1
#[tokio::test]
async fn h03_a_url_that_was_read_later_makes_no_code_for_another_login() {
    let town = Town::new().await;
    town.house.add("mallory@example.test").await;
    let mut mallory = town.person();
    let fields = [
        ("identifier", "mallory@example.test"),
        ("password", PASSWORD),
    ];
    mallory.at(ISSUER).submit("/login", "/login", &fields).await;
    let mut alice = town.person();
    let start = alice.open(format!("{SIBLING}/vestibule/start?next=/"));
    let read = start.await.location().to_owned();
    let told = read.split("browser=").nth(1).unwrap();
    let told = told.split('&').next().unwrap();
    let secret = alice.secrets(SIBLING).remove(0).1;
    let hash = encode_browser(PlainBrowserSecret::parse(&secret).unwrap().hashed());
    // Made for another application of hers, with the same secret.
    let other = town.challenge(UNRELATED, &PlainBrowserSecret::parse(&secret).unwrap());
    town.house.clock.forward(CHALLENGE_LIFE);
    let fresh = town.challenge(SIBLING, &PlainBrowserSecret::new([7; 32]));
    // Her hash in front of what Mallory's own browser is vouched for by.
    let grafted = format!("{}{}", &told[..43], &fresh[43..]);
    let mut answers = Vec::new();
    for told in [told, &hash, &other, &grafted, "", "x"] {
        let url =
            format!("{ISSUER}/vestibule/handshake?origin={SIBLING}&browser={told}&next=/cart%3Fx");
        let answer = mallory.open(&url).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{told}");
        assert_eq!(
            answer.location(),
            format!("{SIBLING}/vestibule/start?round=1&next=/cart?x"),
            "{told}"
        );
        answers.push(answer.body);
    }
    // Which it was, nobody learns.
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
}

/// Whoever makes Alice's browser ask for a code bound to a secret of theirs gets nothing, for it comes back in hers.
#[tokio::test]
async fn a_code_that_somebody_else_s_secret_is_bound_to_is_burnt_in_alice_s_browser() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let theirs = PlainBrowserSecret::new([66; 32]);
    let finish = alice
        .open(town.offer(SIBLING, &theirs))
        .await
        .location()
        .to_owned();
    assert_eq!(alice.open(&finish).await.status, StatusCode::FORBIDDEN);
    let mut mallory = town.person();
    mallory.keep(SIBLING, &theirs);
    assert_eq!(mallory.open(&finish).await.status, StatusCode::GONE);
}

/// Holds: ASVS 3.3.3, ASVS 3.3.4
#[tokio::test]
async fn asvs_3_3_3_no_host_s_cookie_opens_another() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    alice.visit(SIBLING, "/").await;
    alice.visit(UNRELATED, "/").await;
    let session = alice.at(ISSUER).session().unwrap();
    let shop = alice.at(SIBLING).cookie(APP).unwrap();
    let wiki = alice.at(UNRELATED).cookie(APP).unwrap();
    for (origin, name, value) in [
        (SIBLING, APP, &wiki),
        (UNRELATED, APP, &shop),
        (SIBLING, APP, &session),
        (SIBLING, "__Host-vestibule", &session),
    ] {
        let cookies = format!("{name}={value}");
        let answer = town.ask(origin, "/", &cookies).send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{origin} {name}");
    }
    // An application's cookie is worth nothing at the issuer.
    let thief = town.house.browser();
    thief.set_cookie("__Host-vestibule", &shop);
    thief.set_cookie(APP, &shop);
    let account = thief.get("/account").await;
    assert!(account.location().starts_with("/login"));
}

/// Holds: ASVS 16.2.5
#[tokio::test]
async fn asvs_16_2_5_neither_code_nor_cookie_is_ever_stored_as_it_is() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    let code = finish.split("code=").nth(1).unwrap()[..43].to_owned();
    alice.open(&finish).await;
    let cookie = alice.at(SIBLING).cookie(APP).unwrap();
    let secret = alice.secrets(SIBLING).remove(0).1;
    for file in std::fs::read_dir(town.house.directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        for text in [&code, &cookie, &secret] {
            let found = bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes());
            assert!(!found, "a secret is stored in plain");
        }
    }
}
