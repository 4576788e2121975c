//! Tries: charged before they are evaluated, settled once, counted exactly.

use std::time::Duration;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::throttle::{Growing, Limits, Refilling, Scope, Tally, Tried};

use super::harness::Home;
use super::make::tries::{ROOMY, refused};
use super::make::{NOON, noon_and};
use crate::{Failed, Try};

/// Few enough tries from one network to be spent in a case.
const CLOSE_NETWORK: Limits = Limits {
    network: Refilling {
        burst: 3,
        refill: Duration::from_mins(5),
    },
    ..ROOMY
};

/// Holds: ASVS 6.3.1, N43, ASVS 16.3.3
pub async fn n43_an_address_is_slowed_after_its_free_tries(home: Home) {
    let alice = home.user("alice").await;
    let limits = Limits::default();
    let attempt = home.stranger("alice", limits, NOON);
    for n in 1..=4 {
        let begun = home.begun(attempt.clone()).await;
        assert_eq!(begun.scopes(), ["account", "password"]);
        assert!(!begun.known_device && !begun.password_disabled);
        assert_eq!(begun.record.as_ref().unwrap().user, alice);
        assert_eq!(begun.record.as_ref().unwrap().failures, n - 1);
        let told = Failed {
            failures: n,
            ..Failed::default()
        };
        assert_eq!(home.failed(&begun, NOON).await, told);
    }
    let fifth = home.begun(attempt.clone()).await;
    let before = home.before().await;
    let (act, event) = (home.act_of(&alice, NOON), refused(Some(alice.id)));
    let told = home
        .store
        .fail_try(fifth.tried, vec![event], act.clone())
        .await
        .unwrap();
    let closed = Failed {
        failures: 5,
        closed: vec![Scope::Account],
        ..Failed::default()
    };
    assert_eq!(told, closed);
    let closing = EventKind::ThrottleClosed(Scope::Account);
    let events = [event, Event::user(closing, alice.id)];
    home.assert_audited(&before, &act, &events).await;
    assert_eq!(home.published_since(&before), []);

    let until = NOON.plus(limits.account.first);
    let before = home.before().await;
    for _ in 0..3 {
        let refusal = home.throttled(attempt.clone()).await;
        assert_eq!(refusal, (Scope::Account, Some(until)));
    }
    home.assert_unchanged(&before).await;
    let sixth = home.begun(home.stranger("alice", limits, until)).await;
    assert_eq!(
        sixth.charged(Scope::Account).before.count,
        5,
        "a throttled try is not counted"
    );
    assert_eq!(home.failed(&sixth, until).await.failures, 6);
    let doubled = until.plus(limits.account.first * 2);
    let refusal = home.throttled(home.stranger("alice", limits, until)).await;
    assert_eq!(refusal, (Scope::Account, Some(doubled)));
}

/// Holds: ASVS 6.3.8
pub async fn asvs_6_3_8_an_address_without_an_account_is_tried_alike(home: Home) {
    home.user("alice").await;
    let limits = Limits {
        account: Growing {
            free: 98,
            ..ROOMY.account
        },
        ..ROOMY
    };
    for now in [NOON, noon_and(1), noon_and(2), noon_and(4), noon_and(600)] {
        for round in 0..98 {
            let [known, unknown] = ["alice", "nobody"].map(|name| home.stranger(name, limits, now));
            if let Ok(refused) = told(&home, known.clone()).await {
                assert_eq!(told(&home, unknown).await, Ok(refused), "round {round}");
                break;
            }
            let (one, other) = (home.begun(known).await, home.begun(unknown).await);
            assert!(one.record.is_some() && other.record.is_none());
            assert_eq!(one.scopes(), other.scopes());
            for (one, other) in one.tried.charged.iter().zip(&other.tried.charged) {
                assert_ne!(one.key, other.key);
                assert_eq!(
                    (one.scope, one.before, one.after),
                    (other.scope, other.before, other.after)
                );
            }
            let around = |tried: &Tried| {
                let all = tried.around.iter().map(|one| (one.scope, one.key));
                (all.collect::<Vec<_>>(), tried.limits)
            };
            assert_eq!(around(&one.tried), around(&other.tried));
            assert_eq!(one.password_disabled, other.password_disabled);
            assert_eq!(
                home.failed(&one, now).await,
                home.failed(&other, now).await,
                "round {round}"
            );
        }
    }
    let late = noon_and(2000);
    for name in ["alice", "nobody"] {
        let begun = home.begun(home.stranger(name, limits, late)).await;
        assert!(begun.password_disabled, "after a hundred: {name}");
        assert_eq!(begun.scopes(), ["account"]);
    }
}

