//! Sessions ended: one, the others, a user's, everybody's; each a cutoff, none brought back.

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::{EndReason, NewSession, Session};

use super::harness::Home;
use super::make::{NOON, noon_and};
use super::snapshot::BEFORE_ALL_CLOCKS;
use crate::{Change, EndOthers, EndSession, RenewSession, TimedOut, Touch};

/// Holds: ASVS 7.4.1, N10
pub async fn asvs_7_4_1_a_session_ends_once_and_with_its_reason(home: Home) {
    let alice = home.user("alice").await;
    for (n, reason) in EndReason::ALL.into_iter().enumerate() {
        let session = home.session(&alice, NOON).await;
        let before = home.before().await;
        let act = home.act_of(&alice, noon_and(1));
        let ended = home
            .store
            .end_session(session.id, None, reason, act.clone())
            .await
            .unwrap();
        assert_eq!(ended, EndSession::Ended);
        let cutoff = Cutoff {
            number: StoreNumber(n as u64 + 1),
            node: Node::Session(session.id),
        };
        assert_eq!(home.published_since(&before), [Change::Cutoff(cutoff)]);
        let event = Event::session(EventKind::SessionEnded(reason), alice.id, session.id);
        home.assert_audited(&before, &act, &[event]).await;
        let after = home.snapshot().await;
        assert!(after.sessions.is_empty());
        after.assert_told(&home.ledger.memory());

        let before = home.before().await;
        assert_eq!(home.end(session.id, noon_and(1)).await, EndSession::NotLive);
        home.assert_unchanged(&before).await;
    }
}

/// Holds: ASVS 8.2.2
pub async fn asvs_8_2_2_a_session_is_ended_by_its_owner_alone(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let session = home.session(&alice, NOON).await;
    let end = |id, owner| {
        home.store.end_session(
            id,
            Some(owner),
            EndReason::EndedByOwner,
            home.act(noon_and(1)),
        )
    };
    let before = home.before().await;
    assert_eq!(end(session.id, bob.id).await.unwrap(), EndSession::NotLive);
    assert_eq!(
        end(home.session_id(NOON), bob.id).await.unwrap(),
        EndSession::NotLive
    );
    home.assert_unchanged(&before).await;
    assert_eq!(end(session.id, alice.id).await.unwrap(), EndSession::Ended);
}

pub async fn what_a_cutoff_struck_is_not_ended_again(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let reason = EndReason::EverywhereEnded;
    home.store
        .end_user_sessions(alice.id, None, reason, home.act(NOON))
        .await
        .unwrap();
    let before = home.before().await;
    assert_eq!(home.end(session.id, NOON).await, EndSession::NotLive);
    let others = home
        .store
        .end_other_sessions(session.id, home.act(NOON))
        .await
        .unwrap();
    assert_eq!(others, EndOthers::NotLive);
    home.assert_unchanged(&before).await;
}

/// The index may know of a later use than is written yet, and that use may be written after the logout.
///
/// Holds: ASVS 7.4.1, N10
pub async fn a_logout_ends_a_session_that_looks_idle(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    assert_eq!(home.live(&alice, noon_and(30)).await, []);
    assert_eq!(home.end(session.id, noon_and(30)).await, EndSession::Ended);
    let touch = Touch {
        id: session.id,
        seen: noon_and(29),
    };
    home.store.touch_sessions(vec![touch]).await.unwrap();
    assert_eq!(home.live(&alice, noon_and(30)).await, []);
    let home = home.reopen().await;
    assert!(!home.ledger.holds(session.id));
}

/// An operator may accept a clock behind the one that judged: what its owner ended stays ended then too.
///
/// Holds: ASVS 7.4.1, N10
pub async fn a_logout_ends_a_session_past_its_absolute_end(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    assert_eq!(home.end(session.id, noon_and(720)).await, EndSession::Ended);
    assert_eq!(home.live(&alice, noon_and(1)).await, []);
    assert!(!home.ledger.holds(session.id));
}

