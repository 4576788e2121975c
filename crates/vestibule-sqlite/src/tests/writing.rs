//! The writer: batches, neighbours, order, a full disk, a panic.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};

use rusqlite::Connection;

use vestibule_core::id::SessionId;
use vestibule_core::session::EndReason;
use vestibule_store::{
    Change, EndSession, OpenSession, Sessions as _, StoreError, Touch, Users as _,
};

use super::make::{Home, NOON, opened, polled};
use crate::fault::Fault;
use crate::{FILE_NAME, Sqlite, writer};

/// Holds: ASVS 2.3.3
#[tokio::test]
async fn what_waits_is_committed_together_and_told_in_the_order_of_commit() {
    let home = Home::new().await;
    let mut users = Vec::new();
    for n in 0..=(writer::BATCH + 44) / 100 {
        users.push(home.user(&format!("user-{n}")).await);
    }
    home.told.take();
    let held = home.hold().await;
    let logins: Vec<_> = (0..writer::BATCH + 44)
        .map(|n| home.login(users[n / 100]))
        .collect();
    let mut answers = Vec::new();
    for login in &logins {
        let mut answer = home.sqlite.open_session(login.clone(), home.act());
        assert!(!polled(&mut answer).await);
        answers.push(answer);
    }
    held.let_go();
    for answer in answers {
        assert!(matches!(answer.await, Ok(OpenSession::Opened(_))));
    }
    let told = home.told.take();
    assert_eq!(
        told.iter().map(Vec::len).collect::<Vec<_>>(),
        [writer::BATCH, 44],
        "one commit for all that waited, up to a batch"
    );
    let asked: Vec<SessionId> = logins.iter().map(|login| login.id).collect();
    assert_eq!(opened(&told), asked);
}

/// Commit, then publish, then answer.
#[tokio::test]
async fn a_change_is_committed_before_it_is_told_and_told_before_the_answer() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let path = home.directory.path().join(FILE_NAME);
    let (look, looked) = tokio::sync::oneshot::channel();
    let (go_on, waits) = mpsc::channel::<()>();
    let once = Mutex::new(Some((look, waits)));
    home.told.watch(move |changes| {
        assert!(matches!(changes, [Change::SessionOpened(_)]));
        let (look, waits) = once.lock().unwrap().take().unwrap();
        let committed: i64 = Connection::open(&path)
            .unwrap()
            .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
            .unwrap();
        look.send(committed).unwrap();
        waits.recv().unwrap();
    });
    let mut answer = home.sqlite.open_session(home.login(user), home.act());
    assert!(!polled(&mut answer).await);
    assert_eq!(looked.await.unwrap(), 1, "committed before it is told");
    assert!(
        !polled(&mut answer).await,
        "no answer while it is being told"
    );
    go_on.send(()).unwrap();
    assert!(matches!(answer.await, Ok(OpenSession::Opened(_))));
}

/// Holds: ASVS 2.3.3
#[tokio::test]
async fn asvs_2_3_3_a_transition_that_fails_halfway_leaves_nothing_and_spares_its_neighbours() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let taken = home.login(user);
    home.sqlite
        .open_session(taken.clone(), home.act())
        .await
        .unwrap();
    home.told.take();
    let (events, sessions) = (
        home.count("audit_events").await,
        home.count("sessions").await,
    );

    let held = home.hold().await;
    let (first, last) = (home.login(user), home.login(user));
    // An id is opened once: this one fails at its insert, after the cutoff on the one it replaces was taken.
    let mut again = taken.clone();
    again.replaces = Some(taken.id);
    let mut answers = Vec::new();
    for login in [first.clone(), again, last.clone()] {
        let mut answer = home.sqlite.open_session(login, home.act());
        assert!(!polled(&mut answer).await);
        answers.push(answer);
    }
    held.let_go();
    let mut outcomes = Vec::new();
    for answer in answers {
        outcomes.push(answer.await);
    }
    assert!(matches!(outcomes[0], Ok(OpenSession::Opened(_))));
    assert!(
        matches!(outcomes[1], Err(StoreError::Failed(_))),
        "{:?}",
        outcomes[1]
    );
    assert!(matches!(outcomes[2], Ok(OpenSession::Opened(_))));

    let told = home.told.take();
    assert_eq!(told.len(), 1, "all three were one batch");
    assert_eq!(
        told[0].len(),
        2,
        "the one that failed tells nothing, not even its cutoff"
    );
    assert_eq!(opened(&told), [first.id, last.id]);
    assert_eq!(home.count("sessions").await, sessions + 2);
    assert_eq!(home.count("audit_events").await, events + 2);
    let ended = home
        .sqlite
        .end_session(taken.id, None, EndReason::SignedOut, home.act())
        .await;
    assert_eq!(
        ended.unwrap(),
        EndSession::Ended,
        "the one to be replaced lives on"
    );
    let told = home.told.take();
    let Change::Cutoff(cutoff) = &told[0][0] else {
        panic!("{told:?}")
    };
    assert_eq!(
        cutoff.number.0, 1,
        "the number that was undone is taken by the next"
    );
}

