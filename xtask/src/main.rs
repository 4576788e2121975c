//! What those who change Vestibule run: `cargo xtask test`, `check` and `soak`. Nothing a user needs.
//!
//! - [`test`]: everything, from the tools to the closing line `N passed, N failed`; [`install`] fetches the tools.
//! - [`postgres`]: a command with a PostgreSQL of its own, as the tests have it.
//! - [`check`]: format, lints, [`layering`], [`licences`] and the committed [`contracts`], among them the table of
//!   [`requirements`] and the tests that show them; the [`book`]'s links.
//! - [`blocklist`]: the filter of common passwords that the binary carries, made anew.
//! - [`soak`]: the `kill -9` test, for many rounds, with its result committed.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its terminal"
)]

mod bench;
mod blocklist;
mod book;
mod check;
mod contracts;
mod install;
mod layering;
mod licences;
mod machine;
mod postgres;
mod requirements;
mod soak;
mod steps;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tests and checks of the Vestibule workspace.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check, build and test everything; ends with the line 'N passed, N failed'
    Test {
        /// First install the programs the tests need, by package name (Debian or Ubuntu; as root or by sudo)
        #[arg(long)]
        install: bool,
    },
    /// Format, lints, layering, licences and the committed contracts
    Check {
        /// Write the generated files instead of comparing them
        #[arg(long)]
        write: bool,
    },
    /// Make the embedded filter of common passwords anew, from the recorded packages
    Blocklist,
    /// Measure at length, in a release build, and record the figures
    Bench {
        /// Only this one: doors, flood, writes, proxies (pages of the book); p1, p5, p7, p10 (bench/report.html); report
        name: Option<String>,
    },
    /// Run a command with a private PostgreSQL, whose address it finds in VESTIBULE_TEST_POSTGRES
    Postgres {
        /// The command and its arguments: cargo test -p vestibule-postgres
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
    /// Kill the server during a storm of logins and logouts, again and again, and record the result
    Soak {
        /// How many times
        #[arg(long, default_value_t = 50)]
        rounds: u32,
    },
}

fn main() -> ExitCode {
    let root = workspace_root();
    let outcome = match Cli::parse().command {
        Command::Test { install } => test::run(&root, install),
        Command::Check { write: true } => contracts::write(&root).map(|()| true),
        Command::Check { write: false } => check::run(&root).map(|()| true),
        Command::Blocklist => blocklist::run(&root).map(|()| true),
        Command::Bench { name } => bench::run(&root, name.as_deref()).map(|()| true),
        Command::Postgres { command } => postgres::with(&root, &command),
        Command::Soak { rounds } => soak::run(&root, rounds).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The directory that holds the workspace's `Cargo.toml`.
fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}
