//! Real contention over tallies: no limit is passed by trying in parallel, and nothing is lost or counted twice.

use vestibule_core::audit::EventKind;
use vestibule_core::id::SessionId;
use vestibule_core::session::NewSession;
use vestibule_core::throttle::{Limits, MOST_FAILURES, Refilling, Scope};
use vestibule_core::user::User;

use super::harness::Home;
use super::make::tries::{ROOMY, refused};
use super::make::{NOON, noon_and};
use super::race::{race, racer};
use crate::{BeginTry, BoxFuture, Failed, OpenSession, Recover, Try, Whose};

/// Begins a try.
fn begins(home: &Home, attempt: Try) -> BoxFuture<'static, BeginTry> {
    racer(home, |store| async move {
        store.begin_try(attempt).await.unwrap()
    })
}

/// Begins a try and settles it as wrong; `None` where it is throttled.
fn fails(home: &Home, attempt: Try) -> BoxFuture<'static, Option<Failed>> {
    let act = home.act(attempt.now);
    racer(home, |store| async move {
        let BeginTry::Begun { record, tried, .. } = store.begin_try(attempt).await.unwrap() else {
            return None;
        };
        let event = refused(record.map(|record| record.user.id));
        let failed = store.fail_try(tried, vec![event], act).await;
        Some(failed.unwrap())
    })
}

/// Begins a try and opens a session with it.
fn succeeds(home: &Home, user: &User, attempt: Try) -> BoxFuture<'static, Option<Failed>> {
    let (login, act) = (home.login(user, attempt.now), home.act(attempt.now));
    racer(home, |store| async move {
        let BeginTry::Begun { tried, .. } = store.begin_try(attempt).await.unwrap() else {
            panic!("nothing throttles here");
        };
        let tried = Some(tried);
        let opened = store.open_session(NewSession { tried, ..login }, act).await;
        assert!(matches!(opened.unwrap(), OpenSession::Opened(_)));
        None
    })
}

/// Begins a try and takes it back.
fn takes_back(home: &Home, attempt: Try) -> BoxFuture<'static, Option<Failed>> {
    racer(home, |store| async move {
        let BeginTry::Begun { tried, .. } = store.begin_try(attempt).await.unwrap() else {
            panic!("nothing throttles here");
        };
        store.take_back_try(tried).await.unwrap();
        None
    })
}

fn begun(answers: &[BeginTry]) -> usize {
    let begun = |answer: &&BeginTry| matches!(answer, BeginTry::Begun { .. });
    answers.iter().filter(begun).count()
}

/// Holds: N45, ASVS 15.4.2, C23
pub async fn n45_of_a_hundred_parallel_tries_exactly_the_free_ones_begin(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let limits = Limits::default();
    for (scope, attempt, free) in [
        (Scope::Account, home.stranger("alice", limits, NOON), 5),
        (Scope::Account, home.stranger("nobody", limits, NOON), 5),
        (
            // The strangers' are spent by now.
            Scope::Device,
            home.from_device("alice", device, limits, NOON),
            10,
        ),
        (
            Scope::Session,
            home.reauthentication(&alice, limits, NOON),
            10,
        ),
    ] {
        let racers = (0..100).map(|_| begins(&home, attempt.clone()));
        let answers = race(racers.collect()).await;
        assert_eq!(begun(&answers), free, "{scope:?}");
        for answer in answers {
            match answer {
                BeginTry::Begun { .. } => {}
                BeginTry::Throttled {
                    scope: by,
                    throttled,
                } => {
                    let until = NOON.plus(limits.account.first);
                    let by_device = scope == Scope::Device && by == Scope::Account;
                    assert!(by == scope || by_device, "{by:?}");
                    assert_eq!(throttled.until, Some(until));
                }
            }
        }
        let again = Try {
            now: noon_and(1),
            ..attempt
        };
        let tally = home.tally(scope, again).await;
        assert_eq!(usize::try_from(tally.count).unwrap(), free, "{scope:?}");
    }
}

