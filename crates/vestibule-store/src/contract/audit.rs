//! The trail: written in order, sealed without a gap and without a fork.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vestibule_core::audit::{Act, Actor, Event, EventKind, GENESIS, Personal, Seal, StoredEvent};
use vestibule_core::id::ApplicationId;
use vestibule_core::keys::SealKey;

use super::filters::{about, every_event};
use super::harness::{Home, assert_tells};
use super::make::{NOON, noon_and};
use crate::Sealer;

pub(super) struct Notary(SealKey);

impl Notary {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(SealKey::from_seed(&[7; 32]).unwrap()))
    }
}

impl Sealer for Notary {
    fn seal(&self, previous: &[u8; 32], events: &[StoredEvent]) -> Option<Seal> {
        Seal::make(&self.0, previous, events, noon_and(5))
    }
}

struct Refuses;

impl Sealer for Refuses {
    fn seal(&self, _: &[u8; 32], _: &[StoredEvent]) -> Option<Seal> {
        None
    }
}

/// Every seal follows on its predecessor and covers just its events; answers how far they reach.
pub(super) async fn verified(home: &Home) -> u64 {
    let key = Notary::new().0.public();
    let seals = home.store.seals_after(0, 100_000).await.unwrap();
    let mut previous = GENESIS;
    let mut position = 0;
    for seal in seals {
        assert_eq!(seal.first, position + 1, "no gap and no overlap");
        let len = usize::try_from(seal.last - position).unwrap();
        let events = home.store.events_after(position, len).await.unwrap().events;
        assert!(seal.verifies(&key, &previous, &events));
        (previous, position) = (seal.head, seal.last);
    }
    position
}

async fn record(home: &Home, events: &[Event]) -> Act {
    let act = home.act(NOON);
    home.store
        .record(events.to_vec(), act.clone())
        .await
        .unwrap();
    act
}

/// Holds: ASVS 16.2.1, ASVS 16.3.1
pub async fn asvs_16_2_1_each_event_says_what_when_who_and_from_where(home: Home) {
    let alice = home.user("alice").await;
    let session = home.session(&alice, NOON).await;
    let application = ApplicationId::new(NOON, [3; 10]);
    let kinds = EventKind::all();
    let whole: Vec<Event> = kinds
        .iter()
        .enumerate()
        .map(|(n, kind)| Event {
            kind: *kind,
            user: (n % 2 == 0).then_some(alice.id),
            session: (n % 4 < 2).then_some(session.id),
            application: (n % 8 < 4).then_some(application),
        })
        .collect();
    let own = home.act_of(&alice, noon_and(1));
    let full = Personal {
        salt: [9; 16],
        email: Some("zo\u{eb}\u{1f600}".to_owned()),
        address: Some("2001:db8::7".to_owned()),
        user_agent: Some("x".repeat(512)),
    };
    for (actor, personal) in [
        (own.actor, own.personal.clone()),
        (Actor::Visitor, Some(full)),
        (Actor::Operator(u32::MAX), Some(Personal::default())),
        (Actor::System, None),
    ] {
        let act = Act {
            actor,
            personal,
            ..home.act(noon_and(2))
        };
        let before = home.before().await;
        home.store.record(whole.clone(), act.clone()).await.unwrap();
        home.assert_audited(&before, &act, &whole).await;
        assert_eq!(home.published_since(&before), []);
    }
    let before = home.before().await;
    home.store.record(Vec::new(), own).await.unwrap();
    home.assert_unchanged(&before).await;
    let told = before.snapshot.events;
    let home = home.reopen().await;
    assert_eq!(home.snapshot().await.events, told);
}

