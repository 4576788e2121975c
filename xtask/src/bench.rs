//! Measurements. Some are tests as well: run at length, in a release build, and written as pages of the book; the test fails
//! for what must hold, and how long things take is told and fails nothing. Those of [`speed`] become a report of their own.

mod speed;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::machine::machine;
use crate::postgres::{self, Cluster};
use crate::steps::{cargo, output_of, step, succeed};

/// One page.
struct Bench {
    name: &'static str,
    page: &'static str,
    /// What each line of figures begins with.
    mark: &'static str,
    runs: &'static [Run],
    text: &'static str,
}

/// What is run for it.
enum Run {
    /// A test of `e2e`, and how many of what it is to try, by its variable.
    Test(&'static str, (&'static str, &'static str)),
    /// An example of a package.
    Example(&'static str, &'static str),
}

const BENCHES: [Bench; 4] = [
    Bench {
        name: "doors",
        page: "docs/measured/doors.md",
        mark: "oracle",
        runs: &[Run::Test("oracle", ("VESTIBULE_ORACLE_PEOPLE", "250"))],
        text: "# What the doors tell\n\n\
            Sign-in, registration and recovery are asked about addresses that have accounts and addresses that have none, in a\n\
            mixed order, one at a time. What is said must be the same to the byte but for the form's token, the address typed\n\
            and the code of the request; the test fails otherwise. How long it takes is compared by the test of Mann and\n\
            Whitney: `chance` is how often a known address takes longer than an unknown one, a half if nothing can be told, and\n\
            `z` by how many standard deviations that is away from a half; within two, nothing was found.\n",
    },
    Bench {
        name: "flood",
        page: "docs/measured/flood.md",
        mark: "flood",
        runs: &[Run::Test("flood", ("VESTIBULE_FLOOD_LOGINS", "1000"))],
        text: "# A flood of logins\n\n\
            A thousand logins at the same moment, each from a network of its own: half of them guess at one account, the others\n\
            are right and wrong about other accounts and about none. Every refusal must be in the audit trail once; of the guesses\n\
            at the one account no more than five may be looked at (`of_one_account`); memory may grow by no more than\n\
            `bound_kib`, which is known beforehand: `passwords.threads` × `passwords.memory` (2 × 19 MiB here), 64 KiB for each\n\
            login that waits, and 64 MiB for the store's cache and the allocator; and the account's owner must get in from a\n\
            device that is known (`owner_tries`: there may be no room for a while, which is answered 503). Meanwhile a session that\n\
            is signed in already is checked again and again; generator and server share the machine's cores.\n",
    },
    Bench {
        name: "writes",
        page: "docs/measured/writes.md",
        mark: "writes",
        runs: &[
            Run::Example("vestibule-sqlite", "writes"),
            Run::Example("vestibule-postgres", "writes"),
        ],
        text: "# What the stores write\n\n\
            An *event* is the smallest transition there is: a refused login in the audit trail, with its personal data. *Raw* is the\n\
            same rows put into the same tables of the same database by nothing but a loop: with SQLite one connection commits as\n\
            many at a time as there are callers (256 at most, as the writer does), with PostgreSQL as many connections as the pool\n\
            has commit one each, and the server groups them. A *pair* is a login and its logout: two transitions. The callers each\n\
            have one transition at a time. Each is the median of three rounds of three seconds, by turns; every commit is on the\n\
            disk before it is acknowledged. The database, the store and its callers share the machine's cores.\n",
    },
    Bench {
        name: "proxies",
        page: "docs/measured/proxies.md",
        mark: "proxies",
        runs: &[Run::Example("vestibule-e2e", "proxies")],
        text: "# What the check adds behind each proxy\n\n\
            Somebody who is signed in asks for a page of an application, over TLS, on eight connections that are kept, each asking\n\
            again as soon as it has its answer: through the book's own configuration, and through the same with the question\n\
            taken out. The two take turns, seven rounds of a second each; every figure is the median of its rounds, with the\n\
            lowest and the highest. `added_p50_µs` is what a round's median grew by against the round before it. Proxy,\n\
            Vestibule, application and the one who asks share the machine's cores, so that each question also takes away from\n\
            what it is compared with: on a machine with cores to spare less is added.\n",
    },
];

/// Draws the report of [`speed`] from what was measured before.
const REPORT: &str = "report";

/// Runs the named one, or all.
pub fn run(root: &Path, name: Option<&str>) -> Result<()> {
    if name == Some(REPORT) {
        return speed::draw(root);
    }
    let is_chosen = |known: &str| name.is_none_or(|name| name == known);
    let pages: Vec<&Bench> = BENCHES
        .iter()
        .filter(|bench| is_chosen(bench.name))
        .collect();
    let speeds: Vec<&str> = speed::NAMES
        .into_iter()
        .filter(|name| is_chosen(name))
        .collect();
    ensure!(
        !pages.is_empty() || !speeds.is_empty(),
        "there are: {}",
        names()
    );
    if !pages.is_empty() {
        write_pages(root, &pages)?;
    }
    if !speeds.is_empty() {
        speed::run(root, &speeds)?;
    }
    Ok(())
}

fn names() -> String {
    let pages = BENCHES.iter().map(|bench| bench.name);
    let all: Vec<&str> = pages.chain(speed::NAMES).chain([REPORT]).collect();
    all.join(", ")
}

fn write_pages(root: &Path, chosen: &[&Bench]) -> Result<()> {
    step("build", || {
        succeed(&mut cargo(
            root,
            &["build", "--release", "--workspace", "--bins", "--locked"],
        ))
    })?;
    let cluster = step("PostgreSQL to measure", Cluster::start_durable)?;
    for bench in chosen {
        let mut printed = String::new();
        for run in bench.runs {
            printed += &step(bench.name, || run.output(root, &cluster))?;
        }
        let page = page(bench, &printed, &machine(root, "release")?)?;
        fs::write(root.join(bench.page), page)
            .with_context(|| format!("cannot write {}", bench.page))?;
        println!("{}: written", bench.page);
    }
    Ok(())
}

impl Run {
    fn output(&self, root: &Path, cluster: &Cluster) -> Result<String> {
        match self {
            Self::Test(test, (variable, amount)) => {
                let build = [
                    "test",
                    "--release",
                    "--locked",
                    "--package",
                    "vestibule-e2e",
                ];
                let chosen = ["--test", test, "--", "--nocapture"];
                let line = [&build[..], &chosen[..]].concat();
                output_of(cargo(root, &line).env(variable, amount))
            }
            Self::Example(package, example) => {
                let run = ["run", "--release", "--locked", "--package", package];
                let line = [&run[..], &["--example", example]].concat();
                output_of(cargo(root, &line).env(postgres::ADDRESS, cluster.url()))
            }
        }
    }
}

fn page(bench: &Bench, printed: &str, machine: &str) -> Result<String> {
    let mark = format!("{}: ", bench.mark);
    // Under --nocapture the harness writes its own words before ours on the same line.
    let rows: Vec<Vec<(&str, &str)>> = printed
        .lines()
        .filter_map(|line| line.split_once(&mark))
        .map(|(_, figures)| {
            let pairs = figures.split_whitespace();
            pairs.filter_map(|pair| pair.split_once('=')).collect()
        })
        .collect();
    let first = rows
        .first()
        .with_context(|| format!("the test printed no line '{mark}name=value …'"))?;
    let mut page = format!(
        "<!-- Written by `cargo xtask bench`. Do not edit. -->\n\n{}\n{machine}\n\n|",
        bench.text
    );
    // Writing to a string cannot fail.
    for n in 0..=rows.len() {
        let heading = n.checked_sub(1).and_then(|n| rows[n].first());
        let _ = write!(page, " {} |", heading.map_or("", |(_, value)| value));
    }
    page.push_str("\n|---|");
    page.push_str(&"--:|".repeat(rows.len()));
    for (at, (name, _)) in first.iter().enumerate().skip(1) {
        let _ = write!(page, "\n| {name} |");
        for row in &rows {
            let _ = write!(page, " {} |", row.get(at).map_or("", |(_, value)| value));
        }
    }
    let _ = write!(page, "\n\nAgain: `cargo xtask bench {}`.\n", bench.name);
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_become_a_table_with_a_column_for_each_line() {
        let printed = "test it ... oracle: door=sign-in tries=4 z=0.1\noracle: door=recovery tries=2 z=0.2\nok\n";
        let page = page(&BENCHES[0], printed, "here").unwrap();
        assert!(
            page.contains(
                "|  | sign-in | recovery |\n|---|--:|--:|\n| tries | 4 | 2 |\n| z | 0.1 | 0.2 |"
            ),
            "{page}"
        );
        assert!(super::page(&BENCHES[0], "nothing", "here").is_err());
    }
}
