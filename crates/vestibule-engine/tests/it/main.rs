//! The engine over SQLite, in-process: with a clock that the tests move and a store that fails when told to.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as its test does")]

mod account;
mod audit;
mod chores;
mod house;
mod login;
mod metrics;
mod postbox;
mod races;
mod restart;
mod passwords;
mod sessions;
mod setup;
mod stuck;
mod unstored;
mod users;
mod watched;
