//! The trail, sealed and verified.

use vestibule_core::audit::{Act, Actor, Event, EventKind, Personal, RefusalReason};
use vestibule_core::id::ActId;
use vestibule_engine::TrailReport;
use vestibule_store::Audit as _;

use crate::house::{House, OTHER_PASSWORD};

/// Three sealed acts in two seals, and one that is not sealed.
async fn house() -> House {
    let mut house = House::new().await;
    house.chores.round().await;
    house.sign_in("alice@example.test").await;
    house.chores.round().await;
    let _ = house
        .try_sign_in("alice@example.test", OTHER_PASSWORD)
        .await;
    house
}

/// 2,500 refused logins, as the trail has them.
async fn many_refusals(house: &House) {
    let event = Event::plain(EventKind::LoginRefused(RefusalReason::UnknownUser));
    let act = Act {
        id: ActId::new(house.now(), [1; 10]),
        at: house.now(),
        actor: Actor::Visitor,
        personal: Some(Personal::default()),
        told: Vec::new(),
    };
    let events = vec![event; 2500];
    house.store.inner.record(events, act).await.unwrap();
}

async fn report(house: &House) -> TrailReport {
    house.engine.verify_trail().await.unwrap()
}

/// Holds: ASVS 16.4.2
#[tokio::test]
async fn asvs_16_4_2_an_untouched_trail_verifies_and_names_its_tail() {
    let mut house = house().await;
    let untouched = TrailReport {
        events: 5,
        seals: 2,
        sealed_to: 4,
        unsealed: 1,
        faults: Vec::new(),
    };
    assert_eq!(report(&house).await, untouched);
    house.chores.round().await;
    let sealed = TrailReport {
        seals: 3,
        sealed_to: 5,
        unsealed: 0,
        ..untouched
    };
    assert_eq!(report(&house).await, sealed);
    let house = house.restarted().await;
    assert_eq!(
        report(&house).await.faults,
        [],
        "the same key after a start"
    );
}

#[tokio::test]
async fn an_empty_trail_verifies() {
    let mut house = House::empty().await;
    house.chores.round().await;
    assert_eq!(report(&house).await, TrailReport::default());
}

/// Holds: ASVS 16.4.2
#[tokio::test]
async fn asvs_16_4_2_edits_are_found_and_erasure_is_none() {
    let house = house().await;
    let edited = async |edit: fn(&mut Vec<vestibule_core::audit::StoredEvent>)| {
        *house.store.edit_events.lock().unwrap() = Some(Box::new(edit));
        let faults = report(&house).await.faults;
        let faults: Vec<_> = faults
            .into_iter()
            .map(|fault| (fault.position, fault.what))
            .collect();
        faults
    };
    let erased = edited(|events| {
        for event in events {
            event.personal = None;
        }
    });
    assert_eq!(
        erased.await,
        [],
        "erased personal data leaves the chain whole"
    );

    let faults = edited(|events| {
        for event in events.iter_mut().filter(|event| event.position == 2) {
            event.event.kind = EventKind::UserDisabled;
        }
    });
    let faults = faults.await;
    assert_eq!(faults.len(), 1, "one fault, not one ever after: {faults:?}");
    assert_eq!(faults[0].0, 1);
    assert!(faults[0].1.contains("events 1 to 2"), "{faults:?}");

    let faults = edited(|events| {
        for event in events.iter_mut().filter(|event| event.position == 3) {
            let salt = event.personal.as_ref().unwrap().salt;
            event.personal = Some(Personal {
                salt,
                email: Some("mallory@example.test".to_owned()),
                ..Personal::default()
            });
        }
    });
    let faults = faults.await;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].0, 3);
    assert!(faults[0].1.contains("personal data"), "{faults:?}");

    let faults = edited(|events| events.retain(|event| event.position != 2));
    let faults = faults.await;
    assert_eq!(faults, [(2, "this event is missing".to_owned())]);
}

/// Holds: ASVS 16.4.2
#[tokio::test]
async fn asvs_16_4_2_a_lost_or_forged_seal_is_found() {
    let house = house().await;
    *house.store.edit_seals.lock().unwrap() = Some(Box::new(|seals| {
        seals.retain(|seal| seal.first != 1);
    }));
    let lost = report(&house).await;
    assert_eq!(lost.faults.len(), 1, "{lost:?}");
    assert_eq!(lost.faults[0].position, 1);
    assert_eq!((lost.seals, lost.events, lost.sealed_to), (1, 5, 4));

    *house.store.edit_seals.lock().unwrap() = Some(Box::new(|seals| {
        for seal in seals {
            seal.signature[0] ^= 1;
        }
    }));
    assert_eq!(report(&house).await.faults.len(), 2);

    *house.store.edit_seals.lock().unwrap() = Some(Box::new(|seals| {
        for seal in seals {
            seal.key[0] ^= 1;
        }
    }));
    let foreign = report(&house).await;
    assert!(
        foreign.faults[0].what.contains("another key"),
        "{foreign:?}"
    );
}

#[tokio::test]
async fn a_trail_of_thousands_of_events_is_sealed_and_read_in_pages() {
    let mut house = House::new().await;
    many_refusals(&house).await;
    house.chores.round().await;
    let report = report(&house).await;
    assert_eq!(
        (report.events, report.sealed_to, report.unsealed),
        (2502, 2502, 0)
    );
    assert!(report.seals >= 3 && report.faults.is_empty());
}

/// Holds: ASVS 16.4.2
#[tokio::test]
async fn asvs_16_4_2_a_seal_that_claims_too_much_is_found_and_read_in_pages() {
    let mut house = House::new().await;
    many_refusals(&house).await;
    house.chores.round().await;
    *house.store.edit_seals.lock().unwrap() = Some(Box::new(|seals| {
        seals.truncate(1);
        for seal in seals {
            (seal.first, seal.last) = (11, 1_000_000_000);
        }
    }));
    house.store.calls();
    let forged = report(&house).await;
    let pages = house.store.calls();
    let pages = pages.iter().filter(|call| **call == "events_after");
    // 1000, 1000, 502 and the end of the trail; then the tail that no seal claims.
    assert_eq!(pages.count(), 5);
    assert_eq!((forged.events, forged.unsealed), (2502, 0));
    let faults: Vec<_> = forged
        .faults
        .into_iter()
        .map(|fault| (fault.position, fault.what))
        .collect();
    let [(1, uncovered), (2503, missing)] = &faults[..] else {
        panic!("{faults:?}");
    };
    assert!(uncovered.contains("events 1 to 10,"), "{uncovered}");
    assert_eq!(missing, "events 2503 to 1000000000 are missing");

    // However much is wrong, what is told of it is bounded.
    *house.store.edit_seals.lock().unwrap() = Some(Box::new(|seals| {
        seals.truncate(1);
        for seal in seals {
            seal.last = 1_000_000_000;
        }
    }));
    *house.store.edit_events.lock().unwrap() = Some(Box::new(|events| {
        for event in events {
            event.personal_digest = None;
        }
    }));
    assert_eq!(report(&house).await.faults.len(), 1000);
}
