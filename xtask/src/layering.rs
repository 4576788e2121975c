//! The arrows of `docs/architecture.md`, as a rule that fails on any other.
//!
//! Three looks at each crate: the dependencies its manifest names, what lies behind them (`cargo tree`, crate by crate,
//! since features unify across a workspace), and the crates of ours that its source names.

mod source;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::steps;

/// What one crate of the workspace may import.
struct Room {
    name: &'static str,
    /// Crates of ours, for the crate itself.
    may: &'static [&'static str],
    /// Crates of ours that its tests may import besides.
    tests_may: &'static [&'static str],
    /// Crates of others that it must not reach, not even through others.
    never: &'static [&'static [&'static str]],
    /// Why, as the end of a sentence.
    because: &'static str,
}

const HTTP_STACK: &[&str] = &[
    "axum",
    "axum-core",
    "axum-extra",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-util",
    "reqwest",
    "tower-http",
];
const ASYNC_RUNTIMES: &[&str] = &["async-std", "mio", "smol", "tokio"];
const DATABASES: &[&str] = &[
    "deadpool-postgres",
    "fred",
    "libsqlite3-sys",
    "postgres",
    "redis",
    "rusqlite",
    "sqlx",
    "tokio-postgres",
];

const ROOMS: &[Room] = &[
    Room {
        name: "vestibule-verify",
        may: &[],
        tests_may: &[],
        never: &[HTTP_STACK, ASYNC_RUNTIMES, DATABASES],
        because: "resource servers embed verify: it judges what it is handed and reaches for nothing",
    },
    Room {
        name: "vestibule-core",
        may: &[],
        tests_may: &[],
        never: &[HTTP_STACK, ASYNC_RUNTIMES, DATABASES],
        because: "core holds the rules, pure: functions of state, input and now",
    },
    Room {
        name: "vestibule-store",
        may: &["vestibule-core"],
        tests_may: &[],
        never: &[HTTP_STACK, DATABASES],
        because: "store says what is asked of storage; drivers belong to the backends",
    },
    Room {
        name: "vestibule-sqlite",
        may: &["vestibule-core", "vestibule-store"],
        tests_may: &[],
        never: &[HTTP_STACK],
        because: "a backend keeps the rules of store and core and knows nothing of who calls it",
    },
    Room {
        name: "vestibule-postgres",
        may: &["vestibule-core", "vestibule-store"],
        tests_may: &[],
        never: &[HTTP_STACK],
        because: "a backend keeps the rules of store and core and knows nothing of who calls it",
    },
    Room {
        name: "vestibule-engine",
        may: &["vestibule-core", "vestibule-store"],
        tests_may: &["vestibule-sqlite"],
        never: &[HTTP_STACK, DATABASES],
        because: "the engine decides; it reaches storage through traits and knows nothing of HTTP",
    },
    Room {
        name: "vestibule-http",
        may: &["vestibule-core", "vestibule-engine", "vestibule-store"],
        tests_may: &["vestibule-sqlite"],
        never: &[DATABASES],
        because: "http imports no backend, only the binary names one",
    },
    Room {
        name: "vestibule-load",
        may: &[],
        tests_may: &[],
        never: &[HTTP_STACK, ASYNC_RUNTIMES, DATABASES],
        because: "what measures shares nothing with what is measured",
    },
    Room {
        name: "vestibule",
        may: &[
            "vestibule-core",
            "vestibule-engine",
            "vestibule-http",
            "vestibule-load",
            "vestibule-postgres",
            "vestibule-sqlite",
            "vestibule-store",
            "vestibule-verify",
        ],
        tests_may: &[],
        never: &[],
        because: "the binary wires the others together",
    },
    Room {
        name: "vestibule-e2e",
        may: &["vestibule-load"],
        tests_may: &[],
        never: &[DATABASES],
        because: "black-box tests see what a user sees: the built binary and the wire",
    },
    Room {
        name: "xtask",
        may: &["vestibule-load"],
        tests_may: &[],
        never: &[HTTP_STACK, ASYNC_RUNTIMES, DATABASES],
        because: "xtask looks at the workspace from outside",
    },
];

/// One crate of the workspace, as found on disk.
struct Found {
    manifest: Manifest,
    /// Names of all packages behind its normal dependencies.
    behind: BTreeSet<String>,
    sources: Vec<source::Source>,
}

