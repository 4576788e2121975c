//! The `kill -9` test for many rounds, and its result as a page of the book.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::machine::machine;
use crate::steps::{self, cargo, output_of, step, succeed};

const PAGE: &str = "docs/measured/soak.md";

pub fn run(root: &Path, rounds: u32) -> Result<()> {
    step("build", || {
        succeed(&mut cargo(
            root,
            &["build", "--workspace", "--bins", "--locked"],
        ))
    })?;
    let started = steps::now();
    let printed = step(&format!("{rounds} rounds of kill -9"), || {
        let test = [
            "test",
            "--locked",
            "--package",
            "vestibule-e2e",
            "--test",
            "durability",
            "--",
            "--nocapture",
            "kill_dash_nine",
        ];
        output_of(cargo(root, &test).env("VESTIBULE_SOAK_ROUNDS", rounds.to_string()))
    })?;
    let took = steps::seconds(started.elapsed());
    let result = Outcome::find(&printed)?;
    println!("   {}", result.line);
    result.judge(rounds)?;

    let machine = machine(root, "debug")?;
    let path = root.join(PAGE);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(&path, page(&result, &took, &machine))
        .with_context(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE}: written");
    Ok(())
}

/// What the test printed about itself: `soak: rounds=50 logins=… lost=0 revived=0`.
#[derive(Debug)]
struct Outcome {
    line: String,
    counts: Vec<(String, u64)>,
}

impl Outcome {
    fn find(printed: &str) -> Result<Self> {
        // Under --nocapture the harness writes its own words before ours on the same line.
        let line = printed
            .lines()
            .find_map(|line| line.find("soak: ").map(|at| line[at..].trim_end().to_owned()))
            .context("the test printed no line 'soak: rounds=… lost=… revived=…'; does e2e/tests/durability.rs have kill_dash_nine?")?;
        let counts = line["soak: ".len()..]
            .split_whitespace()
            .map(|pair| {
                let (name, value) = pair
                    .split_once('=')
                    .with_context(|| format!("'{pair}' is not name=number"))?;
                Ok((
                    name.to_owned(),
                    value
                        .parse()
                        .with_context(|| format!("'{pair}' is not name=number"))?,
                ))
            })
            .collect::<Result<_>>()?;
        Ok(Self { line, counts })
    }

    fn count(&self, name: &str) -> Result<u64> {
        let found = self.counts.iter().find(|(found, _)| found == name);
        found
            .map(|(_, count)| *count)
            .with_context(|| format!("the test did not say {name}=…"))
    }

    fn judge(&self, rounds: u32) -> Result<()> {
        if self.count("rounds")? != u64::from(rounds) {
            bail!(
                "asked for {rounds} rounds, and the test ran {}",
                self.count("rounds")?
            );
        }
        if self.count("logins")? == 0 || self.count("logouts")? == 0 {
            bail!("a storm without logins or logouts shows nothing");
        }
        if self.count("lost")? > 0 || self.count("revived")? > 0 {
            bail!(
                "an acknowledged login was lost or an acknowledged logout undone: {}",
                self.line
            );
        }
        Ok(())
    }
}

fn page(result: &Outcome, took: &str, machine: &str) -> String {
    let mut page = format!(
        "<!-- Written by `cargo xtask soak`. Do not edit. -->\n\n\
         # Killed in the middle\n\n\
         Clients log in, log out and change passwords as fast as they are answered; the server is killed with `kill -9` at an\n\
         arbitrary moment and started again on the same data. Then every acknowledged login must be alive, every\n\
         acknowledged logout dead, and the audit trail must verify.\n\n\
         {machine} · {took}\n\n| | |\n|---|--:|\n"
    );
    for (name, count) in &result.counts {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {name} | {count} |");
    }
    page.push_str("\nAgain: `cargo xtask soak`.\n");
    page
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn a_good_result_is_accepted() {
        let good = "test kill_dash_nine ... soak: rounds=50 logins=900 logouts=300 changes=20 lost=0 revived=0\nok\n";
        Outcome::find(good).unwrap().judge(50).unwrap();
    }

    #[test]
    fn what_was_lost_or_revived_or_not_tried_is_refused() {
        for bad in [
            "soak: rounds=50 logins=900 logouts=300 lost=1 revived=0",
            "soak: rounds=50 logins=900 logouts=300 lost=0 revived=1",
            "soak: rounds=5 logins=900 logouts=300 lost=0 revived=0",
            "soak: rounds=50 logins=0 logouts=0 lost=0 revived=0",
            "soak: rounds=50 logins=900 logouts=300 lost=0",
        ] {
            assert!(Outcome::find(bad).unwrap().judge(50).is_err(), "{bad}");
        }
        assert!(Outcome::find("test result: ok").is_err());
    }
}
