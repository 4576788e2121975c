//! How fast this store writes, beside what SQLite does with the same rows committed in the same groups by nothing but a loop.
//! `cargo xtask bench writes` runs it.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use vestibule_core::audit::{Act, Personal};
use vestibule_sqlite::{Durability, FILE_NAME, Options, Sqlite};
use vestibule_store::pace::{self, Measured, Nobody, Pace};

/// How long each is measured, and how often, by turns: the median is told.
const LONG: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
/// The writer drains at most so many at a time.
const BATCH: usize = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    for callers in [1, 64, 512] {
        let (mut events, mut raw, mut logins) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let directory = tempfile::tempdir()?;
            let options = Options {
                directory: directory.path().to_owned(),
                durability: Durability::Full,
            };
            let store = Arc::new(Sqlite::open(options, Arc::new(Nobody))?);
            runtime.block_on(store.filled())?;
            events.push(runtime.block_on(pace::refusals(store.clone(), callers, LONG)));
            logins.push(runtime.block_on(pace::logins(store.clone(), callers, LONG)));
            runtime.block_on(store.close());
            raw.push(raw_commits(directory.path(), callers.min(BATCH))?);
        }
        let measured = Measured {
            store: "SQLite",
            callers,
            events,
            raw,
            logins,
        };
        writeln!(std::io::stdout(), "{measured}")?;
    }
    Ok(())
}

/// The same rows into the same tables with the same settings, so many to a commit.
fn raw_commits(directory: &Path, group: usize) -> rusqlite::Result<Pace> {
    let conn = Connection::open(directory.join(FILE_NAME))?;
    for (pragma, value) in [
        ("synchronous", "FULL"),
        ("wal_autocheckpoint", "4000"),
        ("cache_size", "-65536"),
        ("secure_delete", "ON"),
    ] {
        conn.pragma_update(None, pragma, value)?;
    }
    let (begun, mut each) = (pace::now(), Vec::new());
    while begun.elapsed() < LONG {
        let acts: Vec<Act> = (0..group).map(|_| pace::act()).collect();
        let commit = pace::now();
        conn.execute_batch("BEGIN IMMEDIATE")?;
        for act in &acts {
            insert(&conn, act)?;
        }
        conn.execute_batch("COMMIT")?;
        each.extend(vec![commit.elapsed(); group]);
    }
    Ok(Pace::of(each, begun.elapsed()))
}

fn insert(conn: &Connection, act: &Act) -> rusqlite::Result<()> {
    let personal = act.personal.as_ref();
    let digest = personal.map(Personal::digest);
    let mut rows = conn.prepare_cached(
        "INSERT INTO audit_personal (act_id, salt, email, address, user_agent) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    if let Some(personal) = personal {
        rows.execute((
            act.id.as_bytes(),
            personal.salt,
            &personal.email,
            &personal.address,
            &personal.user_agent,
        ))?;
    }
    let mut rows = conn.prepare_cached(
        "INSERT INTO audit_events (act_id, at, actor, kind, reason, personal_digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    rows.execute((
        act.id.as_bytes(),
        act.at.0,
        act.actor.code(),
        pace::REFUSED.code(),
        pace::REFUSED.reason(),
        digest,
    ))?;
    Ok(())
}
