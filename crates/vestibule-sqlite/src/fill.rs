//! What is stored, published once at the start: applications, users, then the open sessions that stand, and the app sessions
//! under them.

use std::collections::HashMap;

use rusqlite::Connection;

use vestibule_core::id::UserId;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::session::Session;
use vestibule_store::{Change, Publish};

use crate::fault::Fault;
use crate::sessions::{SESSION_COLUMNS, read_session};
use crate::transition::Numbers;
use crate::users::{USER_COLUMNS, read_user};
use crate::{app_sessions, applications};

/// Changes published at a time: large enough to cost nothing, small enough to need no memory.
const CHUNK: usize = 4_096;

/// Runs on the writer's thread before its first transition, so that nothing it reads can be overtaken.
///
/// Sessions that have run out are among them: only the clock knows, and their end is the sweeper's to write.
pub(crate) fn fill(
    conn: &Connection,
    publish: &dyn Publish,
    stopped: &dyn Fn() -> bool,
) -> Result<(), Fault> {
    let everything = Numbers::read(conn)?.everything;
    let mut chunks = Chunks {
        chunk: Vec::with_capacity(CHUNK),
        publish,
        stopped,
    };
    for application in applications::all(conn)? {
        chunks.push(Change::Application(Box::new(application)))?;
    }
    let cutoffs = fill_users(conn, &mut chunks)?;
    fill_sessions(conn, &mut chunks, everything, &cutoffs)?;
    fill_app_sessions(conn, &mut chunks)?;
    publish.filled(everything);
    Ok(())
}

/// Answers the users that were struck by a cutoff: few, and so cheaper than a join over every session.
fn fill_users(
    conn: &Connection,
    chunks: &mut Chunks<'_>,
) -> Result<HashMap<UserId, StoreNumber>, Fault> {
    let mut cutoffs = HashMap::new();
    let mut users = conn.prepare(&format!("SELECT {USER_COLUMNS} FROM users u ORDER BY u.id"))?;
    let mut rows = users.query([])?;
    while let Some(row) = rows.next()? {
        let user = read_user(row)?;
        if user.cutoff > StoreNumber(0) {
            cutoffs.insert(user.id, user.cutoff);
        }
        chunks.push(Change::User(Box::new(user)))?;
    }
    chunks.flush()?;
    Ok(cutoffs)
}

fn fill_sessions(
    conn: &Connection,
    chunks: &mut Chunks<'_>,
    everything: StoreNumber,
    cutoffs: &HashMap<UserId, StoreNumber>,
) -> Result<(), Fault> {
    let mut sessions = conn.prepare(&format!(
        "SELECT {SESSION_COLUMNS} FROM sessions s WHERE s.ended_at IS NULL ORDER BY s.id"
    ))?;
    let mut rows = sessions.query([])?;
    while let Some(row) = rows.next()? {
        let session: Session = read_session(row)?;
        let user = cutoffs.get(&session.user).copied().unwrap_or_default();
        if session.stands(user, everything) {
            chunks.push(Change::SessionOpened(Box::new(session)))?;
        }
    }
    chunks.flush()?;
    Ok(())
}

/// Those of sessions that ended are among them while their rows are: nobody looks at them without their session.
fn fill_app_sessions(conn: &Connection, chunks: &mut Chunks<'_>) -> Result<(), Fault> {
    let mut app_sessions = conn.prepare(app_sessions::ALL)?;
    let mut rows = app_sessions.query([])?;
    while let Some(row) = rows.next()? {
        chunks.push(Change::AppSessionOpened {
            app_session: Box::new(app_sessions::read_app_session(row)?),
            replaced: None,
        })?;
    }
    chunks.flush()
}

struct Chunks<'a> {
    chunk: Vec<Change>,
    publish: &'a dyn Publish,
    stopped: &'a dyn Fn() -> bool,
}

impl Chunks<'_> {
    fn push(&mut self, change: Change) -> Result<(), Fault> {
        self.chunk.push(change);
        if self.chunk.len() == CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Fault> {
        if (self.stopped)() {
            return Err(Fault::Closed);
        }
        if !self.chunk.is_empty() {
            self.publish.publish(&self.chunk);
            self.chunk.clear();
        }
        Ok(())
    }
}