/// Holds: N45, ASVS 15.4.2, ASVS 6.3.1
pub async fn n45_of_a_hundred_parallel_tries_a_network_has_those_it_has_room_for(home: Home) {
    let limits = Limits::default();
    let racers = (0..100).map(|n| begins(&home, home.stranger(&format!("user-{n}"), limits, NOON)));
    let answers = race(racers.collect()).await;
    assert_eq!(begun(&answers), 50);
    for answer in answers {
        match answer {
            BeginTry::Begun { tried, .. } => home.take_back(tried).await,
            BeginTry::Throttled { scope, .. } => assert_eq!(scope, Scope::Network),
        }
    }
    let racers =
        (0..100).map(|n| begins(&home, home.stranger(&format!("other-{n}"), limits, NOON)));
    let again = race(racers.collect()).await;
    assert_eq!(begun(&again), 50, "all were taken back");
}

/// Holds: C23, ASVS 6.3.1
pub async fn a_session_has_the_tries_of_its_own_alone(home: Home) {
    let alice = home.user("alice").await;
    let limits = Limits::default();
    let stolen = home.reauthentication(&alice, limits, NOON);
    home.wrong_times(10, &stolen).await;
    assert_eq!(home.throttled(stolen.clone()).await.0, Scope::Session);
    let other = Try {
        whose: Whose::Session {
            session: SessionId::from_bytes([9; 16]),
            user: alice.id,
        },
        ..stolen
    };
    let begun = home.begun(other).await;
    assert_eq!(begun.charged(Scope::Session).before.count, 0);
    assert_eq!(begun.charged(Scope::Password).before.count, 10);
}

/// Holds: N45, N40, ASVS 15.4.2
pub async fn n45_parallel_failures_are_each_counted_once(home: Home) {
    home.user("alice").await;
    let attempt = home.stranger("alice", ROOMY, NOON);
    let racers = (0..90).map(|_| fails(&home, attempt.clone()));
    for failed in race(racers.collect()).await {
        assert!(!failed.unwrap().disabled);
    }
    for scope in [Scope::Account, Scope::Password] {
        assert_eq!(home.tally(scope, attempt.clone()).await.count, 90);
    }
    let refusals = home.snapshot().await.events;
    assert_eq!(refusals.len(), 91, "each is audited");
}

/// Holds: N40, N45, ASVS 15.4.2
pub async fn n40_no_more_than_a_hundred_are_evaluated_however_parallel(home: Home) {
    let alice = home.user("alice").await;
    let attempt = home.stranger("alice", ROOMY, NOON);
    let racers = (0..150).map(|_| begins(&home, attempt.clone()));
    let mut evaluated = Vec::new();
    for answer in race(racers.collect()).await {
        let BeginTry::Begun {
            tried,
            password_disabled,
            ..
        } = answer
        else {
            panic!("nothing throttles here: {answer:?}");
        };
        if !password_disabled {
            evaluated.push(tried);
        }
    }
    assert_eq!(evaluated.len(), usize::try_from(MOST_FAILURES).unwrap());
    let racers = evaluated.into_iter().map(|tried| {
        let (event, act) = (refused(Some(alice.id)), home.act(NOON));
        racer(&home, move |store| async move {
            store.fail_try(tried, vec![event], act).await.unwrap()
        })
    });
    let told = race(racers.collect()).await;
    let disabled = told.iter().filter(|failed| failed.disabled).count();
    assert_eq!(disabled, 1, "one of them is told that it was the last");
    let events = home.snapshot().await.events;
    let audited = events
        .iter()
        .filter(|stored| stored.event.kind == EventKind::PasswordDisabled);
    assert_eq!(audited.count(), 1);
    assert!(home.begun(attempt).await.password_disabled);
}

