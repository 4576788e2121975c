//! Vestibule: sessions for the applications behind one front door.
//!
//! The binary reads the settings, puts store, engine and HTTP together, listens, and carries out the operator's commands.
//! It is the only crate that names a backend, reads the clock, or draws randomness.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "until the setting `passwords.breached_file` is read")
)]
mod breached;
mod cli;
mod client;
mod keys;
mod logs;
mod os;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "until the setting `places.file` is read")
)]
mod places;
mod server;
mod settings;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
