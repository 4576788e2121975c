//! The command line. Exit codes: 0 done, 1 the answer is no, 2 it could not be carried out.

mod app;
mod ask;
mod audit;
mod backup;
mod completions;
mod config;
mod demo;
mod doctor;
mod loadgen;
mod mail;
mod man;
mod migrate;
mod output;
mod restore;
mod role;
mod serve;
mod session;
mod token;
mod user;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::logs;
use crate::private;
use crate::settings::{self, Faults, Flags, InForce};

pub use self::ask::password as ask_password;
pub use self::output::harmless;

/// The answer is no.
const NO: u8 = 1;
/// It could not be carried out.
const FAILED: u8 = 2;

/// It was told to end.
const BROKEN_OFF: &str = "broken off before it was done, as it was asked to";

/// Sign people in once, and know for every request who is calling.
#[derive(Parser)]
#[command(
    name = "vestibule",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Examples:\n  \
        vestibule demo                                   see it work, with sample people and a shop\n  \
        vestibule serve                                  start, with nothing configured\n  \
        vestibule user add alice@example.test            make an account\n  \
        vestibule user invite bob@example.test           let somebody make their own\n  \
        vestibule app add shop --origin https://shop.example.com\n  \
        vestibule session list --user alice@example.test\n  \
        vestibule audit verify                           is the trail whole?\n  \
        vestibule config reference                       every setting"
)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Which installation.
#[derive(Args)]
struct Place {
    /// The data directory [default: ./vestibule-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The settings file [default: vestibule.toml in the data directory, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Serve),
    /// Try it: a server with sample people and a shop, gone when it ends
    Demo(demo::Demo),
    /// Accounts: add, invite, list, show, set-roles, recover, disable, enable, delete, import, export
    #[command(subcommand)]
    User(user::User),
    /// Applications: add, list, show, set, rotate-secret, remove
    #[command(subcommand)]
    App(app::App),
    /// Roles: add, list, remove
    #[command(subcommand)]
    Role(role::Role),
    /// Who is signed in, and on which devices: list, show, revoke
    #[command(subcommand)]
    Session(session::Session),
    /// Tokens of any issuer: decode, verify
    #[command(subcommand)]
    Token(token::Token),
    /// Mail: test, status
    #[command(subcommand)]
    Mail(mail::Mail),
    /// The audit trail: tail, search, verify
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Take an encrypted backup of everything
    Backup(backup::Backup),
    /// Restore a backup into an empty place
    Restore(restore::Restore),
    /// Move an installation from one store to another
    Migrate(migrate::Migrate),
    /// Find the classic faults of an installation
    Doctor(doctor::Doctor),
    /// Load on your own server on this machine: how fast, how late, at what cost
    Loadgen(loadgen::Loadgen),
    /// The settings: init, check, show, reference
    #[command(subcommand)]
    Config(config::Config),
    /// Print what a shell needs to complete our commands
    Completions(completions::Completions),
    /// Print the manual
    Man(man::Man),
}

/// Carries out the command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Serve(serve) => serve::run(serve, &cli.place),
        Command::Demo(demo) => demo::run(demo, &cli.place),
        Command::User(command) => user::run(command, &cli.place),
        Command::App(command) => app::run(command, &cli.place),
        Command::Role(command) => role::run(command, &cli.place),
        Command::Session(command) => session::run(command, &cli.place),
        Command::Token(command) => token::run(command),
        Command::Mail(command) => mail::run(&command, &cli.place),
        Command::Audit(command) => audit::run(command, &cli.place),
        Command::Config(command) => config::run(command, &cli.place),
        Command::Backup(command) => backup::run(command, &cli.place),
        Command::Restore(command) => restore::run(command, &cli.place),
        Command::Migrate(command) => migrate::run(&command, &cli.place),
        Command::Doctor(command) => doctor::run(command, &cli.place),
        Command::Completions(command) => completions::run(&command),
        Command::Man(command) => man::run(&command),
        Command::Loadgen(command) => loadgen::run(&command),
    };
    outcome.unwrap_or_else(|error| fail(&error))
}

/// Says what went wrong, the cause in full, and that it was not carried out.
fn fail(error: &anyhow::Error) -> ExitCode {
    if output::is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "vestibule: {}", told(error));
    ExitCode::from(FAILED)
}

/// What went wrong, line by line harmless: a cause may quote what a stranger sent (ASVS 16.4.1).
fn told(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // A transparent error repeats its source.
        if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    if error.downcast_ref::<Faults>().is_some() {
        told.push_str("\nvestibule config reference lists every setting");
    }
    let lines: Vec<String> = told.split('\n').map(harmless).collect();
    lines.join("\n")
}

impl Place {
    fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            data: self.data.clone(),
            ..Flags::default()
        }
    }

    /// The settings in force for a command.
    fn settings(&self) -> Result<InForce> {
        let in_force = load(&self.flags())?;
        logs::start_for_command(&in_force.settings);
        Ok(in_force)
    }
}

/// Loads the settings with the process's environment.
fn load(flags: &Flags) -> Result<InForce, Faults> {
    // A variable that is not UTF-8 is none of ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let in_force = settings::load(flags, environment)?;
    private::serves(&in_force.settings.data);
    Ok(in_force)
}

/// Runs a command to its end.
fn wait<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(command)
}

/// The same of one that leaves something behind where it is killed: asked to end, it takes that away first.
fn wait_or_break_off<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    wait(async {
        let mut ends = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        let [interrupt, terminate, hangup] = &mut ends;
        tokio::select! {
            outcome = command => outcome,
            _ = interrupt.recv() => bail!(BROKEN_OFF),
            _ = terminate.recv() => bail!(BROKEN_OFF),
            _ = hangup.recv() => bail!(BROKEN_OFF),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_fits_a_screen_and_shows_an_example() {
        fn look(command: &mut clap::Command) {
            let help = command.render_help().to_string();
            let name = command.get_name().to_owned();
            let lines = help.lines().count();
            assert!(lines <= 50, "{name} takes {lines} lines");
            let widest = help.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(80), "{name} takes {widest:?} columns");
            if command.get_subcommands().next().is_none() {
                assert!(help.contains("Example"), "{name} has no example");
            }
            for below in command.get_subcommands_mut() {
                look(below);
            }
        }
        let mut cli = Cli::command().term_width(80);
        cli.build();
        look(&mut cli);
    }

    /// Holds: ASVS 16.4.1
    #[test]
    fn asvs_16_4_1_an_error_that_quotes_a_stranger_is_harmless() {
        let quoted = anyhow::anyhow!("at \u{1b}]0;x\u{7}\u{9b}2J\u{202e}\r").context("two\nlines");
        let told = told(&quoted);
        assert_eq!(told.lines().count(), 2, "{told:?}");
        let plain = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
        assert!(told.chars().all(plain), "{told:?}");
        assert!(told.contains("]0;x"), "{told:?}");
    }

    #[test]
    fn data_and_config_may_stand_anywhere() {
        for line in [
            ["vestibule", "--data", "d", "user", "list"],
            ["vestibule", "user", "list", "--data", "d"],
        ] {
            assert_eq!(Cli::parse_from(line).place.data, Some(PathBuf::from("d")));
        }
    }
}