pub async fn the_others_end_and_the_spared_one_stands(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.session(&alice, NOON).await;
    let other = home.session(&alice, noon_and(20)).await;
    let mine = home.session(&alice, noon_and(20)).await;
    let his = home.session(&bob, noon_and(20)).await;

    for (number, ended) in [(1, 1), (2, 0)] {
        let before = home.before().await;
        let act = home.act_of(&alice, noon_and(40));
        let others = home
            .store
            .end_other_sessions(mine.id, act.clone())
            .await
            .unwrap();
        assert_eq!(
            others,
            EndOthers::Ended { ended },
            "the first had idled out"
        );
        let number = StoreNumber(number);
        let cutoff = Cutoff {
            number,
            node: Node::User(alice.id, Some(mine.id)),
        };
        assert_eq!(home.published_since(&before), [Change::Cutoff(cutoff)]);
        let kind = EventKind::UserSessionsEnded(EndReason::OthersEnded);
        let event = Event::session(kind, alice.id, mine.id);
        home.assert_audited(&before, &act, &[event]).await;
        let after = home.snapshot().await;
        let spared = Session {
            rev: number,
            ..mine.clone()
        };
        assert_eq!(after.sessions[&mine.id], spared);
        assert_eq!(
            after.sessions.keys().copied().collect::<Vec<_>>(),
            [mine.id, his.id]
        );
        assert_eq!(after.users[&alice.id].cutoff, number);
        after.assert_told(&home.ledger.memory());
    }
    let gone = home.renew(home.renewal(&other, noon_and(40))).await;
    assert_eq!(gone, RenewSession::Ended);
}

pub async fn only_a_live_session_is_spared(home: Home) {
    let alice = home.user("alice").await;
    let (ended, idle) = (
        home.session(&alice, NOON).await,
        home.session(&alice, NOON).await,
    );
    home.end(ended.id, NOON).await;
    home.session(&alice, noon_and(20)).await;
    let before = home.before().await;
    for (id, minutes) in [(ended.id, 1), (idle.id, 30), (home.session_id(NOON), 1)] {
        let refused = home
            .store
            .end_other_sessions(id, home.act(noon_and(minutes)))
            .await
            .unwrap();
        assert_eq!(refused, EndOthers::NotLive);
        home.assert_unchanged(&before).await;
    }
}

/// Holds: ASVS 7.4.5
pub async fn asvs_7_4_5_the_sessions_of_one_user_end_by_one_cutoff(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let reason = EndReason::EndedByOperator;
    home.session(&alice, NOON).await;
    for _ in 0..3 {
        home.session(&alice, noon_and(20)).await;
    }
    let his = home.session(&bob, noon_and(20)).await;
    for (number, ended) in [(1, 3), (2, 0)] {
        let before = home.before().await;
        let act = home.act(noon_and(40));
        let count = home
            .store
            .end_user_sessions(alice.id, None, reason, act.clone())
            .await
            .unwrap();
        assert_eq!(count, ended, "the first had idled out");
        let cutoff = Cutoff {
            number: StoreNumber(number),
            node: Node::User(alice.id, None),
        };
        assert_eq!(home.published_since(&before), [Change::Cutoff(cutoff)]);
        let event = Event::user(EventKind::UserSessionsEnded(reason), alice.id);
        home.assert_audited(&before, &act, &[event]).await;
        let after = home.snapshot().await;
        assert_eq!(after.sessions.keys().copied().collect::<Vec<_>>(), [his.id]);
        after.assert_told(&home.ledger.memory());
    }
}

pub async fn the_sessions_of_nobody_are_none(home: Home) {
    home.user("alice").await;
    let nobody = home.new_user("nobody").id;
    let before = home.before().await;
    let act = home.act(NOON);
    let reason = EndReason::EndedByOperator;
    let ended = home
        .store
        .end_user_sessions(nobody, None, reason, act)
        .await;
    assert_eq!(ended.unwrap(), 0);
    home.assert_unchanged(&before).await;
}

