//! The one contract suite that every backend passes whole, contention included.
//!
//! A backend's `tests/contract.rs` says how it is opened and closed ([`House`]) and names it to
//! [`contract_suite!`](crate::contract_suite); each case then is a test of its own. No backend skips a part.
//!
//! ```text
//! vestibule_store::contract_suite!(SqliteHouse::new());
//! ```
//!
//! A case drives the transitions through [`Home`], which opens the store under a [`Ledger`]: the ledger keeps every
//! published change in order and builds from them what an index would hold, so that at any moment 'what was published'
//! can be held against 'what is stored'. [`Model`] is the whole store once more, in memory and of core's rules alone.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a contract suite fails by panicking"
)]

mod cases;
mod crowd;
mod dice;
mod harness;
mod ledger;
mod make;
mod model;
mod race;
mod snapshot;

pub mod addresses;
pub mod administrators;
pub mod app_sessions;
pub mod applications;
pub mod archive;
pub mod audit;
pub mod confirming;
pub mod declaring;
pub mod deleting;
pub mod ending;
pub mod filters;
pub mod installation;
pub mod known_devices;
pub mod lists;
pub mod opening;
pub mod outbox;
pub mod passwords;
pub mod publication;
pub mod racing_deletions;
pub mod racing_ends;
pub mod racing_handshakes;
pub mod racing_logins;
pub mod racing_session_data;
pub mod racing_tickets;
pub mod racing_tries;
pub mod recovering;
pub mod renewing;
pub mod revising;
pub mod roles;
pub mod running_out;
pub mod secrets;
pub mod session_data;
pub mod setup;
pub mod telling;
pub mod throttles;
pub mod tickets;
pub mod users;
pub mod walk;
pub mod walk_of_tries;
pub mod wrong_passwords;

pub use harness::{Before, Home, House, run, run_pair};
pub use ledger::{Ledger, Memory};
pub use model::Model;
pub use snapshot::Snapshot;
