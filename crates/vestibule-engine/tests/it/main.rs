//! The engine over SQLite, in-process: with a clock that the tests move and a store that fails when told to.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its test does")]

mod account;
mod addresses;
mod application_secrets;
mod attacks;
mod audit;
mod chores;
#[path = "../../examples/attacks/corpus.rs"]
mod corpus;
mod delete;
mod devices;
mod documented;
mod handshake;
mod house;
mod login;
mod mail;
mod metrics;
mod overview;
mod passwords;
mod policy;
mod postbox;
mod races;
mod recover;
mod register;
mod restart;
mod session_data;
mod sessions;
mod setup;
mod stuck;
mod throttle;
mod tickets;
#[path = "../../examples/attacks/town.rs"]
mod town;
mod unstored;
mod users;
mod watched;
