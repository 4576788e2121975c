//! The parts of the Rust toolchain that a minimal installation leaves out.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::steps::succeed;

/// Each with what shows that it is there.
const COMPONENTS: &[(&str, &str)] = &[("rustfmt", "fmt"), ("clippy", "clippy")];

pub fn require() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "the Rust toolchain lacks {0}. Type\n\n    rustup component add {0}\n",
        missing.join(" ")
    )
}

pub fn install() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    if !runs("rustup", "--version") {
        bail!(
            "the Rust toolchain lacks {}, and there is no rustup to add it: install it as this toolchain was installed",
            missing.join(" ")
        );
    }
    succeed(
        Command::new("rustup")
            .args(["component", "add"])
            .args(missing),
    )
}

fn missing() -> Vec<&'static str> {
    COMPONENTS
        .iter()
        .filter(|(_, subcommand)| !runs("cargo", subcommand))
        .map(|(name, _)| *name)
        .collect()
}

/// Whether a program answers when asked for its version.
fn runs(program: &str, subcommand: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(subcommand);
    if !subcommand.starts_with('-') {
        command.arg("--version");
    }
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
