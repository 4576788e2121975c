//! What Vestibule asks of durable storage.
//!
//! A method is a state transition, atomic in itself: it loads, asks the pure rule of `vestibule-core` and writes inside
//! one transaction, together with the audit events that tell of it. It answers an outcome for what can be expected and
//! [`StoreError`] only for failure. Read-check-write across two calls is a bug, and insert is never upsert: only a
//! login creates a session, so nothing can bring an ended one back.
//!
//! Publication belongs to the commit and not to the request ([`Publish`]): a backend hands each committed [`Change`]
//! over in commit order *before* it answers the caller, and does so even when the caller has gone.
//!
//! The one contract suite that every backend passes whole is in [`contract`] (feature `contract`).

mod addresses;
mod app_sessions;
mod applications;
pub mod archive;
mod audit;
#[cfg(feature = "contract")]
pub mod contract;
pub mod figures;
mod gathering;
mod installation;
mod leap;
mod outbox;
#[cfg(feature = "contract")]
pub mod pace;
mod publish;
mod session_data;
mod sessions;
mod throttles;
mod tickets;
mod users;

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;

pub use addresses::{Addresses, MakePrimary, RemoveAddress};
pub use app_sessions::{AppSessions, OPEN_CODES, OfferHandshake, RedeemHandshake, Redemption};
pub use applications::{
    Applications, Declare, Declared, PutApplication, PutRole, RemoveApplication, RemoveRole,
    RotateSecret, SetRoles, StoredRole, lost_origins,
};
pub use archive::Archive;
pub use audit::{Audit, EventPage, Sealer, TrailPage};
pub use gathering::{Gathering, MOST_LOOKED_AT};
pub use installation::{CompleteSetup, Installation, KeyCheck, OfferSetup, SetupTicket};
pub use leap::Leap;
pub use outbox::{FinishErrand, Outbox, OwnDevice, PostErrand};
pub use publish::{Change, Publish};
pub use session_data::{DeleteDatum, PutDatum, SessionData};
pub use sessions::{
    EndOthers, EndSession, OpenSession, RenewSession, SessionPage, Sessions, StoredSession,
    TimedOut, Touch,
};
pub use throttles::{BeginTry, Failed, Throttles, Try, Whose};
pub use tickets::{ConfirmAddress, EndLogin, Recover, Recovery, Register, Tickets, TryCode};
pub use users::{
    ChangePassword, CreateUser, DeleteUser, NewProfile, PasswordChange, RehashPassword, ReviseUser,
    SetStatus, SignInRecord, UserPage, Users,
};

/// A boxed future, so that the traits are object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What every method answers.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Durable truth: everything that must survive a `kill -9`.
pub trait Store:
    Users
    + Addresses
    + Sessions
    + Applications
    + AppSessions
    + SessionData
    + Throttles
    + Tickets
    + Outbox
    + Audit
    + Installation
    + Archive
{
}

impl<
    T: Users
        + Addresses
        + Sessions
        + Applications
        + AppSessions
        + SessionData
        + Throttles
        + Tickets
        + Outbox
        + Audit
        + Installation
        + Archive,
> Store for T
{
}

/// The store failed. Nothing of the transition was published, and nothing of it happened, unless the variant says that this
/// is unknown.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the quota of the data directory, is full.
    #[error("the data directory's disk is full: free some space, nothing acknowledged was lost")]
    Full(#[source] Box<dyn StdError + Send + Sync>),
    /// Out of reach, overloaded, shutting down, or its disk failed. Trying again may help.
    ///
    /// Whether the transition happened is unknown. A commit whose sync failed (SQLite), or whose answer was lost on the way
    /// (a store across a network), is not seen by this process, but may be found when the data is opened again after a
    /// crash: a login nobody was told of, or an end that is wanted anyway and tried again until it is stored.
    #[error("the store cannot be reached just now")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// What is stored cannot be read.
    #[error("the store holds something unreadable ({0})")]
    Corrupt(String),
    /// Anything else.
    #[error("the store failed")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}
