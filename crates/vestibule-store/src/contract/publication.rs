//! Publication belongs to the commit: in its order, before its answer, whether or not the caller still waits.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use vestibule_core::audit::EventKind;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::session::{EndReason, Session};
use vestibule_core::user::User;

use super::harness::Home;
use super::make::{NOON, hash, noon_and};
use crate::{BoxFuture, Change, EndSession, Store, StoreError};

pub async fn an_empty_house_is_filled_at_once(home: Home) {
    assert_eq!(home.ledger.fill(), []);
    assert_eq!(home.ledger.memory().everything, StoreNumber(0));
    assert_eq!(home.snapshot().await.events, []);
}

pub async fn the_fill_is_users_then_standing_sessions(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let carol = home.user("carol").await;
    home.session(&alice, NOON).await;
    home.session(&carol, NOON).await;
    home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    let (stays, ended) = (
        home.session(&alice, NOON).await,
        home.session(&alice, NOON).await,
    );
    home.session(&bob, NOON).await;
    let reason = EndReason::EndedByOperator;
    home.store
        .end_user_sessions(bob.id, None, reason, home.act(NOON))
        .await
        .unwrap();
    home.end(ended.id, NOON).await;
    home.session(&carol, NOON).await;
    home.store
        .disable_user(carol.id, home.act(NOON))
        .await
        .unwrap();
    home.store
        .enable_user(carol.id, home.act(NOON))
        .await
        .unwrap();

    let told = home.ledger.memory();
    let home = home.reopen().await;
    let fill = home.ledger.fill();
    let users = fill
        .iter()
        .take_while(|change| matches!(change, Change::User(_)))
        .count();
    assert_eq!(users, 3);
    assert_eq!(fill[users..], [Change::SessionOpened(Box::new(stays))]);
    assert_eq!(
        home.ledger.memory(),
        told,
        "a restart forgets nothing and brings nothing back"
    );
    assert_eq!(told.everything, StoreNumber(1));
    home.snapshot().await.assert_told(&told);
}

pub async fn what_is_asked_of_an_opening_store_follows_the_fill(home: Home) {
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let users = home.users(7).await;
    let mut last = home.session(&bob, NOON).await;
    for n in 0..700 {
        if n < 100 {
            home.session(&alice, NOON).await;
        }
        last = home.session(&users[n / 100], NOON).await;
    }
    let stays = home.login(&alice, NOON);
    let (id, acts) = (stays.id, [(); 3].map(|()| home.act(NOON)));
    let home = home
        .reopen_and(async |store: &dyn Store| {
            let [end, sweep, open] = acts;
            let ended = store
                .end_session(last.id, None, EndReason::SignedOut, end)
                .await
                .unwrap();
            assert_eq!(ended, EndSession::Ended);
            let reason = EndReason::EverywhereEnded;
            assert_eq!(
                store
                    .end_user_sessions(alice.id, None, reason, sweep)
                    .await
                    .unwrap(),
                100
            );
            store.open_session(stays, open).await.unwrap();
        })
        .await;
    let memory = home.ledger.memory();
    assert!(memory.sessions.contains_key(&id) && !memory.sessions.contains_key(&last.id));
    assert_eq!(memory.sessions.len(), 701);
    home.snapshot().await.assert_told(&memory);
}

