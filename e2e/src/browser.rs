//! Chromium, driven by the scripts in `browser/`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::checkout;

/// Runs `browser/SCRIPT` with Node; what it prints is shown, and its failure is the test's.
pub fn run(script: &str, environment: &[(&str, &str)]) -> anyhow::Result<String> {
    let room = checkout().join("e2e/browser");
    ensure!(
        room.join("node_modules/playwright-core").exists(),
        "the browser's driver is not installed: run `cargo xtask test --install`"
    );
    let output = Command::new("node")
        .arg(room.join(script))
        .env("VESTIBULE_CHROMIUM", chromium()?)
        .env("VESTIBULE_SHOTS", checkout().join("e2e/shots"))
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .context("could not run node")?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(output.status.success(), "{script} failed:\n{said}");
    Ok(said)
}

fn chromium() -> anyhow::Result<&'static str> {
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    .into_iter()
    .find(|path| Path::new(path).exists())
    .context("no Chromium: run `cargo xtask test --install`")
}
