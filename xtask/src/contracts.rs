//! Contracts that are committed files: each is made anew from the product and compared (docs/architecture.md,
//! invariant 9). To add one, add a row to [`CONTRACTS`] and run `cargo xtask check --write`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{requirements, steps};

/// How a contract's text comes about.
enum Source {
    /// Made by us, from the sources.
    Made(fn(&Path) -> Result<String>),
    /// What `cargo run` with these arguments prints.
    Printed(&'static [&'static str]),
}

/// The committed file, and where its text comes from.
const CONTRACTS: &[(&str, Source)] = &[
    ("docs/requirements.md", Source::Made(requirements::page)),
    (
        "docs/reference/settings.md",
        Source::Printed(&["--package", "vestibule", "--", "config", "reference"]),
    ),
    (
        "docs/reference/commands.md",
        Source::Printed(&["--package", "vestibule", "--", "man", "--markdown"]),
    ),
    (
        "docs/reference/audit-events.md",
        Source::Printed(&["--package", "vestibule-core", "--example", "audit_events"]),
    ),
    (
        "docs/reference/metrics.md",
        Source::Printed(&["--package", "vestibule-http", "--example", "metrics"]),
    ),
    (
        "docs/reference/openapi.json",
        Source::Printed(&["--package", "vestibule-http", "--example", "openapi"]),
    ),
];

pub fn check(root: &Path) -> Result<()> {
    let mut faults = Vec::new();
    for (path, source) in CONTRACTS {
        let made = match source.text(root) {
            Ok(made) => made,
            Err(error) => {
                faults.push(format!("{path} cannot be made: {error:#}"));
                continue;
            }
        };
        let committed = fs::read_to_string(root.join(path)).unwrap_or_default();
        if let Some(difference) = first_difference(&committed, &made) {
            faults.push(format!("{path} is not what the product says: {difference}"));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n`cargo xtask check --write` writes them anew; look at the difference before you commit it",
        faults.join("\n")
    )
}

/// Writes what can be made, also when another contract cannot.
pub fn write(root: &Path) -> Result<()> {
    let mut faults = Vec::new();
    for (path, source) in CONTRACTS {
        match write_one(root, path, source) {
            Ok(done) => println!("{path}: {done}"),
            Err(error) => faults.push(format!("{path}: {error:#}")),
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn write_one(root: &Path, path: &str, source: &Source) -> Result<&'static str> {
    let made = source.text(root)?;
    let file = root.join(path);
    if fs::read_to_string(&file).is_ok_and(|committed| committed == made) {
        return Ok("as it was");
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(&file, made).context("cannot write it")?;
    Ok("written")
}

impl Source {
    fn text(&self, root: &Path) -> Result<String> {
        match self {
            Self::Made(make) => make(root),
            Self::Printed(arguments) => {
                let mut command = steps::cargo(root, &["run", "--locked"]);
                steps::output_of(command.args(*arguments))
            }
        }
    }
}

/// The first line that differs, told with both texts.
fn first_difference(committed: &str, made: &str) -> Option<String> {
    if committed == made {
        return None;
    }
    let mut committed = committed.lines();
    for (index, made) in made.lines().enumerate() {
        let line = index + 1;
        match committed.next() {
            Some(committed) if committed == made => {}
            Some(committed) => {
                return Some(format!(
                    "line {line} is\n  {committed}\nand should be\n  {made}"
                ));
            }
            None => {
                return Some(format!(
                    "it ends before line {line}, which should be\n  {made}"
                ));
            }
        }
    }
    Some(match committed.next() {
        Some(extra) => format!("it goes on with\n  {extra}"),
        None => "its last line ends otherwise".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        assert!(
            first_difference("", "a\n")
                .unwrap()
                .contains("ends before line 1")
        );
        assert!(
            first_difference("a\nb\n", "a\nc\n")
                .unwrap()
                .contains("line 2 is")
        );
        assert!(
            first_difference("a\nb\n", "a\n")
                .unwrap()
                .contains("goes on with")
        );
        assert!(first_difference("a", "a\n").is_some());
    }
}
