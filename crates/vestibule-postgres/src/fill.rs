//! What is stored, published once at the start: applications, users, then the open sessions that stand, and the app sessions
//! under them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use tokio::sync::watch;
use tokio_postgres::{Row, RowStream};

use vestibule_core::id::UserId;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::session::Session;
use vestibule_store::Change;

use crate::connection::{Connection, discard};
use crate::fault::Fault;
use crate::perform::Desk;
use crate::publication::Sequencer;
use crate::sessions::row::{SESSION_COLUMNS, read_session};
use crate::transition::read_number;
use crate::users::{USER_COLUMNS, read_user};
use crate::{app_sessions, applications};

/// Changes published at a time: large enough to cost nothing, small enough to need no memory.
const CHUNK: usize = 4_096;

/// Whether the fill is whole.
#[derive(Debug, Clone)]
pub(crate) enum Filling {
    Running,
    Whole,
    Failed(String),
}

/// Runs before the first transition, so that nothing it reads can be overtaken.
pub(crate) async fn fill(desk: Arc<Desk>, told: watch::Sender<Filling>) {
    let filled = match desk.connections.take().await {
        Ok(connection) => {
            let filled = publish_all(&connection, &desk.sequencer).await;
            // Its transaction has no end of its own, and it waits longer than others may.
            discard(connection);
            filled
        }
        Err(fault) => Err(fault),
    };
    let filled = match filled {
        Ok(everything) => {
            desk.sequencer.filled(everything);
            Filling::Whole
        }
        Err(fault) => {
            tracing::error!(%fault, "what is stored cannot be read: everything is refused");
            Filling::Failed(fault.to_string())
        }
    };
    told.send_replace(filled);
}

/// One snapshot, read in a stream: of ten million sessions no more than a few thousand are in memory besides the index.
///
/// Sessions that have run out are among them: only the clock knows, and their end is the sweeper's to write.
async fn publish_all(connection: &Connection, sequencer: &Sequencer) -> Result<StoreNumber, Fault> {
    connection
        .batch_execute("SET statement_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let everything = connection
        .query_one(
            "SELECT everything_cutoff FROM installation WHERE id = 1",
            &[],
        )
        .await?;
    let everything = read_number(everything.try_get(0)?)?;
    let mut chunks = Chunks {
        chunk: Vec::with_capacity(CHUNK),
        sequencer,
    };
    for application in applications::all(connection).await? {
        chunks.push(Change::Application(Box::new(application)));
    }
    let cutoffs = fill_users(connection, &mut chunks).await?;
    fill_sessions(connection, &mut chunks, everything, &cutoffs).await?;
    fill_app_sessions(connection, &mut chunks).await?;
    Ok(everything)
}

/// Answers the users that were struck by a cutoff: few, and so cheaper than a join over every session.
async fn fill_users(
    connection: &Connection,
    chunks: &mut Chunks<'_>,
) -> Result<HashMap<UserId, StoreNumber>, Fault> {
    let mut cutoffs = HashMap::new();
    let sql = format!("SELECT {USER_COLUMNS} FROM users u ORDER BY u.id");
    let mut rows = pin!(stream(connection, &sql).await?);
    while let Some(row) = next(&mut rows).await? {
        let user = read_user(&row)?;
        if user.cutoff > StoreNumber(0) {
            cutoffs.insert(user.id, user.cutoff);
        }
        chunks.push(Change::User(Box::new(user)));
    }
    chunks.flush();
    Ok(cutoffs)
}

async fn fill_sessions(
    connection: &Connection,
    chunks: &mut Chunks<'_>,
    everything: StoreNumber,
    cutoffs: &HashMap<UserId, StoreNumber>,
) -> Result<(), Fault> {
    let sql =
        format!("SELECT {SESSION_COLUMNS} FROM sessions s WHERE s.ended_at IS NULL ORDER BY s.id");
    let mut rows = pin!(stream(connection, &sql).await?);
    while let Some(row) = next(&mut rows).await? {
        let session: Session = read_session(&row)?;
        let user = cutoffs.get(&session.user).copied().unwrap_or_default();
        if session.stands(user, everything) {
            chunks.push(Change::SessionOpened(Box::new(session)));
        }
    }
    chunks.flush();
    Ok(())
}

/// Those of sessions that ended are among them while their rows are: nobody looks at them without their session.
async fn fill_app_sessions(connection: &Connection, chunks: &mut Chunks<'_>) -> Result<(), Fault> {
    let mut rows = pin!(stream(connection, app_sessions::ALL).await?);
    while let Some(row) = next(&mut rows).await? {
        chunks.push(Change::AppSessionOpened {
            app_session: Box::new(app_sessions::read_app_session(&row)?),
            replaced: None,
        });
    }
    chunks.flush();
    Ok(())
}

async fn stream(connection: &Connection, sql: &str) -> Result<RowStream, Fault> {
    let params: [&str; 0] = [];
    Ok(connection.query_raw(sql, params).await?)
}

async fn next(rows: &mut std::pin::Pin<&mut RowStream>) -> Result<Option<Row>, Fault> {
    Ok(rows.try_next().await?)
}

struct Chunks<'a> {
    chunk: Vec<Change>,
    sequencer: &'a Sequencer,
}

impl Chunks<'_> {
    fn push(&mut self, change: Change) {
        self.chunk.push(change);
        if self.chunk.len() == CHUNK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.chunk.is_empty() {
            self.sequencer.fill(&self.chunk);
            self.chunk.clear();
        }
    }
}
