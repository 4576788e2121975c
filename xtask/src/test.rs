//! Everything, in one run: the tools, the checks, the binary, and `cargo test`, whose results are counted.

mod tally;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use tally::Tally;

use crate::steps::{self, cargo, step, succeed};
use crate::{check, install};

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

    let mut failures: Vec<String> = check::failures(root)
        .iter()
        .map(|name| format!("check: {name}"))
        .collect();
    let mut tally = Tally::default();
    let arguments = ["build", "--workspace", "--bins", "--locked"];
    match step("build", || succeed(&mut cargo(root, &arguments))) {
        Ok(()) => {
            tally = step("tests", || cargo_test(root))?;
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

/// Plain `cargo test`, shown as it runs and counted on the way.
fn cargo_test(root: &Path) -> Result<Tally> {
    let mut child = cargo(root, &["test", "--workspace", "--locked", "--no-fail-fast"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what cargo test prints")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.read(&line);
    }
    tally.succeeded = child
        .wait()
        .context("cannot wait for cargo test")?
        .success();
    Ok(tally)
}