pub async fn a_change_is_published_before_its_answer(home: Home) {
    let home = Arc::new(home);
    let alice = home.user("alice").await;
    let mut tasks = Vec::new();
    for _ in 0..50 {
        let (home, alice) = (Arc::clone(&home), alice.clone());
        tasks.push(tokio::spawn(async move {
            for _ in 0..10 {
                let session = home.session(&alice, NOON).await;
                assert!(home.ledger.holds(session.id), "known before the answer");
                assert_eq!(home.end(session.id, NOON).await, EndSession::Ended);
                assert!(!home.ledger.holds(session.id), "gone before the answer");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(home.ledger.changes().len(), 1 + 50 * 10 * 2);
}

/// The ledger itself fails on a number out of order and on calls that overlap.
pub async fn a_storm_is_published_in_the_order_it_was_committed(home: Home) {
    let home = Arc::new(home);
    let mut users = Vec::new();
    for n in 0..4 {
        users.push(home.user(&format!("user-{n}")).await);
    }
    let mut tasks = Vec::new();
    for n in 0..200_usize {
        let (home, user) = (Arc::clone(&home), users[n % users.len()].clone());
        tasks.push(tokio::spawn(async move { storm(&home, &user, n).await }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let memory = home.ledger.memory();
    home.snapshot().await.assert_told(&memory);
    let home = Arc::into_inner(home).unwrap().reopen().await;
    assert_eq!(home.ledger.memory(), memory);
}

async fn storm(home: &Home, user: &User, n: usize) {
    let mine = home.session(user, NOON).await;
    let other = home.session(user, NOON).await;
    match n % 5 {
        0 => drop(home.end(other.id, NOON).await),
        1 => drop(home.renew(home.renewal(&mine, NOON)).await),
        2 => drop(
            home.store
                .end_other_sessions(mine.id, home.act(NOON))
                .await
                .unwrap(),
        ),
        3 => {
            let reason = EndReason::EverywhereEnded;
            home.store
                .end_user_sessions(user.id, None, reason, home.act(NOON))
                .await
                .unwrap();
        }
        _ => drop(home.user(&format!("made-{n}")).await),
    }
    if n == 100 {
        home.store.end_all_sessions(home.act(NOON)).await.unwrap();
    }
}

/// Holds: ASVS 2.3.3
pub async fn asvs_2_3_3_a_caller_that_hangs_up_loses_and_invents_nothing(home: Home) {
    let users = home.users(4).await;
    let mut sessions = Vec::new();
    for n in 0..200 {
        sessions.push(home.session(&users[n / 50], NOON).await);
    }
    for n in 0..200 {
        hang_up(&home, &users[3], &sessions, n).await;
    }
    let told = Arc::clone(&home.ledger);
    let home = home.reopen().await;
    let memory = home.ledger.memory();
    assert_eq!(
        told.memory(),
        memory,
        "what was published is what is stored"
    );
    home.snapshot().await.assert_told(&memory);
    let of = |changes: &[Change]| {
        let opened = |change: &Change| match change {
            Change::SessionOpened(session) => Some(session.id),
            _ => None,
        };
        changes.iter().filter_map(opened).collect::<BTreeSet<_>>()
    };
    let audited = home
        .snapshot()
        .await
        .events
        .into_iter()
        .map(|stored| stored.event);
    let audited = audited.filter(|event| event.kind == EventKind::LoginSucceeded);
    let audited: BTreeSet<_> = audited.filter_map(|event| event.session).collect();
    assert_eq!(
        audited,
        of(&told.changes()),
        "each login that happened is published and audited"
    );
}

/// Drops the n-th kind of transition after so many polls.
async fn hang_up(home: &Home, alice: &User, sessions: &[Session], n: usize) {
    let (session, act) = (&sessions[n], home.act(noon_and(1)));
    let polls = n / 6 % 4;
    let store = &home.store;
    match n % 6 {
        0 => {
            poll(
                store.open_session(home.login(alice, noon_and(1)), act),
                polls,
            )
            .await;
        }
        1 => {
            poll(
                store.end_session(session.id, None, EndReason::SignedOut, act),
                polls,
            )
            .await;
        }
        2 => {
            poll(
                store.renew_session(home.renewal(session, noon_and(1)), act),
                polls,
            )
            .await;
        }
        3 => {
            poll(
                store.create_user(home.new_user(&format!("made-{n}")), act),
                polls,
            )
            .await;
        }
        4 if n > 190 => poll(store.end_other_sessions(sessions[199].id, act), polls).await,
        4 => {
            poll(
                store.rehash_password(alice.id, super::make::FIRST, hash("x"), act),
                polls,
            )
            .await;
        }
        _ if n > 190 => {
            let change = home.password_change(&sessions[199], "new", noon_and(1));
            poll(store.change_password(change, act), polls).await;
        }
        _ => poll(store.disable_user(home.new_user("nobody").id, act), polls).await,
    }
}

async fn poll<T>(mut answer: BoxFuture<'_, Result<T, StoreError>>, times: usize) {
    for _ in 0..times {
        if poll_fn(|context| Poll::Ready(answer.as_mut().poll(context).is_ready())).await {
            return;
        }
        tokio::task::yield_now().await;
    }
}
