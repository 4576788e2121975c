//! `vestibule man`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man as Page;

use super::{Cli, output};

/// How wide a help is in the book: as on the narrowest usual terminal.
const WIDTH: usize = 80;

const HEADING: &str = "\
# Commands

What each command says with `--help`; this page is what `vestibule man --markdown` prints. All of them take `--data DIR` and
`--config FILE`, and speak to the running server or, while none runs, do the same themselves.

Exit codes: 0 done; 1 the answer is no (a check that found faults); 2 it could not be carried out, and standard error says what
to do. Data is a table on a terminal and tab-separated lines under a line of headings in a pipe; `--json` is for programs. Colours
are for terminals alone, and not where `NO_COLOR` is set.
";

/// Print the manual, for `man` or for the book
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule man | man -l -\n  \
    vestibule man --dir /usr/local/share/man/man1")]
pub struct Man {
    /// Write a page for each command into this directory, which is there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print every command's help as Markdown
    #[arg(long, conflicts_with = "dir")]
    markdown: bool,
}

pub fn run(command: &Man) -> Result<ExitCode> {
    if command.markdown {
        output::text(&markdown())?;
    } else if let Some(dir) = &command.dir {
        let pages = pages()?;
        let count = pages.len() as u64;
        for (name, page) in pages {
            let path = dir.join(name);
            fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let count = output::count(count, "page");
        output::line(&format!("wrote {count} into {}", dir.display()))?;
    } else {
        output::bytes(&page(whole())?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn whole() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

fn page(command: Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Page::new(command).render(&mut page)?;
    Ok(page)
}

/// A page for each command, by the name of its file.
fn pages() -> Result<Vec<(String, Vec<u8>)>> {
    let mut pages = Vec::new();
    let mut waiting = vec![whole()];
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().cloned());
        let name = command.get_display_name().unwrap_or(command.get_name());
        pages.push((format!("{name}.1"), page(command)?));
    }
    Ok(pages)
}

fn markdown() -> String {
    let mut text = HEADING.to_owned();
    let mut command = Cli::command()
        .term_width(WIDTH)
        .color(clap::ColorChoice::Never);
    command.build();
    append(&mut text, "vestibule", &mut command);
    text
}

fn append(text: &mut String, name: &str, command: &mut Command) {
    let help = command.render_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n## `{name}`\n\n```text\n{}\n```\n",
        help.join("\n").trim_end()
    );
    for below in command.get_subcommands_mut() {
        let name = format!("{name} {}", below.get_name());
        append(text, &name, below);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages().unwrap();
        for name in [
            "vestibule.1",
            "vestibule-user-import.1",
            "vestibule-app-rotate-secret.1",
        ] {
            let (_, page) = pages.iter().find(|(file, _)| file == name).unwrap();
            let page = String::from_utf8_lossy(page);
            assert!(
                page.contains(".SH SYNOPSIS") && page.contains("Example"),
                "{page}"
            );
        }
    }

    #[test]
    fn the_book_has_every_help_as_it_is_on_a_narrow_terminal() {
        let text = markdown();
        assert!(text.contains("## `vestibule user import`"));
        assert!(text.contains("Usage: vestibule session revoke"));
        let helps = text.lines().skip(HEADING.lines().count());
        for line in helps {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }
}
