//! `vestibule config`.

mod init;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;
use vestibule_engine::Clock as _;

use super::{Place, load, output};
use crate::client;
use crate::os::SystemClock;
use crate::server::tls;
use crate::settings::{self, Faults, Flags, InForce, Settings, shown};
use crate::wiring::{self, WireError};

/// The settings
#[derive(Subcommand)]
pub enum Config {
    /// Ask five questions, and write a settings file with the answers
    Init(init::Init),
    /// Are the settings good, and the files that they name? Exits 0 if they are, 1 with every fault if they are not
    #[command(after_help = "Example:\n  vestibule config check /etc/vestibule.toml")]
    Check {
        /// A settings file, instead of the one in force
        file: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// The settings in force, and where each comes from
    #[command(after_help = "Example:\n  vestibule config show --config /etc/vestibule.toml")]
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Every setting with its default and its meaning
    #[command(after_help = "Example:\n  vestibule config reference > settings.md")]
    Reference {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: Config, place: &Place) -> Result<ExitCode> {
    match command {
        Config::Init(init) => init::run(&init, place),
        Config::Check { file, json } => {
            let flags = place.flags();
            let config = file.or(flags.config);
            check(&Flags { config, ..flags }, json)
        }
        Config::Show { json } => show(&place.flags(), json),
        Config::Reference { json } => {
            if json {
                output::json(&settings::entries())?;
            } else {
                output::text(&settings::markdown())?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(flags: &Flags, json: bool) -> Result<ExitCode> {
    let loaded = load(flags);
    let faults = faults_of(&loaded)?;
    if json {
        output::json(&json!({ "good": faults.is_empty(), "faults": faults }))?;
    } else if let Ok(in_force) = &loaded
        && faults.is_empty()
    {
        let what = in_force
            .file
            .as_ref()
            .map_or("the settings (no file)".to_owned(), |file| {
                file.display().to_string()
            });
        output::line(&format!("{what}: good"))?;
    } else {
        for fault in &faults {
            output::line(fault)?;
        }
    }
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What `vestibule serve` would refuse.
fn faults_of(loaded: &Result<InForce, Faults>) -> Result<Vec<String>> {
    match loaded {
        Ok(in_force) => faults_of_files(&in_force.settings),
        Err(faults) => Ok(faults.0.iter().map(ToString::to_string).collect()),
    }
}

/// What `vestibule serve` would refuse of the files that the settings name, run by the same user.
fn faults_of_files(settings: &Settings) -> Result<Vec<String>> {
    let issuer = client::issuer(settings)?;
    let faults = wiring::faults(settings, &issuer);
    let told = |fault: WireError| format!("{:#}", anyhow::Error::from(fault));
    let mut faults: Vec<String> = faults.into_iter().map(told).collect();
    let certificate = tls::fault(&settings.tls, &issuer, SystemClock.wall());
    faults.extend(certificate.map(|fault| fault.to_string()));
    Ok(faults)
}

fn show(flags: &Flags, json: bool) -> Result<ExitCode> {
    let in_force = load(flags)?;
    let shown = shown(&in_force, &[]);
    let shown = shown
        .into_iter()
        .map(|one| (one.value, in_force.told(&one.name), one.name));
    if json {
        let entries: Vec<_> = shown
            .map(|(value, from, key)| json!({ "setting": key, "value": value, "from": from }))
            .collect();
        output::json(&entries)?;
    } else {
        let rows: Vec<_> = shown
            .map(|(value, from, key)| vec![key, value, from])
            .collect();
        output::rows(&["setting", "value", "from"], &rows, "")?;
    }
    Ok(ExitCode::SUCCESS)
}