pub async fn the_trail_reads_forwards_in_pages_and_backwards_by_user(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    for n in 0..10 {
        let user = if n % 2 == 0 { &alice } else { &bob };
        home.session(user, noon_and(n)).await;
    }
    record(&home, &[Event::plain(EventKind::AllSessionsEnded)]).await;
    let all = home.snapshot().await.events;
    assert_eq!(all.len(), 13);
    assert!(all.is_sorted_by(|one, next| one.position < next.position));
    let mut walked = Vec::new();
    let mut after = 0;
    loop {
        let page = home.store.events_after(after, 4).await.unwrap().events;
        assert!(page.len() <= 4);
        let Some(last) = page.last() else { break };
        after = last.position;
        walked.extend(page);
    }
    assert_eq!(walked, all);

    let newest: Vec<StoredEvent> = all.iter().rev().take(5).cloned().collect();
    assert_eq!(
        home.store
            .events(every_event(), None, 5)
            .await
            .unwrap()
            .events,
        newest
    );
    let hers = all
        .iter()
        .rev()
        .filter(|stored| stored.event.user == Some(alice.id));
    let hers: Vec<StoredEvent> = hers.cloned().collect();
    assert_eq!(
        home.store
            .events(about(alice.id), None, 100)
            .await
            .unwrap()
            .events,
        hers
    );
    assert_eq!(
        home.store
            .events(about(alice.id), None, 2)
            .await
            .unwrap()
            .events,
        hers[..2]
    );
    let before = Some(hers[0].position);
    assert_eq!(
        home.store
            .events(about(alice.id), before, 100)
            .await
            .unwrap()
            .events,
        hers[1..]
    );
    let before = Some(newest[2].position);
    assert_eq!(
        home.store
            .events(every_event(), before, 2)
            .await
            .unwrap()
            .events,
        newest[3..]
    );
    let nothing = home.store.events(every_event(), None, 0).await.unwrap();
    assert_eq!(nothing.events, []);
}

pub async fn seals_chain_batch_by_batch_and_leave_a_tail(home: Home) {
    assert_eq!(
        home.store.seal_events(Notary::new(), 10).await.unwrap(),
        0,
        "nothing to seal"
    );
    let mut home = home;
    for round in 0..3_u64 {
        let alice = home.user(&format!("alice-{round}")).await;
        for _ in 0..5 {
            home.session(&alice, NOON).await;
            // What is refused or fails must leave no gap.
            let twice = vestibule_core::user::NewUser {
                disabled: false,
                id: alice.id,
                ..home.new_user("x")
            };
            assert!(home.store.create_user(twice, home.act(NOON)).await.is_err());
        }
        for sealed in [4, 2, 0] {
            assert_eq!(
                home.store.seal_events(Notary::new(), 4).await.unwrap(),
                sealed
            );
        }
        assert_eq!(verified(&home).await, (round + 1) * 6);
        home = home.reopen().await;
        assert_eq!(verified(&home).await, (round + 1) * 6);
    }
    home.user("tail").await;
    assert_eq!(verified(&home).await, 18);
    let tail = home.store.events_after(18, 10).await.unwrap().events;
    assert_eq!(tail.len(), 1, "not sealed, and in order all the same");

    let seals = home.store.seals_after(0, 100).await.unwrap();
    assert_eq!(seals.len(), 6);
    assert_eq!(home.store.seals_after(0, 2).await.unwrap(), seals[..2]);
    assert_eq!(home.store.seals_after(4, 100).await.unwrap(), seals[1..]);
    assert_eq!(
        home.store.seals_after(5, 100).await.unwrap(),
        seals[1..],
        "covers 6 still"
    );
    assert_eq!(home.store.seals_after(18, 100).await.unwrap(), []);
}

pub async fn what_the_sealer_declines_stays_unsealed(home: Home) {
    home.user("alice").await;
    let before = home.before().await;
    assert_eq!(
        home.store.seal_events(Arc::new(Refuses), 10).await.unwrap(),
        0
    );
    home.assert_unchanged(&before).await;
    assert_eq!(home.store.seal_events(Notary::new(), 10).await.unwrap(), 1);
    assert_eq!(verified(&home).await, 1);
}

