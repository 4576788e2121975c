//! Accounts as CSV (RFC 4180).

use std::io::Write;

use csv::{QuoteStyle, ReaderBuilder, StringRecord, Writer, WriterBuilder};

use super::{Fault, NO_PASSWORDS, Numbered, Record};
use crate::cli::output;
use crate::settings::nearest;

/// The columns there are, in the order in which they are written.
pub const HEADINGS: [&str; 6] = ["email", "name", "roles", "verified", "disabled", "language"];

/// What begins with one of these is taken for a formula by a spreadsheet (OWASP, 'CSV Injection').
const FORMULA: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\0', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Where a spreadsheet may begin a new cell, whatever stands in quotes: which it goes by hangs on its user's language.
const SEPARATORS: [char; 5] = [',', ';', '\t', '|', ':'];

/// Writes every cell in quotes: whatever separator stands in one begins no other.
pub fn quoted<W: Write>(out: W) -> Writer<W> {
    WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .from_writer(out)
}

/// The cells of an account under [`HEADINGS`].
pub fn cells(record: &Record) -> [String; 6] {
    let truth = |value: Option<bool>| value.map_or(String::new(), |value| value.to_string());
    [
        record.email.clone(),
        record.name.clone().unwrap_or_default(),
        record.roles.as_deref().unwrap_or_default().join(" "),
        truth(record.verified),
        truth(record.disabled),
        record.language.clone().unwrap_or_default(),
    ]
    .map(|cell| defused(&cell))
}

/// ASVS 1.2.10: no cell runs as a formula in the spreadsheet that opens the file, nor does what follows a separator in one.
fn defused(cell: &str) -> String {
    let parts = cell.split_inclusive(SEPARATORS);
    parts
        .map(|part| {
            if runs(part) {
                format!("'{part}")
            } else {
                part.to_owned()
            }
        })
        .collect()
}

/// The cell as it was.
fn armed(cell: &str) -> String {
    let parts = cell.split_inclusive(SEPARATORS);
    parts
        .map(|part| match part.strip_prefix('\'') {
            Some(rest) if runs(rest) => rest,
            _ => part,
        })
        .collect()
}

/// Whether it begins as a formula, behind blanks and apostrophes.
fn runs(part: &str) -> bool {
    let part = part.trim_start_matches([' ', '\'']);
    part.starts_with(FORMULA)
}

/// Every account that can be read, and what is wrong with the other lines.
pub fn read(text: &str) -> (Vec<Numbered>, Vec<Fault>) {
    let (mut records, mut faults) = (Vec::new(), Vec::new());
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains(';') && !first.contains(',') {
        b';'
    } else {
        b','
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows = reader.records();
    let columns = match rows.next() {
        None => Err(Fault::at(
            1,
            "it is empty: the first line names the columns",
        )),
        Some(Err(error)) => Err(Fault::at(1, error.to_string())),
        Some(Ok(headings)) => columns(&headings),
    };
    let columns = match columns {
        Ok(columns) => columns,
        Err(fault) => return (records, vec![fault]),
    };
    for row in rows {
        let (row, line) = match row {
            Ok(row) => {
                let line = row.position().map_or(0, csv::Position::line);
                (row, line)
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(Fault::at(line, error.to_string()));
                continue;
            }
        };
        match record(&columns, &row) {
            Ok(record) => records.push(Numbered { line, record }),
            Err(what) => faults.push(Fault::at(line, what)),
        }
    }
    (records, faults)
}

fn columns(headings: &StringRecord) -> Result<Vec<&'static str>, Fault> {
    let fault = |what: String| Fault::at(1, what);
    let mut columns = Vec::new();
    for heading in headings {
        let name = heading.trim().to_ascii_lowercase();
        let Some(known) = HEADINGS.into_iter().find(|known| *known == name) else {
            if name.starts_with("password") {
                return Err(fault(NO_PASSWORDS.to_owned()));
            }
            let nearest = nearest(&name, HEADINGS.into_iter()).unwrap_or("email");
            return Err(fault(format!(
                "there is no column {heading:?}; the nearest is {nearest:?}, and there are {}",
                HEADINGS.join(", ")
            )));
        };
        if columns.contains(&known) {
            return Err(fault(format!("the column {known:?} is there twice")));
        }
        columns.push(known);
    }
    if columns.contains(&"email") {
        return Ok(columns);
    }
    Err(fault(
        "the first line names the columns, and there is none with the name email".to_owned(),
    ))
}

fn record(columns: &[&'static str], row: &StringRecord) -> Result<Record, String> {
    if row.len() != columns.len() {
        return Err(format!(
            "it has {}, and the first line names {}",
            output::count(row.len() as u64, "cell"),
            output::count(columns.len() as u64, "column"),
        ));
    }
    let mut record = Record::default();
    for (column, cell) in columns.iter().zip(row) {
        let cell = armed(cell);
        let cell = cell.as_str();
        match *column {
            "email" => cell.trim().clone_into(&mut record.email),
            "name" => record.name = Some(cell.to_owned()),
            "roles" => {
                let roles = cell.split([' ', ',', ';']).filter(|role| !role.is_empty());
                record.roles = Some(roles.map(ToOwned::to_owned).collect());
            }
            "verified" => record.verified = truth(column, cell)?,
            "disabled" => record.disabled = truth(column, cell)?,
            _ => {
                let tag = cell.trim();
                record.language = (!tag.is_empty()).then(|| tag.to_owned());
            }
        }
    }
    Ok(record)
}

/// An empty cell says nothing.
fn truth(column: &str, cell: &str) -> Result<Option<bool>, String> {
    match cell.trim().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(format!("{column} is {cell:?}: say true or false")),
    }
}
