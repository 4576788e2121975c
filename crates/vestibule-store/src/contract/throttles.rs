//! Tries: charged before they are evaluated, settled once, counted exactly.

use std::time::Duration;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::known_device::{DeviceProof, KNOWN_FOR, MOST_KNOWN};
use vestibule_core::session::{NewSession, Renewal};
use vestibule_core::throttle::{Growing, Limits, MOST_FAILURES, Refilling, Scope, Tally};
use vestibule_core::user::CredentialVersion;

use super::harness::Home;
use super::make::tries::{ROOMY, refused};
use super::make::{NOON, noon_and};
use crate::{ChangePassword, Failed, OpenSession, Recover, RenewSession, Try};

/// Few enough tries from one network to be spent in a case.
const CLOSE_NETWORK: Limits = Limits {
    network: Refilling {
        burst: 3,
        refill: Duration::from_mins(5),
    },
    ..ROOMY
};

/// Few enough failures of everybody's.
const ALARMING: Limits = Limits {
    account: Growing {
        free: 5,
        ..ROOMY.account
    },
    alarm: Refilling {
        burst: 3,
        refill: Duration::from_secs(5),
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
            assert_eq!(
                (one.tried.network, one.tried.everyone, one.tried.limits),
                (
                    other.tried.network,
                    other.tried.everyone,
                    other.tried.limits
                )
            );
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

/// Holds: C23
pub async fn c23_a_stranger_cannot_spend_a_known_devices_tries(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let limits = Limits::default();
    home.wrong_times(5, &home.stranger("alice", limits, NOON))
        .await;
    let refusal = home.throttled(home.stranger("alice", limits, NOON)).await;
    assert_eq!(refusal.0, Scope::Account);

    let owner = home.from_device("alice", device, limits, NOON);
    let begun = home.begun(owner.clone()).await;
    assert!(begun.known_device);
    assert_eq!(begun.scopes(), ["device", "password"]);
    assert_eq!(begun.charged(Scope::Device).before, Tally::default());
    assert_eq!(begun.charged(Scope::Password).before.count, 5);
    assert_eq!((begun.tried.network, begun.tried.everyone), (None, None));
    home.failed(&begun, NOON).await;
    home.wrong_times(8, &owner).await;
    let tenth = home.wrong(owner.clone()).await;
    assert_eq!(tenth.closed, [Scope::Device]);
    let until = NOON.plus(limits.device.first);
    let refusal = home.throttled(owner).await;
    assert_eq!(
        refusal,
        (Scope::Device, Some(until)),
        "a stolen device has an end too"
    );
    let later = home.stranger("alice", limits, until);
    let before = home.tally(Scope::Account, later).await;
    assert_eq!(before.count, 5, "and spends none of the strangers'");
}

/// Holds: C23, N15
pub async fn c23_a_device_is_known_by_its_secret_to_its_owners_account_alone(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let device = home.device();
    let before = home.before().await;
    let login = NewSession {
        known: Some(device),
        ..home.login(&alice, NOON)
    };
    let (id, act) = (login.id, home.act_of(&alice, NOON));
    home.store.open_session(login, act.clone()).await.unwrap();
    let events = [EventKind::LoginSucceeded, EventKind::DeviceKnown];
    home.assert_told(&before, &act, alice.id, &events).await;
    assert!(home.is_known("alice", device, NOON).await);

    let forged = DeviceProof {
        secret: home.secret(),
        ..device
    };
    assert!(!home.is_known("alice", forged, NOON).await);
    assert!(!home.is_known("bob", device, NOON).await);
    assert!(!home.is_known("nobody", device, NOON).await);
    assert!(!home.is_known("alice", home.device(), NOON).await);

    home.knows(&bob, device, NOON).await;
    home.wrong(home.from_device("bob", device, ROOMY, NOON))
        .await;
    let hers = home.from_device("alice", device, ROOMY, NOON);
    let tally = home.tally(Scope::Device, hers).await;
    assert_eq!(
        tally.count, 0,
        "two people at one browser have a tally each"
    );

    let before = home.before().await;
    let again = NewSession {
        known: Some(device),
        ..home.login(&alice, noon_and(1))
    };
    let act = home.act(noon_and(1));
    home.store.open_session(again, act.clone()).await.unwrap();
    home.assert_told(&before, &act, alice.id, &[EventKind::LoginSucceeded])
        .await;
    home.end(id, noon_and(2)).await;
    assert!(
        home.is_known("alice", device, noon_and(2)).await,
        "signing out forgets no device"
    );
    let home = home.reopen().await;
    assert!(home.is_known("alice", device, noon_and(2)).await);
}

/// Holds: C23
pub async fn a_device_is_known_for_its_time_after_its_last_login(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let end = NOON.plus(KNOWN_FOR);
    let last = vestibule_core::time::UnixMillis(end.0 - 1);
    assert!(home.is_known("alice", device, last).await);
    assert!(!home.is_known("alice", device, end).await);
    home.knows(&alice, device, last).await;
    assert!(home.is_known("alice", device, end).await, "seen again");
}

pub async fn of_more_devices_than_a_person_has_the_oldest_are_forgotten(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let his = home.device();
    home.knows(&bob, his, NOON).await;
    let devices: Vec<_> = (0..=MOST_KNOWN).map(|_| home.device()).collect();
    let mut minute = 1;
    for device in &devices[..MOST_KNOWN] {
        home.knows(&alice, *device, noon_and(minute)).await;
        minute += 1;
    }
    home.knows(&alice, devices[0], noon_and(minute)).await;
    home.knows(&alice, devices[MOST_KNOWN], noon_and(minute + 1))
        .await;
    let now = noon_and(minute + 2);
    assert!(home.is_known("alice", devices[0], now).await, "seen since");
    assert!(!home.is_known("alice", devices[1], now).await);
    for device in &devices[2..] {
        assert!(home.is_known("alice", *device, now).await);
    }
    assert!(home.is_known("bob", his, now).await);
}

/// Holds: N40, C23
pub async fn n40_the_hundredth_wrong_password_in_a_row_disables_it_until_recovery(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    // Whoever tried, and from wherever.
    home.wrong_times(50, &home.stranger("alice", ROOMY, NOON))
        .await;
    home.wrong_times(29, &home.from_device("alice", device, ROOMY, NOON))
        .await;
    home.wrong_times(20, &home.reauthentication(&alice, ROOMY, NOON))
        .await;
    let hundredth = home.begun(home.stranger("alice", ROOMY, NOON)).await;
    assert!(!hundredth.password_disabled);
    assert_eq!(hundredth.record.as_ref().unwrap().failures, 99);
    let before = home.before().await;
    let (act, event) = (home.act(NOON), refused(Some(alice.id)));
    let told = home
        .store
        .fail_try(hundredth.tried, vec![event], act.clone())
        .await
        .unwrap();
    assert_eq!((told.failures, told.disabled), (MOST_FAILURES, true));
    let kinds = [event.kind, EventKind::PasswordDisabled];
    home.assert_told(&before, &act, alice.id, &kinds).await;

    let home = home.reopen().await;
    for (attempt, charged) in [
        (home.stranger("alice", ROOMY, noon_and(1)), "account"),
        (
            home.from_device("alice", device, ROOMY, noon_and(1)),
            "device",
        ),
        (home.reauthentication(&alice, ROOMY, noon_and(1)), "session"),
    ] {
        let begun = home.begun(attempt).await;
        assert!(begun.password_disabled, "the right one too");
        assert_eq!(begun.scopes(), [charged], "nothing was charged to it");
        let told = home.failed(&begun, noon_and(1)).await;
        assert!(!told.disabled, "it was so before");
    }
    let year = noon_and(60 * 24 * 365);
    assert!(
        home.begun(home.stranger("alice", ROOMY, year))
            .await
            .password_disabled,
        "no wait heals it"
    );

    let ticket = home.offer_recover(&alice, "alice", year).await;
    let recovered = home.recover(&ticket, "new", year).await;
    assert!(matches!(recovered, Recover::Recovered { .. }));
    let begun = home.begun(home.stranger("alice", ROOMY, year)).await;
    assert!(!begun.password_disabled);
    assert_eq!(begun.charged(Scope::Password).before.count, 0);
    assert_eq!(begun.charged(Scope::Account).before.count, 0);
    assert_eq!(begun.record.unwrap().failures, 0);
}

/// Holds: N42
pub async fn n42_a_success_starts_its_own_tallies_again_and_nobody_elses(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let stranger = || home.stranger("alice", ROOMY, NOON);
    let owner = || home.from_device("alice", device, ROOMY, NOON);
    let present = || home.reauthentication(&alice, ROOMY, NOON);
    let his = || home.stranger("bob", ROOMY, NOON);
    for attempt in [stranger(), owner(), present(), his()] {
        home.wrong_times(3, &attempt).await;
    }
    home.right(&alice, owner()).await;
    for (scope, attempt, expected) in [
        (Scope::Device, owner(), 0),
        (Scope::Password, owner(), 0),
        (Scope::Account, stranger(), 3),
        (Scope::Session, present(), 3),
        (Scope::Account, his(), 3),
        (Scope::Password, his(), 3),
    ] {
        assert_eq!(
            home.tally(scope, attempt).await.count,
            expected,
            "{scope:?}"
        );
    }
    home.wrong_times(2, &owner()).await;
    home.right(&alice, stranger()).await;
    for (scope, attempt, expected) in [
        (Scope::Account, stranger(), 0),
        (Scope::Password, stranger(), 0),
        (Scope::Device, owner(), 2),
    ] {
        assert_eq!(
            home.tally(scope, attempt).await.count,
            expected,
            "{scope:?}"
        );
    }
    home.right(&bob, his()).await;
}

/// Holds: N42
pub async fn a_login_that_is_refused_starts_nothing_again(home: Home) {
    let alice = home.user("alice").await;
    let attempt = home.stranger("alice", ROOMY, NOON);
    home.wrong_times(3, &attempt).await;
    let begun = home.begun(attempt.clone()).await;
    let login = NewSession {
        tried: Some(begun.tried.clone()),
        known: Some(home.device()),
        credential: CredentialVersion(9),
        ..home.login(&alice, NOON)
    };
    let known = login.known.unwrap();
    let before = home.before().await;
    let opened = home.store.open_session(login, home.act(NOON)).await;
    assert_eq!(opened.unwrap(), OpenSession::CredentialChanged);
    home.assert_unchanged(&before).await;
    assert_eq!(home.tally(Scope::Account, attempt.clone()).await.count, 4);
    assert_eq!(home.tally(Scope::Password, attempt).await.count, 4);
    assert!(!home.is_known("alice", known, NOON).await);
    assert_eq!(home.failed(&begun, NOON).await.failures, 4);
}

/// Holds: N40, N45
pub async fn n45_a_failure_that_outlasts_a_success_is_counted(home: Home) {
    let alice = home.user("alice").await;
    let attempt = || home.stranger("alice", ROOMY, NOON);
    let slow = home.begun(attempt()).await;
    home.right(&alice, attempt()).await;
    assert_eq!(home.tally(Scope::Password, attempt()).await.count, 0);
    assert_eq!(home.failed(&slow, NOON).await.failures, 1);
    for scope in [Scope::Account, Scope::Password] {
        assert_eq!(home.tally(scope, attempt()).await.count, 1, "{scope:?}");
    }
    let taken = home.begun(attempt()).await;
    home.right(&alice, attempt()).await;
    home.take_back(taken.tried).await;
    for scope in [Scope::Account, Scope::Password] {
        assert_eq!(home.tally(scope, attempt()).await.count, 0, "{scope:?}");
    }
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

/// Holds: C23, ASVS 6.3.5
pub async fn c23_under_alarm_strangers_have_fewer_tries_and_owners_as_many(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let limits = ALARMING;
    home.wrong_times(9, &home.from_device("alice", device, limits, NOON))
        .await;
    home.wrong_times(9, &home.reauthentication(&alice, limits, NOON))
        .await;
    for (n, name) in ["bob", "carol", "dave", "erin"].into_iter().enumerate() {
        let told = home.wrong(home.stranger(name, limits, NOON)).await;
        assert_eq!(told.alarmed, n >= 2, "after {name}");
    }
    let told = home.wrong(home.stranger("frank", limits, NOON)).await;
    assert_eq!(told.closed, [Scope::Account], "one free try is all");
    let refusal = home.throttled(home.stranger("frank", limits, NOON)).await;
    assert_eq!(refusal.0, Scope::Account);
    let begun = home
        .begun(home.from_device("alice", device, limits, NOON))
        .await;
    let charged = begun.charged(Scope::Device);
    assert_eq!((charged.after.count, charged.after.free_at), (10, NOON));
    let calm = noon_and(10);
    let told = home.wrong(home.stranger("grace", limits, calm)).await;
    assert_eq!((told.closed, told.alarmed), (vec![], false), "it passes");
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

/// Holds: N42, C23
pub async fn n42_a_re_authentication_that_holds_starts_its_tallies_again(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let present = || home.reauthentication(&alice, ROOMY, NOON);
    let stranger = || home.stranger("alice", ROOMY, NOON);
    for attempt in [present(), stranger()] {
        home.wrong_times(3, &attempt).await;
    }
    let begun = home.begun(present()).await;
    let lost = Renewal {
        tried: Some(begun.tried.clone()),
        presented: home.secret(),
        ..home.renewal(&session, NOON)
    };
    assert_eq!(home.renew(lost).await, RenewSession::Ended);
    assert_eq!(home.tally(Scope::Session, present()).await.count, 4);

    let renewal = Renewal {
        tried: Some(begun.tried),
        ..home.renewal(&session, NOON)
    };
    let renewed = home.renew(renewal).await;
    let RenewSession::Renewed(session) = renewed else {
        panic!("{renewed:?}");
    };
    for (scope, attempt, expected) in [
        (Scope::Session, present(), 0),
        (Scope::Password, present(), 0),
        (Scope::Account, stranger(), 3),
    ] {
        let tally = home.tally(scope, attempt).await;
        assert_eq!(tally.count, expected, "{scope:?}");
    }

    home.wrong_times(2, &present()).await;
    let begun = home.begun(present()).await;
    let mut change = home.password_change(&session, "new", NOON);
    change.renewal.tried = Some(begun.tried);
    let changed = home.change(change).await;
    assert_eq!(changed, ChangePassword::Changed { ended: 0 });
    for scope in [Scope::Session, Scope::Password] {
        let tally = home.tally(scope, present()).await;
        assert_eq!(tally.count, 0, "{scope:?}");
    }
}

/// Holds: N40, ASVS 6.3.7
pub async fn n40_the_failure_that_disables_a_password_is_told_and_no_other(home: Home) {
    let alice = home.user("alice").await;
    let attempt = home.stranger("alice", ROOMY, NOON);
    for n in 1..=MOST_FAILURES + 1 {
        let begun = home.begun(attempt.clone()).await;
        let act = home.act_telling(Some(alice.id), NOON);
        let events = vec![refused(Some(alice.id))];
        let told = home.store.fail_try(begun.tried, events, act).await.unwrap();
        assert_eq!(told.disabled, n == MOST_FAILURES);
        let waiting = home.store.waiting_errands().await.unwrap();
        assert_eq!(waiting, u64::from(n >= MOST_FAILURES), "after {n}");
    }
}
