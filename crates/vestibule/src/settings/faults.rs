//! What is wrong with the settings: every fault, not just the first.

use std::fmt;

use super::Origin;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(String);

impl Fault {
    /// A fault told in one sentence.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// The setting `key` has a value that it cannot have.
    pub fn value(key: &str, value: &toml::Value, place: &str, allowed: &str) -> Self {
        Self(format!("{key} = {value} ({place}): must be {allowed}"))
    }

    /// There is no setting `key`.
    pub fn unknown(key: &str, nearest: &str, place: &str) -> Self {
        Self(format!(
            "there is no setting {key} ({place}); the nearest is {nearest}"
        ))
    }
}

/// Where something stands, in words.
pub fn place(origin: &Origin) -> String {
    match origin {
        Origin::Default => "by default".to_owned(),
        Origin::File(path) => format!("in {}", path.display()),
        Origin::Environment(name) => format!("from {name} in the environment"),
        Origin::Flag(name) => format!("from {name}"),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that is wrong; never empty.
#[derive(Debug, Clone)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