/// By which tally a try would be throttled; an error where it would begin. Nothing is left charged.
async fn told(
    home: &Home,
    attempt: Try,
) -> Result<(Scope, Option<vestibule_core::time::UnixMillis>), ()> {
    match home.store.begin_try(attempt).await.unwrap() {
        crate::BeginTry::Throttled { scope, throttled } => Ok((scope, throttled.until)),
        crate::BeginTry::Begun { tried, .. } => {
            home.take_back(tried).await;
            Err(())
        }
    }
}

/// Holds: ASVS 6.3.1
pub async fn what_is_typed_need_not_be_an_address(home: Home) {
    let limits = Limits::default();
    let typed = home.stranger_typing("root'; --", limits, NOON);
    let begun = home.begun(typed.clone()).await;
    assert_eq!(
        (begun.scopes(), begun.record),
        (vec!["account", "password"], None)
    );
    home.wrong_times(4, &typed).await;
    assert_eq!(home.throttled(typed).await.0, Scope::Account);
    let other = home.begun(home.stranger_typing("root", limits, NOON)).await;
    assert_eq!(other.charged(Scope::Account).before, Tally::default());
}

pub async fn a_try_taken_back_leaves_no_trace(home: Home) {
    home.user("alice").await;
    let limits = Limits::default();
    let attempt = home.stranger("alice", limits, NOON);
    home.wrong_times(4, &attempt).await;
    let before = home.before().await;
    for _ in 0..10 {
        let begun = home.begun(attempt.clone()).await;
        assert_eq!(begun.charged(Scope::Account).before.count, 4);
        assert_eq!(begun.charged(Scope::Password).before.count, 4);
        assert!(
            begun.charged(Scope::Account).after.free_at > NOON,
            "it closes"
        );
        home.take_back(begun.tried).await;
    }
    home.assert_unchanged(&before).await;
    let (first, second) = (
        home.begun(home.stranger("bob", limits, NOON)).await,
        home.begun(home.stranger("bob", limits, NOON)).await,
    );
    home.take_back(first.tried).await;
    assert_eq!(
        home.failed(&second, NOON).await.failures,
        1,
        "what came since stays counted"
    );
}

/// Holds: ASVS 6.3.1, ASVS 16.3.3
pub async fn a_network_is_charged_for_the_failures_of_strangers_alone(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let limits = CLOSE_NETWORK;
    home.wrong_times(20, &home.from_device("alice", device, limits, NOON))
        .await;
    home.wrong_times(20, &home.reauthentication(&alice, limits, NOON))
        .await;
    for name in ["alice", "bob", "carol", "dave"] {
        for _ in 0..5 {
            let begun = home.begun(home.stranger(name, limits, NOON)).await;
            home.take_back(begun.tried).await;
        }
    }
    home.right(&alice, home.stranger("alice", limits, NOON))
        .await;
    for name in ["alice", "bob"] {
        assert_eq!(
            home.wrong(home.stranger(name, limits, NOON)).await.closed,
            []
        );
    }
    let third = home.wrong(home.stranger("carol", limits, NOON)).await;
    assert_eq!(third.closed, [Scope::Network]);
    let until = NOON.plus(limits.network.refill);
    for name in ["alice", "bob", "dave"] {
        let refusal = home.throttled(home.stranger(name, limits, NOON)).await;
        assert_eq!(refusal, (Scope::Network, Some(until)));
    }
    let elsewhere = Try {
        network: Some(home.keyer().network("192.0.2.10".parse().unwrap())),
        ..home.stranger("alice", limits, NOON)
    };
    let nowhere = Try {
        network: None,
        ..elsewhere.clone()
    };
    home.begun(elsewhere).await;
    home.begun(nowhere).await;
    let owner = home.from_device("alice", device, limits, NOON);
    assert!(
        home.begun(owner).await.known_device,
        "C23: the owner behind the same address gets in"
    );
    home.begun(home.reauthentication(&alice, limits, NOON))
        .await;
    let home = home.reopen().await;
    let refusal = home.throttled(home.stranger("erin", limits, NOON)).await;
    assert_eq!(refusal, (Scope::Network, Some(until)));
    let refilled = home.wrong(home.stranger("erin", limits, until)).await;
    assert_eq!(
        refilled.closed,
        [Scope::Network],
        "one at a time from there"
    );
}

/// Holds: ASVS 6.3.1
pub async fn tallies_outlive_the_process(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let limits = Limits::default();
    home.wrong_times(5, &home.stranger("alice", limits, NOON))
        .await;
    home.wrong_times(4, &home.from_device("alice", device, limits, NOON))
        .await;
    let slow = home
        .begun(home.reauthentication(&alice, limits, NOON))
        .await;
    let home = home.reopen().await;
    let refusal = home.throttled(home.stranger("alice", limits, NOON)).await;
    assert_eq!(
        refusal,
        (Scope::Account, Some(NOON.plus(limits.account.first)))
    );
    let owner = home
        .begun(home.from_device("alice", device, limits, NOON))
        .await;
    assert_eq!(owner.charged(Scope::Device).before.count, 4);
    assert_eq!(owner.charged(Scope::Password).before.count, 10);
    assert_eq!(
        home.failed(&slow, NOON).await.failures,
        11,
        "a try in flight stays charged"
    );
}

