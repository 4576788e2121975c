//! `GET /vestibule/handshake` on the issuer's host.

use http::{Method, StatusCode};
use vestibule_core::app_session::PlainBrowserSecret;
use vestibule_core::application::Demand;

use super::town::{ALICE, ISSUER, SIBLING, Town};
use crate::house::{PASSWORD, Plan};

const SECRET: PlainBrowserSecret = PlainBrowserSecret::new([5; 32]);

/// Holds: R22, R23, ASVS 3.7.2
#[tokio::test]
async fn r23_nobody_is_led_to_an_origin_that_is_not_registered_exactly() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let browser = town.challenge(SIBLING, &SECRET);
    for origin in [
        "https://evil.test",
        "http://shop.example.test",
        "https://shop.example.test:443",
        "https://shop.example.test:8443",
        "https://shop.example.test/",
        "https://shop.example.test/x",
        "https://SHOP.example.test",
        "%20https://shop.example.test",
        "https://shop.example.test%0d%0a",
        "https://shop.example.test@evil.test",
        "https://shop.example.test.evil.test",
        "https://id.example.test",
        "null",
        "",
        "//shop.example.test",
        "javascript:alert(1)",
    ] {
        let url = format!("{ISSUER}/vestibule/handshake?origin={origin}&browser={browser}&next=/");
        for person in [&mut alice, &mut town.person()] {
            let answer = person.open(&url).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{origin}");
            assert_eq!(answer.location(), "", "{origin}");
            assert!(!answer.body.contains("evil.test"), "{origin}");
        }
    }
    for query in [
        format!("browser={browser}&next=/"),
        format!("origin={SIBLING}&next=//evil.test"),
        format!("origin={SIBLING}&browser={browser}"),
        format!("origin={SIBLING}&browser={browser}&next=//evil.test"),
        format!("origin={SIBLING}&browser={browser}&next=https://evil.test"),
        format!("origin={SIBLING}&origin=https://evil.test&browser={browser}&next=/"),
    ] {
        let answer = alice.open(format!("{ISSUER}/vestibule/handshake?{query}"));
        let answer = answer.await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.location(), "");
    }
}

