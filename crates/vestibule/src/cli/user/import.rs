//! `vestibule user import`.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::records::{self, Fault, Format, Numbered};
use crate::cli::{FAILED, NO, output, wait};
use crate::client::{Client, Missing};
use crate::progress;
use crate::regular;
use crate::settings::Settings;

const ROUTE: &str = "/api/v1/admin/users/import";
/// Accounts in one request.
const BATCH: usize = 500;
/// Larger than a list of half a million accounts.
const MOST: u64 = 64 * 1024 * 1024;
/// Faults that are told to a person one by one.
const TOLD: usize = 20;

/// Which accounts.
#[derive(Args)]
pub struct Import {
    /// JSON lines or CSV; `-` is standard input
    file: PathBuf,
    /// Which of them it is, where that is not plain to see
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Accounts that exist become what the file says; otherwise they are left
    #[arg(long)]
    update: bool,
    /// Check everything and say what would happen
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What happened, or would.
#[derive(Default, Serialize)]
struct Summary {
    dry_run: bool,
    added: u64,
    updated: u64,
    unchanged: u64,
    skipped: u64,
    /// Lines that were not taken, or the whole file's.
    refused: Vec<Fault>,
}

impl Summary {
    fn of_faults(dry_run: bool, refused: Vec<Fault>) -> Self {
        Self {
            dry_run,
            refused,
            ..Self::default()
        }
    }

    /// Takes in the answer to a part of the file.
    fn add(&mut self, lines: &[Numbered], answer: &Value) {
        let number = |field: &str| answer[field].as_u64().unwrap_or(0);
        self.added += number("added");
        self.updated += number("updated");
        self.unchanged += number("unchanged");
        self.skipped += number("skipped");
        let outcomes = answer["users"].as_array().into_iter().flatten();
        for (one, outcome) in lines.iter().zip(outcomes) {
            if let Some(detail) = outcome["detail"].as_str() {
                self.refused.push(Fault {
                    line: one.line,
                    email: Some(one.record.email.clone()),
                    detail: detail.to_owned(),
                });
            }
        }
    }
}

pub fn run(settings: &Settings, import: &Import) -> Result<ExitCode> {
    let file = read(&import.file)?;
    let name = import.file.to_string_lossy();
    let format = import.format.or_else(|| Format::of_name(&name));
    let lines = match records::read(&file, format) {
        Ok(lines) => lines,
        Err(faults) => return end(&Summary::of_faults(import.dry_run, faults), import),
    };
    if lines.is_empty() {
        bail!("{name} holds no account");
    }
    // A dry run makes nothing, no installation either.
    let missing = if import.dry_run {
        Missing::Refuse
    } else {
        Missing::Make
    };
    let summary = wait(Client::with(settings, missing, async |client| {
        // All of it is looked at before any of it is done: a file with a slip in it changes nothing.
        let looked = send(client, &lines, import, true).await?;
        if import.dry_run || !looked.refused.is_empty() {
            return Ok(looked);
        }
        send(client, &lines, import, false).await
    }))?;
    end(&summary, import)
}

async fn send(
    client: &Client,
    lines: &[Numbered],
    import: &Import,
    dry_run: bool,
) -> Result<Summary> {
    let what = if dry_run { "checking" } else { "importing" };
    let bar = progress::items(what, lines.len() as u64);
    let mut summary = Summary {
        dry_run,
        ..Summary::default()
    };
    for batch in lines.chunks(BATCH) {
        let users: Vec<_> = batch.iter().map(|one| &one.record).collect();
        let body = json!({ "users": users, "update": import.update, "dry_run": dry_run });
        let broken_off = || {
            let line = batch.first().map_or(0, |one| one.line);
            let done = output::count(summary.added + summary.updated, "account");
            format!(
                "broken off before line {line}, with {done} imported: do the same again, those are skipped then"
            )
        };
        let answer = client.post(ROUTE, Some(&body)).await;
        let answer = if dry_run {
            answer?
        } else {
            answer.with_context(broken_off)?
        };
        let failed = answer["failed"].as_u64().unwrap_or(0);
        if failed > 0 {
            let why = answer["users"].as_array().into_iter().flatten();
            let why = why.filter(|one| one["outcome"] == "failed");
            let why = why.map(|one| output::cell(&one["detail"])).next();
            bail!("{}: {}", why.unwrap_or_default(), broken_off());
        }
        summary.add(batch, &answer);
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(summary)
}

fn end(summary: &Summary, import: &Import) -> Result<ExitCode> {
    if import.json {
        output::json(summary)?;
    } else {
        tell(summary, import)?;
    }
    Ok(match (summary.refused.is_empty(), import.dry_run) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(NO),
        (false, false) => ExitCode::from(FAILED),
    })
}

fn tell(summary: &Summary, import: &Import) -> Result<()> {
    for fault in summary.refused.iter().take(TOLD) {
        let email = fault.email.as_deref().map_or(String::new(), |email| {
            format!("{}: ", output::harmless(email))
        });
        let detail = output::harmless(&fault.detail);
        output::note(&format!("line {}: {email}{detail}", fault.line))?;
    }
    let more = summary.refused.len().saturating_sub(TOLD);
    if more > 0 {
        output::note(&format!("and {more} more"))?;
    }
    if !summary.refused.is_empty() {
        let faults = output::count(summary.refused.len() as u64, "line");
        let changed = summary.added + summary.updated;
        return if summary.dry_run || changed == 0 {
            output::note(&format!("{faults} to mend; nothing was imported"))
        } else {
            output::note(&format!("{faults} refused; {}", counts(summary, import)))
        };
    }
    output::line(&counts(summary, import))?;
    if summary.added > 0 && !summary.dry_run {
        output::note(
            "the new accounts have no password: `vestibule user recover EMAIL` lets somebody set one, and so does 'forgot your \
             password' on the sign-in page",
        )?;
    }
    Ok(())
}

fn counts(summary: &Summary, import: &Import) -> String {
    let would = if summary.dry_run { "would be " } else { "" };
    let mut told = vec![format!("{} {would}added", summary.added)];
    if import.update {
        told.push(format!("{} {would}updated", summary.updated));
        told.push(format!("{} as the file says already", summary.unchanged));
    }
    if summary.skipped > 0 {
        let why = if import.update {
            "another account has the address besides its own"
        } else {
            "they exist already, --update would change them"
        };
        told.push(format!("{} {would}skipped: {why}", summary.skipped));
    }
    told.join(", ")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .take(MOST + 1)
            .read_to_end(&mut bytes)
            .context("standard input cannot be read")?;
        if bytes.len() as u64 > MOST {
            bail!("standard input holds more than 64 MiB: import it in parts");
        }
        return Ok(bytes);
    }
    regular::read(path, MOST).with_context(|| format!("{} cannot be imported", path.display()))
}
