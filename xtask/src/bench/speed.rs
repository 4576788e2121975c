//! Speed and size beside their goals: measured by the example `speed` of e2e, kept as `bench/results/*.json`, drawn into
//! `bench/report.html` with what a look at the profile said (`bench/notes/*.txt`, written by hand).

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use vestibule_load::report::{Measured, Page};

use crate::machine::machine;
use crate::steps::{cargo, output_of, step, succeed};

/// What there is, in the report's order.
pub const NAMES: [&str; 4] = ["p1", "p5", "p7", "p10"];
const RESULTS: &str = "bench/results";
const NOTES: &str = "bench/notes";
const REPORT: &str = "bench/report.html";

/// Measures these, and draws the report anew.
pub fn run(root: &Path, names: &[&str]) -> Result<()> {
    step("build what is measured", || build(root))?;
    for name in names {
        let mut command = Command::new(root.join("target/release/examples/speed"));
        let printed = step(name, || output_of(command.current_dir(root).arg(name)))?;
        let mut measured: Measured =
            serde_json::from_str(&printed).with_context(|| format!("{name} told no figures"))?;
        measured.machine = machine(root, "release")?;
        let file = root.join(RESULTS).join(format!("{name}.json"));
        fs::create_dir_all(root.join(RESULTS)).with_context(|| format!("cannot make {RESULTS}"))?;
        let text = serde_json::to_string_pretty(&measured)?;
        fs::write(&file, text + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
        println!("{RESULTS}/{name}.json: written");
    }
    draw(root)
}

fn build(root: &Path) -> Result<()> {
    let mut line = vec!["build", "--release", "--locked", "--bins"];
    for package in [
        "vestibule",
        "vestibule-core",
        "vestibule-sqlite",
        "vestibule-http",
        "vestibule-e2e",
    ] {
        line.extend(["--package", package]);
    }
    for example in ["nothing", "raw_argon2", "seed", "verify", "speed"] {
        line.extend(["--example", example]);
    }
    succeed(&mut cargo(root, &line))
}

/// Draws the report from what was measured, whenever that was.
pub fn draw(root: &Path) -> Result<()> {
    fs::write(root.join(REPORT), page(root)?.html())
        .with_context(|| format!("cannot write {REPORT}"))?;
    println!("{REPORT}: written");
    Ok(())
}

fn page(root: &Path) -> Result<Page> {
    let mut sections = Vec::new();
    for name in NAMES {
        let file = root.join(RESULTS).join(format!("{name}.json"));
        if !file.exists() {
            continue;
        }
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let measured: Measured = serde_json::from_str(&text)
            .with_context(|| format!("{} is no result", file.display()))?;
        let notes = fs::read_to_string(root.join(NOTES).join(format!("{name}.txt")));
        let notes: Vec<String> = notes
            .unwrap_or_default()
            .split("\n\n")
            .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|paragraph| !paragraph.is_empty())
            .collect();
        sections.push(measured.section(&notes));
    }
    Ok(Page {
        title: "Vestibule: speed and size".to_owned(),
        lead: vec![
            "Each figure beside what it is to be. A machine that is shared tells no absolute speed, so what counts are ratios \
             of rounds that follow each other in one run, by the median, with the lowest and the highest beside it; the \
             steadiest figure is the server's own processor time for each answer, as the operating system tells it."
                .to_owned(),
            "Again: cargo xtask bench p1 (p5, p7, p10); cargo xtask bench report draws this page alone. The raw figures are in \
             bench/results."
                .to_owned(),
        ],
        facts: Vec::new(),
        sections,
    })
}

#[cfg(test)]
mod tests {
    use vestibule_load::report::{Goal, Value};

    use super::*;

    fn holds_all_and_needs_nothing_from_elsewhere(html: &str, measured: &[Measured]) {
        for foreign in [
            "http://", "https://", "src=", "href=", "url(", "<script", "@import",
        ] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        for measured in measured {
            let name = &measured.id;
            assert!(
                measured.figures.iter().any(|figure| figure.goal.is_some()),
                "{name}"
            );
            assert!(measured.machine.contains("release build"), "{name}");
            for figure in &measured.figures {
                let told = figure.name.replace('\'', "&#39;");
                assert!(html.contains(&told), "{name}: {}", figure.name);
            }
        }
    }

    #[test]
    fn a_page_is_drawn_from_results_and_notes() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let value = Value::new("the check's time", "µs", Some(Goal::AtMost(2.0)), [1.0]);
        let measured = Measured {
            id: "P1".to_owned(),
            title: "the check".to_owned(),
            machine: "a release build".to_owned(),
            method: vec!["So.".to_owned()],
            figures: vec![value.unwrap()],
            tables: Vec::new(),
            plots: Vec::new(),
        };
        let text = serde_json::to_string(&measured).unwrap();
        write("bench/results/p1.json", &text);
        write("bench/notes/p1.txt", "One\nparagraph.\n\nAnother.\n");
        let html = page(root.path()).unwrap().html();
        holds_all_and_needs_nothing_from_elsewhere(&html, &[measured]);
        assert!(html.contains("One paragraph.") && html.contains("Another."));
    }

    /// Figures and the page drawn from them are committed together or not at all.
    #[test]
    fn the_committed_report_is_what_its_results_make() {
        let root = crate::workspace_root();
        let result = |name: &str| root.join(RESULTS).join(format!("{name}.json"));
        let kept = NAMES.map(|name| fs::read_to_string(result(name)).ok());
        let kept: Vec<Measured> = kept
            .iter()
            .flatten()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        let Ok(committed) = fs::read_to_string(root.join(REPORT)) else {
            assert!(kept.is_empty(), "cargo xtask bench report");
            return;
        };
        assert!(!kept.is_empty(), "a report of nothing");
        assert_eq!(
            committed,
            page(&root).unwrap().html(),
            "cargo xtask bench report"
        );
        holds_all_and_needs_nothing_from_elsewhere(&committed, &kept);
    }
}
