//! What an application keeps under somebody's session: JSON of its own, a value for each key, gone with the session.
//!
//! ```text
//! session ── application ── key ── (value, version)      a key's every value has another version; no two are alike, ever
//! ```
//!
//! A version is random. A counter would have to outlive the key it counts, and a restore would put it back: a caller who
//! learned a version after the backup could then overwrite what they never saw. Of 63 random bits neither is true.

use std::fmt;
use std::str::FromStr;

use crate::id::{ApplicationId, SessionId};

/// Longest value, in bytes.
pub const MOST_PER_KEY: usize = 16 * 1024;
/// Longest values of one application under one session, together, in bytes (ASVS 15.2.2).
pub const MOST_PER_APPLICATION: usize = 64 * 1024;
/// Most keys of one application under one session.
pub const MOST_KEYS: usize = 64;

/// A key: 1 to 64 of `A-Za-z0-9._-`, and neither `.` nor `..`, which no URL can name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataKey(String);

/// Not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 1 to 64 characters out of A-Z, a-z, 0-9, ., _ and -, and is neither . nor ..")]
pub struct ParseDataKeyError;

impl DataKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DataKey {
    type Err = ParseDataKeyError;

    fn from_str(text: &str) -> Result<Self, ParseDataKeyError> {
        let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        let named = (1..=64).contains(&text.len()) && !matches!(text, "." | "..");
        if !named || !text.bytes().all(fits) {
            return Err(ParseDataKeyError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which value of a key this is. The ETag is its number in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataVersion(pub u64);

/// Not a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a version: expected a number")]
pub struct ParseDataVersionError;

impl DataVersion {
    /// From 8 random bytes: 63 of their bits, which every backend can hold as a number.
    pub const fn new(random: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(random) >> 1)
    }
}

impl FromStr for DataVersion {
    type Err = ParseDataVersionError;

    /// One version has one spelling.
    fn from_str(text: &str) -> Result<Self, ParseDataVersionError> {
        let number = text.parse().map_err(|_| ParseDataVersionError)?;
        let version = Self(number);
        if version.to_string() == text {
            Ok(version)
        } else {
            Err(ParseDataVersionError)
        }
    }
}

impl fmt::Display for DataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a value lies. No application is ever given another's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataPlace {
    /// Under which session.
    pub session: SessionId,
    /// Whose it is.
    pub application: ApplicationId,
    /// Under which name.
    pub key: DataKey,
}

/// A value as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Datum {
    /// The application's JSON.
    pub value: Vec<u8>,
    /// Which value it is.
    pub version: DataVersion,
}

impl fmt::Debug for Datum {
    // Whatever an application keeps may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Datum({} bytes, {})", self.value.len(), self.version)
    }
}

/// A value to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDatum {
    /// Where.
    pub place: DataPlace,
    /// The application's JSON.
    pub value: Vec<u8>,
    /// The version that it takes: a fresh one ([`DataVersion::new`]).
    pub version: DataVersion,
    /// On which condition.
    pub precondition: Precondition,
}

impl fmt::Debug for NewDatum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDatum")
            .field("place", &self.place)
            .field("length", &self.value.len())
            .field("version", &self.version)
            .field("precondition", &self.precondition)
            .finish()
    }
}

/// What is kept under a key, but for the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataEntry {
    /// The key.
    pub key: DataKey,
    /// Which value it has.
    pub version: DataVersion,
    /// How long that is, in bytes.
    pub length: usize,
}

/// What must be so for a write to happen (RFC 9110 §13.1), so that no update is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// `If-Match: "…"`: the key has this very value.
    Matches(DataVersion),
    /// `If-Match: *`: the key has a value.
    Exists,
    /// `If-None-Match: *`: it has none.
    Absent,
}

impl Precondition {
    fn holds(self, current: Option<&DataEntry>) -> bool {
        match self {
            Self::None => true,
            Self::Matches(version) => current.is_some_and(|entry| entry.version == version),
            Self::Exists => current.is_some(),
            Self::Absent => current.is_none(),
        }
    }
}

/// What a write comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgedPut {
    /// The key is new.
    Insert,
    /// The key has another value.
    Replace,
    /// Nothing: what must be so is not.
    PreconditionFailed,
    /// Nothing: the value is too long, or all of the application's would be together.
    TooLarge,
    /// Nothing: there are too many keys.
    TooMany,
}

/// What a removal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgedDelete {
    /// The key goes.
    Delete,
    /// Nothing: what must be so is not.
    PreconditionFailed,
    /// Nothing: there is no such key.
    Absent,
}

/// Judges a value of so many bytes, by what the application keeps under the session already.
pub fn judge_put(
    kept: &[DataEntry],
    key: &DataKey,
    length: usize,
    precondition: Precondition,
) -> JudgedPut {
    let current = kept.iter().find(|entry| entry.key == *key);
    if !precondition.holds(current) {
        return JudgedPut::PreconditionFailed;
    }
    let others = kept.iter().filter(|entry| entry.key != *key);
    let others: usize = others.map(|entry| entry.length).sum();
    if length > MOST_PER_KEY || others.saturating_add(length) > MOST_PER_APPLICATION {
        return JudgedPut::TooLarge;
    }
    match current {
        Some(_) => JudgedPut::Replace,
        None if kept.len() >= MOST_KEYS => JudgedPut::TooMany,
        None => JudgedPut::Insert,
    }
}

/// Judges a removal.
pub fn judge_delete(kept: &[DataEntry], key: &DataKey, precondition: Precondition) -> JudgedDelete {
    let current = kept.iter().find(|entry| entry.key == *key);
    if !precondition.holds(current) {
        return JudgedDelete::PreconditionFailed;
    }
    match current {
        Some(_) => JudgedDelete::Delete,
        None => JudgedDelete::Absent,
    }
}

#[cfg(test)]
mod tests;
