//! `vestibule backup`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use super::{NO, Place, output, wait_or_break_off};
use crate::backup::{self, BackupReport, Given, Times, Verified};
use crate::os::SystemEntropy;

/// Where the passphrase or the key is.
#[derive(Args)]
pub struct Locked {
    /// A key file, as --new-key makes one [env: VESTIBULE_BACKUP_KEY_FILE]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    key_file: Option<PathBuf>,
    /// A file that holds the passphrase, on one line; without either it is asked for [env: VESTIBULE_BACKUP_PASSPHRASE_FILE]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl From<Locked> for Given {
    fn from(locked: Locked) -> Self {
        // What is said here and now wins over the surroundings.
        if locked.key_file.is_some() || locked.passphrase_file.is_some() {
            return Self {
                key_file: locked.key_file,
                passphrase_file: locked.passphrase_file,
            };
        }
        let named = |variable| {
            std::env::var_os(variable)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        };
        Self {
            key_file: named("VESTIBULE_BACKUP_KEY_FILE"),
            passphrase_file: named("VESTIBULE_BACKUP_PASSPHRASE_FILE"),
        }
    }
}

/// Take an encrypted backup of everything, the master key included, while the server runs or while none does
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule backup monday.backup\n  \
    vestibule backup --new-key backup.key\n  \
    vestibule backup monday.backup --key-file backup.key --json\n\n\
    It is restored into a scratch place, compared row by row, and its audit trail verified; then that is removed.")]
pub struct Backup {
    /// The file to write; never one that is there
    #[arg(required_unless_present = "new_key")]
    file: Option<PathBuf>,
    #[command(flatten)]
    locked: Locked,
    /// Make a key file for backups, and nothing else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "passphrase_file"])]
    new_key: Option<PathBuf>,
    /// Do not try the backup out
    #[arg(long)]
    no_verify: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: Backup, place: &Place) -> Result<ExitCode> {
    let entropy = SystemEntropy::new();
    if let Some(path) = &command.new_key {
        backup::make_key_file(path, &entropy)?;
        if command.json {
            output::json(&json!({ "key_file": path }))?;
        } else {
            output::line(&format!(
                "wrote {}: keep a copy of it apart from the backups; without it they are lost",
                path.display()
            ))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(file) = command.file else {
        bail!("name the file to write");
    };
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    backup::check_new(&file)?;
    let secret = Given::from(command.locked).read(Times::Twice)?;
    let (taken, tried) = wait_or_break_off(async {
        let taken = backup::take(settings, &file, &secret, &entropy).await?;
        let tried = if command.no_verify {
            None
        } else {
            Some(backup::verify(&file, &secret, &settings.data).await)
        };
        Ok((taken, tried))
    })?;
    let (verified, fault) = match tried.transpose() {
        Ok(verified) => (verified, None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    if command.json {
        output::json(&json!({
            "file": file,
            "bytes": taken.bytes,
            "rows": taken.rows,
            "tables": taken.tables.iter().copied().collect::<BTreeMap<_, _>>(),
            "at": taken.at,
            "store": taken.store,
            "verified": verified,
            "fault": fault,
        }))?;
    } else {
        tell(&file, &taken)?;
    }
    let Some(fault) = fault else {
        if !command.json {
            tell_tried(verified.as_ref())?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    output::note(&format!("vestibule: {fault}"))?;
    Ok(ExitCode::from(NO))
}

fn tell(file: &Path, taken: &BackupReport) -> Result<()> {
    let count = |name: &str| {
        let found = taken.tables.iter().find(|(table, _)| *table == name);
        found.map_or(0, |(_, count)| *count)
    };
    output::line(&format!(
        "wrote {}: {}, {}, {} in all",
        file.display(),
        output::count(count("users"), "account"),
        output::count(count("audit_events"), "event"),
        output::count(taken.rows, "row"),
    ))
}

fn tell_tried(verified: Option<&Verified>) -> Result<()> {
    output::line(&match verified {
        Some(verified) => format!(
            "restored into a scratch place and compared: {} the same, the trail is whole",
            output::count(verified.rows, "row")
        ),
        None => "not tried out (--no-verify)".to_owned(),
    })
}
