//! One process at a time works on a database: its index is fed by its own commits alone.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod database;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use vestibule_core::time::UnixMillis;
use vestibule_postgres::{Holder, OpenError, Options, Postgres};
use vestibule_store::contract::Ledger;
use vestibule_store::{Installation as _, StoreError};

use database::{Database, connect};

const LONG: Duration = Duration::from_mins(1);

fn options(database: &Database, directory: u8) -> Options {
    Options {
        holder: Holder {
            id: [directory; 16],
            label: format!("house {directory}"),
        },
        ..database.options()
    }
}

async fn open(database: &Database, directory: u8) -> Result<Postgres, OpenError> {
    let opened = Postgres::open(options(database, directory), Arc::new(Ledger::default()));
    timeout(LONG, opened).await.unwrap()
}

async fn sql(database: &Database, text: &str) {
    let client = connect(&database.url()).await;
    client.batch_execute(text).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_works_on_a_database_another_is_told_who_does() {
    let database = Database::new();
    let first = open(&database, 1).await.unwrap();
    first.raise_clock_mark(UnixMillis(1)).await.unwrap();
    match open(&database, 2).await {
        Err(OpenError::Held { by, .. }) => assert_eq!(by, "house 1"),
        other => panic!("{other:?}"),
    }
    // And nothing happened to it.
    first.raise_clock_mark(UnixMillis(2)).await.unwrap();
    first.close().await;
    // Given back, it is anybody's at once.
    let second = open(&database, 2).await.unwrap();
    assert_eq!(second.clock_mark().await.unwrap(), UnixMillis(2));
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_crashed_is_waited_for_and_then_followed() {
    let database = Database::new();
    let first = open(&database, 1).await.unwrap();
    first.filled().await.unwrap();
    // As after a kill: nothing is given back, nothing renewed.
    drop(first);
    let second = open(&database, 2).await.unwrap();
    second.raise_clock_mark(UnixMillis(1)).await.unwrap();
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_clock_that_is_set_back_hands_nothing_to_another() {
    let database = Database::new();
    let first = open(&database, 1).await.unwrap();
    first.raise_clock_mark(UnixMillis(1)).await.unwrap();
    // What was written an hour ahead of the clock as it is now.
    let ahead = "UPDATE holding SET held_until = held_until + 3600000";
    sql(&database, ahead).await;
    match open(&database, 2).await {
        Err(OpenError::Held { by, .. }) => assert_eq!(by, "house 1"),
        other => panic!("{other:?}"),
    }
    first.raise_clock_mark(UnixMillis(2)).await.unwrap();
    // And whoever fell silent before that is followed after a lease, not after an hour.
    first.filled().await.unwrap();
    drop(first);
    sql(&database, ahead).await;
    open(&database, 2).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_schema_changes_under_a_process_that_is_at_work() {
    let database = Database::new();
    let first = open(&database, 1).await.unwrap();
    first.filled().await.unwrap();
    // As an older build left it: were the steps done again now, they would find their tables there.
    sql(&database, "DELETE FROM schema_migrations WHERE version > 1").await;
    assert!(matches!(
        open(&database, 2).await,
        Err(OpenError::Held { .. })
    ));
    first.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_directory_takes_over_and_what_was_overtaken_writes_nothing_more() {
    let database = Database::new();
    let first = open(&database, 1).await.unwrap();
    first.raise_clock_mark(UnixMillis(1)).await.unwrap();
    let second = open(&database, 1).await.unwrap();
    match first.raise_clock_mark(UnixMillis(5)).await {
        Err(StoreError::Unavailable(why)) => {
            assert!(why.to_string().contains("took this"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(second.clock_mark().await.unwrap(), UnixMillis(1));
    // It finds out by itself, for its process to end.
    timeout(LONG, first.lost()).await.unwrap();
    // And takes nothing from who has it now.
    first.close().await;
    second.raise_clock_mark(UnixMillis(2)).await.unwrap();
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_ran_out_is_held_on_to_while_nobody_else_came() {
    let database = Database::new();
    let first = open(&database, 1).await.unwrap();
    sql(&database, "UPDATE holding SET held_until = 0").await;
    first.raise_clock_mark(UnixMillis(1)).await.unwrap();
    // Renewed, it is held against others again.
    let client = connect(&database.url()).await;
    let held = "SELECT 1 FROM holding WHERE held_until > 0";
    let renewed = async {
        while client.query(held, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, renewed).await.unwrap();
    assert!(matches!(
        open(&database, 2).await,
        Err(OpenError::Held { .. })
    ));
    first.close().await;
}