/// Holds: ASVS 6.3.1
pub async fn a_try_tells_what_a_login_needs(home: Home) {
    let alice = home.user("alice").await;
    home.add_address(&alice, "alice-too", NOON).await;
    home.session(&alice, noon_and(3)).await;
    let by_id = home
        .store
        .sign_in_record_of(alice.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_id.last_login, Some(noon_and(3)));
    assert_eq!(by_id.addresses.len(), 2);
    for attempt in [
        home.stranger("alice", ROOMY, NOON),
        home.stranger("alice-too", ROOMY, NOON),
        home.reauthentication(&alice, ROOMY, NOON),
    ] {
        let begun = home.begun(attempt).await;
        assert_eq!(begun.record.as_deref(), Some(&by_id));
        home.take_back(begun.tried).await;
    }
    home.wrong(home.stranger("alice", ROOMY, NOON)).await;
    let by_other = home.begun(home.stranger("alice-too", ROOMY, NOON)).await;
    assert_eq!(by_other.charged(Scope::Account).before.count, 0);
    let password = by_other.charged(Scope::Password).before;
    assert_eq!(password.count, 1, "one password, whatever address names it");

    let gone = home.new_user("nobody");
    let nobody = vestibule_core::user::User {
        id: gone.id,
        ..alice
    };
    let begun = home
        .begun(home.reauthentication(&nobody, ROOMY, NOON))
        .await;
    assert_eq!(begun.record, None);
    assert_eq!(begun.scopes(), ["password", "session"]);
}

/// Holds: C23, ASVS 6.3.1, ASVS 6.3.8
pub async fn c23_several_addresses_of_an_account_have_the_tries_of_one(home: Home) {
    let alice = home.user("alice").await;
    home.add_address(&alice, "alice-too", NOON).await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let limits = Limits::default();
    let other = || home.stranger("alice-too", limits, NOON);
    home.wrong_times(5, &home.stranger("alice", limits, NOON))
        .await;
    for n in 0..5 {
        let begun = home.begun(other()).await;
        assert!(begun.unheard && !begun.password_disabled);
        assert_eq!(begun.scopes(), ["account"]);
        assert_eq!(begun.charged(Scope::Account).before.count, n);
        assert_eq!(begun.record.as_ref().unwrap().failures, 5);
        home.failed(&begun, NOON).await;
    }
    assert_eq!(
        home.throttled(other()).await.0,
        Scope::Account,
        "as any address"
    );
    let owner = home.from_device("alice-too", device, limits, NOON);
    let begun = home.begun(owner).await;
    assert!(begun.known_device && !begun.unheard);
    assert_eq!(begun.charged(Scope::Password).before.count, 5);
    home.take_back(begun.tried).await;

    let later = noon_and(10);
    let login = home.stranger("alice-too", limits, later);
    home.right(&alice, login.clone()).await;
    let begun = home.begun(login).await;
    let befores = begun.tried.charged.iter().map(|one| one.before.count);
    assert_eq!(befores.collect::<Vec<_>>(), [0, 0, 0], "N42");
}

/// Holds: N40
pub async fn n40_idle_tallies_are_dropped_a_few_at_a_time_and_never_a_passwords(home: Home) {
    home.user("alice").await;
    home.user("bob").await;
    let limits = Limits::default();
    let alice = || home.stranger("alice", limits, NOON);
    home.wrong_times(3, &alice()).await;
    home.wrong_times(3, &home.stranger("nobody", limits, NOON))
        .await;
    assert_eq!(home.store.drop_idle_tallies(NOON, 100).await.unwrap(), 0);
    assert_eq!(home.tally(Scope::Account, alice()).await.count, 3);
    let year = noon_and(60 * 24 * 365);
    home.wrong_times(5, &home.stranger("bob", limits, year))
        .await;

    let mut dropped = 0;
    loop {
        let some = home.store.drop_idle_tallies(year, 1).await.unwrap();
        assert!(some <= 1);
        dropped += some;
        if some == 0 {
            break;
        }
    }
    assert!(
        dropped >= 2,
        "of alice's address and of nobody's: {dropped}"
    );
    let begun = home.begun(home.stranger("alice", limits, year)).await;
    assert_eq!(begun.charged(Scope::Account).before, Tally::default());
    assert_eq!(begun.charged(Scope::Password).before.count, 3);
    assert_eq!(begun.record.unwrap().failures, 3);
    let refusal = home.throttled(home.stranger("bob", limits, year)).await;
    assert_eq!(refusal.0, Scope::Account, "one that is not free stays");
}
