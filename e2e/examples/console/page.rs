//! `docs/measured/console.md`: its figures, between what is said about them.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;
use vestibule_e2e::checkout;

const PAGE: &str = "docs/measured/console.md";
const BEGIN: &str = "<!-- figures: written by the command below -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// Puts the figures in the place of those that stand there.
pub fn write(figures: &Value) -> anyhow::Result<()> {
    let path = checkout().join(PAGE);
    let page = fs::read_to_string(&path).context(PAGE)?;
    let (before, rest) = page.split_once(BEGIN).context("no place for the figures")?;
    let (_, after) = rest.split_once(END).context("no end of the figures")?;
    let told = told(figures)?;
    fs::write(&path, format!("{before}{BEGIN}\n{told}\n{END}{after}")).context(PAGE)
}

fn told(figures: &Value) -> anyhow::Result<String> {
    let mut text = format!(
        "{}\n\n{} users, {} live sessions, {} answers a page. {} ms from the start to the first one signed in.\n\n",
        machine()?,
        figures["users"],
        figures["sessions"],
        figures["rounds"],
        figures["start_to_signed_in_ms"],
    );
    let resident = &figures["resident_kib"];
    writeln!(
        text,
        "Resident memory: {} KiB with one user, {} KiB filled, {} KiB after every page was asked.\n",
        resident["empty"], resident["before_the_pages"], resident["after_the_pages"],
    )?;
    text.push_str(
        "| page | median ms | p99 ms | processor ms | bytes | resident KiB before, after |\n",
    );
    text.push_str("|---|--:|--:|--:|--:|--:|\n");
    for page in figures["pages"].as_array().context("no pages")? {
        let resident = &page["resident_kib"];
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {}, {} |",
            page["page"].as_str().unwrap_or_default(),
            page["p50_ms"],
            page["p99_ms"],
            page["server_cpu_ms"],
            page["bytes"],
            resident[0],
            resident[1],
        )?;
    }
    let json = serde_json::to_string(figures)?;
    writeln!(
        text,
        "\n<details><summary>The same as JSON</summary>\n\n```json\n{json}\n```\n\n</details>"
    )?;
    Ok(text)
}

/// Date, commit, kernel, cores and build in one line, without the machine's name.
fn machine() -> anyhow::Result<String> {
    let said = |command: &str, arguments: &[&str]| {
        let output = Command::new(command)
            .current_dir(checkout())
            .args(arguments)
            .output()
            .context(command.to_owned())?;
        anyhow::Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let release = said("uname", &["-r"])?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    Ok(format!(
        "{} · commit {} · {} {} · {cores} cores · {build} build",
        said("date", &["-u", "+%Y-%m-%d"])?,
        said("git", &["rev-parse", "--short=12", "HEAD"])?,
        said("uname", &["-s"])?,
        release.split('-').next().unwrap_or_default(),
    ))
}
