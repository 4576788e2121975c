//! Real contention over handshakes and origins.

use vestibule_core::session::EndReason;

use super::harness::Home;
use super::make::NOON;
use super::make::applications::{browser, origin, spec};
use super::race::{race, racer};
use crate::{BoxFuture, PutApplication, RedeemHandshake, Redemption};

/// How many try at once.
const MANY: usize = 32;

/// Holds: H04, ASVS 15.4.2
pub async fn h04_of_many_that_bring_one_code_one_wins(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let handshake = home.handshake(&session, &shop, NOON);
    home.offer_code(&handshake).await;
    let racers = (0..MANY).map(|_| {
        let (redemption, act) = (home.redemption(&handshake), home.act(NOON));
        racer(&home, move |store| async move {
            store.redeem_handshake(redemption, act).await.unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let won = |answer: &&RedeemHandshake| matches!(answer, RedeemHandshake::Opened { .. });
    assert_eq!(answers.iter().filter(won).count(), 1);
    assert_eq!(home.app_sessions_of(&session).await.len(), 1);
    home.snapshot().await.assert_told(&home.ledger.memory());
}

/// Holds: H04, ASVS 7.4.1
pub async fn h04_a_handshake_raced_against_a_logout_leaves_nothing_alive(home: Home) {
    let shop = home.application("shop").await;
    for round in 0..20 {
        let alice = home.user(&format!("alice-{round}")).await;
        let session = home.session(&alice, NOON).await;
        let handshake = home.handshake(&session, &shop, NOON);
        home.offer_code(&handshake).await;
        let (redemption, act) = (home.redemption(&handshake), home.act(NOON));
        let opening: BoxFuture<'static, ()> = racer(&home, move |store| async move {
            store.redeem_handshake(redemption, act).await.unwrap();
        });
        let (id, act) = (session.id, home.act(NOON));
        let ending = racer(&home, move |store| async move {
            let reason = EndReason::SignedOut;
            store.end_session(id, None, reason, act).await.unwrap();
        });
        race(vec![opening, ending]).await;
        assert!(!home.ledger.holds(session.id));
        assert_eq!(home.app_sessions_of(&session).await, []);
        home.snapshot().await.assert_told(&home.ledger.memory());
    }
}

pub async fn handshakes_of_one_place_raced_leave_one_app_session(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let shop = home.application("shop").await;
    let mut racers = Vec::new();
    for n in 0..8 {
        let handshake = home.handshake(&session, &shop, NOON);
        home.offer_code(&handshake).await;
        // One in two is a thief's.
        let by = if n % 2 == 0 { "alice" } else { "mallory" };
        let redemption = Redemption {
            browser: Some(browser(by)),
            ..home.redemption(&handshake)
        };
        let act = home.act(NOON);
        racers.push(racer(&home, move |store| async move {
            store.redeem_handshake(redemption, act).await.unwrap()
        }));
    }
    let answers = race(racers).await;
    for (n, answer) in answers.iter().enumerate() {
        match answer {
            RedeemHandshake::Opened { .. } => assert_eq!(n % 2, 0),
            answer => assert_eq!((n % 2, answer), (1, &RedeemHandshake::OtherBrowser)),
        }
    }
    let left = home.app_sessions_of(&session).await;
    assert_eq!(left.len(), 1);
    let memory = home.ledger.memory();
    assert!(memory.app_sessions.keys().eq([&left[0].id]));
}

pub async fn applications_raced_for_one_authority_leave_one(home: Home) {
    let racers = (0..MANY).map(|n| {
        let mut wanted = spec(&format!("app-{n}"));
        wanted.origins = vec![origin("shop"), origin(&format!("own-{n}"))];
        wanted.origins.sort();
        let (id, act) = (home.application_id(), home.act(NOON));
        racer(&home, move |store| async move {
            store.add_application(id, wanted, act).await.unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let won = |answer: &&PutApplication| matches!(answer, PutApplication::Put(_));
    assert_eq!(answers.iter().filter(won).count(), 1);
    let refused = |answer: &&PutApplication| matches!(answer, PutApplication::OriginTaken { .. });
    assert_eq!(answers.iter().filter(refused).count(), MANY - 1);
    let snapshot = home.snapshot().await;
    assert_eq!(snapshot.applications.len(), 1);
    snapshot.assert_told(&home.ledger.memory());
}
