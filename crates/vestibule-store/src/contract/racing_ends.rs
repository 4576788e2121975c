//! Real contention over a session's end: whoever comes first, what is left is what some order one by one would leave.

use vestibule_core::id::SessionId;
use vestibule_core::session::{EndReason, NewSession};

use super::filters::about;
use super::harness::Home;
use super::make::{NOON, noon_and};
use super::race::{race, racer, standing};
use super::snapshot::BEFORE_ALL_CLOCKS;
use crate::{BoxFuture, EndOthers, EndSession, RenewSession, TimedOut, Touch};

/// Holds: ASVS 15.4.2, ASVS 7.4.1, N10
pub async fn asvs_7_4_1_a_touch_racing_a_logout_leaves_no_survivor(home: Home) {
    let alice = home.user("alice").await;
    let other = home.session(&alice, NOON).await;
    for round in 0..300_u64 {
        let mut racers = Vec::new();
        for n in 0..8 {
            let id = home.session(&alice, NOON).await.id;
            let touches = vec![
                Touch {
                    id: other.id,
                    seen: NOON,
                },
                Touch {
                    id,
                    seen: noon_and(round % 29 + 1),
                },
            ];
            let touch = racer(&home, |store| async move {
                store.touch_sessions(touches).await.unwrap();
                None
            });
            let act = home.act(noon_and(1));
            let end = racer(&home, move |store| async move {
                for _ in 0..(round + n) % 5 {
                    tokio::task::yield_now().await;
                }
                Some(
                    store
                        .end_session(id, None, EndReason::SignedOut, act)
                        .await
                        .unwrap(),
                )
            });
            racers.extend([touch, end]);
        }
        for answer in race(racers).await.into_iter().flatten() {
            assert_eq!(answer, EndSession::Ended);
        }
        assert_eq!(
            home.live(&alice, BEFORE_ALL_CLOCKS).await,
            [other.id],
            "round {round}"
        );
    }
    let home = home.reopen().await;
    assert_eq!(standing(&home).await, [other.id]);
}

/// Holds: ASVS 15.4.2, ASVS 7.4.1, N10
pub async fn asvs_7_4_1_a_renewal_racing_a_logout_leaves_no_survivor(home: Home) {
    let alice = home.user("alice").await;
    for round in 0..200_u64 {
        let mut racers: Vec<BoxFuture<'static, (SessionId, bool)>> = Vec::new();
        for n in 0..4 {
            let session = home.session(&alice, NOON).await;
            let (id, renewal) = (session.id, home.renewal(&session, NOON));
            let (act, end_act) = (home.act(NOON), home.act(NOON));
            racers.push(racer(&home, |store| async move {
                let renewed = store.renew_session(renewal, act).await.unwrap();
                assert!(matches!(
                    renewed,
                    RenewSession::Renewed(_) | RenewSession::Ended
                ));
                (id, false)
            }));
            racers.push(racer(&home, move |store| async move {
                for _ in 0..(round + n) % 5 {
                    tokio::task::yield_now().await;
                }
                let ended = store
                    .end_session(id, None, EndReason::SignedOut, end_act)
                    .await;
                (id, ended.unwrap() == EndSession::Ended)
            }));
        }
        let answers = race(racers).await;
        assert_eq!(answers.iter().filter(|(_, ended)| *ended).count(), 4);
        assert_eq!(
            home.live(&alice, BEFORE_ALL_CLOCKS).await,
            [],
            "round {round}"
        );
    }
    assert_eq!(standing(&home).await, []);
}

/// Holds: ASVS 15.4.2, ASVS 7.3.1
pub async fn asvs_7_3_1_a_touch_and_a_time_out_agree_who_was_first(home: Home) {
    let alice = home.user("alice").await;
    for round in 0..200_u64 {
        let session = home.session(&alice, NOON).await;
        let (id, act) = (session.id, home.act(noon_and(30)));
        let touch = racer(&home, move |store| async move {
            for _ in 0..round % 4 {
                tokio::task::yield_now().await;
            }
            store
                .touch_sessions(vec![Touch {
                    id,
                    seen: noon_and(29),
                }])
                .await
                .unwrap();
            Vec::new()
        });
        let sweep = racer(&home, |store| async move {
            let judged = TimedOut {
                id,
                seen: NOON,
                reason: EndReason::Idle,
            };
            store
                .end_timed_out_sessions(vec![judged], act)
                .await
                .unwrap()
        });
        let ended = race(vec![touch, sweep]).await.concat();
        let live = home.live(&alice, noon_and(30)).await;
        if ended == [id] {
            assert_eq!(live, [], "ended is ended");
        } else {
            assert_eq!((ended.as_slice(), live.as_slice()), (&[][..], &[id][..]));
            home.end(id, NOON).await;
        }
    }
    assert_eq!(standing(&home).await, []);
}

/// Holds: ASVS 15.4.2
pub async fn two_that_end_the_others_leave_one(home: Home) {
    for round in 0..100 {
        let alice = home.user(&format!("alice-{round}")).await;
        let mut racers = Vec::new();
        for _ in 0..4 {
            let (id, act) = (home.session(&alice, NOON).await.id, home.act(NOON));
            racers.push(racer(&home, |store| async move {
                (id, store.end_other_sessions(id, act).await.unwrap())
            }));
        }
        let mut answers = race(racers).await;
        answers.retain(|(_, others)| *others != EndOthers::NotLive);
        let [(survivor, EndOthers::Ended { ended: 3 })] = answers.as_slice() else {
            panic!("the first ended the others: {answers:?}");
        };
        assert_eq!(home.live(&alice, NOON).await, [*survivor]);
    }
    assert_eq!(standing(&home).await.len(), 100);
}

/// Holds: ASVS 15.4.2
pub async fn what_ends_once_is_told_once(home: Home) {
    let alice = home.user("alice").await;
    let users = home.users(4).await;
    for round in 0..40 {
        let bob = &users[round % 4];
        let over = home.session(&alice, NOON).await.id;
        let judged = TimedOut {
            id: over,
            seen: NOON,
            reason: EndReason::Idle,
        };
        let mut racers = Vec::new();
        for _ in 0..4 {
            let new = NewSession {
                replaces: Some(over),
                tried: None,
                known: None,
                end_ticket: None,
                ..home.login(bob, noon_and(40))
            };
            let [open, end, sweep] = [(); 3].map(|()| home.act(noon_and(40)));
            racers.push(racer(&home, |store| async move {
                drop(store.open_session(new, open).await.unwrap());
            }));
            racers.push(racer(&home, move |store| async move {
                store
                    .end_session(over, None, EndReason::SignedOut, end)
                    .await
                    .unwrap();
            }));
            racers.push(racer(&home, |store| async move {
                store
                    .end_timed_out_sessions(vec![judged], sweep)
                    .await
                    .unwrap();
            }));
        }
        race(racers).await;
        let events = home
            .store
            .events(about(alice.id), None, 10)
            .await
            .unwrap()
            .events;
        let told = events
            .iter()
            .filter(|stored| stored.event.session == Some(over));
        assert_eq!(told.count(), 2, "a login and one end");
    }
    assert_eq!(standing(&home).await.len(), 160);
}
