//! What there is once: the master key's check value, the sealed key, the mark of time.

use std::sync::Arc;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::time::UnixMillis;

use super::harness::Home;
use super::make::{NOON, noon_and};
use crate::KeyCheck;

pub async fn the_master_key_is_adopted_once(home: Home) {
    // H04: of many first starts, each with a key of its own, one is adopted.
    let mut starts = Vec::new();
    for n in 0..20 {
        let store = Arc::clone(&home.store);
        starts.push(tokio::spawn(async move {
            ([n; 32], store.check_key([n; 32]).await.unwrap())
        }));
    }
    let mut adopted = Vec::new();
    for start in starts {
        match start.await.unwrap() {
            (key, KeyCheck::Adopted) => adopted.push(key),
            (_, answer) => assert_eq!(answer, KeyCheck::Mismatch),
        }
    }
    let &[mine] = adopted.as_slice() else {
        panic!("{} keys were adopted", adopted.len());
    };
    let other = [99; 32];
    assert_eq!(home.store.check_key(mine).await.unwrap(), KeyCheck::Matches);
    assert_eq!(
        home.store.check_key(other).await.unwrap(),
        KeyCheck::Mismatch
    );
    let home = home.reopen().await;
    assert_eq!(
        home.store.check_key(other).await.unwrap(),
        KeyCheck::Mismatch
    );
    assert_eq!(home.store.check_key(mine).await.unwrap(), KeyCheck::Matches);
}

pub async fn the_first_sealed_key_is_kept_by_all(home: Home) {
    let mut tasks = Vec::new();
    for n in 0..20 {
        let store = Arc::clone(&home.store);
        tasks.push(tokio::spawn(async move {
            store.keep_seal_key(vec![n; 60]).await.unwrap()
        }));
    }
    let mut kept = Vec::new();
    for task in tasks {
        kept.push(task.await.unwrap());
    }
    let first = kept[0].clone();
    assert!(
        kept.iter().all(|sealed| *sealed == first),
        "one key, whoever asks"
    );
    let home = home.reopen().await;
    assert_eq!(home.store.keep_seal_key(vec![99]).await.unwrap(), first);
}

pub async fn the_mark_of_time_rises_and_never_falls(home: Home) {
    assert_eq!(home.store.clock_mark().await.unwrap(), UnixMillis(0));
    let before = home.before().await;
    for (raise, mark) in [
        (NOON, NOON),
        (UnixMillis(5), NOON),
        (noon_and(1), noon_and(1)),
    ] {
        home.store.raise_clock_mark(raise).await.unwrap();
        assert_eq!(home.store.clock_mark().await.unwrap(), mark);
    }
    let mut raises = Vec::new();
    for minute in (2..=50).rev() {
        let store = Arc::clone(&home.store);
        raises.push(tokio::spawn(async move {
            store.raise_clock_mark(noon_and(minute)).await.unwrap();
        }));
    }
    for raise in raises {
        raise.await.unwrap();
    }
    assert_eq!(home.published_since(&before), []);
    assert_eq!(home.snapshot().await.events, []);
    let home = home.reopen().await;
    assert_eq!(home.store.clock_mark().await.unwrap(), noon_and(50));
}

/// Holds: ASVS 16.2.1
pub async fn an_operator_may_lower_the_mark_and_the_trail_says_so(home: Home) {
    home.store.raise_clock_mark(noon_and(600)).await.unwrap();
    let before = home.before().await;
    let act = home.act(NOON);
    home.store.accept_clock(NOON, act.clone()).await.unwrap();
    assert_eq!(home.store.clock_mark().await.unwrap(), NOON);
    let event = Event::plain(EventKind::ClockAccepted);
    home.assert_audited(&before, &act, &[event]).await;
    assert_eq!(home.published_since(&before), []);
}
