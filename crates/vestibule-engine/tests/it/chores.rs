//! What the engine does by itself, round by round, by a clock that the tests move.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_engine::Chores;
use vestibule_store::{Installation as _, Sessions as _};

use crate::house::{House, hours, minutes};

#[tokio::test]
async fn what_ran_out_is_ended_and_later_dropped() {
    let mut house = House::new().await;
    let idle = house.sign_in("alice@example.test").await;
    let used = house.remembered("alice@example.test").await;
    house.chores.round().await;
    let before = house.position().await;
    house.pass(minutes(30));
    house.chores.round().await;
    assert_eq!(house.index.len(), 1);
    assert_eq!(house.told_since(before).await, ["session.ended (idle)"]);
    assert!(!house.is_live(&idle.cookie) && house.is_live(&used.cookie));

    let before = house.position().await;
    for _ in 0..6 {
        house.pass(hours(5 * 24).saturating_sub(minutes(1)));
        house.is_live(&used.cookie);
        house.chores.round().await;
        house.pass(minutes(1));
        house.chores.round().await;
    }
    assert_eq!(house.told_since(before).await, ["session.ended (expired)"]);
    assert!(house.index.is_empty());
    house.pass(hours(7 * 24));
    house.chores.round().await;
    let dropped = house.store.inner.drop_dead_sessions(house.now(), 10).await;
    assert_eq!(dropped.unwrap(), 0, "a week later there is nothing left");
}

#[tokio::test]
async fn nothing_is_swept_after_a_step_until_the_clock_agrees() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.chores.round().await;
    let before = house.position().await;

    // A wild reading, an hour ahead.
    house.plan.clock.step(60 * 60 * 1000);
    house.pass(minutes(1));
    house.chores.round().await;
    assert!(house.told_since(before).await.is_empty());
    house.plan.clock.step(-60 * 60 * 1000);
    house.pass(minutes(1));
    house.chores.round().await;
    assert!(house.is_live(&alice.cookie), "it ended nobody for good");

    // A step that lasts.
    house.plan.clock.step(60 * 60 * 1000);
    for minute in 0..12 {
        house.chores.round().await;
        let swept = !house.told_since(before).await.is_empty();
        assert_eq!(swept, minute >= 10, "minute {minute}");
        house.pass(minutes(1));
    }
    assert!(!house.is_live(&alice.cookie));
}

/// Holds: ASVS 7.3.2, N01, N02
#[tokio::test]
async fn n01_a_login_from_a_clock_ahead_is_over_once_the_clock_is_right() {
    let mut house = House::new().await;
    let early = house.sign_in("alice@example.test").await;
    house.chores.round().await;
    let jump = 10 * 24 * 60 * 60 * 1000;
    house.plan.clock.step(jump);
    let wild = house.remembered("alice@example.test").await;
    assert!(house.is_live(&wild.cookie));
    house.chores.round().await;
    house.plan.clock.step(-jump);
    assert!(!house.is_live(&wild.cookie) && house.is_live(&early.cookie));

    // It does not come back with its time either.
    let before = house.position().await;
    for _ in 0..12 {
        house.chores.round().await;
        house.pass(minutes(1));
    }
    assert_eq!(house.told_since(before).await, ["session.ended (expired)"]);
    assert_eq!(house.index.len(), 1);
}

#[tokio::test]
async fn a_start_with_the_clock_wildly_ahead_ends_nobody_for_good() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.chores.round().await;
    let (before, jump) = (house.position().await, 30 * 24 * 60 * 60 * 1000);
    house.plan.clock.step(jump);
    let mut house = house.restarted().await;
    assert!(!house.is_live(&alice.cookie), "checks go by the wall clock");
    house.chores.round().await;
    // And stopped again, as by somebody who saw it: nothing of the jump was kept.
    let house = house.restarted().await;
    house.plan.clock.step(-jump);
    let house = house.crashed(|_| ()).await;
    assert!(house.told_since(before).await.is_empty());
    assert!(house.is_live(&alice.cookie));
}

/// By the time at which the round began, that login would lie ahead of the clock.
#[tokio::test]
async fn a_login_during_a_slow_round_outlives_its_sweep() {
    let house = House::new().await;
    let mut chores = Chores::new(house.engine.clone());
    let mut round = pin!(chores.round());
    let done = poll_fn(|context| Poll::Ready(round.as_mut().poll(context).is_ready())).await;
    assert!(!done, "the round waits for the store");
    house.pass(minutes(2));
    let new = house.sign_in("alice@example.test").await;
    round.await;
    assert!(house.is_live(&new.cookie));
}

