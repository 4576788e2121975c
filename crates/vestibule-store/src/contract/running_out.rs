//! Clocks: last-seen times written behind, sessions that run out, dead rows dropped.

use std::time::Duration;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::id::SessionId;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::{EndReason, Lifetime, NewSession, Session};
use vestibule_core::time::UnixMillis;

use super::harness::Home;
use super::make::{NOON, noon_and};
use crate::{Change, EndOthers, RenewSession, TimedOut, Touch};

fn judged(session: &Session, seen: UnixMillis, reason: EndReason) -> TimedOut {
    TimedOut {
        id: session.id,
        seen,
        reason,
    }
}

/// Holds: ASVS 7.3.1, ASVS 7.3.2, N07
pub async fn n07_a_touch_moves_the_idle_clock_and_no_other(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let before = home.before().await;
    let touch = |seen| {
        home.store.touch_sessions(vec![Touch {
            id: session.id,
            seen,
        }])
    };
    touch(noon_and(29)).await.unwrap();
    let touched = Session {
        last_seen: noon_and(29),
        ..session.clone()
    };
    let after = home.snapshot().await;
    assert_eq!(after.sessions[&session.id], touched);
    assert_eq!(after.events, before.snapshot.events, "not audited");
    assert_eq!(home.published_since(&before), [], "not published");
    assert_eq!(home.live(&alice, noon_and(58)).await, [session.id]);
    assert_eq!(home.live(&alice, noon_and(59)).await, []);

    touch(noon_and(720 - 1)).await.unwrap();
    assert_eq!(home.live(&alice, noon_and(720 - 1)).await, [session.id]);
    assert_eq!(
        home.live(&alice, noon_and(720)).await,
        [],
        "the absolute end stays"
    );
    let refused = home.renew(home.renewal(&session, noon_and(720))).await;
    assert_eq!(refused, RenewSession::Ended);
}

pub async fn a_touch_only_ever_moves_later(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, noon_and(10)).await;
    let touch = |minutes| Touch {
        id: session.id,
        seen: noon_and(minutes),
    };
    for (touches, expected) in [
        (vec![touch(5)], 10),
        (vec![], 10),
        (vec![touch(20), touch(15)], 20),
        (
            vec![
                touch(12),
                Touch {
                    id: home.session_id(NOON),
                    seen: noon_and(99),
                },
            ],
            20,
        ),
    ] {
        home.store.touch_sessions(touches).await.unwrap();
        let stored = home.snapshot().await.sessions[&session.id].last_seen;
        assert_eq!(stored, noon_and(expected));
    }
    let home = home.reopen().await;
    assert_eq!(
        home.ledger.memory().sessions[&session.id].last_seen,
        noon_and(20)
    );
}

pub async fn many_touches_at_once_are_all_written(home: Home) {
    let users = home.users(3).await;
    let mut touches = Vec::new();
    for n in 0..300 {
        let session = home.session(&users[n % 3], NOON).await;
        touches.push(Touch {
            id: session.id,
            seen: noon_and(n as u64 % 29 + 1),
        });
    }
    // Some twice, an earlier time last: the latest stands.
    let earlier = touches
        .iter()
        .map(|touch| Touch {
            seen: NOON,
            ..*touch
        })
        .collect::<Vec<_>>();
    home.store
        .touch_sessions([touches.clone(), earlier].concat())
        .await
        .unwrap();
    let stored = home.snapshot().await.sessions;
    for touch in touches {
        assert_eq!(stored[&touch.id].last_seen, touch.seen);
    }
}

/// Holds: ASVS 7.3.1, ASVS 7.3.2, N07
pub async fn asvs_7_3_1_what_ran_out_ends_with_its_reason(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let idle = home.session(&alice, NOON).await;
    let expired = home.session(&bob, NOON).await;
    let stays = home.session(&bob, noon_and(700)).await;
    let before = home.before().await;
    let act = home.act(noon_and(720));
    let sessions = vec![
        judged(&idle, NOON, EndReason::Idle),
        judged(&expired, NOON, EndReason::Expired),
    ];
    let ended = home
        .store
        .end_timed_out_sessions(sessions.clone(), act.clone())
        .await
        .unwrap();
    assert_eq!(ended, [idle.id, expired.id]);
    let cutoff = |number, id| {
        Change::Cutoff(Cutoff {
            number: StoreNumber(number),
            node: Node::Session(id),
        })
    };
    assert_eq!(
        home.published_since(&before),
        [cutoff(1, idle.id), cutoff(2, expired.id)]
    );
    let events = [
        Event::session(EventKind::SessionEnded(EndReason::Idle), alice.id, idle.id),
        Event::session(
            EventKind::SessionEnded(EndReason::Expired),
            bob.id,
            expired.id,
        ),
    ];
    home.assert_audited(&before, &act, &events).await;
    let after = home.snapshot().await;
    assert_eq!(
        after.sessions.keys().copied().collect::<Vec<_>>(),
        [stays.id]
    );

    let before = home.before().await;
    let again = home
        .store
        .end_timed_out_sessions(sessions, home.act(noon_and(721)))
        .await;
    assert_eq!(again.unwrap(), []);
    home.assert_unchanged(&before).await;
}

