//! A database that is cut off, frozen or restarted in the middle: quick answers, nothing wrong in memory, recovery by itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod database;
mod home;
mod link;
mod server;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use vestibule_core::id::UserId;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{EndReason, NewSession};
use vestibule_core::session_data::{DataPlace, DataVersion, NewDatum, Precondition};
use vestibule_core::user::User;
use vestibule_postgres::{OpenError, Options, Patience, Postgres};
use vestibule_store::contract::Ledger;
use vestibule_store::{
    Applications as _, EndSession, OpenSession, PutDatum, RemoveApplication, RotateSecret,
    SessionData as _, Sessions as _, Users as _,
};

use database::{Database, connect};
use home::{Home, LONG, NOON, assert_unavailable};
use link::AtCommit;

/// Whether the cut comes before the server has the COMMIT or after it answered.
const CUTS: [AtCommit; 2] = [AtCommit::Swallow, AtCommit::CutAnswer];

/// Holds: ASVS 2.3.3, ASVS 15.4.2
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_2_3_3_a_login_whose_commit_is_cut_off_is_read_again() {
    for cut in CUTS {
        let home = Home::open().await;
        let alice = home.user("alice").await;
        let stays = home.session(&alice).await;
        home.link.at_commit(cut);
        assert_unavailable(
            home.store
                .open_session(home.login(&alice), home.act())
                .await,
        );
        let snapshot = home.settles().await;
        let happened = usize::from(cut == AtCommit::CutAnswer);
        assert_eq!(snapshot.sessions.len(), 1 + happened, "{cut:?}");
        // All is as ever.
        assert_eq!(home.end(&stays).await.unwrap(), EndSession::Ended);
        home.session(&alice).await;
        home.settles().await;
    }
}

