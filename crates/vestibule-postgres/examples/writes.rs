//! How fast this store writes, beside what PostgreSQL does with the same rows, committed by as many connections with nothing but
//! a loop each. `cargo xtask bench writes` starts the server and runs it.
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

#[path = "../tests/database/mod.rs"]
mod database;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use vestibule_core::audit::{Act, Personal};
use vestibule_postgres::{Options, Postgres};
use vestibule_store::pace::{self, Measured, Nobody, Pace};

use database::Database;

/// How long each is measured, and how often, by turns: the median is told.
const LONG: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
/// The settings' default.
const CONNECTIONS: usize = 16;

fn main() {
    let mut out = std::io::stdout();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for callers in [1, 64, 512] {
        let (mut events, mut raw, mut logins) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let database = Database::new();
            runtime.block_on(async {
                let store = Arc::new(open(&database).await);
                events.push(pace::refusals(store.clone(), callers, LONG).await);
                logins.push(pace::logins(store.clone(), callers, LONG).await);
                store.close().await;
                raw.push(raw_commits(&database, callers.min(CONNECTIONS)).await);
            });
        }
        let measured = Measured {
            store: "PostgreSQL",
            callers,
            events,
            raw,
            logins,
        };
        out.write_all(format!("{measured}\n").as_bytes()).unwrap();
    }
}

async fn open(database: &Database) -> Postgres {
    let options = Options {
        connections: CONNECTIONS,
        ..database.options()
    };
    let store = Postgres::open(options, Arc::new(Nobody)).await.unwrap();
    store.filled().await.unwrap();
    store
}

/// The same rows into the same tables, on so many connections.
async fn raw_commits(database: &Database, connections: usize) -> Pace {
    let (begun, mut tasks) = (pace::now(), tokio::task::JoinSet::new());
    for connection in 0..connections {
        let url = database.url();
        tasks.spawn(async move {
            let client = database::connect(&url).await;
            let personal = client.prepare(PERSONAL).await.unwrap();
            let event = client.prepare(EVENT).await.unwrap();
            let mut each = Vec::new();
            while begun.elapsed() < LONG {
                let (act, one) = (pace::act(), pace::now());
                // Past whatever the store wrote.
                let entry =
                    i64::MAX / 2 + i64::try_from(each.len() * connections + connection).unwrap();
                commit(&client, [&personal, &event], &act, entry).await;
                each.push(one.elapsed());
            }
            each
        });
    }
    let each = tasks.join_all().await.concat();
    Pace::of(each, begun.elapsed())
}

const PERSONAL: &str = "INSERT INTO audit_personal (act_id, salt, email, address, user_agent) VALUES ($1, $2, $3, $4, $5)";
const EVENT: &str = "INSERT INTO audit_events (entry, act_id, at, actor, kind, reason, personal_digest) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Sent at once, as one round trip.
async fn commit(client: &Client, [personal, event]: [&Statement; 2], act: &Act, entry: i64) {
    let told = act.personal.as_ref().unwrap();
    let (id, digest) = (&act.id.as_bytes()[..], Personal::digest(told));
    let (salt, digest) = (&told.salt[..], &digest[..]);
    let (actor, kind, reason) = (
        act.actor.code(),
        pace::REFUSED.code(),
        pace::REFUSED.reason(),
    );
    let person: [&(dyn ToSql + Sync); 5] =
        [&id, &salt, &told.email, &told.address, &told.user_agent];
    let happened: [&(dyn ToSql + Sync); 7] =
        [&entry, &id, &act.at.0, &actor, &kind, &reason, &digest];
    tokio::try_join!(
        client.batch_execute("BEGIN"),
        client.execute(personal, &person),
        client.execute(event, &happened),
        client.batch_execute("COMMIT"),
    )
    .unwrap();
}
