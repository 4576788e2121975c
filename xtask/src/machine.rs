//! Where something was measured, without the machine's name.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::steps::output_of;

/// Date, commit, kernel, cores and `build` in one line.
pub fn machine(root: &Path, build: &str) -> Result<String> {
    let git = |arguments: &[&str]| output_of(Command::new("git").current_dir(root).args(arguments));
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?
        .trim()
        .is_empty();
    let date = output_of(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let system = output_of(Command::new("uname").arg("-s"))?;
    let release = output_of(Command::new("uname").arg("-r"))?;
    // The kernel's version; what follows is the builder's own.
    let release = release.split('-').next().unwrap_or_default().trim();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(format!(
        "{} · commit {}{} · {} {release} · {cores} cores · {build} build",
        date.trim(),
        commit.trim(),
        if changed { " with changes" } else { "" },
        system.trim()
    ))
}
