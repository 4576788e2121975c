//! Real contention: whoever comes first, what is left is what some order one by one would leave.

use std::sync::Arc;

use tokio::sync::Barrier;
use vestibule_core::id::SessionId;
use vestibule_core::session::{EndReason, NewSession};

use super::harness::Home;
use super::make::{NOON, noon_and};
use super::setup::{first_login, offer};
use super::snapshot::BEFORE_ALL_CLOCKS;
use crate::{
    BoxFuture, Change, ChangePassword, CompleteSetup, CreateUser, EndOthers, EndSession,
    OpenSession, RenewSession, SetStatus, Store, TimedOut, Touch,
};

/// Starts them all at once, each in a task of its own; the answers come in the racers' order.
async fn race<T: Send + 'static>(racers: Vec<BoxFuture<'static, T>>) -> Vec<T> {
    let start = Arc::new(Barrier::new(racers.len()));
    let mut tasks = Vec::new();
    for racer in racers {
        let start = Arc::clone(&start);
        tasks.push(tokio::spawn(async move {
            start.wait().await;
            racer.await
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// One transition of a race, with a store of its own.
fn racer<T, F>(home: &Home, run: impl FnOnce(Arc<dyn Store>) -> F) -> BoxFuture<'static, T>
where
    F: Future<Output = T> + Send + 'static,
{
    Box::pin(run(Arc::clone(&home.store)))
}

async fn standing(home: &Home) -> Vec<SessionId> {
    let snapshot = home.snapshot().await;
    snapshot.assert_told(&home.ledger.memory());
    snapshot.sessions.into_keys().collect()
}

/// Holds: H04, ASVS 15.4.2, ASVS 6.3.2
pub async fn h04_a_hundred_set_ups_make_one_administrator(home: Home) {
    let secret = offer(&home).await;
    let racers = (0..100).map(|n| {
        let user = home.new_admin(&format!("admin-{n}"));
        let (session, act) = (first_login(&home, &user, 1), home.act(noon_and(1)));
        racer(&home, |store| async move {
            store
                .complete_setup(secret, user, session, act)
                .await
                .unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let won = |answer: &&CompleteSetup| matches!(answer, CompleteSetup::Completed { .. });
    assert_eq!(answers.iter().filter(won).count(), 1);
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == CompleteSetup::Gone)
            .count(),
        99
    );
    let snapshot = home.snapshot().await;
    assert_eq!(
        (
            snapshot.users.len(),
            snapshot.sessions.len(),
            snapshot.events.len()
        ),
        (1, 1, 3)
    );
    snapshot.assert_told(&home.ledger.memory());
}

/// Holds: H04, ASVS 15.4.2
pub async fn h04_a_hundred_accounts_under_one_address_are_one(home: Home) {
    let racers = (0..100).map(|_| {
        let (new, act) = (home.new_user("alice"), home.act(NOON));
        racer(&home, |store| async move {
            store.create_user(new, act).await.unwrap()
        })
    });
    let answers = race(racers.collect()).await;
    let made = answers
        .iter()
        .filter(|answer| matches!(answer, CreateUser::Created(_)))
        .count();
    assert_eq!(made, 1);
    let snapshot = home.snapshot().await;
    assert_eq!((snapshot.users.len(), snapshot.events.len()), (1, 1));
    snapshot.assert_told(&home.ledger.memory());
}

/// Holds: ASVS 15.4.2, ASVS 7.4.3
pub async fn asvs_7_4_3_no_login_outruns_a_change_of_password(home: Home) {
    for round in 0..60 {
        let alice = home.user(&format!("alice-{round}")).await;
        let mine = home.session(&alice, NOON).await;
        let (change, act) = (home.password_change(&mine, "new", NOON), home.act(NOON));
        let changing = racer(&home, |store| async move {
            let changed = store.change_password(change, act).await.unwrap();
            assert!(matches!(changed, ChangePassword::Changed { .. }));
            None
        });
        let mut racers: Vec<_> = (0..12)
            .map(|_| login(&home, home.login(&alice, NOON)))
            .collect();
        racers.insert(round % 12, changing);
        let answers = race(racers).await;
        for answer in answers.into_iter().flatten() {
            assert!(matches!(
                answer,
                OpenSession::Opened(_) | OpenSession::CredentialChanged
            ));
        }
        assert_eq!(
            home.live(&alice, NOON).await,
            [mine.id],
            "only what changed it survives"
        );
        assert!(standing(&home).await.contains(&mine.id));
    }
}

/// Holds: ASVS 15.4.2, ASVS 7.4.2
pub async fn asvs_7_4_2_no_login_outruns_a_disabling(home: Home) {
    for round in 0..60 {
        let alice = home.user(&format!("alice-{round}")).await;
        let (id, act) = (alice.id, home.act(NOON));
        let disabling = racer(&home, |store| async move {
            let set = store.disable_user(id, act).await.unwrap();
            assert!(matches!(set, SetStatus::Set { .. }));
            None
        });
        let mut racers: Vec<_> = (0..12)
            .map(|_| login(&home, home.login(&alice, NOON)))
            .collect();
        racers.insert(round % 12, disabling);
        for answer in race(racers).await.into_iter().flatten() {
            assert!(matches!(
                answer,
                OpenSession::Opened(_) | OpenSession::Disabled
            ));
        }
        let changes = home.ledger.changes();
        let of_alice = |change: &Change| matches!(change, Change::SessionOpened(session) if session.user == id);
        let struck = changes
            .iter()
            .rposition(|change| matches!(change, Change::Cutoff(_)))
            .unwrap();
        assert!(
            !changes[struck..].iter().any(of_alice),
            "nothing opens behind the cutoff"
        );
        home.store.enable_user(id, home.act(NOON)).await.unwrap();
        assert_eq!(standing(&home).await, [], "not even once enabled again");
    }
}

fn login(home: &Home, new: NewSession) -> BoxFuture<'static, Option<OpenSession>> {
    let act = home.act(NOON);
    racer(home, |store| async move {
        Some(store.open_session(new, act).await.unwrap())
    })
}

/// Holds: H04, ASVS 15.4.2, ASVS 7.2.4
pub async fn h04_a_hundred_renewals_of_one_secret_renew_it_once(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let racers = (0..100).map(|_| {
        let (renewal, act) = (home.renewal(&session, NOON), home.act(NOON));
        racer(&home, |store| async move {
            store.renew_session(renewal, act).await.unwrap()
        })
    });
    let mut answers = race(racers.collect()).await;
    answers.retain(|answer| *answer != RenewSession::Ended);
    let [RenewSession::Renewed(renewed)] = answers.as_slice() else {
        panic!("one wins: {answers:?}");
    };
    assert_eq!(home.snapshot().await.sessions[&session.id], **renewed);
    assert_eq!(home.ledger.memory().sessions[&session.id], **renewed);
}

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

/// Holds: ASVS 15.4.2, ASVS 7.4.3
pub async fn of_two_changes_of_password_one_wins(home: Home) {
    for round in 0..60 {
        let alice = home.user(&format!("alice-{round}")).await;
        let mut racers = Vec::new();
        for n in 0..4 {
            let session = home.session(&alice, NOON).await;
            let change = home.password_change(&session, &format!("new-{n}"), NOON);
            let (act, id) = (home.act(NOON), session.id);
            racers.push(racer(&home, move |store| async move {
                (n, id, store.change_password(change, act).await.unwrap())
            }));
        }
        let answers = race(racers).await;
        let won = |answer: &&(_, _, _)| answer.2 == ChangePassword::Changed { ended: 3 };
        let winners: Vec<_> = answers.iter().filter(won).collect();
        let [(n, survivor, _)] = winners.as_slice() else {
            panic!("one wins: {answers:?}");
        };
        assert_eq!(home.live(&alice, NOON).await, [*survivor]);
        let hash = super::make::hash(&format!("new-{n}")).as_phc().to_owned();
        assert_eq!(home.snapshot().await.passwords[&alice.id], (hash, 2));
    }
    standing(&home).await;
}

/// Holds: ASVS 15.4.2
pub async fn what_ends_once_is_told_once(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    for _ in 0..40 {
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
                ..home.login(&bob, noon_and(40))
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
        let events = home.store.latest_events(Some(alice.id), 10).await.unwrap();
        let told = events
            .iter()
            .filter(|stored| stored.event.session == Some(over));
        assert_eq!(told.count(), 2, "a login and one end");
    }
    assert_eq!(standing(&home).await.len(), 160);
}
