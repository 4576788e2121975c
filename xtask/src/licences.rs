//! What may come from others: under which licences, which crates never, and from where.
//!
//! Read from `cargo metadata` and the two lock files, so that there is nothing to install.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::steps;

/// Licences that a permissively licensed binary may carry. Another one is a decision to be written down.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Crates that stay out of every build, each with its reason.
const BANNED: &[(&[&str], &str)] = &[
    (
        &["native-tls", "openssl", "openssl-sys"],
        "one TLS stack (rustls) on one crypto provider (aws-lc-rs), and no system library",
    ),
    (
        &["ring"],
        "one crypto provider, aws-lc-rs: whatever names rustls must name aws-lc-rs too",
    ),
    (
        &["rsa"],
        "its timing leak (RUSTSEC-2023-0071) is unpatched; aws-lc-rs has RSA",
    ),
    (
        &[
            "curve25519-dalek",
            "ecdsa",
            "ed25519-dalek",
            "elliptic-curve",
            "k256",
            "p256",
            "p384",
            "p521",
        ],
        "one crypto provider, aws-lc-rs, which verifies several times faster",
    ),
    (&["josekit"], "it needs OpenSSL"),
    (
        &["sqlx", "sqlx-core"],
        "it cannot link beside rusqlite, and is many times slower on the same file",
    ),
    (
        &["diesel", "sea-orm"],
        "SQL is written once per backend, plainly",
    ),
    (
        &["refinery", "refinery-core"],
        "migrations are our own: numbered SQL, checksum and lock, in a hundred lines",
    ),
    (
        &["swagger-ui", "utoipa-swagger-ui"],
        "it downloads while it builds and serves foreign scripts",
    ),
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM: &str = "https://registry.npmjs.org/";

pub fn check(root: &Path) -> Result<()> {
    let metadata = steps::output_of(&mut steps::cargo(
        root,
        &["metadata", "--format-version", "1", "--locked", "--quiet"],
    ))?;
    let mut metadata: Metadata =
        serde_json::from_str(&metadata).context("cannot read what cargo metadata printed")?;
    let built = built(root)?;
    metadata
        .packages
        .retain(|package| built.contains(&format!("{} v{}", package.name, package.version)));
    let mut faults: Vec<String> = metadata
        .packages
        .iter()
        .flat_map(faults_in_package)
        .collect();

    let path = root.join("e2e/browser/package-lock.json");
    if path.is_file() {
        let lock =
            std::fs::read_to_string(&path).context("cannot read e2e/browser/package-lock.json")?;
        faults.extend(faults_in_npm_lock(&lock).context("in e2e/browser/package-lock.json")?);
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n(the rules stand in xtask/src/licences.rs)",
        faults.join("\n")
    )
}

/// What is built for some target, as `name vVERSION`. The lock file and `cargo metadata` also have what an optional
/// dependency that nobody asked for would bring (`ring?/alloc` in a feature is enough), and nothing of it is ever built.
fn built(root: &Path) -> Result<BTreeSet<String>> {
    let tree = steps::output_of(&mut steps::cargo(
        root,
        &[
            "tree",
            "--workspace",
            "--locked",
            "--target",
            "all",
            "--edges",
            "normal,build,dev",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ],
    ))?;
    let named = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    Ok(tree.lines().filter_map(named).collect())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// None for a crate of the workspace.
    source: Option<String>,
}

fn faults_in_package(package: &Package) -> Vec<String> {
    let Package { name, version, .. } = package;
    let mut faults = Vec::new();
    if let Some((_, reason)) = BANNED
        .iter()
        .find(|(banned, _)| banned.contains(&name.as_str()))
    {
        faults.push(format!(
            "{name} {version} is banned: {reason} (cargo tree -i {name} shows who brings it)"
        ));
    }
    match package.license.as_deref() {
        None => faults.push(format!("{name} {version} names no licence in its manifest")),
        Some(expression) => match Expression::of(expression).allowed() {
            Ok(true) => {}
            Ok(false) => faults.push(format!(
                "{name} {version} is under '{expression}', which the list does not allow"
            )),
            Err(error) => faults.push(format!(
                "{name} {version}: cannot read its licence '{expression}': {error}"
            )),
        },
    }
    if let Some(source) = package
        .source
        .as_deref()
        .filter(|source| *source != CRATES_IO)
    {
        faults.push(format!(
            "{name} {version} comes from {source}: crates come from crates.io alone"
        ));
    }
    faults
}

/// An SPDX licence expression. The slash that older manifests write means OR.
struct Expression {
    words: Vec<String>,
    at: usize,
}

impl Expression {
    fn of(text: &str) -> Self {
        let spaced = text
            .replace('(', " ( ")
            .replace(')', " ) ")
            .replace('/', " OR ");
        Self {
            words: spaced.split_whitespace().map(str::to_owned).collect(),
            at: 0,
        }
    }

    /// Whether some choice of the ORs needs nothing but allowed licences.
    fn allowed(mut self) -> Result<bool> {
        let allowed = self.any()?;
        match self.peek() {
            None => Ok(allowed),
            Some(word) => bail!("'{word}' is unexpected"),
        }
    }

    fn any(&mut self) -> Result<bool> {
        let mut allowed = self.all()?;
        while self.take("OR") {
            allowed |= self.all()?;
        }
        Ok(allowed)
    }

    fn all(&mut self) -> Result<bool> {
        let mut allowed = self.one()?;
        while self.take("AND") {
            allowed &= self.one()?;
        }
        Ok(allowed)
    }

    fn one(&mut self) -> Result<bool> {
        if self.take("(") {
            let allowed = self.any()?;
            if !self.take(")") {
                bail!("a parenthesis does not close");
            }
            return Ok(allowed);
        }
        let Some(mut licence) = self
            .next()
            .filter(|word| !matches!(word.as_str(), "AND" | "OR" | "WITH" | ")"))
        else {
            bail!("a licence is missing");
        };
        if self.take("WITH") {
            licence = format!(
                "{licence} WITH {}",
                self.next().context("an exception is missing")?
            );
        }
        Ok(ALLOWED.contains(&licence.as_str()))
    }

    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<String> {
        let word = self.peek()?.to_owned();
        self.at += 1;
        Some(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.at += usize::from(found);
        found
    }
}

/// A lock file of npm may leave the addresses out; what it names must be the public registry, with a digest.
fn faults_in_npm_lock(text: &str) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Lock {
        packages: std::collections::BTreeMap<String, Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        resolved: Option<String>,
        integrity: Option<String>,
        #[serde(default)]
        link: bool,
    }

    let lock: Lock = serde_json::from_str(text).context("not a lock file of npm 7 or newer")?;
    let mut faults = Vec::new();
    for (name, entry) in lock.packages.iter().filter(|(name, _)| !name.is_empty()) {
        if entry.link {
            faults.push(format!(
                "{name} is a link: packages come from the npm registry alone"
            ));
            continue;
        }
        if let Some(resolved) = entry
            .resolved
            .as_deref()
            .filter(|resolved| !resolved.starts_with(NPM))
        {
            faults.push(format!(
                "{name} comes from {resolved}: packages come from {NPM} alone"
            ));
        }
        if entry.integrity.is_none() {
            faults.push(format!("{name} has no integrity digest"));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(expression: &str) -> bool {
        Expression::of(expression).allowed().unwrap()
    }

    fn package(name: &str, license: Option<&str>, source: Option<&str>) -> Package {
        Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: license.map(str::to_owned),
            source: source.map(str::to_owned),
        }
    }

    #[test]
    fn an_or_is_a_choice_and_an_and_is_not() {
        assert!(allowed("MIT"));
        assert!(allowed("GPL-2.0-only OR MIT"));
        assert!(allowed("MIT/GPL-3.0"));
        assert!(!allowed("MIT AND GPL-2.0-only"));
        assert!(allowed("(GPL-2.0-only OR MIT) AND Unicode-3.0"));
        assert!(!allowed("(MIT OR Apache-2.0) AND AGPL-3.0-only"));
        // AND binds tighter than OR.
        assert!(allowed("MIT OR ISC AND GPL-2.0-only"));
    }

    #[test]
    fn an_exception_is_part_of_its_licence() {
        assert!(allowed("Apache-2.0 WITH LLVM-exception"));
        assert!(!allowed("GPL-2.0-only WITH Classpath-exception-2.0"));
        assert!(!allowed("MIT WITH Invented-exception"));
    }

    #[test]
    fn an_expression_that_cannot_be_read_is_a_fault() {
        for broken in [
            "", "MIT OR", "(MIT", "MIT ISC", "AND MIT", "MIT WITH", "MIT )",
        ] {
            assert!(Expression::of(broken).allowed().is_err(), "{broken}");
        }
    }

    #[test]
    fn a_banned_crate_is_refused_with_the_reason() {
        let faults = faults_in_package(&package("ring", Some("ISC"), Some(CRATES_IO)));
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0].contains("ring 1.0.0 is banned: one crypto provider, aws-lc-rs"),
            "{faults:?}"
        );
    }

    #[test]
    fn a_crate_without_licence_or_from_elsewhere_is_refused() {
        assert!(
            faults_in_package(&package("a", None, Some(CRATES_IO)))[0].contains("names no licence")
        );
        let elsewhere = package("a", Some("MIT"), Some("git+https://example.test/a"));
        assert!(faults_in_package(&elsewhere)[0].contains("crates come from crates.io alone"));
        assert_eq!(
            faults_in_package(&package("ours", Some("MIT OR Apache-2.0"), None)),
            Vec::<String>::new()
        );
    }

    #[test]
    fn an_npm_package_from_elsewhere_or_without_digest_is_refused() {
        let lock = r#"{ "packages": {
            "": { "name": "browser" },
            "node_modules/good": { "resolved": "https://registry.npmjs.org/good/-/good-1.0.0.tgz", "integrity": "sha512-x" },
            "node_modules/unaddressed": { "integrity": "sha512-x" },
            "node_modules/mirror": { "resolved": "https://mirror.example.test/a.tgz", "integrity": "sha512-x" },
            "node_modules/bare": { "resolved": "https://registry.npmjs.org/bare/-/bare-1.0.0.tgz" }
        } }"#;
        let faults = faults_in_npm_lock(lock).unwrap();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("node_modules/bare has no integrity"));
        assert!(
            faults[1].starts_with("node_modules/mirror comes from https://mirror.example.test/")
        );
    }
}
