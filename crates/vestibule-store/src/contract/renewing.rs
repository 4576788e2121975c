//! Sessions under a new secret, the same id.

use std::time::Duration;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::lineage::StoreNumber;
use vestibule_core::session::{EndReason, Lifetime, NewSession, Renewal, Session};
use vestibule_core::user::CredentialVersion;

use super::harness::Home;
use super::make::{NOON, noon_and};
use crate::{Change, RenewSession, Touch};

/// Holds: ASVS 7.2.4, N07
pub async fn asvs_7_2_4_a_renewal_has_a_new_secret_and_new_clocks(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    home.store
        .end_user_sessions(
            home.user("bob").await.id,
            None,
            EndReason::EndedByOperator,
            home.act(NOON),
        )
        .await
        .unwrap();
    let renewal = Renewal {
        lifetime: Lifetime::REMEMBERED,
        ..home.renewal(&session, noon_and(29))
    };
    let before = home.before().await;
    let act = home.act_of(&alice, noon_and(29));
    let renewed = home
        .store
        .renew_session(renewal.clone(), act.clone())
        .await
        .unwrap();
    let expected = Box::new(session.clone().renewed(&renewal));
    assert_eq!(
        expected.rev,
        StoreNumber(0),
        "a renewal does not outlive what the login would not"
    );
    assert_eq!(renewed, RenewSession::Renewed(expected.clone()));
    assert_eq!(home.snapshot().await.sessions[&session.id], *expected);
    let told = [Change::SessionRenewed(expected.clone())];
    assert_eq!(home.published_since(&before), told);
    let event = Event::session(EventKind::Reauthenticated, alice.id, session.id);
    home.assert_audited(&before, &act, &[event]).await;
    assert_eq!(home.live(&alice, noon_and(600)).await, [session.id]);

    let before = home.before().await;
    let stale = home.renewal(&session, noon_and(30));
    assert_eq!(
        home.renew(stale).await,
        RenewSession::Ended,
        "the old secret is dead at once"
    );
    home.assert_unchanged(&before).await;
    let again = home.renew(home.renewal(&expected, noon_and(30))).await;
    assert!(
        matches!(again, RenewSession::Renewed(_)),
        "the new one is good"
    );
}

pub async fn a_renewal_keeps_a_later_last_seen(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let seen = noon_and(20);
    home.store
        .touch_sessions(vec![Touch {
            id: session.id,
            seen,
        }])
        .await
        .unwrap();
    let renewed = home.renew(home.renewal(&session, noon_and(10))).await;
    let RenewSession::Renewed(renewed) = renewed else {
        panic!("it was live: {renewed:?}");
    };
    assert_eq!((renewed.last_seen, renewed.auth_time), (seen, noon_and(10)));
}

/// Holds: ASVS 7.4.1, N10
pub async fn asvs_7_4_1_a_dead_session_is_not_renewed(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let (carol, dave) = (home.user("carol").await, home.user("dave").await);
    let ended = home.session(&alice, NOON).await;
    let replaced = home.session(&alice, NOON).await;
    let over = NewSession {
        replaces: Some(replaced.id),
        tried: None,
        known: None,
        end_ticket: None,
        ..home.login(&alice, NOON)
    };
    home.open(over).await;
    home.end(ended.id, NOON).await;
    let other = home.session(&carol, NOON).await;
    let spared = home.session(&carol, NOON).await;
    home.store
        .end_other_sessions(spared.id, home.act(NOON))
        .await
        .unwrap();
    let struck = home.session(&bob, NOON).await;
    let reason = EndReason::EverywhereEnded;
    home.store
        .end_user_sessions(bob.id, None, reason, home.act(NOON))
        .await
        .unwrap();
    let idle = home.session(&alice, NOON).await;
    let short = Lifetime {
        idle: Duration::from_hours(2),
        absolute: Duration::from_hours(1),
    };
    let expired = NewSession {
        lifetime: short,
        ..home.login(&alice, NOON)
    };
    let expired = home.open(expired).await;
    let unknown = Session {
        id: home.session_id(NOON),
        ..idle.clone()
    };
    let before = home.before().await;
    for (session, minutes) in [
        (&ended, 1),
        (&replaced, 1),
        (&other, 1),
        (&struck, 1),
        (&idle, 30),
        (&expired, 60),
        (&unknown, 1),
    ] {
        let refused = home.renew(home.renewal(session, noon_and(minutes))).await;
        assert_eq!(refused, RenewSession::Ended);
        home.assert_unchanged(&before).await;
    }
    let last = home.session(&dave, NOON).await;
    home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    let before = home.before().await;
    for session in [&last, &spared, &idle] {
        let refused = home.renew(home.renewal(session, noon_and(1))).await;
        assert_eq!(refused, RenewSession::Ended);
        home.assert_unchanged(&before).await;
    }
}

/// Holds: ASVS 7.4.2
pub async fn a_renewal_asks_the_account_again(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let stale = Renewal {
        credential: CredentialVersion(2),
        ..home.renewal(&session, noon_and(1))
    };
    let before = home.before().await;
    assert_eq!(home.renew(stale).await, RenewSession::CredentialChanged);
    home.assert_unchanged(&before).await;

    let good = home.renewal(&session, noon_and(1));
    home.store
        .disable_user(alice.id, home.act(NOON))
        .await
        .unwrap();
    let before = home.before().await;
    assert_eq!(home.renew(good).await, RenewSession::Disabled);
    home.assert_unchanged(&before).await;
}

pub async fn a_renewal_with_another_secret_is_refused(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let (mine, his) = (
        home.session(&alice, NOON).await,
        home.session(&bob, NOON).await,
    );
    let before = home.before().await;
    for presented in [his.secret, home.secret()] {
        let wrong = Renewal {
            presented,
            ..home.renewal(&mine, noon_and(1))
        };
        assert_eq!(home.renew(wrong).await, RenewSession::Ended);
        home.assert_unchanged(&before).await;
    }
}
