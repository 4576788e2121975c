//! Sessions, opened by a login and by nothing else.

use std::net::IpAddr;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::{
    Acr, Amr, Device, EndReason, Lifetime, MOST_SESSIONS, NewSession, Session,
};
use vestibule_core::user::CredentialVersion;

use super::harness::Home;
use super::make::{NOON, noon_and};
use crate::{Change, EndSession, OpenSession, Touch};

pub async fn a_login_opens_a_session_told_and_audited(home: Home) {
    let alice = home.user("alice").await;
    home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    for (address, agent) in [
        (
            Some("2001:db8::7"),
            Some("Mozilla/5.0 \u{201c}\u{1f600}\u{201d}".to_owned()),
        ),
        (Some("192.0.2.7"), Some("x".repeat(Device::USER_AGENT_LEN))),
        (Some("::ffff:192.0.2.7"), Some(String::new())),
        (None, None),
    ] {
        let new = NewSession {
            lifetime: Lifetime::REMEMBERED,
            remembered: true,
            acr: Acr::Aal3,
            amr: Amr::from_bits(0b1000_0001),
            device: Device {
                user_agent: agent,
                address: address.map(|text| text.parse::<IpAddr>().unwrap()),
            },
            ..home.login(&alice, noon_and(1))
        };
        let before = home.before().await;
        let act = home.act_of(&alice, noon_and(1));
        let opened = home
            .store
            .open_session(new.clone(), act.clone())
            .await
            .unwrap();
        let expected = Box::new(Session::open(new, StoreNumber(2)));
        assert_eq!(opened, OpenSession::Opened(expected.clone()));
        assert_eq!(home.snapshot().await.sessions[&expected.id], *expected);
        let told = [Change::SessionOpened(expected.clone())];
        assert_eq!(home.published_since(&before), told);
        let event = Event::session(EventKind::LoginSucceeded, alice.id, expected.id);
        home.assert_audited(&before, &act, &[event]).await;
    }
}

/// Holds: ASVS 7.4.2
pub async fn a_login_that_may_not_open_changes_nothing_not_even_what_it_was_made_over(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let over = home.session(&bob, NOON).await;
    home.store
        .disable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    let nobody = vestibule_core::user::User {
        id: home.new_user("nobody").id,
        ..alice.clone()
    };
    let made_over = |new: NewSession| NewSession {
        replaces: Some(over.id),
        tried: None,
        known: None,
        end_ticket: None,
        ..new
    };
    let stale = NewSession {
        credential: CredentialVersion(2),
        ..home.login(&bob, NOON)
    };
    let before = home.before().await;
    for (new, outcome) in [
        (home.login(&alice, NOON), OpenSession::Disabled),
        (stale, OpenSession::CredentialChanged),
        (home.login(&nobody, NOON), OpenSession::Unknown),
    ] {
        let refused = home
            .store
            .open_session(made_over(new), home.act(NOON))
            .await
            .unwrap();
        assert_eq!(refused, outcome);
        home.assert_unchanged(&before).await;
    }
}

/// Holds: ASVS 7.2.4
pub async fn asvs_7_2_4_the_session_a_login_is_made_over_ends_with_it(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let own = home.session(&alice, NOON).await;
    let foreign = home.session(&bob, NOON).await;
    // Idle by the times written so far: an index may know better, so it has to end all the same.
    let idle = home.session(&bob, NOON).await;
    for (n, (over, at)) in [
        (own, noon_and(1)),
        (foreign, noon_and(2)),
        (idle, noon_and(40)),
    ]
    .into_iter()
    .enumerate()
    {
        let new = NewSession {
            replaces: Some(over.id),
            tried: None,
            known: None,
            end_ticket: None,
            ..home.login(&alice, at)
        };
        let before = home.before().await;
        let act = home.act_of(&alice, at);
        let opened = home.store.open_session(new, act.clone()).await.unwrap();
        let OpenSession::Opened(session) = opened else {
            panic!("refused: {opened:?}");
        };
        let number = StoreNumber(n as u64 + 1);
        assert_eq!(session.rev, number, "the cutoff came first");
        let cutoff = Cutoff {
            number,
            node: Node::Session(over.id),
        };
        let told = [
            Change::Cutoff(cutoff),
            Change::SessionOpened(session.clone()),
        ];
        assert_eq!(home.published_since(&before), told);
        let replaced = EventKind::SessionEnded(EndReason::Replaced);
        let events = [
            Event::session(EventKind::LoginSucceeded, alice.id, session.id),
            Event::session(replaced, over.user, over.id),
        ];
        home.assert_audited(&before, &act, &events).await;
        let after = home.snapshot().await;
        assert!(!after.sessions.contains_key(&over.id));
        after.assert_told(&home.ledger.memory());
    }
}

