//! Every setting with its default and its meaning, as the book's page.

use std::fmt::Write as _;

use super::{Settings, rows};

const HEADING: &str = "\
# Settings

One file in TOML, given by `--config` or `VESTIBULE_CONFIG`, or `vestibule.toml` in the data directory where there is
one. Each setting can also be given in the environment, as `VESTIBULE_SECTION__NAME`; a flag wins over the environment,
the environment over the file, the file over the default. Unknown names are refused. Durations are written `45s`, `30m`,
`12h` or `14d`, sizes `512 KiB` or `19 MiB`.

`vestibule config check` judges a file, `vestibule config show` tells which value is in force and where it comes from.
This page is what `vestibule config reference` prints.
";

/// A setting as the reference tells it.
#[derive(Debug, serde::Serialize)]
pub struct Entry {
    /// `section.name`.
    pub setting: &'static str,
    /// The environment variable.
    pub environment: String,
    /// The default.
    pub default: String,
    /// What it does.
    pub meaning: &'static str,
}

/// Every setting.
pub fn entries() -> Vec<Entry> {
    let defaults = Settings::default();
    rows()
        .map(|row| Entry {
            setting: row.key,
            environment: row.environment(),
            default: row
                .default
                .map_or_else(|| format!("`{}`", (row.show)(&defaults)), ToOwned::to_owned),
            meaning: row.meaning,
        })
        .collect()
}

/// The page.
pub fn markdown() -> String {
    let mut page = HEADING.to_owned();
    let mut section = "";
    for entry in entries() {
        let (this, name) = entry
            .setting
            .split_once('.')
            .unwrap_or((entry.setting, entry.setting));
        if this != section {
            section = this;
            // Without a dot it is a list of tables.
            let heading = if this == name {
                format!("[[{this}]]")
            } else {
                format!("[{this}]")
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                page,
                "\n## `{heading}`\n\n| setting | default | meaning |\n|---|---|---|"
            );
        }
        let _ = writeln!(
            page,
            "| `{name}` | {} | {} |",
            entry.default.replace('|', "\\|"),
            entry.meaning.replace('|', "\\|"),
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_stands_in_the_reference_with_default_and_meaning() {
        let page = markdown();
        for row in rows() {
            assert!(page.contains(row.meaning), "{}", row.key);
        }
        assert!(page.contains("| `idle` | `\"30m\"` |"), "{page}");
        assert!(
            page.contains("| `remembered_absolute` | `\"30d\"` |"),
            "{page}"
        );
        assert!(
            page.contains(r#"`["127.0.0.1:8080", "[::1]:8080"]`"#),
            "{page}"
        );
    }
}
