//! Vestibule: sessions for the applications behind one front door.
//!
//! The binary reads the settings, puts store, engine and HTTP together, listens, and carries out the operator's commands.
//! It is the only crate that names a backend, reads the clock, or draws randomness.

mod backup;
mod breached;
mod cli;
mod client;
mod declare;
mod demo;
mod doctor;
mod keys;
mod logs;
mod mail;
mod os;
mod places;
mod private;
mod progress;
mod regular;
mod server;
mod settings;
mod traces;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