pub async fn a_login_made_over_a_dead_session_just_opens(home: Home) {
    let alice = home.user("alice").await;
    let (ended, struck) = (
        home.session(&alice, NOON).await,
        home.session(&alice, NOON).await,
    );
    home.end(ended.id, NOON).await;
    home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    for over in [ended.id, struck.id, home.session_id(NOON)] {
        let new = NewSession {
            replaces: Some(over),
            tried: None,
            known: None,
            end_ticket: None,
            ..home.login(&alice, NOON)
        };
        let before = home.before().await;
        let act = home.act(NOON);
        let opened = home
            .store
            .open_session(new.clone(), act.clone())
            .await
            .unwrap();
        let expected = Box::new(Session::open(new, StoreNumber(2)));
        assert_eq!(opened, OpenSession::Opened(expected.clone()));
        assert_eq!(
            home.published_since(&before),
            [Change::SessionOpened(expected.clone())]
        );
        let event = Event::session(EventKind::LoginSucceeded, alice.id, expected.id);
        home.assert_audited(&before, &act, &[event]).await;
    }
}

/// Holds: ASVS 7.4.1
pub async fn asvs_7_4_1_an_id_is_opened_once_and_never_again(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let (live, ended) = (
        home.session(&alice, NOON).await,
        home.session(&alice, NOON).await,
    );
    assert_eq!(home.end(ended.id, NOON).await, EndSession::Ended);
    let before = home.before().await;
    for id in [live.id, ended.id] {
        for user in [&alice, &bob] {
            let new = NewSession {
                id,
                ..home.login(user, NOON)
            };
            assert!(home.store.open_session(new, home.act(NOON)).await.is_err());
            home.assert_unchanged(&before).await;
        }
    }
    home.session(&alice, NOON).await;
}

/// The cutoff on what it was made over comes first, and has to go with the rest.
///
/// Holds: ASVS 2.3.3
pub async fn asvs_2_3_3_a_login_that_fails_ends_nothing(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let (known, over) = (
        home.session(&alice, NOON).await,
        home.session(&bob, NOON).await,
    );
    let before = home.before().await;
    let new = NewSession {
        id: known.id,
        replaces: Some(over.id),
        tried: None,
        known: None,
        end_ticket: None,
        ..home.login(&alice, NOON)
    };
    let failed = home.store.open_session(new, home.act(NOON)).await;
    assert!(failed.is_err());
    home.assert_unchanged(&before).await;
    assert_eq!(home.end(over.id, NOON).await, EndSession::Ended);
    let next = home.session(&bob, NOON).await;
    assert_eq!(next.rev, StoreNumber(1), "its number was not taken");
}

/// Holds: ASVS 7.1.2
pub async fn asvs_7_1_2_one_login_too_many_ends_what_was_seen_longest_ago(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let his = home.session(&bob, NOON).await;
    let idle = home.session(&alice, NOON).await;
    let mut hers = Vec::new();
    for _ in 0..MOST_SESSIONS {
        hers.push(home.session(&alice, noon_and(10)).await);
    }
    assert_eq!(
        home.live(&alice, noon_and(10)).await.len(),
        MOST_SESSIONS,
        "the one that was seen before them all has gone"
    );
    assert!(!home.snapshot().await.sessions.contains_key(&idle.id));
    // All but the fourth are used once more.
    let others = hers.iter().enumerate().filter(|(n, _)| *n != 3);
    let touches = others.map(|(_, session)| Touch {
        id: session.id,
        seen: noon_and(20),
    });
    home.store.touch_sessions(touches.collect()).await.unwrap();

    // Made over one of them, it is not one more.
    let over = NewSession {
        replaces: Some(hers[7].id),
        tried: None,
        known: None,
        end_ticket: None,
        ..home.login(&alice, noon_and(21))
    };
    home.open(over).await;
    assert!(home.snapshot().await.sessions.contains_key(&hers[3].id));

    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(21));
    let new = home.login(&alice, noon_and(21));
    let opened = home.store.open_session(new, act.clone()).await.unwrap();
    let OpenSession::Opened(session) = opened else {
        panic!("refused: {opened:?}");
    };
    let cutoff = Cutoff {
        number: session.rev,
        node: Node::Session(hers[3].id),
    };
    let told = [
        Change::Cutoff(cutoff),
        Change::SessionOpened(session.clone()),
    ];
    assert_eq!(home.published_since(&before), told);
    let displaced = EventKind::SessionEnded(EndReason::Displaced);
    let events = [
        Event::session(EventKind::LoginSucceeded, alice.id, session.id),
        Event::session(displaced, alice.id, hers[3].id),
    ];
    home.assert_audited(&before, &act, &events).await;
    let after = home.snapshot().await;
    after.assert_told(&home.ledger.memory());
    assert_eq!(home.live(&alice, noon_and(21)).await.len(), MOST_SESSIONS);
    assert!(
        after.sessions.contains_key(&his.id),
        "everybody has their own"
    );

    // What has idled out takes nobody's place.
    let before = home.before().await;
    home.session(&alice, noon_and(60)).await;
    assert_eq!(home.published_since(&before).len(), 1);
}
