//! What commands print: tables on a terminal, tab-separated lines in a pipe, JSON for programs.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Result;
use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

/// Columns below which a table is harder to read than lines.
const NARROW: u16 = 72;

/// Prints the answer of a command whose exit code is settled: that its reader has gone changes nothing of it.
pub fn settled(code: ExitCode, printed: Result<()>) -> Result<ExitCode> {
    match printed {
        Err(error) if !is_closed_pipe(&error) => Err(error),
        _ => Ok(code),
    }
}

/// Prints one line.
pub fn line(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// Says something beside the answer: on standard error, where no program reads the answer.
pub fn note(text: &str) -> Result<()> {
    writeln!(io::stderr(), "{text}")?;
    Ok(())
}

/// Prints text as it is.
pub fn text(text: &str) -> Result<()> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Prints bytes as they are.
pub fn bytes(bytes: &[u8]) -> Result<()> {
    io::stdout().write_all(bytes)?;
    Ok(())
}

/// Prints JSON for programs, over several lines.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(&ascii_controls(&serde_json::to_string_pretty(value)?))
}

/// JSON whose strings hold no control character as it is (ASVS 16.4.1): the writer escapes those below U+0020 alone, and a terminal
/// takes U+009B for the beginning of a sequence. Nor what makes text look like another.
pub fn ascii_controls(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if ('\u{7f}'..='\u{9f}').contains(&c) || disguises(c) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

/// Prints rows under headings; `none` where there are no rows, on a terminal.
pub fn rows(headings: &[&str], rows: &[Vec<String>], none: &str) -> Result<()> {
    let mut table = Table::new();
    // A terminal too narrow for columns, or one that does not know its width, is as a pipe.
    if !io::stdout().is_terminal() || table.width().is_none_or(|width| width < NARROW) {
        return text(&plain(headings, rows));
    }
    if rows.is_empty() {
        return line(none);
    }
    // https://no-color.org: set, and not empty.
    let plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let headings = headings.iter().map(|heading| match Cell::new(heading) {
        cell if plain => cell,
        cell => cell.add_attribute(Attribute::Bold),
    });
    table
        .load_preset(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings);
    for row in rows {
        table.add_row(row.iter().map(|cell| harmless(cell)));
    }
    line(&table.to_string())
}

/// Prints what is known of one thing.
pub fn facts(facts: &[(&str, String)]) -> Result<()> {
    let facts: Vec<_> = facts
        .iter()
        .map(|(what, is)| vec![(*what).to_owned(), is.clone()])
        .collect();
    rows(&["what", "is"], &facts, "")
}

fn plain(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = headings.join("\t");
    text.push('\n');
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| harmless(cell)).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

/// ASVS 16.4.1: what a stranger sent reaches no terminal as a control sequence, breaks no line, and shows as what it is.
pub fn harmless(text: &str) -> String {
    let harms = |c: char| c.is_control() || disguises(c);
    text.chars()
        .map(|c| if harms(c) { '\u{fffd}' } else { c })
        .collect()
}

/// What has no width, separates lines, or turns the direction of what follows.
const fn disguises(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A field of a JSON answer as a cell: text as it is, lists with commas, nothing for null.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Of a truth.
pub fn yes(value: &Value) -> String {
    let told = if *value == true { "yes" } else { "no" };
    told.to_owned()
}

/// What an ending reaches: sessions, and what is signed in to through them.
pub fn reach(reach: &Value) -> String {
    let number = |field: &str| reach[field].as_u64().unwrap_or(0);
    let sessions = count(number("sessions"), "session");
    match number("applications") {
        0 => sessions,
        applications => format!("{sessions} with {}", count(applications, "application")),
    }
}

/// `1 session`, `2 sessions`.
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// The reader of our output went away, as `head` does: not a failure of ours.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Holds: ASVS 16.4.1
    #[test]
    fn asvs_16_4_1_nor_does_any_in_json() {
        let told = json!({ "user_agent": "\u{9b}2J\u{7f}\u{1b}[0m\u{202e}", "name": "Zo\u{eb}" });
        let text = ascii_controls(&told.to_string());
        assert!(!text.contains('\u{202e}'), "{text}");
        assert!(!text.chars().any(char::is_control), "{text}");
        assert!(text.contains("Zo\u{eb}"), "{text}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            told
        );
    }

    /// Holds: ASVS 16.4.1
    #[test]
    fn asvs_16_4_1_no_control_sequence_reaches_the_terminal() {
        let row = vec![
            "\u{1b}[31mred".to_owned(),
            "two\nlines\tand a tab".to_owned(),
            "\u{9b}2J".to_owned(),
        ];
        let text = plain(&["a", "b", "c"], &[row]);
        assert_eq!(text.lines().count(), 2);
        assert!(
            text.chars()
                .all(|c| !c.is_control() || c == '\n' || c == '\t'),
            "{text:?}"
        );
        assert_eq!(text.lines().nth(1).unwrap().split('\t').count(), 3);
    }

    /// Holds: ASVS 16.4.1
    #[test]
    fn asvs_16_4_1_nothing_turns_or_hides_what_stands_beside_it() {
        for c in ['\u{200b}', '\u{200f}', '\u{2028}', '\u{202a}', '\u{202e}'] {
            assert_eq!(harmless(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        for c in ['\u{2066}', '\u{2069}'] {
            assert_eq!(harmless(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        assert_eq!(
            harmless("Zo\u{eb} \u{2013} \u{5e9}"),
            "Zo\u{eb} \u{2013} \u{5e9}"
        );
    }

    #[test]
    fn a_reader_that_has_gone_changes_no_exit_code() {
        let gone = || Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        assert_eq!(
            settled(ExitCode::FAILURE, gone()).unwrap(),
            ExitCode::FAILURE
        );
        assert_eq!(
            settled(ExitCode::SUCCESS, Ok(())).unwrap(),
            ExitCode::SUCCESS
        );
        let full = Err(io::Error::from(io::ErrorKind::StorageFull).into());
        assert!(settled(ExitCode::SUCCESS, full).is_err());
    }

    #[test]
    fn cells_are_plain() {
        assert_eq!(cell(&json!(["admin", "staff"])), "admin,staff");
        assert_eq!(cell(&json!(null)), "");
        assert_eq!(cell(&json!(3)), "3");
        assert_eq!(count(1, "session"), "1 session");
        assert_eq!(count(0, "session"), "0 sessions");
    }
}
