//! The operator's larger list of breached passwords: a file in the text format of Pwned Passwords 'ordered by hash'.
//!
//! ```text
//! 000000005AD76BD555C1D6D771DE417A4B87E4B4:10      SHA-1 in hex, how often it was seen (may be absent), line feed
//! 00000000A8DAE4228F821FB418F59826079BF368:4
//! ```
//!
//! Tens of gigabytes, so nothing of it is held: a look-up halves the file some twenty times and reads a few hundred bytes
//! each. The file stays open; one that is put in its place counts from the next start.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use vestibule_engine::Breached;

use crate::regular;

/// Hex digits of a SHA-1.
const DIGITS: usize = 40;
/// Longest line: a hash, a colon, a count of up to twenty digits, carriage return and line feed, and room to spare.
const LONGEST: u64 = 128;
/// What is left when halving stops and reading begins. A few pages of a disk cost what one does.
const WINDOW: u64 = 4096;
/// Places looked at when the file is opened.
const LOOKS: u64 = 64;

/// A list that was looked at and found sorted, open for look-ups.
#[derive(Debug)]
pub struct BreachedFile {
    file: File,
    length: u64,
}

/// Why the file cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum BreachedError {
    /// It cannot be read.
    #[error(
        "the list of breached passwords {path} cannot be read: passwords.breached_file names it"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else, or only a part of one.
    #[error(
        "the list of breached passwords {path} is not in the format of Pwned Passwords 'ordered by hash' near byte {at}: \
         each line is a SHA-1 in hex, with or without a colon and a count, in ascending order; an interrupted download \
         ends in half a line"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
    },
}

impl BreachedFile {
    /// Opens the file and looks at its ends and at places between them.
    pub fn open(path: &Path) -> Result<Self, BreachedError> {
        let unreadable = |source| BreachedError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let (file, metadata) = regular::open(path, u64::MAX).map_err(unreadable)?;
        let length = metadata.len();
        let list = Self { file, length };
        match list.first_fault() {
            Ok(None) => Ok(list),
            Ok(Some(at)) => Err(BreachedError::Malformed {
                path: path.to_owned(),
                at,
            }),
            Err(source) => Err(unreadable(source)),
        }
    }

    /// Where the first, last or one of the lines between is none, or not above the one before it.
    fn first_fault(&self) -> io::Result<Option<u64>> {
        let ends = self.length.saturating_sub(WINDOW);
        let mut before = None;
        for look in 0..=LOOKS {
            // The last look is at the end, to its last byte.
            let at = ends / LOOKS * look + ends % LOOKS * look / LOOKS;
            let start = if at == 0 { 0 } else { self.line_after(at)? };
            let text = self.read(start, (start + WINDOW).min(self.length))?;
            let whole = if start + WINDOW < self.length {
                last_feed(&text)
            } else {
                text.len()
            };
            for (offset, line) in lines(&text[..whole]) {
                let Some(hash) = hash_of(line) else {
                    return Ok(Some(start + offset as u64));
                };
                // A place may be looked at twice when the file is short.
                let seen = before.is_some_and(|(place, _)| place >= start + offset as u64);
                if !seen && before.is_some_and(|(_, lower)| lower >= hash) {
                    return Ok(Some(start + offset as u64));
                }
                if !seen {
                    before = Some((start + offset as u64, hash));
                }
            }
        }
        Ok(before.is_none().then_some(0))
    }

    /// Where the first line after `at` begins.
    fn line_after(&self, at: u64) -> io::Result<u64> {
        let text = self.read(at, (at + LONGEST).min(self.length))?;
        let feed = text.iter().position(|byte| *byte == b'\n');
        let feed = feed.ok_or_else(|| malformed(at))?;
        Ok(at + feed as u64 + 1)
    }

    fn read(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(to.saturating_sub(from)).map_err(io::Error::other)?;
        let mut text = vec![0; length];
        self.file.read_exact_at(&mut text, from)?;
        Ok(text)
    }
}

impl Breached for BreachedFile {
    fn holds(&self, sha1: &[u8; 20]) -> io::Result<bool> {
        // The line of `sha1`, if there is one, begins at `low` or after it and before `high`; both are beginnings of lines.
        let (mut low, mut high) = (0, self.length);
        while high - low > WINDOW {
            let start = self.line_after(low + (high - low) / 2)?;
            let text = self.read(start, (start + LONGEST).min(self.length))?;
            let line = lines(&text).next().and_then(|(_, line)| hash_of(line));
            match line.ok_or_else(|| malformed(start))?.cmp(sha1) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => low = start,
                Ordering::Greater => high = start,
            }
        }
        let text = self.read(low, high)?;
        for (offset, line) in lines(&text) {
            // ASVS 16.5.3: what cannot be read is not taken for 'not on the list'.
            let hash = hash_of(line).ok_or_else(|| malformed(low + offset as u64))?;
            if hash == *sha1 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn malformed(at: u64) -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        format!("not a line of the list near byte {at}"),
    )
}

/// The bytes up to the last line feed and with it.
fn last_feed(text: &[u8]) -> usize {
    text.iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1)
}

/// Each line and where it begins; the last may lack its line feed.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut offset = 0;
    text.split_inclusive(|byte| *byte == b'\n')
        .map(move |line| {
            let start = offset;
            offset += line.len();
            (start, line.trim_ascii_end())
        })
}

fn hash_of(line: &[u8]) -> Option<[u8; 20]> {
    let (digits, rest) = line.split_at_checked(DIGITS)?;
    let count = rest.strip_prefix(b":");
    let counted =
        count.is_some_and(|count| !count.is_empty() && count.iter().all(u8::is_ascii_digit));
    if !rest.is_empty() && !counted {
        return None;
    }
    let mut hash = [0; 20];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests;
