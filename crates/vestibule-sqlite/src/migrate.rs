//! The schema and its history: numbered, append-only, each with a checksum.

use rusqlite::{Connection, TransactionBehavior};

use vestibule_core::secret::sha256;

use crate::OpenError;
use crate::fault::Fault;

/// One step of the schema. Never edited once released: a change is another step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) sql: &'static str,
}

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: include_str!("../migrations/0001_the_first_session.sql"),
    },
    Migration {
        version: 2,
        sql: include_str!("../migrations/0002_accounts.sql"),
    },
    Migration {
        version: 3,
        sql: include_str!("../migrations/0003_applications.sql"),
    },
    Migration {
        version: 4,
        sql: include_str!("../migrations/0004_session_data_and_secrets.sql"),
    },
];

const HISTORY: &str = "
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version  INTEGER PRIMARY KEY,
        checksum BLOB NOT NULL
    ) STRICT";

/// Brings the schema to what this binary knows, all in one transaction.
pub(crate) fn migrate(conn: &mut Connection, steps: &[Migration]) -> Result<(), OpenError> {
    let known = steps.last().map_or(0, |last| last.version);
    let found = version(conn).map_err(OpenError::from_fault)?;
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    let failed = |error: rusqlite::Error| OpenError::from_fault(error.into());
    let tx = conn
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    tx.execute_batch(HISTORY).map_err(failed)?;
    for step in steps {
        let checksum = sha256(step.sql.as_bytes());
        if step.version <= found {
            let applied: [u8; 32] = tx
                .query_row(
                    "SELECT checksum FROM schema_migrations WHERE version = ?1",
                    [step.version],
                    |row| row.get(0),
                )
                .map_err(failed)?;
            if applied != checksum {
                return Err(OpenError::SchemaChanged {
                    version: step.version,
                });
            }
            continue;
        }
        tx.execute_batch(step.sql).map_err(failed)?;
        tx.execute(
            "INSERT INTO schema_migrations (version, checksum) VALUES (?1, ?2)",
            (step.version, checksum),
        )
        .map_err(failed)?;
        tx.pragma_update(None, "user_version", step.version)
            .map_err(failed)?;
    }
    tx.commit().map_err(failed)
}

fn version(conn: &Connection) -> Result<u32, Fault> {
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    u32::try_from(version)
        .map_err(|_| Fault::unreadable("the file's schema version is not a number of ours"))
}
