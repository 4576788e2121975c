//! Everything, in one run: the tools, the checks, the binary, and `cargo test`, whose results are counted. A PostgreSQL of
//! our own runs meanwhile, and the end-to-end tests run a second time with the servers' store in it.

mod tally;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use tally::Tally;

use crate::postgres::{self, Cluster};
use crate::steps::{self, cargo, step, succeed};
use crate::{check, install};

/// Where the end-to-end tests read which store their servers get.
const STORE: &str = "VESTIBULE_E2E_STORE";

/// The features that a build with traces has, and its tests.
pub const TRACES: &str = "vestibule/otlp,vestibule-e2e/otlp";
/// The file of end-to-end tests that need them.
const WITH_TRACES: &str = "otlp";

/// Answers whether everything passed; the closing line is the last one printed.
pub fn run(root: &Path, install_first: bool) -> Result<bool> {
    let started = steps::now();
    if install_first {
        step("programs the tests need", install::install)?;
    } else {
        install::require()?;
    }
    step("packages of the browser tests", || {
        install::node_packages(root)
    })?;
    step("proxies that Debian does not have", || {
        install::proxies::install(root)
    })?;
    step("what thinks of requests to the API", || {
        install::schemathesis::install(root)
    })?;

    let mut failures: Vec<String> = check::failures(root)
        .iter()
        .map(|name| format!("check: {name}"))
        .collect();
    let mut tally = Tally::default();
    let arguments = ["build", "--workspace", "--bins", "--locked"];
    match step("build", || succeed(&mut cargo(root, &arguments))) {
        Ok(()) => {
            tally = tests(root)?;
            failures.extend(tally.complaints(steps::in_ci()));
        }
        Err(error) => failures.push(format!("build: {error:#}")),
    }
    println!("\n── {} in all", steps::seconds(started.elapsed()));
    for failure in &failures {
        println!("   FAILED: {failure}");
    }
    // What failed without being a test still counts, so that the line never says less than the exit status.
    let failed = failures.len() + tally.failed;
    println!("{} passed, {failed} failed", tally.passed);
    Ok(failed == 0)
}

/// Every test with SQLite, then those of servers with PostgreSQL as well.
fn tests(root: &Path) -> Result<Tally> {
    let cluster = step("PostgreSQL for the tests", Cluster::start)?;
    let mut tally = Tally {
        succeeded: true,
        ..Tally::default()
    };
    let pass = |name: &str, store: &str, scope: &[String], tally: &mut Tally| {
        step(name, || {
            let mut command = cargo(root, &["test", "--locked", "--no-fail-fast"]);
            command
                .args(scope)
                .env(postgres::ADDRESS, cluster.url())
                .env(STORE, store);
            cargo_test(&mut command, tally)
        })
    };
    pass("tests", "sqlite", &["--workspace".to_owned()], &mut tally)?;
    let (again, not_again) = end_to_end(root)?;
    println!(
        "   of the end-to-end tests, these are about one store and ran just now: {}",
        not_again.join(", ")
    );
    let mut scope = vec!["--package".to_owned(), "vestibule-e2e".to_owned()];
    scope.extend(
        again
            .iter()
            .flat_map(|file| ["--test".to_owned(), file.clone()]),
    );
    pass(
        "end-to-end tests on PostgreSQL",
        "postgres",
        &scope,
        &mut tally,
    )?;
    step("build with traces", || {
        let build = ["build", "--workspace", "--bins", "--locked"];
        succeed(cargo(root, &build).args(["--features", TRACES]))
    })?;
    let scope = ["--workspace", "--features", TRACES, "--test", WITH_TRACES];
    let scope = scope.map(str::to_owned);
    pass("tests of traces", "sqlite", &scope, &mut tally)?;
    Ok(tally)
}

/// The files of end-to-end tests: those to run on each store, and those that are about one alone and begin with its name.
/// Those of another build are among neither.
fn end_to_end(root: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let folder = root.join("e2e/tests");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    files.retain(|file| file != WITH_TRACES);
    files.sort_unstable();
    Ok(files.into_iter().partition(|file| {
        !["sqlite", "postgres"]
            .iter()
            .any(|store| file.starts_with(store))
    }))
}

/// `cargo test`, shown as it runs and counted on the way.
fn cargo_test(command: &mut Command, tally: &mut Tally) -> Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what cargo test prints")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.read(&line);
    }
    tally.succeeded &= child
        .wait()
        .context("cannot wait for cargo test")?
        .success();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_one_store_is_not_run_on_the_other() {
        let (each, one) = end_to_end(&crate::workspace_root()).unwrap();
        assert!(each.contains(&"story".to_owned()), "{each:?}");
        assert!(one.contains(&"sqlite_files".to_owned()), "{one:?}");
    }
}
