//! Real contention over what applications keep under sessions.

use std::sync::Arc;

use vestibule_core::session::EndReason;
use vestibule_core::session_data::{
    DataPlace, DataVersion, MOST_KEYS, MOST_PER_APPLICATION, MOST_PER_KEY, NewDatum, Precondition,
};

use super::harness::Home;
use super::make::session_data::place;
use super::make::{NOON, noon_and};
use super::race::{race, racer};
use super::session_data::stored;
use crate::{BoxFuture, DeleteDatum, PutDatum, Store};

/// How many try at once.
const MANY: usize = 32;

fn putting(home: &Home, datum: NewDatum) -> BoxFuture<'static, PutDatum> {
    racer(home, move |store| async move {
        store.put_session_datum(datum).await.unwrap()
    })
}

fn count(answers: &[PutDatum], which: PutDatum) -> usize {
    answers.iter().filter(|answer| **answer == which).count()
}

fn won(answers: &[PutDatum]) -> usize {
    let put = |answer: &&PutDatum| matches!(answer, PutDatum::Put { .. });
    answers.iter().filter(put).count()
}

/// Holds: ASVS 15.4.2
pub async fn asvs_15_4_2_of_many_writers_that_saw_one_value_one_wins(home: Home) {
    let session = home.session(&home.user("alice").await, NOON).await;
    let shop = home.application("shop").await;
    let cart = place(&session, &shop, "cart");
    let mut seen = Precondition::Absent;
    for _ in 0..5 {
        let datum = || NewDatum {
            precondition: seen,
            ..home.datum(cart.clone(), b"{}")
        };
        let answers = race((0..MANY).map(|_| putting(&home, datum())).collect()).await;
        assert_eq!(won(&answers), 1, "{seen:?}");
        assert_eq!(count(&answers, PutDatum::PreconditionFailed), MANY - 1);
        let told = answers.iter().find_map(|answer| match answer {
            PutDatum::Put { version, .. } => Some(*version),
            _ => None,
        });
        let kept = home.kept(cart.clone()).await.unwrap();
        assert_eq!(Some(kept.version), told, "it is the winner's");
        seen = Precondition::Matches(kept.version);
    }
}

/// Adds one to a number that is kept, until nobody came between.
async fn add_one(store: Arc<dyn Store>, place: DataPlace, mut version: u64) -> usize {
    let mut tries = 0;
    loop {
        tries += 1;
        version += 1;
        let read = store.session_datum(place.clone()).await.unwrap().unwrap();
        let number: u64 = str::from_utf8(&read.value).unwrap().parse().unwrap();
        let datum = NewDatum {
            place: place.clone(),
            value: (number + 1).to_string().into_bytes(),
            version: DataVersion(version),
            precondition: Precondition::Matches(read.version),
        };
        match store.put_session_datum(datum).await.unwrap() {
            PutDatum::Put { .. } => return tries,
            PutDatum::PreconditionFailed => {}
            other => panic!("{other:?}"),
        }
    }
}

pub async fn of_many_who_add_to_a_number_none_is_lost(home: Home) {
    let session = home.session(&home.user("alice").await, NOON).await;
    let shop = home.application("shop").await;
    let number = place(&session, &shop, "number");
    home.keep(number.clone(), b"0").await;
    let racers = (1..=16_u64).map(|n| {
        let number = number.clone();
        racer(&home, move |store| async move {
            add_one(store, number, n << 32).await
        })
    });
    race(racers.collect()).await;
    assert_eq!(home.kept(number).await.unwrap().value, b"16");
}

/// Holds: ASVS 15.2.2, ASVS 15.4.2
pub async fn asvs_15_4_2_parallel_writers_never_keep_too_much_together(home: Home) {
    let session = home.session(&home.user("alice").await, NOON).await;
    let (shop, blog) = (
        home.application("shop").await,
        home.application("blog").await,
    );
    let longest = vec![b'x'; MOST_PER_KEY];
    let racers = (0..MANY).map(|n| {
        let place = place(&session, &shop, &format!("k{n}"));
        putting(&home, home.datum(place, &longest))
    });
    let answers = race(racers.collect()).await;
    let room = MOST_PER_APPLICATION / MOST_PER_KEY;
    assert_eq!(won(&answers), room);
    assert_eq!(count(&answers, PutDatum::TooLarge), MANY - room);
    let lengths = home.entries(&session, &shop).await;
    let together: usize = lengths.iter().map(|entry| entry.length).sum();
    assert_eq!(together, MOST_PER_APPLICATION);

    let racers = (0..MOST_KEYS + MANY).map(|n| {
        let place = place(&session, &blog, &format!("k{n}"));
        putting(&home, home.datum(place, b"1"))
    });
    let answers = race(racers.collect()).await;
    assert_eq!(won(&answers), MOST_KEYS);
    assert_eq!(count(&answers, PutDatum::TooMany), MANY);
    assert_eq!(home.entries(&session, &blog).await.len(), MOST_KEYS);
}

pub async fn of_a_write_and_a_removal_that_saw_one_value_one_wins(home: Home) {
    let session = home.session(&home.user("alice").await, NOON).await;
    let shop = home.application("shop").await;
    let cart = place(&session, &shop, "cart");
    for round in 0..10 {
        let seen = Precondition::Matches(home.keep(cart.clone(), b"1").await);
        let write = NewDatum {
            precondition: seen,
            ..home.datum(cart.clone(), b"2")
        };
        let put: BoxFuture<'static, bool> = racer(&home, move |store| async move {
            let put = store.put_session_datum(write).await.unwrap();
            matches!(put, PutDatum::Put { .. })
        });
        let at = cart.clone();
        let drop = racer(&home, move |store| async move {
            store.delete_session_datum(at, seen).await.unwrap() == DeleteDatum::Deleted
        });
        let answers = race(vec![put, drop]).await;
        let [put, dropped] = answers.as_slice() else {
            panic!("two raced");
        };
        assert!(put ^ dropped, "round {round}: {answers:?}");
        assert_eq!(home.kept(cart.clone()).await.is_some(), *put);
    }
}

/// Holds: ASVS 7.4.1
pub async fn asvs_7_4_1_a_write_raced_against_an_end_leaves_nothing_behind(home: Home) {
    for round in 0..10 {
        let alice = home.user(&format!("alice-{round}")).await;
        let shop = home.application(&format!("shop-{round}")).await;
        let session = home.session(&alice, NOON).await;
        let mut racers: Vec<BoxFuture<'static, ()>> = Vec::new();
        for key in ["a", "b"] {
            let datum = home.datum(place(&session, &shop, key), b"{}");
            racers.push(racer(&home, move |store| async move {
                let put = store.put_session_datum(datum).await.unwrap();
                assert!(matches!(put, PutDatum::Put { .. } | PutDatum::NotLive));
            }));
        }
        let (id, act) = (session.id, home.act(noon_and(1)));
        let application = shop.id;
        racers.push(racer(&home, move |store| async move {
            if round % 2 == 0 {
                let reason = EndReason::SignedOut;
                store.end_session(id, None, reason, act).await.unwrap();
            } else {
                store.remove_application(application, act).await.unwrap();
            }
        }));
        race(racers).await;
        for key in ["a", "b"] {
            assert_eq!(home.kept(place(&session, &shop, key)).await, None);
        }
        let store = &home.store;
        store.drop_dead_sessions(noon_and(2), 100).await.unwrap();
        store.drop_stale_app_sessions(NOON, 100).await.unwrap();
        assert_eq!(stored(&home).await, 0);
    }
}
