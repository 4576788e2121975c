//! Chores when one thing is stuck, cannot be read, or is very much: everything else goes on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use vestibule_core::id::SessionId;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::secret::PlainSessionSecret;
use vestibule_core::session::{Acr, Amr, Device, Lifetime, NewSession, Session};
use vestibule_core::user::CredentialVersion;
use vestibule_store::{Change, Publish as _};

use vestibule_engine::{NotNow, SignIn, SignInError};

use crate::house::{House, Plan, hours, minutes};

/// Holds: ASVS 16.4.2
#[tokio::test]
async fn asvs_16_4_2_events_are_sealed_while_other_chores_wait() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.pass(minutes(5));
    assert!(house.is_live(&alice.cookie), "a use to be written");
    house.store.stuck.store(true, Ordering::SeqCst);
    let (stop, stopped) = watch::channel(false);
    let chores = tokio::spawn(house.engine.clone().run_chores(stopped));
    let sealed = async {
        while !house.store.calls().contains(&"touch_sessions") {
            tokio::task::yield_now().await;
        }
        house.sign_in("bob@example.test").await;
        while house.engine.verify_trail().await.unwrap().unsealed > 0 {
            tokio::task::yield_now().await;
        }
    };
    let sealed = tokio::time::timeout(Duration::from_secs(20), sealed).await;
    assert!(sealed.is_ok(), "the sealer waits for nobody");
    house.store.stuck.store(false, Ordering::SeqCst);
    drop(stop);
    chores.await.unwrap();
}

/// Holds: ASVS 16.5.4, ASVS 16.4.2
#[tokio::test]
async fn asvs_16_5_4_a_round_that_panics_is_not_the_last() {
    let house = House::new().await;
    house.store.panics.store(true, Ordering::SeqCst);
    let (stop, stopped) = watch::channel(false);
    let chores = tokio::spawn(house.engine.clone().run_chores(stopped));
    let sealed = async {
        while house.store.panics.load(Ordering::SeqCst)
            || house.engine.verify_trail().await.unwrap().unsealed > 0
        {
            tokio::task::yield_now().await;
        }
    };
    let sealed = tokio::time::timeout(Duration::from_secs(20), sealed).await;
    assert!(sealed.is_ok(), "the next round seals");
    drop(stop);
    chores.await.unwrap();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_no_other_in_a_sweep() {
    let mut house = House::new().await;
    let mut alices = Vec::new();
    for _ in 0..5 {
        alices.push(house.sign_in("alice@example.test").await.cookie.id);
    }
    house.chores.round().await;
    for bad in [0, 2] {
        let mut unreadable = house.store.unreadable.lock().unwrap();
        unreadable.insert(alices[bad]);
    }
    let before = house.position().await;
    // Long enough for rows of the dead to be dropped, too.
    for minute in 0..3 {
        house.pass(minutes(30));
        house.store.calls();
        house.chores.round().await;
        assert_eq!(house.index.len(), 2, "all but the unreadable ones");
        let calls = house.store.calls();
        assert!(calls.contains(&"drop_dead_sessions"));
        let tries = calls
            .iter()
            .filter(|call| **call == "end_timed_out_sessions");
        let tries = tries.count();
        assert!(minute == 0 || tries == 2, "they are remembered: {tries}");
    }
    assert_eq!(house.told_since(before).await, ["session.ended (idle)"; 3]);
    house.store.unreadable.lock().unwrap().clear();
    house.pass(minutes(1));
    house.chores.round().await;
    assert!(house.index.is_empty());
    assert_eq!(house.told_since(before).await.len(), 5);
}

#[tokio::test]
async fn an_end_that_the_store_never_takes_holds_up_no_other() {
    let mut house = House::new().await;
    let first = house.sign_in("alice@example.test").await;
    let second = house.sign_in("bob@example.test").await;
    house.store.set_full(true);
    for one in [&first, &second] {
        let ended = house.engine.sign_out(&one.session, &house.visit()).await;
        ended.unwrap_err();
    }
    house.store.set_full(false);
    let (bad, good) = (first.cookie.id, second.cookie.id);
    house.store.unreadable.lock().unwrap().insert(bad);
    house.chores.round().await;
    assert!(house.engine.owes_end(bad) && !house.engine.owes_end(good));
    house.chores.round().await;
    house.store.unreadable.lock().unwrap().clear();
    house.chores.round().await;
    assert!(!house.engine.owes_end(bad));
}

/// Holds: ASVS 7.3.1
#[tokio::test]
async fn asvs_7_3_1_a_sweep_ends_all_that_ran_out_however_many() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await.session.user_id();
    house.chores.round().await;
    let now = house.now();
    let secret = PlainSessionSecret::new([1; 32]).hashed();
    for number in 0..201_000_u64 {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let new = NewSession {
            id: SessionId::new(now, random),
            user: alice,
            secret,
            credential: CredentialVersion(1),
            auth_time: now,
            lifetime: Lifetime::DEFAULT,
            remembered: false,
            acr: Acr::Aal1,
            amr: Amr::PASSWORD,
            device: Device::default(),
            replaces: None,
            tried: None,
            known: None,
            end_ticket: None,
        };
        let session = Session::open(new, StoreNumber(u64::MAX));
        let opened = Change::SessionOpened(Box::new(session));
        house.index.publish(&[opened]);
    }
    assert_eq!(house.index.len(), 201_001);
    *house.store.pretended.lock().unwrap() = Some(house.index.clone());
    house.pass(hours(1));
    house.chores.round().await;
    assert!(house.index.is_empty(), "{} are left", house.index.len());
}

/// Holds: ASVS 15.2.2, ASVS 16.5.2
#[tokio::test]
async fn asvs_15_2_2_tries_that_outlive_their_callers_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let mut plan = Plan::new(&directory);
    plan.queue = 1;
    let house = plan.start().await.unwrap();
    house.store.no_try_begins.store(true, Ordering::SeqCst);
    let try_once = || {
        let (engine, visit) = (house.engine.clone(), house.visit());
        tokio::spawn(async move {
            let attempt = SignIn {
                identifier: "nobody@example.test",
                password: "whatever it may be",
                remember: false,
                over: None,
            };
            engine.sign_in(attempt, &visit).await
        })
    };
    let mut turned_away = None;
    for n in 0..2000 {
        let caller = try_once();
        while !caller.is_finished() && !house.store.calls().contains(&"begin_try") {
            tokio::task::yield_now().await;
        }
        if caller.is_finished() {
            turned_away = Some((n, caller.await.unwrap()));
            break;
        }
        // The caller hangs up, and its try goes on.
        caller.abort();
    }
    let (places, answer) = turned_away.expect("there is an end of it");
    assert_eq!(places, 1 + 2 + 1024);
    let busy = matches!(answer, Err(SignInError::NotNow(NotNow::Busy(_))));
    assert!(busy, "{answer:?}");
    house.store.no_try_begins.store(false, Ordering::SeqCst);
    let again = async {
        let busy = |error| matches!(error, SignInError::NotNow(NotNow::Busy(_)));
        while try_once().await.unwrap().is_err_and(busy) {
            tokio::task::yield_now().await;
        }
    };
    let again = tokio::time::timeout(Duration::from_secs(20), again).await;
    assert!(again.is_ok(), "there is room again");
}
