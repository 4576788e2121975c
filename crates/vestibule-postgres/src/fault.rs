//! What can go wrong inside a transition, and what the caller is told of it.

use std::error::Error as StdError;
use std::fmt;

use tokio_postgres::error::{DbError, Severity, SqlState};

use vestibule_store::StoreError;

/// A failure inside a transition or a read.
pub(crate) enum Fault {
    /// PostgreSQL refused, or the way to it broke.
    Sql(tokio_postgres::Error),
    /// No connection could be had in time.
    NoConnection(String),
    /// The server did not answer in time.
    Silent,
    /// A stored value cannot be what it should be.
    Unreadable(String),
    /// The store is shutting down, or has.
    Closed,
    /// Something this transition judged by was changed by another before it could write: it is to be judged anew.
    Overtaken,
    /// A request that cannot be carried out as asked.
    Refused(&'static str),
}

impl fmt::Debug for Fault {
    // As it is told: the driver's own shows the row that stood in the way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({self})")
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Sql(error)
    }
}

/// Whether the same transition, run again, may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It lost against others that are through: as often as it is patient.
    Contended,
    /// Another may have written the row that stands in the way: judged anew, it is seen.
    Doubled,
    /// What was prepared on this connection is not good any more: prepared anew, it is.
    Stale,
    /// It fails the same way again.
    Never,
}

impl Fault {
    /// A column that holds something else than it should.
    pub(crate) fn unreadable(what: &str) -> Self {
        Self::Unreadable(what.to_owned())
    }

    pub(crate) fn again(&self) -> Again {
        let Self::Sql(error) = self else {
            return match self {
                Self::Overtaken => Again::Contended,
                _ => Again::Never,
            };
        };
        match error.code() {
            Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE => Again::Contended,
            Some(code) if *code == SqlState::T_R_DEADLOCK_DETECTED => Again::Contended,
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Again::Doubled,
            // A row that another deleted meanwhile.
            Some(code) if *code == SqlState::FOREIGN_KEY_VIOLATION => Again::Doubled,
            // A table was changed under a statement ("cached plan must not change result type"), or somebody between us and
            // the server dropped it.
            Some(code) if *code == SqlState::FEATURE_NOT_SUPPORTED => Again::Stale,
            Some(code) if *code == SqlState::INVALID_SQL_STATEMENT_NAME => Again::Stale,
            _ => Again::Never,
        }
    }

    /// Whether the server takes no writes on this connection: after a failover another one may.
    pub(crate) fn is_read_only(&self) -> bool {
        match self {
            Self::Sql(error) => error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION),
            _ => false,
        }
    }

    /// Whether the server said, in so many words, that the transaction did not happen.
    pub(crate) fn is_certain(&self) -> bool {
        match self {
            Self::Sql(error) => error.as_db_error().is_some_and(|error| !is_lost(error)),
            Self::NoConnection(_) | Self::Silent | Self::Closed => false,
            Self::Unreadable(_) | Self::Overtaken | Self::Refused(_) => true,
        }
    }

    /// What the caller is told.
    pub(crate) fn error(self) -> StoreError {
        match self.kind() {
            Kind::Full => StoreError::Full(Box::new(self)),
            Kind::Unavailable => StoreError::Unavailable(Box::new(self)),
            Kind::Corrupt => StoreError::Corrupt(self.to_string()),
            Kind::Failed => StoreError::Failed(Box::new(self)),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Sql(error) => kind(error),
            Self::NoConnection(_) | Self::Silent | Self::Closed | Self::Overtaken => {
                Kind::Unavailable
            }
            Self::Unreadable(_) => Kind::Corrupt,
            Self::Refused(_) => Kind::Failed,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(error) => match error.as_db_error() {
                Some(told) if is_overtaken(told) => {
                    f.write_str("another vestibule took this database over")
                }
                // Never its detail: that shows the row.
                Some(told) => write!(f, "PostgreSQL: {} ({})", told.message(), told.code().code()),
                None => match error.source() {
                    Some(cause) => write!(f, "PostgreSQL: {error}: {cause}"),
                    None => write!(f, "PostgreSQL: {error}"),
                },
            },
            Self::NoConnection(why) => write!(f, "no connection to PostgreSQL: {why}"),
            Self::Silent => f.write_str("PostgreSQL does not answer"),
            Self::Unreadable(what) => f.write_str(what),
            Self::Closed => f.write_str("the store is closed"),
            Self::Overtaken => f.write_str("others were faster, again and again"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl StdError for Fault {}

/// What kind of failure it is, for the caller to choose what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full,
    Unavailable,
    Corrupt,
    Failed,
}

/// The server, or what sits in front of it, ends the connection with this.
fn is_lost(error: &DbError) -> bool {
    matches!(
        error.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    ) || error.code().code().starts_with("08")
}

/// Nothing else divides: see `holding`.
fn is_overtaken(error: &DbError) -> bool {
    *error.code() == SqlState::DIVISION_BY_ZERO
}

fn kind(error: &tokio_postgres::Error) -> Kind {
    let Some(told) = error.as_db_error() else {
        return if is_conversion(error) {
            Kind::Corrupt
        } else {
            Kind::Unavailable
        };
    };
    let code = told.code();
    if is_overtaken(told) {
        return Kind::Unavailable;
    }
    if *code == SqlState::DISK_FULL {
        return Kind::Full;
    }
    if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) {
        return Kind::Corrupt;
    }
    // Connections (08), rollbacks of a transaction (40), resources (53), what an operator does (57), the system (58); a lock not
    // had in time (55P03); a standby that takes no writes (25006).
    let class = code.code().get(..2).unwrap_or_default();
    if is_lost(told)
        || ["40", "53", "57", "58"].contains(&class)
        || [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
    {
        Kind::Unavailable
    } else {
        Kind::Failed
    }
}

/// A column that is not of the type that was asked for. The driver tells it apart by its words alone.
fn is_conversion(error: &tokio_postgres::Error) -> bool {
    let words = error.to_string();
    words.starts_with("error deserializing column") || words.starts_with("invalid column")
}
