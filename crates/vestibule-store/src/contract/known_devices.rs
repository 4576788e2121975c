//! Devices known from earlier logins: a budget of tries of their own, that no stranger can spend.

use std::time::Duration;

use vestibule_core::audit::EventKind;
use vestibule_core::known_device::{DeviceProof, KNOWN_FOR, MOST_KNOWN};
use vestibule_core::session::{EndReason, NewSession};
use vestibule_core::throttle::{Growing, Limits, Refilling, Scope, Tally};

use super::harness::Home;
use super::make::tries::ROOMY;
use super::make::{NOON, noon_and};
use crate::{ChangePassword, EndOthers, EndSession};

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
    assert_eq!(begun.tried.around, [], "nor to anybody else");
    home.failed(&begun, NOON).await;
    home.wrong_times(8, &owner).await;
    let tenth = home.wrong(owner.clone()).await;
    assert_eq!(tenth.closed, [Scope::Device]);
    let until = NOON.plus(limits.device.first);
    let refusal = home.throttled(owner).await;
    assert_eq!(
        refusal,
        (Scope::Account, Some(until)),
        "a stolen device has an end too: it is a stranger's then"
    );
    let later = home.stranger("alice", limits, until);
    let before = home.tally(Scope::Account, later).await;
    assert_eq!(before.count, 5, "and spends none of the strangers'");
    let again = home.from_device("alice", device, limits, until);
    assert!(home.begun(again).await.known_device, "until it has waited");
}

/// Holds: C23, ASVS 6.3.1
pub async fn c23_a_device_whose_tries_are_spent_is_a_strangers(home: Home) {
    let alice = home.user("alice").await;
    let device = home.device();
    home.knows(&alice, device, NOON).await;
    let limits = Limits::default();
    let copied = home.from_device("alice", device, limits, NOON);
    home.wrong_times(10, &copied).await;
    let owner = home.begun(copied.clone()).await;
    assert!(!owner.known_device);
    assert_eq!(owner.scopes(), ["account", "password"]);
    let around: Vec<_> = owner.tried.around.iter().map(|one| one.scope).collect();
    assert_eq!(around, [Scope::Network, Scope::Everyone]);
    home.take_back(owner.tried).await;
    home.wrong_times(5, &copied).await;
    assert_eq!(home.throttled(copied).await.0, Scope::Account);
}

/// Holds: C23
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

/// Holds: C23
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

/// Holds: C23
pub async fn c23_an_old_login_that_ends_leaves_the_device_one_sits_at_known(home: Home) {
    let alice = home.user("alice").await;
    let laptop = home.device();
    let old = home.knows(&alice, laptop, NOON).await;
    let present = home.knows(&alice, laptop, NOON).await;
    let end = async |id, reason| {
        let act = home.act(NOON);
        let ended = home.store.end_session(id, Some(alice.id), reason, act);
        assert_eq!(ended.await.unwrap(), EndSession::Ended);
    };
    end(old.id, EndReason::EndedByOwner).await;
    assert!(home.is_known("alice", laptop, NOON).await);
    end(present.id, EndReason::EndedByOwner).await;
    assert!(
        !home.is_known("alice", laptop, NOON).await,
        "the last one there"
    );

    let old = home.knows(&alice, laptop, NOON).await;
    home.knows(&alice, laptop, NOON).await;
    end(old.id, EndReason::EndedByOperator).await;
    assert!(
        !home.is_known("alice", laptop, NOON).await,
        "an operator's word"
    );
}

/// Holds: C23
pub async fn c23_who_is_put_out_is_a_stranger_again(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let [hers, thiefs, another, his] = std::array::from_fn(|_| home.device());
    let own = home.knows(&alice, hers, NOON).await;
    let stolen = home.knows(&alice, thiefs, NOON).await;
    let third = home.knows(&alice, another, NOON).await;
    home.knows(&bob, his, NOON).await;

    home.end(third.id, NOON).await;
    assert!(home.is_known("alice", another, NOON).await, "signed out");
    let end = async |id, owner| {
        let act = home.act(NOON);
        let ended = home
            .store
            .end_session(id, Some(owner), EndReason::EndedByOwner, act);
        ended.await.unwrap()
    };
    assert_eq!(end(stolen.id, bob.id).await, EndSession::NotLive);
    assert!(home.is_known("alice", thiefs, NOON).await);
    assert_eq!(end(stolen.id, alice.id).await, EndSession::Ended);
    assert!(!home.is_known("alice", thiefs, NOON).await);
    assert!(home.is_known("alice", another, NOON).await, "no other");

    home.knows(&alice, thiefs, NOON).await;
    let others = home.store.end_other_sessions(own.id, home.act(NOON));
    assert_eq!(others.await.unwrap(), EndOthers::Ended { ended: 1 });
    for device in [thiefs, another] {
        assert!(!home.is_known("alice", device, NOON).await);
    }
    assert!(home.is_known("alice", hers, NOON).await);

    home.knows(&alice, thiefs, NOON).await;
    let change = home.password_change(&own, "new", noon_and(1));
    let changed = home.change(change).await;
    assert_eq!(changed, ChangePassword::Changed { ended: 1 });
    assert!(!home.is_known("alice", thiefs, noon_and(1)).await);
    assert!(home.is_known("alice", hers, noon_and(1)).await);
    assert!(home.is_known("bob", his, noon_and(1)).await);
}

/// Holds: C23
pub async fn c23_the_end_of_all_a_users_sessions_spares_the_device_of_the_owner_who_asked(
    home: Home,
) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let [hers, thiefs, his] = std::array::from_fn(|_| home.device());
    let own = home.knows(&alice, hers, NOON).await;
    home.knows(&alice, thiefs, NOON).await;
    let bobs = home.knows(&bob, his, NOON).await;
    let end = async |acting, reason| {
        let act = home.act(NOON);
        let ended = home.store.end_user_sessions(alice.id, acting, reason, act);
        ended.await.unwrap()
    };
    assert_eq!(end(Some(own.id), EndReason::EverywhereEnded).await, 2);
    assert!(!home.is_known("alice", thiefs, NOON).await);
    assert!(home.is_known("alice", hers, NOON).await);
    home.knows(&alice, thiefs, NOON).await;
    end(Some(bobs.id), EndReason::EverywhereEnded).await;
    assert!(!home.is_known("alice", hers, NOON).await, "not her session");
    home.knows(&alice, hers, NOON).await;
    assert_eq!(end(None, EndReason::EndedByOperator).await, 1);
    assert!(!home.is_known("alice", hers, NOON).await, "an operator's");
    assert!(home.is_known("bob", his, NOON).await);
}
