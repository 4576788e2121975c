//! Every setting with its default and its meaning, as the book's page.

use std::fmt::Write as _;

use super::declared::{LISTS, List};
use super::reload::When;
use super::{Settings, rows};

const HEADING: &str = "\
# Settings

One file in TOML, given by `--config` or `VESTIBULE_CONFIG`, or `vestibule.toml` in the data directory where there is
one. Each setting can also be given in the environment, as `VESTIBULE_SECTION__NAME`; a flag wins over the environment,
the environment over the file, the file over the default. Unknown names are refused. Durations are written `45s`, `30m`,
`12h` or `14d`, sizes `512 KiB` or `19 MiB`.

Where 'reload' says SIGHUP, a running server takes the changed value in when it gets that signal (`systemctl reload
vestibule`); where it says restart, at the next start. What is wrong in the file then changes nothing at all.

`vestibule config check` judges a file, `vestibule config show` tells which value is in force and where it comes from.
This page is what `vestibule config reference` prints.
";

/// A setting as the reference tells it.
#[derive(Debug, serde::Serialize)]
pub struct Entry {
    /// `section.name`; of a list `list.key`.
    pub setting: String,
    /// The environment variable; of a list's key the whole list's.
    pub environment: String,
    /// The default.
    pub default: String,
    /// When a changed value is in force.
    pub reload: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Every setting.
pub fn entries() -> Vec<Entry> {
    let mut entries = settings();
    for list in LISTS {
        entries.extend(keys(list));
        entries.extend(list.within.map(keys).unwrap_or_default());
    }
    entries
}

fn keys(list: &List) -> Vec<Entry> {
    let outer = list.key.split('.').next().unwrap_or(list.key);
    let keys = list.keys.iter().map(|key| Entry {
        setting: format!("{}.{}", list.key, key.name),
        environment: format!("VESTIBULE_{}", outer.to_uppercase()),
        default: key.default.to_owned(),
        reload: When::Reloaded.told(),
        meaning: key.meaning,
    });
    keys.collect()
}

fn settings() -> Vec<Entry> {
    let defaults = Settings::default();
    rows()
        .map(|row| Entry {
            setting: row.key.to_owned(),
            environment: row.environment(),
            default: row
                .default
                .map_or_else(|| format!("`{}`", (row.show)(&defaults)), ToOwned::to_owned),
            reload: When::of(row.key).told(),
            meaning: row.meaning,
        })
        .collect()
}

/// The page.
pub fn markdown() -> String {
    let mut page = HEADING.to_owned();
    let mut section = String::new();
    for entry in settings() {
        let setting = entry.setting.as_str();
        let (this, name) = setting.split_once('.').unwrap_or((setting, setting));
        if this != section {
            this.clone_into(&mut section);
            // Without a dot it is a list of tables.
            let heading = if this == name {
                format!("[[{this}]]")
            } else {
                format!("[{this}]")
            };
            // Writing to a string cannot fail.
            let _ = writeln!(page, "\n## `{heading}`\n\n{COLUMNS}");
        }
        write_row(&mut page, name, &entry);
    }
    for list in LISTS {
        write_list(&mut page, list);
    }
    page
}

const COLUMNS: &str = "| setting | default | reload | meaning |\n|---|---|---|---|";

fn write_list(page: &mut String, list: &List) {
    let _ = writeln!(
        page,
        "\n## `[[{}]]`\n\n{}\n\n{COLUMNS}",
        list.key, list.about
    );
    for (key, entry) in list.keys.iter().zip(keys(list)) {
        write_row(page, key.name, &entry);
    }
    if let Some(within) = list.within {
        write_list(page, within);
    }
    if !list.example.is_empty() {
        let _ = writeln!(page, "\n```toml\n{}```", list.example);
    }
}

fn write_row(page: &mut String, name: &str, entry: &Entry) {
    let _ = writeln!(
        page,
        "| `{name}` | {} | {} | {} |",
        entry.default.replace('|', "\\|"),
        entry.reload,
        entry.meaning.replace('|', "\\|"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Flags, load};

    /// Who copies it has settings that are good.
    #[test]
    fn the_examples_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings.toml");
        let examples: Vec<&str> = LISTS.iter().map(|list| list.example).collect();
        std::fs::write(&path, examples.join("\n")).unwrap();
        let flags = Flags {
            config: Some(path),
            ..Flags::default()
        };
        let read = load(&flags, []).unwrap().settings.declarations;
        assert_eq!(read.applications[0].rules.len(), 2);
        assert_eq!((read.roles.len(), read.users.len()), (1, 1));
    }

    #[test]
    fn every_setting_stands_in_the_reference_with_default_and_meaning() {
        let page = markdown();
        for row in rows() {
            assert!(page.contains(row.meaning), "{}", row.key);
        }
        for list in LISTS {
            for list in [Some(list), list.within].into_iter().flatten() {
                assert!(page.contains(&format!("## `[[{}]]`", list.key)));
                assert!(page.contains(list.about) && page.contains(list.example));
                for key in list.keys {
                    assert!(page.contains(key.meaning), "{}.{}", list.key, key.name);
                }
            }
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
