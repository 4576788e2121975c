//! `vestibule migrate`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{Place, output, wait_or_break_off};
use crate::backup;
use crate::os::SystemEntropy;

/// Move an installation from one store to another, while no server runs, and compare them record by record
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule migrate --to postgres://vestibule@localhost/vestibule\n  \
    vestibule migrate --from postgres://vestibule@localhost/vestibule --to sqlite:\n\n\
    Logins stay alive, and so do the keys. The store it came from is left as it is; settings are yours to change.")]
pub struct Migrate {
    /// Where it is: `sqlite:` is the data directory's own [default: the settings' store.url]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// Where it goes: an empty store
    #[arg(long, value_name = "URL")]
    to: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Migrate, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    let from = match &command.from {
        Some(url) => backup::with_store(settings, url, "--from")?,
        None => settings.clone(),
    };
    let to = backup::with_store(settings, &command.to, "--to")?;
    let report = wait_or_break_off(backup::migrate(&from, &to, &SystemEntropy::new()))?;
    if command.json {
        output::json(&report)?;
    } else {
        output::line(&format!(
            "moved {} from {} to {}, and compared them: each is the same",
            output::count(report.rows, "row"),
            report.from,
            report.to,
        ))?;
    }
    output::note(&format!(
        "set store.url = \"{}\" before the server starts. {} was left as it is, and must not be served again: what would be \
         written there would be missing here",
        report.to, report.from
    ))?;
    Ok(ExitCode::SUCCESS)
}
