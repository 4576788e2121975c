//! Steps of a run: each is announced, timed, and its end told; a program's own output goes straight to the terminal.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Runs `work` as a named step and says whether it went well and how long it took; an error is the caller's to tell.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("── {name}");
    let started = now();
    let outcome = work();
    let took = seconds(started.elapsed());
    match &outcome {
        Ok(_) => println!("   {name}: ok, {took}"),
        Err(_) => println!("   {name}: FAILED, {took}"),
    }
    outcome
}

/// Cargo, as the one that started us, in the workspace.
pub fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    if in_ci() {
        // A build that happens once gains nothing from incremental files and pays for writing them.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Runs a program with its output on our terminal; anything but success is an error that names the command line.
pub fn succeed(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs a program and takes what it prints on standard output; its standard error goes to our terminal.
pub fn output_of(command: &mut Command) -> Result<String> {
    let line = command_line(command);
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{line}` printed something that is not UTF-8"))
}

/// Whether an automatic build runs us: then what was left out counts as a failure.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

pub fn is_root() -> bool {
    // The owner of our own directory in /proc is who we run as.
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a step's duration is told to a person and decides nothing"
)]
pub fn now() -> Instant {
    Instant::now()
}

fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
