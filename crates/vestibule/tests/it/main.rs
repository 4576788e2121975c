//! The built binary on data directories of its own: starts, stops, commands, and everything that may be wrong with a start.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails; clippy's own exception covers test functions and not what they call"
)]

mod accounts;
mod alone;
mod backup;
mod browser;
mod commands;
mod faults;
mod ops;
mod process;
mod secrets;
mod serve;
mod settings;