/// Holds: ASVS 7.4.5
pub async fn asvs_7_4_5_everybodys_sessions_end_by_one_cutoff(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    home.session(&alice, NOON).await;
    home.session(&alice, noon_and(20)).await;
    home.session(&bob, noon_and(20)).await;
    let before = home.before().await;
    let act = home.act(noon_and(40));
    assert_eq!(
        home.store.end_all_sessions(act.clone()).await.unwrap(),
        2,
        "the first had idled out"
    );
    let cutoff = Cutoff {
        number: StoreNumber(1),
        node: Node::Everything,
    };
    assert_eq!(home.published_since(&before), [Change::Cutoff(cutoff)]);
    let event = Event::plain(EventKind::AllSessionsEnded);
    home.assert_audited(&before, &act, &[event]).await;
    let after = home.snapshot().await;
    assert!(after.sessions.is_empty());
    after.assert_told(&home.ledger.memory());

    let new = home.session(&alice, noon_and(40)).await;
    assert_eq!(
        home.live(&alice, noon_and(40)).await,
        [new.id],
        "a login after the cutoff lives"
    );
    let home = home.reopen().await;
    assert_eq!(home.ledger.memory().everything, StoreNumber(1));
    assert_eq!(home.live(&alice, noon_and(40)).await, [new.id]);
}

/// Every number is a cutoff's: logins, renewals, refusals and touches take none.
pub async fn numbers_rise_by_one_with_each_cutoff_and_by_nothing_else(home: Home) {
    let alice = home.user("alice").await;
    let mut home = home;
    for round in 0..3 {
        let first = home.session(&alice, NOON).await;
        assert_eq!(first.rev, StoreNumber(round * 3));
        home.renew(home.renewal(&first, NOON)).await;
        home.end(home.session_id(NOON), NOON).await;
        let second = home.session(&alice, NOON).await;
        assert_eq!(second.rev, StoreNumber(round * 3));
        home.store
            .end_other_sessions(second.id, home.act(NOON))
            .await
            .unwrap();
        home.end(second.id, NOON).await;
        assert_eq!(
            home.session(&alice, NOON).await.rev,
            StoreNumber(round * 3 + 2)
        );
        home.store.end_all_sessions(home.act(NOON)).await.unwrap();
        home = home.reopen().await;
    }
}

/// Holds: ASVS 7.4.1, N10
pub async fn asvs_7_4_1_nothing_brings_an_ended_session_back(home: Home) {
    let alice = home.user("alice").await;
    let (ended, struck) = (
        home.session(&alice, NOON).await,
        home.session(&alice, NOON).await,
    );
    let stays = home.session(&alice, NOON).await;
    home.end(ended.id, noon_and(1)).await;
    home.store
        .end_other_sessions(stays.id, home.act(noon_and(1)))
        .await
        .unwrap();
    let touches = |seen| {
        [&ended, &struck]
            .map(|session| Touch {
                id: session.id,
                seen,
            })
            .to_vec()
    };
    let judged = |seen| {
        let judge = |session: &Session| TimedOut {
            id: session.id,
            seen,
            reason: EndReason::Idle,
        };
        [&ended, &struck].map(judge).to_vec()
    };
    home.store
        .touch_sessions(touches(noon_and(2)))
        .await
        .unwrap();
    let none = home
        .store
        .end_timed_out_sessions(judged(noon_and(2)), home.act(noon_and(40)))
        .await;
    assert_eq!(none.unwrap(), [], "what is dead does not time out");
    home.store
        .rehash_password(
            alice.id,
            super::make::FIRST,
            super::make::hash("x"),
            home.act(NOON),
        )
        .await
        .unwrap();
    home.store
        .disable_user(alice.id, home.act(noon_and(2)))
        .await
        .unwrap();
    home.store
        .enable_user(alice.id, home.act(noon_and(2)))
        .await
        .unwrap();
    let home = home.reopen().await;
    home.store
        .touch_sessions(touches(noon_and(3)))
        .await
        .unwrap();
    for session in [&ended, &struck, &stays] {
        let refused = home.renew(home.renewal(session, noon_and(3))).await;
        assert_eq!(refused, RenewSession::Ended);
        let over = NewSession {
            replaces: Some(session.id),
            tried: None,
            known: None,
            end_ticket: None,
            ..home.login(&alice, noon_and(3))
        };
        let new = home.open(over).await;
        home.end(new.id, noon_and(3)).await;
    }
    assert_eq!(home.live(&alice, BEFORE_ALL_CLOCKS).await, []);
    let home = home.reopen().await;
    assert_eq!(home.live(&alice, BEFORE_ALL_CLOCKS).await, []);
    assert!(home.ledger.memory().sessions.is_empty());
}
