//! `vestibule restore`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use vestibule_core::time::UnixMillis;

use super::backup::Locked;
use super::{Place, ask, output, wait_or_break_off};
use crate::backup::{self, Found, Given, RestoreReport, Restoring};
use crate::os::SystemEntropy;

/// Restore a backup into an empty data directory, and end every login
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule restore monday.backup --data /var/lib/vestibule\n  \
    vestibule restore monday.backup --key-file backup.key --data new --store postgres://vestibule@localhost/vestibule --yes\n\n\
    Whatever was only good for a while ends: logins, links in mails, letters that wait. With --keep-logins it does not, and a \
    login that ended since the backup is alive again.")]
pub struct Restore {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    locked: Locked,
    /// Restore into this store [default: the settings' store.url]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Leave logins, mailed links and waiting letters as they were when the backup was taken
    #[arg(long)]
    keep_logins: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: Restore, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = match &command.store {
        Some(url) => backup::with_store(&in_force.settings, url, "--store")?,
        None => in_force.settings,
    };
    let found = Found::look(&command.file)?;
    let at = time(found.header.at);
    let secret = Given::from(command.locked).read_for(found.header.lock)?;
    let file = found.unlock(&secret)?;
    backup::check_empty(&settings)?;
    if !command.yes {
        let logins = if command.keep_logins {
            "logins stay as they were then: one that ended since is alive again"
        } else {
            "everybody has to sign in again"
        };
        let elsewhere = match settings.store.postgres {
            Some(_) => format!(" and the store {}", backup::shown(&settings)),
            None => String::new(),
        };
        ask::confirm(
            &format!(
                "This restores the state of {at} into {}{elsewhere}; {logins}.",
                settings.data.display()
            ),
            "a restore asks first",
            "nothing was restored",
        )?;
    }
    let restoring = Restoring {
        settings: &settings,
        file: &file,
        keep_logins: command.keep_logins,
    };
    let entropy = SystemEntropy::new();
    let report = wait_or_break_off(backup::restore(&restoring, &entropy))?;
    if command.json {
        output::json(&json!({
            "data": settings.data,
            "store": backup::shown(&settings),
            "rows": report.rows,
            "tables": report.tables.iter().copied().collect::<BTreeMap<_, _>>(),
            "logins": report.logins,
            "logins_kept": report.logins_kept,
            "links_dropped": report.links_dropped,
            "letters_dropped": report.letters_dropped,
            "events": report.events,
            "trail_fault": report.trail_fault,
            "clock_behind_minutes": report.clock_behind_minutes,
        }))?;
    } else {
        tell(&report, &at)?;
    }
    if command.store.is_some() {
        output::note(&format!(
            "set store.url to {} before the server starts: the settings decide where it looks",
            backup::shown(&settings)
        ))?;
    }
    Ok(match report.trail_fault {
        None => ExitCode::SUCCESS,
        Some(fault) => {
            output::note(&format!(
                "vestibule: it was restored and is there, with the trail as it was when the backup was taken: {fault}"
            ))?;
            ExitCode::from(super::NO)
        }
    })
}

fn tell(report: &RestoreReport, at: &str) -> Result<()> {
    output::line(&format!(
        "restored the state of {at}: {}{}",
        output::count(report.rows, "row"),
        match report.trail_fault {
            None => format!(
                ", {}; the trail is whole",
                output::count(report.events, "event")
            ),
            Some(_) => "; the trail is NOT whole".to_owned(),
        },
    ))?;
    let logins = output::count(report.logins, "session");
    if report.logins_kept {
        output::line(&format!(
            "kept {logins}: one that ended since the backup was taken is alive again"
        ))?;
    } else {
        output::line(&format!(
            "ended every login: {logins} that were live, and {} in mails; dropped {} that waited",
            output::count(report.links_dropped, "link"),
            output::count(report.letters_dropped, "letter"),
        ))?;
    }
    output::line(
        "what changed since is not there: look for passwords that were changed, accounts that were disabled or deleted, roles that \
         were taken away",
    )?;
    if let Some(minutes) = report.clock_behind_minutes {
        output::note(&format!(
            "this machine's clock is {minutes} minutes behind the backup's: set it right, or start once with --accept-clock if it is \
             right"
        ))?;
    }
    Ok(())
}

/// As people read it.
fn time(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| "an unknown time".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}
