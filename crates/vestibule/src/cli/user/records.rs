//! Accounts in a file: JSON lines or CSV, one account a line.
//!
//! In CSV the first line names the columns, in any order; roles are separated by blanks. A column that is not there leaves the
//! account as it is. What a spreadsheet would take for a formula stands behind an apostrophe, which is taken away again here; every
//! cell stands in quotes.

mod csv;

use std::collections::HashMap;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use vestibule_core::email::EmailAddress;
use vestibule_core::user::{DisplayName, Role};

pub use self::csv::{HEADINGS, cells, quoted};

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A JSON object a line
    Jsonl,
    /// Columns under a line of headings
    Csv,
}

impl Format {
    /// As a file's name ends.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// One account. What is left out is the default in a new account, and as it was in one that there is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// One of a file, and where it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    pub line: u64,
    pub record: Record,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub detail: String,
}

impl Fault {
    fn at(line: u64, detail: impl Into<String>) -> Self {
        Self {
            line,
            email: None,
            detail: detail.into(),
        }
    }
}

const NO_PASSWORDS: &str = "passwords are not imported: who is in the file sets one by recovery (`vestibule user recover EMAIL`)";

/// Every account of a file, or everything that is wrong with it.
pub fn read(bytes: &[u8], format: Option<Format>) -> Result<Vec<Numbered>, Vec<Fault>> {
    let text = match std::str::from_utf8(bytes) {
        // A mark that some programs put before UTF-8.
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count() as u64;
            return Err(vec![Fault::at(line, "it is not in UTF-8")]);
        }
    };
    let is_json = || text.trim_start().starts_with('{');
    let (records, mut faults) = match format {
        Some(Format::Jsonl) => json_lines(text),
        None if is_json() => json_lines(text),
        Some(Format::Csv) | None => csv::read(text),
    };
    let mut lines: HashMap<EmailAddress, u64> = HashMap::new();
    for Numbered { line, record } in &records {
        let what = judge(record).err();
        let email = EmailAddress::parse(&record.email).ok();
        let before = email.and_then(|email| lines.insert(email, *line));
        let twice = before.map(|before| format!("line {before} has this address already"));
        faults.extend(what.or(twice).map(|detail| Fault {
            line: *line,
            email: Some(record.email.clone()),
            detail,
        }));
    }
    if faults.is_empty() {
        return Ok(records);
    }
    faults.sort_by_key(|fault| fault.line);
    Err(faults)
}

/// What the server would refuse too, found before anything is sent.
fn judge(record: &Record) -> Result<(), String> {
    EmailAddress::parse(&record.email).map_err(|why| why.to_string())?;
    let name = record.name.as_deref().unwrap_or_default();
    DisplayName::parse(name).map_err(|why| why.to_string())?;
    for role in record.roles.iter().flatten() {
        role.parse::<Role>()
            .map_err(|why| format!("{role:?}: {why}"))?;
    }
    Ok(())
}

fn json_lines(text: &str) -> (Vec<Numbered>, Vec<Fault>) {
    let (mut records, mut faults) = (Vec::new(), Vec::new());
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(text) {
            Ok(record) => records.push(Numbered { line, record }),
            Err(error) => faults.push(Fault::at(line, told(&error))),
        }
    }
    (records, faults)
}

fn told(error: &serde_json::Error) -> String {
    let told = error.to_string();
    if told.starts_with("unknown field `password") {
        return NO_PASSWORDS.to_owned();
    }
    // It knows one line alone.
    told.replace(" at line 1 column", " at column")
}

#[cfg(test)]
mod tests;
