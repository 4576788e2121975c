//! How a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, ffi};

use crate::Durability;

/// How long a connection that writes waits for a lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The only writer. What waits for its lock is never another writer of ours, so a wait is a sign of trouble.
pub(crate) fn writer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let conn = open(path, durability)?;
    // Checkpoints are made elsewhere, so that no commit pays for one.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // KiB: 64 MiB.
    conn.pragma_update(None, "cache_size", -65_536)?;
    // A batch reaches the log at its commit alone, and a savepoint's undo stays in memory: a full disk is met in one place.
    conn.pragma_update(None, "cache_spill", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // What is erased is overwritten where it lay, also where a whole page of it becomes free: `FAST` would leave that one.
    conn.pragma_update(None, "secure_delete", "ON")?;
    // The log's file shrinks to this when it starts again.
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

/// The one that copies the log into the database.
pub(crate) fn checkpointer(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let conn = open(path, durability)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(conn)
}

/// One that reads, and cannot write.
pub(crate) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_secs(1))?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -8_192)?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}

fn open(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(PATIENCE)?;
    // SQLite answers the mode it kept where it cannot have this one (some network file systems), and is not heard as an error.
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_CANTOPEN),
            Some("a write-ahead log cannot be kept here: use a local file system".to_owned()),
        ));
    }
    conn.pragma_update(
        None,
        "synchronous",
        match durability {
            Durability::Full => "FULL",
            Durability::Off => "OFF",
        },
    )?;
    Ok(conn)
}
