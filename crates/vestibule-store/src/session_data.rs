//! What applications keep under sessions: theirs alone, gone with the session, neither audited nor published.

use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_core::session_data::{
    DataEntry, DataPlace, DataVersion, Datum, NewDatum, Precondition,
};

use crate::Answer;

/// Outcome of [`SessionData::put_session_datum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutDatum {
    /// It is kept.
    Put {
        /// Which value it is.
        version: DataVersion,
        /// The key had none before.
        created: bool,
    },
    /// What must be so is not; nothing changed.
    PreconditionFailed,
    /// The value, or all of the application's under this session with it, would be too long; nothing changed.
    TooLarge,
    /// One key too many; nothing changed.
    TooMany,
    /// The session is not open (ended, struck, or its user disabled), or the application is gone.
    NotLive,
}

/// Outcome of [`SessionData::delete_session_datum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteDatum {
    /// The key has no value any more.
    Deleted,
    /// What must be so is not; nothing changed.
    PreconditionFailed,
    /// It had none.
    Absent,
    /// The session is not open (ended, struck, or its user disabled), or the application is gone.
    NotLive,
}

/// Transitions and reads about what applications keep under sessions that are open; what lies under another is dropped with its
/// row, and read by nobody until then.
pub trait SessionData: Send + Sync {
    /// The value at a place.
    fn session_datum(&self, place: DataPlace) -> Answer<'_, Option<Datum>>;

    /// What an application keeps under a session, by key.
    fn session_data_keys(
        &self,
        session: SessionId,
        application: ApplicationId,
    ) -> Answer<'_, Vec<DataEntry>>;

    /// Keeps a value, as [`vestibule_core::session_data::judge_put`] judges it: of parallel writers that expect the same value
    /// one wins, and together they never keep too much.
    fn put_session_datum(&self, datum: NewDatum) -> Answer<'_, PutDatum>;

    /// Drops a value, as [`vestibule_core::session_data::judge_delete`] judges it.
    fn delete_session_datum(
        &self,
        place: DataPlace,
        precondition: Precondition,
    ) -> Answer<'_, DeleteDatum>;
}