/// Holds: ASVS 7.3.1
pub async fn a_later_use_that_is_stored_wins_over_a_time_out(home: Home) {
    let alice = home.user("alice").await;
    let (used, unused) = (
        home.session(&alice, NOON).await,
        home.session(&alice, NOON).await,
    );
    let seen = noon_and(10);
    home.store
        .touch_sessions(vec![Touch { id: used.id, seen }])
        .await
        .unwrap();
    let earlier = vec![
        judged(&used, noon_and(9), EndReason::Idle),
        judged(&unused, noon_and(9), EndReason::Idle),
        TimedOut {
            id: home.session_id(NOON),
            ..judged(&used, noon_and(9), EndReason::Idle)
        },
    ];
    let ended = home
        .store
        .end_timed_out_sessions(earlier, home.act(noon_and(39)))
        .await
        .unwrap();
    assert_eq!(
        ended,
        [unused.id],
        "a last-seen later than the stored one is the index's to know"
    );
    let same = vec![judged(&used, seen, EndReason::Idle)];
    let ended = home
        .store
        .end_timed_out_sessions(same, home.act(noon_and(40)))
        .await
        .unwrap();
    assert_eq!(ended, [used.id]);
}

/// Holds: N07
pub async fn what_a_renewal_gave_new_clocks_has_not_run_out(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let seen = noon_and(29);
    home.store
        .touch_sessions(vec![Touch {
            id: session.id,
            seen,
        }])
        .await
        .unwrap();
    // The last-seen stays what the sweeper judged by; the absolute end has moved.
    home.renew(home.renewal(&session, seen)).await;
    let before = home.before().await;
    for (reason, minutes) in [(EndReason::Expired, 30), (EndReason::Idle, 58)] {
        let act = home.act(noon_and(minutes));
        let sessions = vec![judged(&session, seen, reason)];
        let ended = home.store.end_timed_out_sessions(sessions, act).await;
        assert_eq!(ended.unwrap(), []);
        home.assert_unchanged(&before).await;
    }
}

/// Holds: ASVS 7.3.2, N01, N02
pub async fn n01_a_login_from_a_clock_ahead_is_over_once_the_clock_is_right(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, noon_and(300)).await;
    let before = home.before().await;
    let refused = home.renew(home.renewal(&session, NOON)).await;
    assert_eq!(refused, RenewSession::Ended);
    let others = home
        .store
        .end_other_sessions(session.id, home.act(NOON))
        .await;
    assert_eq!(others.unwrap(), EndOthers::NotLive);
    home.assert_unchanged(&before).await;
    // Or it would be alive again once its time has come.
    let over = vec![judged(&session, session.last_seen, EndReason::Expired)];
    for (minutes, expected) in [(299, vec![]), (298, vec![session.id])] {
        let ended = home
            .store
            .end_timed_out_sessions(over.clone(), home.act(noon_and(minutes)))
            .await;
        assert_eq!(ended.unwrap(), expected, "at minute {minutes}");
    }
    assert_eq!(home.live(&alice, noon_and(300)).await, []);

    home.session(&alice, noon_and(300)).await;
    let struck = home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    assert_eq!(struck, 0, "none of it was live");
}

pub async fn a_thousand_run_out_at_once(home: Home) {
    let users = home.users(10).await;
    let mut sessions = Vec::new();
    for n in 0..1000 {
        sessions.push(judged(
            &home.session(&users[n % 10], NOON).await,
            NOON,
            EndReason::Idle,
        ));
    }
    let ids: Vec<SessionId> = sessions.iter().map(|judged| judged.id).collect();
    let ended = home
        .store
        .end_timed_out_sessions(sessions, home.act(noon_and(30)))
        .await
        .unwrap();
    assert_eq!(ended, ids);
    assert!(home.ledger.memory().sessions.is_empty());
    assert!(home.snapshot().await.sessions.is_empty());
}

pub async fn dead_rows_are_dropped_and_nobody_notices(home: Home) {
    let alice = home.user("alice").await;
    let hour = Duration::from_hours(1);
    let short = Lifetime {
        idle: hour,
        absolute: hour,
    };
    let ended = home.session(&alice, NOON).await;
    home.end(ended.id, noon_and(10)).await;
    let struck = NewSession {
        lifetime: short,
        ..home.login(&alice, NOON)
    };
    home.open(struck).await;
    home.store
        .end_all_sessions(home.act(noon_and(20)))
        .await
        .unwrap();
    home.session(&alice, noon_and(30)).await;
    let ended_late = home.session(&alice, noon_and(30)).await;
    home.end(ended_late.id, noon_and(200)).await;

    let before = home.before().await;
    for (minutes, limit, dropped) in [
        (9, 10, 0),
        (50, 10, 1),
        (100, 0, 0),
        (100, 10, 1),
        (100, 10, 0),
        (199, 10, 0),
        (201, 10, 1),
        (10_000, 10, 0),
    ] {
        let count = home
            .store
            .drop_dead_sessions(noon_and(minutes), limit)
            .await
            .unwrap();
        assert_eq!(count, dropped, "before minute {minutes}");
        home.assert_unchanged(&before).await;
    }
    assert_eq!(
        home.renew(home.renewal(&ended, NOON)).await,
        RenewSession::Ended
    );
}

pub async fn dead_rows_are_dropped_a_few_at_a_time(home: Home) {
    let alice = home.user("alice").await;
    for _ in 0..7 {
        let session = home.session(&alice, NOON).await;
        home.end(session.id, NOON).await;
    }
    let stays = home.session(&alice, NOON).await;
    for expected in [3, 3, 1, 0] {
        let dropped = home
            .store
            .drop_dead_sessions(noon_and(60), 3)
            .await
            .unwrap();
        assert_eq!(dropped, expected);
    }
    assert_eq!(home.live(&alice, NOON).await, [stays.id]);
}
