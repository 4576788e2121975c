use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tempfile::NamedTempFile;

use super::*;

fn sha1(text: &str) -> [u8; 20] {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().try_into().unwrap()
}

/// The `number`th of the passwords that a made list has.
fn breached(number: u32) -> [u8; 20] {
    sha1(&format!("breached {number}"))
}

fn upper(hash: &[u8; 20]) -> String {
    hash.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02X}").unwrap();
        hex
    })
}

/// The lines of a list of `count` passwords, seen 0 to 99,999 times, so that they are of different length.
fn made(count: u32) -> Vec<String> {
    let mut hashes: Vec<_> = (0..count).map(breached).collect();
    hashes.sort_unstable();
    let line = |(at, hash): (usize, &[u8; 20])| format!("{}:{}", upper(hash), at * 37 % 100_000);
    hashes.iter().enumerate().map(line).collect()
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn open(text: &str) -> Result<BreachedFile, BreachedError> {
    BreachedFile::open(file(text).path())
}

/// Holds: ASVS 6.2.12
#[test]
fn asvs_6_2_12_every_listed_password_is_found_and_no_other() {
    for count in [1, 2, 3, 80, 97, 5000] {
        for (end, last) in [("\n", "\n"), ("\r\n", "\r\n"), ("\n", "")] {
            let list = open(&(made(count).join(end) + last)).unwrap();
            for number in 0..count {
                assert!(
                    list.holds(&breached(number)).unwrap(),
                    "{number} of {count}"
                );
            }
            for number in count..count + 500 {
                assert!(
                    !list.holds(&breached(number)).unwrap(),
                    "{number} of {count}"
                );
            }
            for end in [[0; 20], [0xff; 20]] {
                assert!(!list.holds(&end).unwrap());
            }
        }
    }
}

#[test]
fn a_list_may_lack_counts_and_be_in_lower_case() {
    let lines: Vec<String> = made(300)
        .iter()
        .map(|line| line[..DIGITS].to_lowercase())
        .collect();
    let list = open(&lines.join("\n")).unwrap();
    assert!((0..300).all(|number| list.holds(&breached(number)).unwrap()));
    assert!(!list.holds(&breached(300)).unwrap());
}

#[test]
fn what_is_no_list_is_refused_when_it_is_opened_with_the_place() {
    let lines = made(5000);
    let mut shuffled = lines.clone();
    shuffled.rotate_left(2500);
    let mut twice = lines.clone();
    twice[1] = twice[0].clone();
    let whole = lines.join("\n");
    let mut unsorted_end = lines.clone();
    unsorted_end.swap(4998, 4999);
    for (text, why) in [
        (String::new(), "empty"),
        ("\n".to_owned(), "an empty line"),
        ("password\nletmein\n".to_owned(), "passwords as such"),
        (whole[..whole.len() - 20].replace(':', ";"), "another sign"),
        (
            whole.clone() + "\n0123456789ABCDEF",
            "half a line at its end",
        ),
        (
            format!("{whole}\n{}:", upper(&[0xff; 20])),
            "a count cut off",
        ),
        (shuffled.join("\n"), "out of order"),
        (twice.join("\n"), "one line twice"),
        (unsorted_end.join("\n"), "its end out of order"),
        ("x".repeat(100_000), "one long line"),
    ] {
        let error = open(&text).expect_err(why);
        assert!(
            error.to_string().contains("breached passwords"),
            "{why}: {error}"
        );
    }
    let error = BreachedFile::open(Path::new("/nowhere/pwned.txt")).unwrap_err();
    assert!(
        error.to_string().contains("passwords.breached_file"),
        "{error}"
    );
}

/// Holds: ASVS 16.5.3
#[test]
fn asvs_16_5_3_a_list_that_breaks_later_is_an_error_and_never_a_no() {
    let file = file(&made(5000).join("\n"));
    let list = BreachedFile::open(file.path()).unwrap();
    // Overwritten in place: of every password that was on it, none is 'not on the list'.
    let length = fs::metadata(file.path()).unwrap().len();
    fs::write(file.path(), vec![b'\n'; usize::try_from(length).unwrap()]).unwrap();
    for number in 0..100 {
        assert!(list.holds(&breached(number)).is_err());
    }
    // Cut off in place.
    fs::write(file.path(), "").unwrap();
    for number in 0..100 {
        assert!(list.holds(&breached(number)).is_err());
    }
}

/// A look-up reads a few pages, however long the file is.
#[test]
fn a_sparse_terabyte_is_refused_and_read_by_no_more_than_its_samples() {
    let file = file(&(made(10).join("\n") + "\n"));
    file.as_file().set_len(1 << 40).unwrap();
    assert!(BreachedFile::open(file.path()).is_err());
}