/// Holds: ASVS 2.3.3
#[tokio::test]
async fn a_commit_that_fails_fails_its_whole_batch_and_nothing_is_told() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    home.told.take();
    let held = home.hold().await;
    let mut login = home.sqlite.open_session(home.login(user), home.act());
    assert!(!polled(&mut login).await);
    // A foreign key that is judged at the commit alone.
    let mut breaks = Box::pin(home.execute(
        "PRAGMA defer_foreign_keys = ON;
         INSERT INTO sessions (id, user_id, secret, rev, created_at, auth_time, last_seen, idle, expires_at, remembered, acr, amr)
         VALUES (zeroblob(16), zeroblob(16), zeroblob(32), 0, 0, 0, 0, 0, 0, 0, 'aal1', 0)",
    )) as std::pin::Pin<Box<dyn Future<Output = _> + Send + '_>>;
    assert!(!polled(&mut breaks).await);
    held.let_go();
    assert!(matches!(login.await, Err(StoreError::Failed(_))));
    assert!(matches!(breaks.await, Err(StoreError::Failed(_))));
    assert_eq!(home.told.take().len(), 0);
    assert_eq!(home.count("sessions").await, 0);

    let after = home.sqlite.open_session(home.login(user), home.act()).await;
    assert!(
        matches!(after, Ok(OpenSession::Opened(_))),
        "the next batch is well"
    );
}

#[tokio::test]
async fn a_caller_that_hangs_up_while_its_transition_waits_loses_nothing() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    home.told.take();
    let held = home.hold().await;
    let login = home.login(user);
    let mut answer = home.sqlite.open_session(login.clone(), home.act());
    assert!(!polled(&mut answer).await);
    drop(answer);
    held.let_go();
    // Behind it in the queue: once this is answered, that was done.
    home.sqlite.raise(NOON).await;
    assert_eq!(opened(&home.told.take()), [login.id]);
    assert_eq!(home.count("sessions").await, 1);
}

#[tokio::test]
async fn bulk_work_waits_behind_every_transition_and_comes_in_chunks() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let held = home.hold().await;
    let touches = vec![
        Touch {
            id: home.login(user).id,
            seen: NOON
        };
        super::super::sessions::CHUNK + 1
    ];
    let mut bulk = home.sqlite.touch_sessions(touches);
    assert!(!polled(&mut bulk).await);
    let told = order.clone();
    let mut chunk = Box::pin(home.sqlite.bulk(move |_| {
        told.lock().unwrap().push("bulk");
        Ok(())
    })) as vestibule_store::Answer<'_, ()>;
    assert!(!polled(&mut chunk).await);
    let mut logouts = Vec::new();
    for _ in 0..3 {
        let told = order.clone();
        let mut logout = home.sqlite.transition(move |_| {
            told.lock().unwrap().push("logout");
            Ok(())
        });
        assert!(!polled(&mut logout).await);
        logouts.push(logout);
    }
    held.let_go();
    chunk.await.unwrap();
    bulk.await.unwrap();
    assert_eq!(
        *order.lock().unwrap(),
        ["logout", "logout", "logout", "bulk"]
    );
}

/// A full disk refuses what needs room, loses nothing acknowledged, and is over when there is room again.
#[tokio::test]
async fn a_full_disk_fails_what_needs_room_and_passes_without_a_restart() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    home.limit_pages(0).await;
    let mut open = 0;
    let full = loop {
        match home.sqlite.open_session(home.login(user), home.act()).await {
            Ok(outcome) => {
                assert!(matches!(outcome, OpenSession::Opened(_)));
                open += 1;
            }
            Err(error) => break error,
        }
        assert!(open < 10_000, "the limit does not bite");
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert_eq!(opened(&home.told.take()).len(), open);
    assert_eq!(home.count("sessions").await, i64::try_from(open).unwrap());
    let read = home.sqlite.sessions_of(user, NOON).await.unwrap();
    assert_eq!(read.len(), open, "reading goes on");

    home.limit_pages(1_000_000).await;
    let again = home.sqlite.open_session(home.login(user), home.act()).await;
    assert!(matches!(again, Ok(OpenSession::Opened(_))));
}

impl Home {
    async fn limit_pages(&self, more: i64) {
        self.sqlite
            .transition(move |tx| {
                let pages: i64 = tx
                    .conn()
                    .query_row("PRAGMA page_count", [], |row| row.get(0))?;
                let sql = format!("PRAGMA max_page_count = {}", pages + more);
                tx.conn().query_row(&sql, [], |_| Ok(()))?;
                Ok(())
            })
            .await
            .unwrap();
    }
}