/// What a manifest says it imports.
#[derive(Debug, Default, PartialEq)]
struct Manifest {
    name: String,
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

pub fn check(root: &Path) -> Result<()> {
    let mut faults = Vec::new();
    for folder in crate_folders(root)? {
        faults.extend(faults_in(&read(root, &folder)?));
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n(the arrows are drawn in docs/architecture.md)",
        faults.join("\n")
    )
}

/// Every rule on one crate; each fault is a sentence with its reason.
fn faults_in(found: &Found) -> Vec<String> {
    let Manifest { name, normal, dev } = &found.manifest;
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return vec![format!(
            "{name} has no dependency rule: a new crate needs one, in xtask/src/layering.rs, or a user outside this workspace"
        )];
    };
    let because = room.because;
    let mut faults = Vec::new();

    for import in normal
        .iter()
        .filter(|import| is_ours(import) && !room.may.contains(&import.as_str()))
    {
        faults.push(format!("{name} imports {import}: {because}"));
    }
    for import in dev
        .iter()
        .filter(|import| is_ours(import) && !room.tests_import(import))
    {
        faults.push(format!("{name}'s tests import {import}: {because}"));
    }
    for import in room.never.iter().copied().flatten() {
        if normal.contains(*import) {
            faults.push(format!("{name} imports {import}: {because}"));
        } else if found.behind.contains(*import) {
            faults.push(format!("{name} reaches {import} through another crate (cargo tree -p {name} -i {import}): {because}"));
        }
    }
    for source in &found.sources {
        for named in source::crates_named(source) {
            let import = named.krate.replace('_', "-");
            let allowed = import == *name
                || room.may.contains(&import.as_str())
                || (named.in_test && room.tests_import(&import));
            if is_ours(&import) && !allowed {
                faults.push(format!(
                    "{name} imports {import}: {because} ({}:{})",
                    source.path, named.line
                ));
            }
        }
    }
    faults
}

impl Room {
    fn tests_import(&self, import: &str) -> bool {
        self.may.contains(&import) || self.tests_may.contains(&import)
    }
}

fn is_ours(package: &str) -> bool {
    package == "xtask" || package == "vestibule" || package.starts_with("vestibule-")
}

fn crate_folders(root: &Path) -> Result<Vec<String>> {
    let mut folders = vec!["e2e".to_owned(), "xtask".to_owned()];
    for entry in std::fs::read_dir(root.join("crates")).context("cannot list crates/")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if root.join("crates").join(&name).join("Cargo.toml").is_file() {
            folders.push(format!("crates/{name}"));
        }
    }
    folders.sort();
    Ok(folders)
}

fn read(root: &Path, folder: &str) -> Result<Found> {
    let path = root.join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let manifest = parse_manifest(&text).with_context(|| format!("in {folder}/Cargo.toml"))?;
    let behind = steps::output_of(&mut steps::cargo(
        root,
        &[
            "tree",
            "--locked",
            "--quiet",
            "--package",
            &manifest.name,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ],
    ))?;
    let behind = behind
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    let sources = source::read_all(root, folder)?;
    Ok(Found {
        manifest,
        behind,
        sources,
    })
}

fn parse_manifest(text: &str) -> Result<Manifest> {
    let table: toml::Table = text.parse().context("not TOML")?;
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str)
        .context("no package.name")?;
    let mut manifest = Manifest {
        name: name.to_owned(),
        ..Manifest::default()
    };
    let targets = table
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(|targets| targets.values())
        .filter_map(toml::Value::as_table);
    for section in std::iter::once(&table).chain(targets) {
        manifest.normal.extend(packages(section, "dependencies"));
        manifest
            .normal
            .extend(packages(section, "build-dependencies"));
        manifest.dev.extend(packages(section, "dev-dependencies"));
    }
    Ok(manifest)
}