/// Holds: ASVS 3.4.6, ASVS 3.5.3, ASVS 3.5.8
#[tokio::test]
async fn asvs_3_5_8_no_frame_no_script_and_no_prefetch_gets_a_code() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let url = town.offer(SIBLING, &SECRET);
    for headers in [
        &[("sec-fetch-dest", "iframe")][..],
        &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")],
        &[("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")],
        &[("sec-purpose", "prefetch")],
        &[("sec-purpose", "prefetch;prerender")],
        &[("purpose", "prefetch")],
    ] {
        let answer = alice.open_with(&url, headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(answer.location(), "", "{headers:?}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
    }
    let head = alice
        .at(ISSUER)
        .request(Method::HEAD, super::town::cut(&url).1.as_str(), "");
    let head = alice.at(ISSUER).send(head).await;
    assert_eq!(head.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(head.header("allow"), "GET");
    let offered = alice.open(&url).await;
    assert!(
        offered
            .location()
            .starts_with("https://shop.example.test/vestibule/finish?code=")
    );
    assert_eq!(offered.header("cache-control"), "no-store");
    assert_eq!(offered.header("referrer-policy"), "no-referrer");
    assert!(offered.set_cookies().is_empty());
}

#[tokio::test]
async fn a_login_that_ended_on_the_way_is_made_again_and_the_page_is_not_lost() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let start = alice.open(format!("{SIBLING}/vestibule/start?next=/cart"));
    let start = start.await.location().to_owned();
    town.house
        .engine
        .revoke_all(&town.house.operator())
        .await
        .unwrap();
    let answer = alice.open(&start).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(
        answer
            .location()
            .starts_with("/login?next=%2Fvestibule%2Fhandshake")
    );
    let login = alice.at(ISSUER).get(answer.location()).await;
    let next = login.field("next").unwrap().replace("&#38;", "&");
    let fields = [
        ("csrf", &*login.csrf()),
        ("identifier", ALICE),
        ("password", PASSWORD),
        ("next", &next),
    ];
    let signed_in = alice.at(ISSUER).post("/login", &fields).await;
    let again = format!("{ISSUER}{}", signed_in.location());
    // What was good for ten seconds is not carried through a form that takes a person longer.
    assert!(!again.contains("browser="));
    let start = alice.open(&again).await.location().to_owned();
    assert_eq!(
        start,
        format!("{SIBLING}/vestibule/start?round=1&next=/cart")
    );
    let offer = alice.open(&start).await.location().to_owned();
    let offer = alice.open(&offer).await;
    assert_eq!(alice.open(offer.location()).await.location(), "/cart");
}

/// Something between the browser and the issuer that spoils every challenge must not send it round for ever.
///
/// Holds: ASVS 16.5.3
#[tokio::test]
async fn asvs_16_5_3_a_challenge_that_never_arrives_whole_ends_in_a_page() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let mut start = format!("{SIBLING}/vestibule/start?next=/cart");
    for _ in 0..5 {
        let offer = alice.open(&start).await.location().to_owned();
        let spoilt = offer.replace("&browser=", "&browser=x");
        let answer = alice.open(&spoilt).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        answer.location().clone_into(&mut start);
        assert!(start.starts_with("https://shop.example.test/vestibule/start?round="));
    }
    let offer = alice.open(&start).await.location().to_owned();
    let stopped = alice.open(offer.replace("&browser=", "&browser=x")).await;
    assert_eq!(stopped.status, StatusCode::GONE);
    assert!(stopped.body.contains("This step has expired"));
    assert!(stopped.location().is_empty());
    // Once it arrives, it is taken, however often it did not.
    let finish = alice.open(&offer).await.location().to_owned();
    assert_eq!(alice.open(&finish).await.location(), "/cart");
}

/// Holds: C24, ASVS 3.5.4
#[tokio::test]
async fn c24_an_application_that_the_issuer_moved_onto_gets_no_code_and_no_identity() {
    // Registered when the issuer was elsewhere, or while own_host_application was set.
    let shared = "https://id.example.test:8443";
    for (trusted, handshake, check) in [
        (false, StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN),
        (true, StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED),
    ] {
        let plan = Plan {
            own_host_application: trusted,
            ..Plan::default()
        };
        let town = Town::planned(plan).await;
        town.register("moved", &[shared], Demand::default()).await;
        let mut alice = town.person();
        alice.sign_in().await;
        let answer = alice.open(town.offer(shared, &SECRET)).await;
        assert_eq!(answer.status, handshake);
        let answer = town.ask(shared, "/", "").send().await;
        assert_eq!(answer.status, check);
        assert_eq!(answer.body.contains("own_host_application"), !trusted);
    }
}

/// An idle clock that moved in memory alone is written first: the store would take the session for run out.
#[tokio::test]
async fn a_session_that_is_used_again_and_again_offers_codes_to_the_end() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    for _ in 0..6 {
        town.house.clock.forward(std::time::Duration::from_mins(20));
        assert!(alice.at(ISSUER).get("/account").await.status.is_success());
    }
    assert_eq!(alice.visit(SIBLING, "/cart").await, "/cart");
    assert!(alice.is_in(SIBLING).await);
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[tokio::test]
async fn asvs_16_5_3_while_the_store_is_away_there_is_no_code_and_no_cookie_is_lost() {
    let town = Town::new().await;
    let mut alice = town.person();
    alice.sign_in().await;
    let finish = alice.until_finish(SIBLING, "/").await;
    town.house.lose_the_store().await;
    let url = town.offer(SIBLING, &SECRET);
    for url in [url, finish] {
        let answer = alice.open(&url).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.set_cookies().is_empty() && answer.location().is_empty());
    }
}