/// What is half-done in memory must not go on. The panic happens in a process of its own: this test once more.
#[tokio::test]
async fn a_panic_in_the_writer_ends_the_process() {
    const PANIC: &str = "VESTIBULE_TEST_PANIC";
    if std::env::var_os(PANIC).is_some() {
        let home = Home::new().await;
        let _never = home
            .sqlite
            .transition::<(), _>(|_| panic!("on purpose"))
            .await;
        return;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::writing::a_panic_in_the_writer_ends_the_process",
        ])
        .env(PANIC, "1")
        .output()
        .unwrap()
        .status;
    assert_eq!(status.signal(), Some(6), "{status}");
}

/// The log is copied and starts again although the load never pauses.
#[tokio::test]
async fn the_log_stays_bounded_under_a_load_that_never_pauses() {
    let home = Home::new().await;
    home.execute("CREATE TABLE load (page BLOB)").await.unwrap();
    let log = home.directory.path().join(format!("{FILE_NAME}-wal"));
    let mut largest = 0;
    // 42,000 pages: without a new start the log would hold them all.
    for _ in 0..420 {
        home.sqlite
            .transition(|tx| {
                for _ in 0..100 {
                    tx.execute("INSERT INTO load (page) VALUES (zeroblob(4000))", [])?;
                }
                Ok(())
            })
            .await
            .unwrap();
        largest = largest.max(std::fs::metadata(&log).unwrap().len());
    }
    assert!(largest < 38_000 * 4_096, "{largest} bytes of log");
}

/// Under a load that never pauses the trail still gets sealed.
#[tokio::test]
async fn bulk_work_is_let_in_by_a_load_that_never_pauses() {
    /// A transition that asks for the next while it runs, so that one always waits.
    fn feed(sqlite: &Arc<Sqlite>, rounds: Arc<AtomicU32>) {
        let again = sqlite.clone();
        let mut next = sqlite.transition(move |_| {
            if rounds.fetch_add(1, Ordering::Relaxed) < 10_000 {
                feed(&again, rounds);
            }
            Ok(())
        });
        let _handed_over = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    let home = Home::new().await;
    let sqlite = Arc::new(home.sqlite);
    let rounds = Arc::new(AtomicU32::new(0));
    feed(&sqlite, rounds.clone());
    sqlite.bulk(|_| Ok(())).await.unwrap();
    assert!(rounds.load(Ordering::Relaxed) < 10_000);
    sqlite.close().await;
}

#[tokio::test]
async fn after_close_nothing_is_taken_and_all_that_was_taken_is_there() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    let held = home.hold().await;
    let login = home.login(user);
    let mut answer = home.sqlite.open_session(login.clone(), home.act());
    assert!(!polled(&mut answer).await);
    held.let_go();
    home.sqlite.close().await;
    assert!(matches!(answer.await, Ok(OpenSession::Opened(_))));
    let refused = home.sqlite.open_session(home.login(user), home.act()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    let refused = home.sqlite.sign_in_record_of(user).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    let log = home.directory.path().join(format!("{FILE_NAME}-wal"));
    assert!(!log.exists(), "everything is in the one file");
    let sqlite = super::make::open_in(home.directory.path(), home.told.clone()).unwrap();
    let found = sqlite.sessions_of(user, NOON).await.unwrap();
    assert_eq!(found[0].id, login.id);
}

/// Ending everybody is one cutoff, told before the dead are counted.
///
/// Holds: ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_5_everybody_is_out_before_the_count_is_made() {
    let home = Home::new().await;
    let user = home.user("alice").await;
    for _ in 0..3 {
        home.sqlite
            .open_session(home.login(user), home.act())
            .await
            .unwrap();
    }
    home.told.take();
    let held = home.hold().await;
    let mut all = home.sqlite.end_all_sessions(home.act());
    assert!(!polled(&mut all).await);
    // What comes behind the cutoff changes nothing about what it struck.
    let mut login = home.sqlite.open_session(home.login(user), home.act());
    assert!(!polled(&mut login).await);
    let reason = EndReason::EverywhereEnded;
    let mut user_cutoff = home
        .sqlite
        .end_user_sessions(user, None, reason, home.act());
    assert!(!polled(&mut user_cutoff).await);
    held.let_go();
    assert_eq!(user_cutoff.await.unwrap(), 1);
    let told = home.told.take();
    assert!(matches!(told[0][0], Change::Cutoff(_)), "{told:?}");
    assert_eq!(all.await.unwrap(), 3);
    let again = home.sqlite.end_all_sessions(home.act()).await;
    assert_eq!(again.unwrap(), 0);
}

/// A transition of the crate's own answers what SQLite refuses.
#[tokio::test]
async fn what_sqlite_refuses_is_told_by_kind() {
    let home = Home::new().await;
    let failed = home
        .sqlite
        .transition::<(), _>(|_| Err(Fault::unreadable("a column")))
        .await;
    assert!(matches!(failed, Err(StoreError::Corrupt(what)) if what == "a column"));
    let failed = home.execute("INSERT INTO users (id) VALUES (1)").await;
    assert!(matches!(failed, Err(StoreError::Failed(_))));
}
