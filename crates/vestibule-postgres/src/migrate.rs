//! The schema and its history: numbered, append-only, each with a checksum.

use tokio_postgres::Client;

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
        sql: include_str!("../migrations/0001_accounts_and_sessions.sql"),
    },
    Migration {
        version: 2,
        sql: include_str!("../migrations/0002_session_data_and_secrets.sql"),
    },
];

const HISTORY: &str = "
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version  bigint PRIMARY KEY,
        checksum bytea NOT NULL
    )";

/// The step that made the row by which one process at a time holds the database. Whoever goes further holds it first, so that
/// no table changes under a process that is at work.
pub(crate) const HOLDING: u32 = 1;

/// Brings the schema up to step `last` of what this binary knows, each in a transaction of its own. What is there already is
/// judged whole.
///
/// Two that start at once: each step writes its own row first, so that one waits for the other there, and then finds the row
/// written.
pub(crate) async fn migrate(
    client: &Client,
    steps: &[Migration],
    last: u32,
) -> Result<(), OpenError> {
    let known = steps.last().map_or(0, |last| last.version);
    // Not at every start: that a role may make tables is not needed once they are made.
    if !has_history(client).await.map_err(OpenError::from_fault)? {
        let made = client.batch_execute(HISTORY).await;
        if let Err(error) = made
            && !has_history(client).await.map_err(OpenError::from_fault)?
        {
            return Err(OpenError::from_fault(error.into()));
        }
    }
    let applied = applied(client).await.map_err(OpenError::from_fault)?;
    if let Some(newest) = applied.iter().map(|(version, _)| *version).max()
        && newest > i64::from(known)
    {
        return Err(OpenError::NewerSchema {
            found: newest,
            known,
        });
    }
    for step in steps {
        let checksum = sha256(step.sql.as_bytes());
        let found = applied
            .iter()
            .find(|(version, _)| *version == i64::from(step.version));
        match found {
            Some((_, applied)) if applied == &checksum => {}
            Some(_) => {
                return Err(OpenError::SchemaChanged {
                    version: step.version,
                });
            }
            None if step.version > last => {}
            None => apply(client, *step, &checksum)
                .await
                .map_err(OpenError::from_fault)?,
        }
    }
    Ok(())
}

async fn has_history(client: &Client) -> Result<bool, Fault> {
    let row = client
        .query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[])
        .await?;
    Ok(row.try_get(0)?)
}

async fn applied(client: &Client) -> Result<Vec<(i64, Vec<u8>)>, Fault> {
    let rows = client
        .query("SELECT version, checksum FROM schema_migrations", &[])
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

async fn apply(client: &Client, step: Migration, checksum: &[u8; 32]) -> Result<(), Fault> {
    client.batch_execute("BEGIN").await?;
    let done = write(client, step, checksum).await;
    match done {
        Ok(true) => Ok(client.batch_execute("COMMIT").await?),
        Ok(false) => Ok(client.batch_execute("ROLLBACK").await?),
        Err(fault) => {
            client.batch_execute("ROLLBACK").await?;
            Err(fault)
        }
    }
}

async fn write(client: &Client, step: Migration, checksum: &[u8; 32]) -> Result<bool, Fault> {
    let mine = client
        .execute(
            "INSERT INTO schema_migrations (version, checksum) VALUES ($1, $2) \
             ON CONFLICT (version) DO NOTHING",
            &[&i64::from(step.version), &checksum.as_slice()],
        )
        .await?;
    if mine == 0 {
        return Ok(false);
    }
    client.batch_execute(step.sql).await?;
    Ok(true)
}
