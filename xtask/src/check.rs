//! What needs no running server: format, layering, licences, lints, committed contracts.

use std::path::Path;

use anyhow::{Result, bail};

use crate::steps::{cargo, step, succeed};
use crate::{book, contracts, layering, licences, test};

type Check = fn(&Path) -> Result<()>;

/// In the order of how soon each answers.
const CHECKS: &[(&str, Check)] = &[
    ("format", |root| {
        succeed(&mut cargo(root, &["fmt", "--all", "--check"]))
    }),
    ("layering", layering::check),
    ("licences and origins", licences::check),
    ("links of the book", book::check),
    ("lints", |root| {
        succeed(&mut cargo(
            root,
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                // What is left out of a plain build is to be clean as well.
                "--features",
                test::TRACES,
                "--",
                "--deny",
                "warnings",
            ],
        ))
    }),
    ("committed contracts", contracts::check),
];

/// Runs every check, also after one has failed, and names those that did.
pub fn failures(root: &Path) -> Vec<&'static str> {
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        if let Err(error) = step(name, || check(root)) {
            println!("{error:#}");
            failed.push(*name);
        }
    }
    failed
}

pub fn run(root: &Path) -> Result<()> {
    let failed = failures(root);
    if failed.is_empty() {
        return Ok(());
    }
    bail!(
        "{} of {} checks failed: {}",
        failed.len(),
        CHECKS.len(),
        failed.join(", ")
    )
}