/// The packages a section names, under their own names whatever they are renamed to.
fn packages(table: &toml::Table, section: &str) -> Vec<String> {
    table
        .get(section)
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            value
                .get("package")
                .and_then(toml::Value::as_str)
                .unwrap_or(key)
                .to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Found {
        Found {
            manifest: Manifest {
                name: name.to_owned(),
                ..Manifest::default()
            },
            behind: BTreeSet::new(),
            sources: Vec::new(),
        }
    }

    fn faults_of_source(name: &str, text: &str) -> Vec<String> {
        let mut found = found(name);
        found.sources.push(source::Source {
            path: "src/lib.rs".into(),
            text: text.into(),
            test_only: false,
        });
        faults_in(&found)
    }

    #[test]
    fn the_workspace_keeps_its_layers() {
        check(&crate::workspace_root()).unwrap();
    }

    #[test]
    fn a_backend_named_by_http_is_refused_with_the_reason() {
        let mut http = found("vestibule-http");
        http.manifest.normal.insert("vestibule-sqlite".into());
        assert_eq!(
            faults_in(&http),
            [
                "vestibule-http imports vestibule-sqlite: http imports no backend, only the binary names one"
            ]
        );
    }

    #[test]
    fn tests_of_http_and_engine_may_use_sqlite_and_tests_of_core_may_not() {
        for (name, allowed) in [
            ("vestibule-http", true),
            ("vestibule-engine", true),
            ("vestibule-core", false),
        ] {
            let mut krate = found(name);
            krate.manifest.dev.insert("vestibule-sqlite".into());
            assert_eq!(faults_in(&krate).is_empty(), allowed, "{name}");
        }
    }

    #[test]
    fn an_arrow_upward_is_refused() {
        for (low, high) in [
            ("vestibule-core", "vestibule-store"),
            ("vestibule-store", "vestibule-engine"),
            ("vestibule-sqlite", "vestibule-engine"),
            ("vestibule-engine", "vestibule-http"),
            ("vestibule-http", "vestibule"),
            ("vestibule-e2e", "vestibule"),
            ("vestibule-load", "vestibule-core"),
            ("vestibule-verify", "vestibule-core"),
            ("vestibule-engine", "vestibule-load"),
            ("xtask", "vestibule-core"),
        ] {
            let mut krate = found(low);
            krate.manifest.normal.insert(high.into());
            let faults = faults_in(&krate);
            assert_eq!(faults.len(), 1, "{low} on {high}");
            assert!(
                faults[0].starts_with(&format!("{low} imports {high}: ")),
                "{faults:?}"
            );
        }
    }

    #[test]
    fn what_a_room_must_never_reach_is_refused_named_or_not() {
        for (name, import) in [
            ("vestibule-core", "tokio"),
            ("vestibule-core", "axum"),
            ("vestibule-core", "rusqlite"),
            ("vestibule-store", "rusqlite"),
            ("vestibule-store", "tokio-postgres"),
            ("vestibule-engine", "hyper"),
            ("vestibule-engine", "http"),
            ("vestibule-engine", "rusqlite"),
            ("vestibule-http", "libsqlite3-sys"),
            ("vestibule-load", "hyper"),
            ("vestibule-load", "tokio"),
            ("vestibule-verify", "hyper"),
            ("vestibule-verify", "tokio"),
        ] {
            let mut named = found(name);
            named.manifest.normal.insert(import.into());
            assert!(
                faults_in(&named)[0].starts_with(&format!("{name} imports {import}: ")),
                "{name} {import}"
            );
            let mut behind = found(name);
            behind.behind.insert(import.into());
            assert!(
                faults_in(&behind)[0].starts_with(&format!("{name} reaches {import} ")),
                "{name} {import}"
            );
        }
    }

    #[test]
    fn a_path_in_the_source_is_refused_with_its_line() {
        let faults = faults_of_source(
            "vestibule-engine",
            "use std::fmt;\n\nuse vestibule_http::Routes;\n",
        );
        assert_eq!(
            faults,
            [
                "vestibule-engine imports vestibule-http: the engine decides; it reaches storage through traits and knows \
              nothing of HTTP (src/lib.rs:3)"
            ]
        );
        let through_another = "fn f() { vestibule_engine::reexported::vestibule_sqlite::open() }";
        assert_eq!(faults_of_source("vestibule-http", through_another).len(), 1);
    }

    #[test]
    fn sqlite_is_for_the_tests_in_a_source_file_alone() {
        let inside = "#[cfg(test)]\nmod tests {\n    use vestibule_sqlite::Sqlite;\n}\n";
        assert_eq!(
            faults_of_source("vestibule-engine", inside),
            Vec::<String>::new()
        );
        let outside = "#[cfg(test)]\nmod tests {}\nuse vestibule_sqlite::Sqlite;\n";
        assert_eq!(faults_of_source("vestibule-engine", outside).len(), 1);
    }

    #[test]
    fn a_crate_without_a_rule_is_refused() {
        assert!(faults_in(&found("vestibule-extra"))[0].contains("has no dependency rule"));
    }

    #[test]
    fn a_manifest_is_read_through_renames_and_targets() {
        let manifest = parse_manifest(
            "[package]\nname = \"a\"\n[dependencies]\nx = { package = \"vestibule-core\", path = \".\" }\n\
             serde.workspace = true\n[dev-dependencies]\ny = \"1\"\n[target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n",
        )
        .unwrap();
        assert_eq!(
            manifest.normal,
            BTreeSet::from(["rustix", "serde", "vestibule-core"].map(str::to_owned))
        );
        assert_eq!(manifest.dev, BTreeSet::from(["y".to_owned()]));
    }
}
