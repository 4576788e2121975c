//! Makes the filter of common and breached passwords, `data/common.fuse16`, and the sample that the tests look up,
//! `data/common-sample.txt`. `cargo xtask blocklist` fetches the lists and runs this:
//!
//! ```text
//! blocklist LISTS DATA      LISTS: lines of 'name TAB how many short ones count TAB path', commonest list first
//! ```
//!
//! It prints what it made as lines of 'what TAB number or text'.
#![expect(clippy::print_stdout, reason = "it prints its result")]

mod generated;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use vestibule_core::password::MIN_CODE_POINTS;
use vestibule_core::password::blocklist::{Common, entry, key};

/// Shortest entry worth knowing: `abc` with twelve digits after it is no common password.
const LEAST: usize = 4;
/// ASVS 6.2.4: as many of the commonest that pass the length policy.
const COMMONEST: usize = 3000;
/// One in so many of those goes into the sample.
const SAMPLED: usize = 30;
/// Texts nobody has ever typed, for the rate of false positives.
const PROBES: u32 = 1_000_000;

/// A list, commonest first.
struct List {
    name: String,
    /// How many of its commonest count although they are too short to be set: they come back repeated, or with digits
    /// around them.
    short: usize,
    entries: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(lists), Some(data)) = (arguments.next(), arguments.next()) else {
        return Err("usage: blocklist LISTS DATA".into());
    };
    let lists = read(&lists)?;
    let mut entries = BTreeSet::new();
    for (what, made) in made(&lists) {
        let before = entries.len();
        entries.extend(made.filter(|text| text.chars().count() >= LEAST));
        println!("{what}\t{}", entries.len() - before);
    }
    let keys: BTreeSet<u64> = entries.iter().map(|entry| key(entry)).collect();
    let keys: Vec<u64> = keys.into_iter().collect();
    let filter = Common::build(&keys)?;
    let commonest = commonest(&lists);
    if keys.len() != entries.len()
        || !entries
            .iter()
            .chain(&commonest)
            .all(|entry| filter.holds(entry))
    {
        return Err("the filter does not hold each entry under its own key".into());
    }
    let bytes = filter.encode();
    fs::write(data.join("common.fuse16"), &bytes)?;
    fs::write(data.join("common-sample.txt"), sample(&commonest))?;

    let taken = (0..PROBES).filter(|probe| filter.holds(&format!("no password {probe:x}")));
    println!("all entries\t{}", filter.entries());
    println!("bytes of the filter\t{}", bytes.len());
    let digest = filter.source().iter().fold(String::new(), |mut hex, byte| {
        // Infallible: writing to a String.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    println!("SHA-256 of the sorted keys\t`{digest}`");
    println!(
        "taken for an entry, of {PROBES} texts that are none\t{}",
        taken.count()
    );
    Ok(())
}

fn read(lists: &Path) -> Result<Vec<List>, Box<dyn Error>> {
    let read = |line: &str| {
        let [name, short, path] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("not 'name TAB number TAB path': {line}").into());
        };
        let text = fs::read(path)?;
        let lines = String::from_utf8_lossy(&text);
        let entries = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(List {
            name: name.to_owned(),
            short: short.parse()?,
            entries: entries.map(str::to_owned).collect(),
        })
    };
    fs::read_to_string(lists)?.lines().map(read).collect()
}

type Entries<'a> = Box<dyn Iterator<Item = String> + 'a>;

/// Every entry in its canonical form, by where it comes from.
fn made(lists: &[List]) -> Vec<(String, Entries<'_>)> {
    let mut made: Vec<(String, Entries<'_>)> = Vec::new();
    for list in lists {
        let long = list
            .entries
            .iter()
            .filter(|text| is_long(text))
            .map(|text| entry(text));
        made.push((format!("{}: long enough", list.name), Box::new(long)));
        if list.short > 0 {
            let short = list.entries.iter().take(list.short).map(|text| entry(text));
            made.push((
                format!("{}: the {} commonest", list.name, list.short),
                Box::new(short),
            ));
        }
    }
    if let Some(first) = lists.first() {
        let words: Vec<String> = first
            .entries
            .iter()
            .take(generated::PAIRED)
            .map(|word| entry(word))
            .collect();
        let pairs = generated::pairs(words);
        made.push((
            format!("pairs of the {} commonest", generated::PAIRED),
            Box::new(pairs),
        ));
    }
    let walks = "keyboard walks, alphabets, runs of digits".to_owned();
    made.push((walks, Box::new(generated::walks())));
    made
}

fn is_long(text: &str) -> bool {
    text.chars().count() >= MIN_CODE_POINTS
}

/// The commonest passwords that pass the length policy, commonest first.
fn commonest(lists: &[List]) -> Vec<String> {
    let first = lists.first().map_or(&[][..], |list| &list.entries);
    let long = first.iter().filter(|text| is_long(text));
    long.take(COMMONEST).map(|text| entry(text)).collect()
}

/// Keys, not texts: some of the entries are names of people.
fn sample(commonest: &[String]) -> String {
    let mut text = format!(
        "# Made by `cargo xtask blocklist`: every {SAMPLED}th of the {COMMONEST} commonest passwords of {MIN_CODE_POINTS} \
         characters or more,\n# as its key in the filter.\n"
    );
    for entry in commonest.iter().step_by(SAMPLED) {
        // Infallible: writing to a String.
        let _ = writeln!(text, "{:016x}", key(entry));
    }
    text
}
