//! What can go wrong inside a transition, and what the caller is told of it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

use vestibule_store::StoreError;

/// A failure inside a transition or a read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite refused.
    Sql(rusqlite::Error),
    /// A stored value cannot be what it should be.
    Unreadable(String),
    /// The store was closed before its fill was whole.
    Closed,
    /// A request that cannot be carried out as asked.
    Refused(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// A column that holds something else than it should.
    pub(crate) fn unreadable(what: &str) -> Self {
        Self::Unreadable(what.to_owned())
    }

    /// What the caller is told. Shared, since a failed commit is told to each caller of its batch.
    pub(crate) fn shared(self) -> Failure {
        let kind = match &self {
            Self::Sql(error) => kind(error),
            Self::Unreadable(_) => Kind::Corrupt,
            Self::Closed => Kind::Unavailable,
            Self::Refused(_) => Kind::Failed,
        };
        Failure {
            kind,
            source: Arc::new(self),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(error) => write!(f, "SQLite: {error}"),
            Self::Unreadable(what) => f.write_str(what),
            Self::Closed => Closed.fmt(f),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl StdError for Fault {}

/// What kind of failure it is, for the caller to choose what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Full,
    Unavailable,
    Corrupt,
    Failed,
}

fn kind(error: &rusqlite::Error) -> Kind {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        return match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => Kind::Corrupt,
            _ => Kind::Failed,
        };
    };
    match failure.code {
        ErrorCode::DiskFull => Kind::Full,
        // The log's index could not be grown: no room either.
        ErrorCode::SystemIoFailure if failure.extended_code == SQLITE_IOERR_SHMSIZE => Kind::Full,
        ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly => Kind::Unavailable,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Kind::Corrupt,
        _ => Kind::Failed,
    }
}

/// A failure that several callers are told of.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    source: Arc<Fault>,
}

impl Failure {
    /// For one caller.
    pub(crate) fn error(&self) -> StoreError {
        let source = Box::new(self.clone());
        match self.kind {
            Kind::Full => StoreError::Full(source),
            Kind::Unavailable => StoreError::Unavailable(source),
            Kind::Corrupt => StoreError::Corrupt(self.source.to_string()),
            Kind::Failed => StoreError::Failed(source),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl StdError for Failure {}

/// The store is shutting down, or has.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub(crate) struct Closed;

impl Closed {
    pub(crate) fn error() -> StoreError {
        StoreError::Unavailable(Box::new(Self))
    }
}
