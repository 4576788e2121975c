//! Everything that is stored, as one stream of rows: what a backup holds, what a restore reads, what moves between backends.
//!
//! ```text
//! backup   store ── export ──▶ records ──▶ file          restore   file ──▶ records ── import ──▶ empty store
//! migrate  store ── export ─────────────────────────────────────────── import ──▶ empty store, then compared
//! ```
//!
//! Every backend keeps the same tables with the same columns, so that a row means the same wherever it lies. [`TABLES`] names
//! them in an order in which each row comes after what it refers to; rows come in the order of their key, so that two
//! exports of the same data are equal, row by row.

mod comparison;
mod record;
mod table;

use std::fmt;

use vestibule_core::audit::Act;

use crate::{Answer, StoreError};

pub use comparison::{Comparison, Difference, compare};
pub use record::{Begin, Decoder, End, Meter, Record, RecordError, encode_begin, encode_end};
pub use table::{Column, Kind, LEFT_OUT, LeftOut, TABLES, Table, table};

/// Of which make the rows are. It rises whenever [`TABLES`] changes: what was written at another layout is read by the
/// Vestibule that wrote it, and by its successor once that has brought the schema up to date.
pub const LAYOUT: u32 = 4;

/// Most rows in a chunk.
pub const CHUNK: usize = 500;

/// One value of one row.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// A number, or 0 and 1 for no and yes.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl fmt::Debug for Value {
    // A row may hold anything: addresses, hashes, sealed keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Integer(_) => "Integer",
            Self::Text(_) => "Text",
            Self::Bytes(_) => "Bytes",
        })
    }
}

/// One row, a value for each column of its table.
pub type Row = Vec<Value>;

/// Some rows of one table, in the order of its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Chunk {
    table: &'static Table,
    rows: Vec<Row>,
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunk({}, {} rows)", self.table.name, self.rows.len())
    }
}

impl Chunk {
    /// Rows of `table`, if each is one: as many values as it has columns, each of its column's kind.
    pub fn new(table: &'static Table, rows: Vec<Row>) -> Result<Self, RecordError> {
        if rows.iter().all(|row| table.takes(row)) {
            return Ok(Self { table, rows });
        }
        Err(RecordError::Row(table.name))
    }

    /// Whose rows they are.
    pub const fn table(&self) -> &'static Table {
        self.table
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows, taken out.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}

/// Rows on their way, pulled: whoever takes them slowly slows whoever hands them over, and nobody else.
pub trait Source: Send {
    /// The next rows; `None` after the last. An error is final.
    fn next(&mut self) -> Answer<'_, Option<Chunk>>;
}

/// How a copy of an installation arrives in a store.
#[derive(Debug)]
pub enum Arrival {
    /// As it is: to be looked at, or to go on where it stopped.
    Copied,
    /// From a backup, which may be old: a link that was used since, or a login that ended, would come alive again.
    Restored {
        /// Who restores. Audit: `installation.restored`, and `all_sessions.ended` unless logins are kept.
        act: Act,
        /// Spares the logins, the links that went out in mails, the letters that wait, and the set-up link.
        keep_logins: bool,
    },
}

/// Outcome of [`Archive::import`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import {
    /// Everything is there, and durable.
    Imported(Settled),
    /// The store holds something already. Nothing was changed.
    NotEmpty,
}

/// What became of what is only good for a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Logins that were live at the act's time, by the backup: ended, or kept. None of a mere copy.
    pub logins: u64,
    /// Links in mails that are good no more.
    pub tickets: u64,
    /// Letters and requests that waited and are dropped.
    pub errands: u64,
}

/// Everything that is stored, out and in.
pub trait Archive: Send + Sync {
    /// Which backend it is: `sqlite`, `postgres`.
    fn backend(&self) -> &'static str;

    /// Every row of every table, as of one moment between this call and its answer: what was acknowledged before the call
    /// is in it. Holds up no writer, however slowly it is read.
    fn export(&self) -> Answer<'_, Box<dyn Source>>;

    /// Fills an empty store, all in one transaction: everything, or nothing. Publishes nothing: whoever imports closes the
    /// store, and opens it again to be filled from it.
    fn import(&self, source: Box<dyn Source>, arrival: Arrival) -> Answer<'_, Import>;
}

/// A source that failed where no store is to blame.
pub fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Failed(Box::new(error))
}

#[cfg(test)]
mod tests;