#[tokio::test]
async fn after_a_night_off_sweeping_waits_ten_minutes() {
    let mut house = House::new().await;
    house.sign_in("alice@example.test").await;
    house.chores.round().await;
    house.chores.finish().await;
    let before = house.position().await;
    house.pass(hours(9));
    let mut house = house.crashed(|_| ()).await;
    let new = house.sign_in("alice@example.test").await;
    assert!(house.is_live(&new.cookie));
    for minute in 0..12 {
        house.chores.round().await;
        let told = house.told_since(before).await;
        let swept = told.iter().any(|event| event == "session.ended (idle)");
        assert_eq!(swept, minute >= 10, "minute {minute}");
        house.pass(minutes(1));
    }
    assert_eq!(
        house.store.inner.clock_mark().await.unwrap().0,
        house.now().0 - 60_000
    );
}

#[tokio::test]
async fn time_does_not_fall_below_the_mark() {
    let mut house = House::new().await;
    house.pass(minutes(5));
    house.chores.round().await;
    let seen = house.now();
    house.plan.clock.step(-30 * 60 * 1000);
    assert_eq!(house.now(), seen);
    let mut house = house.restarted().await;
    assert_eq!(house.now(), seen, "nor after a start");
    house.chores.round().await;
    assert_eq!(house.now(), seen);
}

#[tokio::test]
async fn the_mark_is_written_once_a_minute() {
    let mut house = House::new().await;
    let marks = |calls: Vec<&str>| {
        let marks = calls.iter().filter(|call| **call == "raise_clock_mark");
        marks.count()
    };
    house.chores.round().await;
    assert_eq!(marks(house.store.calls()), 1);
    for _ in 0..119 {
        house.pass(Duration::from_millis(500));
        house.chores.round().await;
    }
    assert_eq!(marks(house.store.calls()), 0);
    house.pass(Duration::from_millis(500));
    house.chores.round().await;
    assert_eq!(marks(house.store.calls()), 1);
    assert_eq!(house.store.inner.clock_mark().await.unwrap(), house.now());
}

/// A crash shortens an idle life by a twentieth at most.
#[tokio::test]
async fn use_is_written_behind_in_batches() {
    let mut house = House::new().await;
    let mut cookies = Vec::new();
    for _ in 0..20 {
        cookies.push(house.sign_in("alice@example.test").await.cookie);
    }
    house.chores.round().await;
    house.store.calls();
    let touches = |calls: Vec<&str>| {
        let touches = calls.iter().filter(|call| **call == "touch_sessions");
        touches.count()
    };
    for _ in 0..29 * 60 {
        house.pass(Duration::from_secs(1));
        assert!(cookies.iter().all(|cookie| house.is_live(cookie)));
        house.chores.round().await;
    }
    let batches = touches(house.store.calls());
    assert!((17..=20).contains(&batches), "{batches} for 29 minutes");

    let house = house.crashed(|_| ()).await;
    house.pass(minutes(30).saturating_sub(Duration::from_secs(92)));
    assert!(cookies.iter().all(|cookie| house.is_live(cookie)));
}

#[tokio::test]
async fn use_that_cannot_be_written_waits_in_memory() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.pass(minutes(10));
    house.is_live(&alice.cookie);
    house.store.set_full(true);
    house.chores.round().await;
    house.store.set_full(false);
    house.chores.round().await;
    let stored = house
        .store
        .inner
        .sessions_of(alice.session.user_id(), house.now())
        .await
        .unwrap();
    assert_eq!(stored[0].last_seen, house.now());
}

#[tokio::test]
async fn a_stop_leaves_nothing_unwritten() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.pass(Duration::from_secs(80));
    assert!(house.is_live(&alice.cookie));
    let seen = house.now();
    let (stop, stopped) = watch::channel(false);
    let chores = tokio::spawn(house.engine.clone().run_chores(stopped));
    stop.send(true).unwrap();
    chores.await.unwrap();
    let report = house.engine.verify_trail().await.unwrap();
    assert_eq!((report.unsealed, report.sealed_to), (0, 4));
    assert_eq!(house.store.inner.clock_mark().await.unwrap(), seen);
    let house = house.crashed(|_| ()).await;
    house.pass(minutes(30).saturating_sub(Duration::from_millis(1)));
    assert!(
        house.is_live(&alice.cookie),
        "80 seconds later than at login"
    );
}

#[tokio::test]
async fn the_sweeper_and_the_store_agree_on_why() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.chores.round().await;
    house.pass(hours(12));
    let before = house.position().await;
    house.chores.round().await;
    let reason = format!("session.ended ({})", EndReason::Expired.code());
    assert_eq!(house.told_since(before).await, [reason]);
    assert_ne!(alice.session.expires_at(), UnixMillis(0));
}

/// Holds: ASVS 16.4.2
#[tokio::test(flavor = "multi_thread")]
async fn asvs_16_4_2_events_are_sealed_while_the_server_runs() {
    let house = House::new().await;
    let (stop, stopped) = watch::channel(false);
    let chores = tokio::spawn(house.engine.clone().run_chores(stopped));
    house.sign_in("alice@example.test").await;
    while house.engine.verify_trail().await.unwrap().unsealed > 0 {
        tokio::task::yield_now().await;
    }
    drop(stop);
    chores.await.unwrap();
}
