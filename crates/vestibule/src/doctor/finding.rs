//! What a check found.

use serde::Serialize;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// To be put right.
    Fault,
    /// Nothing was looked at.
    Skipped,
}

impl Verdict {
    /// The word in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fault => "FAULT",
            Self::Skipped => "skipped",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub check: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, in a sentence.
    pub what: String,
    /// Why that is a fault.
    pub why: Option<String>,
    /// The setting or the line to change, and to what.
    pub change: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self::plain(check, Verdict::Good, what.into())
    }

    /// Nothing was looked at, and why.
    pub fn skipped(check: &'static str, what: impl Into<String>) -> Self {
        Self::plain(check, Verdict::Skipped, what.into())
    }

    /// To be put right.
    pub fn fault(
        check: &'static str,
        what: impl Into<String>,
        why: impl Into<String>,
        change: impl Into<String>,
    ) -> Self {
        Self {
            why: Some(why.into()),
            change: Some(change.into()),
            ..Self::plain(check, Verdict::Fault, what.into())
        }
    }

    const fn plain(check: &'static str, verdict: Verdict, what: String) -> Self {
        Self {
            check,
            verdict,
            what,
            why: None,
            change: None,
        }
    }

    /// Whether it is to be put right.
    pub fn is_fault(&self) -> bool {
        self.verdict == Verdict::Fault
    }
}