/// Holds: ASVS 7.4.1
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_7_4_1_a_logout_whose_commit_is_cut_off_is_read_again() {
    for cut in CUTS {
        let home = Home::open().await;
        let alice = home.user("alice").await;
        let session = home.session(&alice).await;
        home.link.at_commit(cut);
        assert_unavailable(home.end(&session).await);
        home.settles().await;
        let happened = cut == AtCommit::CutAnswer;
        assert_eq!(!home.ledger.holds(session.id), happened, "{cut:?}");
        // Tried again, it is so in either case.
        let again = home.end(&session).await.unwrap();
        assert_eq!(again == EndSession::NotLive, happened);
        assert!(!home.ledger.holds(session.id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_account_whose_making_is_cut_off_is_known_before_its_first_login_is_answered() {
    let home = Home::open().await;
    home.link.at_commit(AtCommit::CutAnswer);
    let new = home.new_user("alice");
    let id = new.id;
    assert_unavailable(home.store.create_user(new, home.act()).await);
    let login = NewSession {
        user: id,
        ..home.login(&home.user("bob").await)
    };
    let opened = home.store.open_session(login.clone(), home.act()).await;
    assert!(matches!(opened.unwrap(), OpenSession::Opened(_)));
    assert!(home.ledger.holds(login.id));
    assert!(home.ledger.memory().users.contains_key(&id));
    home.settles().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_of_everybody_whose_commit_is_cut_off_is_enforced() {
    for cut in CUTS {
        let home = Home::open().await;
        let alice = home.user("alice").await;
        home.session(&alice).await;
        home.link.at_commit(cut);
        assert_unavailable(home.store.end_all_sessions(home.act()).await);
        let happened = u64::from(cut == AtCommit::CutAnswer);
        let told = async {
            while home.ledger.memory().everything.0 != happened {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, told).await.unwrap();
        home.settles().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deleted_user_whose_commit_is_cut_off_is_gone() {
    let home = Home::open().await;
    let alice = home.user("alice").await;
    let session = home.session(&alice).await;
    home.link.at_commit(AtCommit::CutAnswer);
    assert_unavailable(home.store.delete_user(alice.id, home.act()).await);
    home.settles().await;
    assert!(!home.ledger.holds(session.id));
    assert!(home.ledger.memory().users.is_empty());
}

/// What is not an application any more lets nobody in, also where the operator was told that nobody knows.
///
/// Holds: ASVS 7.4.1, ASVS 2.3.3
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_7_4_1_an_application_whose_removal_is_cut_off_is_read_again() {
    for cut in CUTS {
        let home = Home::open().await;
        let (shop, wiki) = (
            home.application("shop").await,
            home.application("wiki").await,
        );
        home.link.at_commit(cut);
        assert_unavailable(home.store.remove_application(shop.id, home.act()).await);
        home.settles().await;
        let known = home.ledger.memory().applications;
        let happened = cut == AtCommit::CutAnswer;
        assert_eq!(!known.contains_key(&shop.id), happened, "{cut:?}");
        assert!(known.contains_key(&wiki.id));
    }
}

/// Holds: ASVS 7.4.1
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_7_4_1_a_removal_that_was_cut_off_is_told_of_at_once_where_it_is_asked_for_again() {
    for cut in CUTS {
        // Nothing is in doubt yet: the first COMMIT is the removal's, and not that of what is read again.
        let home = Home::open().await;
        let wiki = home.application("wiki").await;
        home.link.at_commit(cut);
        assert_unavailable(home.store.remove_application(wiki.id, home.act()).await);
        let again = home.store.remove_application(wiki.id, home.act()).await;
        let gone = if cut == AtCommit::CutAnswer {
            RemoveApplication::Unknown
        } else {
            RemoveApplication::Removed
        };
        assert_eq!(again.unwrap(), gone, "{cut:?}");
        assert!(home.ledger.memory().applications.is_empty());
        home.settles().await;
    }
}

/// A secret that an operator withdraws, and is told that nobody knows, is good just where it is stored as good.
///
/// Holds: ASVS 13.3.4, ASVS 2.3.3
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_13_3_4_a_rotation_whose_commit_is_cut_off_is_read_again() {
    for cut in CUTS {
        let home = Home::open().await;
        let shop = home.application("shop").await;
        let hash = |n| HashedSecret::from_bytes([n; 32]);
        let rotate = async |n| {
            let rotated = home
                .store
                .rotate_secret(shop.id, hash(n), false, home.act());
            rotated.await
        };
        rotate(1).await.unwrap();
        home.link.at_commit(cut);
        assert_unavailable(rotate(2).await);
        // Memory is what is stored.
        home.settles().await;
        let happened = cut == AtCommit::CutAnswer;
        let known = &home.ledger.memory().applications[&shop.id];
        let good = if happened { hash(2) } else { hash(1) };
        assert!(known.is_proved_by(good), "{cut:?}");
        assert_eq!(known.secrets.len(), 1);
        let RotateSecret::Rotated(again) = rotate(3).await.unwrap() else {
            panic!("it is known");
        };
        assert_eq!(home.ledger.memory().applications[&shop.id], *again);
    }
}

/// Who was told that nobody knows writes again on the value they saw: it counts once.
///
/// Holds: ASVS 2.3.3
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_2_3_3_a_value_whose_commit_is_cut_off_is_kept_whole_or_not_at_all() {
    for cut in CUTS {
        let home = Home::open().await;
        let session = home.session(&home.user("alice").await).await;
        let shop = home.application("shop").await;
        let place = DataPlace {
            session: session.id,
            application: shop.id,
            key: "cart".parse().unwrap(),
        };
        let datum = |version, precondition| NewDatum {
            place: place.clone(),
            value: format!("[{version}]").into_bytes(),
            version: DataVersion(version),
            precondition,
        };
        let put = |datum| home.store.put_session_datum(datum);
        put(datum(1, Precondition::Absent)).await.unwrap();
        let seen = Precondition::Matches(DataVersion(1));
        home.link.at_commit(cut);
        assert_unavailable(put(datum(2, seen)).await);
        home.settles().await;
        let happened = cut == AtCommit::CutAnswer;
        let again = put(datum(3, seen)).await.unwrap();
        assert_eq!(again == PutDatum::PreconditionFailed, happened, "{cut:?}");
        let kept = home.store.session_datum(place.clone()).await.unwrap();
        let expected = if happened { "[2]" } else { "[3]" };
        assert_eq!(kept.unwrap().value, expected.as_bytes());
    }
}

/// Many at once, cut off again and again: what each was told is true, and memory is what is stored.
///
/// Holds: ASVS 2.3.3, ASVS 15.4.2
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_2_3_3_a_storm_over_a_link_that_breaks_again_and_again() {
    let home = Arc::new(Home::open().await);
    let users = [home.user("alice").await, home.user("bob").await];
    for round in 0..12 {
        let mut tasks = Vec::new();
        for n in 0..16 {
            let (home, user) = (Arc::clone(&home), users[n % 2].clone());
            tasks.push(tokio::spawn(async move {
                let new = home.login(&user);
                let id = new.id;
                let opened = home.store.open_session(new, home.act()).await;
                if let Ok(OpenSession::Opened(session)) = opened {
                    assert!(home.ledger.holds(id), "known before it is answered");
                    if n % 3 == 0
                        && let Ok(ended) = home.end(&session).await
                    {
                        assert_eq!(ended, EndSession::Ended);
                        assert!(!home.ledger.holds(id), "gone before it is answered");
                    }
                }
            }));
        }
        if round % 3 == 0 {
            home.link.at_commit(CUTS[round % 2]);
        } else {
            home.link.cut();
        }
        for task in tasks {
            task.await.unwrap();
        }
        home.link.pass();
        home.settles().await;
    }
}

/// Holds: ASVS 16.5.2
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_16_5_2_a_frozen_database_is_told_soon_and_found_again() {
    let short = Duration::from_secs(2);
    let home = Home::with(Patience {
        connect: short,
        wait: short,
        statement: short,
        // The tables are made in it.
        bulk: LONG,
    })
    .await;
    let alice = home.user("alice").await;
    let session = home.session(&alice).await;
    home.link.freeze();
    // More than there are connections: the others wait for one, and not long either.
    let callers = (0..40).map(|n| {
        let (store, act, id) = (Arc::clone(&home.store), home.act(), session.id);
        let user = alice.id;
        tokio::spawn(async move {
            if n % 2 == 0 {
                assert_unavailable(store.sessions_of(user, NOON).await);
            } else {
                let owner = Some(UserId::from_bytes([9; 16]));
                assert_unavailable(
                    store
                        .end_session(id, owner, EndReason::EndedByOwner, act)
                        .await,
                );
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    let told = async {
        for caller in callers {
            caller.await.unwrap();
        }
    };
    timeout(short * 10, told).await.unwrap();
    home.link.pass();
    home.settles().await;
    assert!(home.ledger.holds(session.id), "nobody ended it");
}

/// Holds: ASVS 15.4.2
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_15_4_2_who_loses_a_deadlock_is_tried_again() {
    let home = Home::open().await;
    let (alice, bob) = (home.user("alice").await, home.user("bob").await);
    let over = home.session(&bob).await;
    let other = connect(&home.database.url()).await;
    other.batch_execute("BEGIN").await.unwrap();
    let hold = "SELECT 1 FROM users WHERE id = $1 FOR UPDATE";
    let id = |user: &User| user.id.as_bytes().to_vec();
    other.query(hold, &[&id(&bob)]).await.unwrap();
    // Holds Alice, and waits for Bob.
    let login = NewSession {
        replaces: Some(over.id),
        ..home.login(&alice)
    };
    let opened = home.store.open_session(login.clone(), home.act());
    let opened = async { opened.await.unwrap() };
    let against = async {
        let watch = connect(&home.database.url()).await;
        let waits = "SELECT 1 FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while watch.query(waits, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        other.query(hold, &[&id(&alice)]).await.unwrap();
        other.batch_execute("COMMIT").await.unwrap();
    };
    let both = async { tokio::join!(opened, against) };
    let (opened, ()) = timeout(LONG, both).await.unwrap();
    assert!(matches!(opened, OpenSession::Opened(_)));
    assert!(home.ledger.holds(login.id) && !home.ledger.holds(over.id));
    home.settles().await;
}

/// Holds: ASVS 12.3.1
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asvs_12_3_1_a_server_that_speaks_no_tls_is_refused_where_tls_is_asked() {
    let database = Database::new();
    let options = Options {
        url: format!("{}?sslmode=verify-full", database.url()),
        ..database.options()
    };
    match Postgres::open(options, Arc::new(Ledger::default())).await {
        Err(OpenError::Store(why)) => assert!(why.contains("TLS"), "{why}"),
        // The machine knows no authority.
        Err(OpenError::Setting(why)) => assert!(why.contains("sslrootcert"), "{why}"),
        other => panic!("{other:?}"),
    }
}
