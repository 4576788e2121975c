//! schemathesis, which thinks of requests to an API: a Python package, in an environment of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::proxies::python;
use crate::steps::succeed;

/// Just this, so that what is tested changes with a commit.
const PACKAGE: &str = "schemathesis==4.32.5";

/// Installs it under `target/`, by pip as it is configured here.
pub fn install(root: &Path) -> Result<()> {
    let folder = root.join("target/schemathesis");
    let installed = folder.join("installed");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == PACKAGE) {
        println!("   here already");
        return Ok(());
    }
    let python = python().context("no Python with venv")?;
    succeed(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    succeed(Command::new(folder.join("bin/python")).args(pip).args([
        "--only-binary",
        ":all:",
        PACKAGE,
    ]))?;
    fs::write(&installed, PACKAGE).with_context(|| format!("cannot write {}", installed.display()))
}