/// Holds: ASVS 15.4.2
pub async fn asvs_15_4_2_parallel_sealers_never_fork_the_chain(home: Home) {
    let store = &home.store;
    let mut tasks = Vec::new();
    for n in 0..60 {
        let (store, act) = (Arc::clone(store), home.act(NOON));
        tasks.push(tokio::spawn(async move {
            if n % 3 == 0 {
                let event = Event::plain(EventKind::AllSessionsEnded);
                store.record(vec![event; 10], act).await.unwrap();
                0
            } else {
                store.seal_events(Notary::new(), 7).await.unwrap()
            }
        }));
    }
    let mut sealed = 0;
    for task in tasks {
        sealed += task.await.unwrap();
    }
    assert_eq!(verified(&home).await, sealed as u64);
    while store.seal_events(Notary::new(), 7).await.unwrap() > 0 {}
    assert_eq!(verified(&home).await, 200);
    let events = home.snapshot().await.events;
    assert!(
        events.iter().map(|stored| stored.position).eq(1..=200),
        "without a gap once all are sealed"
    );
}

/// Acts are committed in another order than they began in: what is settled is followed, and nothing else.
///
/// Holds: ASVS 15.4.2
pub async fn asvs_15_4_2_who_follows_among_many_writers_misses_nothing(home: Home) {
    let mut writers = Vec::new();
    for n in 0..240_usize {
        let (store, act) = (Arc::clone(&home.store), home.act(NOON));
        writers.push(tokio::spawn(async move {
            let event = Event::plain(EventKind::AllSessionsEnded);
            store.record(vec![event; n % 3 + 1], act).await.unwrap();
        }));
    }
    let (store, stop) = (Arc::clone(&home.store), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let sealer = tokio::spawn(async move {
        while !stopped.load(Ordering::SeqCst) {
            store.seal_events(Notary::new(), 20).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let store = Arc::clone(&home.store);
    let follower = tokio::spawn(async move {
        let mut told: Vec<StoredEvent> = Vec::new();
        while told.len() < 480 {
            let after = told.last().map_or(0, |last| last.position);
            let settled = store.settled().await.unwrap();
            assert!(settled >= after, "what is settled stays so");
            let mut page = store.events_after(after, 50).await.unwrap().events;
            page.retain(|event| event.position <= settled);
            told.append(&mut page);
            tokio::task::yield_now().await;
        }
        told
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let told = follower.await.unwrap();
    stop.store(true, Ordering::SeqCst);
    sealer.await.unwrap();
    while home.store.seal_events(Notary::new(), 100).await.unwrap() > 0 {}
    assert_eq!(home.store.settled().await.unwrap(), 480);
    assert_eq!(told, home.snapshot().await.events);
}

/// Holds: ASVS 2.3.3
pub async fn asvs_2_3_3_an_acts_events_stand_together(home: Home) {
    let mut tasks = Vec::new();
    for _ in 0..30 {
        let (store, act) = (Arc::clone(&home.store), home.act(NOON));
        let events = [
            EventKind::SetupCompleted,
            EventKind::UserEnabled,
            EventKind::ClockAccepted,
        ]
        .map(Event::plain)
        .to_vec();
        tasks.push(tokio::spawn(async move {
            store.record(events.clone(), act.clone()).await.unwrap();
            (events, act)
        }));
    }
    let mut acts = Vec::new();
    for task in tasks {
        acts.push(task.await.unwrap());
    }
    let stored = home.snapshot().await.events;
    assert_eq!(stored.len(), 90);
    for three in stored.chunks(3) {
        let (events, act) = acts.iter().find(|(_, act)| act.id == three[0].act).unwrap();
        for (event, stored) in events.iter().zip(three) {
            assert_eq!(stored.event, *event);
            assert_tells(stored, act);
        }
    }
}
