//! The book holds together: each link between its pages leads somewhere.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

pub fn check(root: &Path) -> Result<()> {
    let mut pages = vec![PathBuf::from("README.md"), PathBuf::from("CHANGELOG.md")];
    collect(root, Path::new("docs"), &mut pages)?;
    let mut faults = Vec::new();
    for page in &pages {
        let text = read(root, page)?;
        for link in links(&text) {
            if let Some(fault) = fault_of(root, page, &text, link)? {
                faults.push(format!("{}: {fault}", page.display()));
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn collect(root: &Path, folder: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder)).context("cannot list docs/")? {
        let path = folder.join(entry?.file_name());
        if root.join(&path).is_dir() {
            collect(root, &path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

fn read(root: &Path, page: &Path) -> Result<String> {
    fs::read_to_string(root.join(page)).with_context(|| format!("cannot read {}", page.display()))
}

/// What stands in the round brackets of `[text](target)`, outside code.
fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let mut in_code_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code_block = !in_code_block;
        }
        if in_code_block {
            continue;
        }
        // Every second piece between backticks is code.
        for prose in line.split('`').step_by(2) {
            links.extend(
                prose
                    .split("](")
                    .skip(1)
                    .filter_map(|rest| rest.split(')').next()),
            );
        }
        // A link whose text is code is cut in two above, and whole here.
        links.extend(
            line.split("`](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next()),
        );
    }
    links.sort_unstable();
    links.dedup();
    links
}

fn fault_of(root: &Path, page: &Path, text: &str, link: &str) -> Result<Option<String>> {
    if link.starts_with("https://") || link.starts_with("http://") || link.starts_with("mailto:") {
        return Ok(None);
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        page.to_owned()
    } else {
        resolved(&page.parent().unwrap_or(Path::new("")).join(file))
    };
    if !root.join(&target).exists() {
        return Ok(Some(format!(
            "({link}) leads to {}, which is not there",
            target.display()
        )));
    }
    if anchor.is_empty() {
        return Ok(None);
    }
    let target_text = if file.is_empty() {
        text.to_owned()
    } else {
        read(root, &target)?
    };
    let is_there = target_text
        .lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor_of(line) == anchor);
    Ok((!is_there).then(|| format!("({link}): {} has no such heading", target.display())))
}

fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
    }
    resolved
}

/// A heading's anchor, as the forges make it.
fn anchor_of(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| {
            if c == ' ' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code_only() {
        let text = "See [a](a.md) and [`b`](b.md#c).\n```\n[no](no.md)\n```\n`[no](no.md)` [d](https://example.test)\n";
        assert_eq!(links(text), ["a.md", "b.md#c", "https://example.test"]);
    }

    #[test]
    fn a_link_to_nowhere_is_a_fault() {
        let root = crate::workspace_root();
        let fault =
            |link| fault_of(&root, Path::new("docs/README.md"), "# Here I am\n", link).unwrap();
        assert!(
            fault("nowhere.md")
                .unwrap()
                .contains("docs/nowhere.md, which is not there")
        );
        assert!(
            fault("../README.md#nothing-of-the-kind")
                .unwrap()
                .contains("no such heading")
        );
        assert_eq!(fault("../README.md#start-it"), None);
        assert_eq!(fault("#here-i-am"), None);
    }

    #[test]
    fn ci_runs_the_readme_s_test_command_and_no_other() {
        let root = crate::workspace_root();
        let readme = fs::read_to_string(root.join("README.md")).unwrap();
        let ci = fs::read_to_string(root.join(".ci/run")).unwrap();
        let cargo: Vec<&str> = ci
            .lines()
            .filter(|line| line.starts_with("cargo"))
            .collect();
        assert_eq!(cargo, ["cargo xtask test --install"]);
        assert!(readme.contains("```\ncargo xtask test --install\n```"));
    }
}