/// Holds: ASVS 15.4.2, ASVS 16.3.3
pub async fn what_a_hundred_parallel_failures_close_is_told_once(home: Home) {
    home.user("alice").await;
    let limits = Limits {
        network: Refilling {
            burst: 20,
            ..Limits::default().network
        },
        ..Limits::default()
    };
    // As many as the network's bucket has room for, begun before any of them has failed.
    let racers = (0..20).map(|n| begins(&home, home.stranger(&format!("user-{n}"), limits, NOON)));
    let begun = race(racers.collect()).await;
    let racers = begun.into_iter().map(|answer| {
        let act = home.act(NOON);
        racer(&home, move |store| async move {
            let BeginTry::Begun { tried, .. } = answer else {
                panic!("the first from there: {answer:?}");
            };
            store
                .fail_try(tried, vec![refused(None)], act)
                .await
                .unwrap()
        })
    });
    let told = race(racers.collect()).await;
    let closed = told
        .iter()
        .filter(|failed| failed.closed == [Scope::Network]);
    assert_eq!(closed.count(), 1);
    assert_eq!(
        told.iter()
            .filter(|failed| failed.closed.is_empty())
            .count(),
        19
    );

    let elsewhere = Try {
        network: None,
        ..home.stranger("alice", limits, NOON)
    };
    let racers = (0..100).map(|_| fails(&home, elsewhere.clone()));
    let told: Vec<_> = race(racers.collect()).await.into_iter().flatten().collect();
    assert_eq!(told.len(), 5);
    let closed = told
        .iter()
        .filter(|failed| failed.closed == [Scope::Account]);
    assert_eq!(closed.count(), 1);
    for scope in [Scope::Network, Scope::Account] {
        let kind = EventKind::ThrottleClosed(scope);
        let events = home.snapshot().await.events;
        let audited = events.iter().filter(|stored| stored.event.kind == kind);
        assert_eq!(audited.count(), 1, "{scope:?}");
    }
}

/// Holds: ASVS 15.4.2
pub async fn parallel_tries_taken_back_leave_no_trace(home: Home) {
    home.user("alice").await;
    let attempt = home.stranger("alice", ROOMY, NOON);
    home.wrong_times(7, &attempt).await;
    let before = home.before().await;
    let racers = (0..80).map(|_| takes_back(&home, attempt.clone()));
    race(racers.collect()).await;
    home.assert_unchanged(&before).await;
    for scope in [Scope::Account, Scope::Password] {
        assert_eq!(home.tally(scope, attempt.clone()).await.count, 7);
    }
    // Mixed with failures: those alone stay. Never a hundred at once, which is all that a password has (N40).
    let racers = (0..80).map(|n| {
        if n % 4 == 0 {
            fails(&home, attempt.clone())
        } else {
            takes_back(&home, attempt.clone())
        }
    });
    race(racers.collect()).await;
    for scope in [Scope::Account, Scope::Password] {
        assert_eq!(home.tally(scope, attempt.clone()).await.count, 27);
    }
}

/// Holds: N40, N42, ASVS 15.4.2
pub async fn n42_failures_racing_a_success_are_counted_or_followed_by_it(home: Home) {
    for round in 0..20 {
        let name = format!("alice-{round}");
        let alice = home.user(&name).await;
        let attempt = home.stranger(&name, ROOMY, NOON);
        let mut racers: Vec<_> = (0..12).map(|_| fails(&home, attempt.clone())).collect();
        racers.insert(round % 12, succeeds(&home, &alice, attempt.clone()));
        race(racers).await;
        let trail = home.snapshot().await.events;
        let since = trail
            .iter()
            .rev()
            .take_while(|stored| stored.event.kind != EventKind::LoginSucceeded);
        let failures = u32::try_from(since.count()).unwrap();
        for scope in [Scope::Account, Scope::Password] {
            let tally = home.tally(scope, attempt.clone()).await;
            assert_eq!(
                tally.count, failures,
                "those that ended after it, {scope:?}"
            );
        }
    }
}

/// Holds: N40, ASVS 15.4.2
pub async fn n40_failures_racing_a_recovery_leave_a_good_password(home: Home) {
    for round in 0..10 {
        let name = format!("alice-{round}");
        let alice = home.user(&name).await;
        let attempt = home.stranger(&name, ROOMY, NOON);
        home.wrong_times(95, &attempt).await;
        let ticket = home.offer_recover(&alice, &name, NOON).await;
        let mut racers: Vec<_> = (0..12).map(|_| fails(&home, attempt.clone())).collect();
        let (recovery, keyer) = (home.recovery(&ticket, "new"), home.keyer());
        let act = home.act(NOON);
        racers.insert(
            round,
            racer(&home, |store| async move {
                let recovered = store.recover(recovery, keyer, act).await.unwrap();
                assert!(matches!(recovered, Recover::Recovered { .. }));
                None
            }),
        );
        race(racers).await;
        let begun = home.begun(attempt).await;
        assert!(!begun.password_disabled);
        assert!(begun.charged(Scope::Password).before.count <= 12);
    }
}
