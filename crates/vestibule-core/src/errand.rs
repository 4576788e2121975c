//! An errand: something to be done after the answer, in its own time and with retries. A mail to be sent, or what a visitor
//! asked for whose doing depends on whether there is an account: done here, so that the request does the same work for every
//! address (ASVS 6.3.8).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::id::{ErrandId, UserId};
use crate::letter::Letter;
use crate::time::UnixMillis;
use crate::user::{DisplayName, Language, Particulars};

/// What is to be done. It may carry a link's secret and always carries personal data, so a store sees it sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Send a letter.
    Letter(Letter),
    /// Somebody wants an account for this address.
    Register {
        /// As asked for.
        email: EmailAddress,
        /// As asked for.
        name: DisplayName,
        /// As asked for.
        particulars: Particulars,
    },
    /// Somebody wants to recover the account of this address.
    Recover {
        /// As asked for.
        email: EmailAddress,
        /// Of the browser that asked: for the letter to a stranger.
        language: Language,
        /// SHA-256 of that browser's pre-session.
        browser: Option<[u8; 32]>,
        /// For the letter: the browser that asked.
        from: Whence,
    },
    /// A user wants this address to be one of theirs, or to prove the one they have.
    Address {
        /// Whose.
        user: UserId,
        /// Which.
        email: EmailAddress,
        /// Theirs.
        language: Language,
    },
}

/// From where something was done, for a letter to tell in words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Whence {
    /// When.
    pub at: UnixMillis,
    /// The network address, as text.
    pub address: Option<String>,
    /// The `User-Agent`.
    pub user_agent: Option<String>,
}

/// An errand to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Fresh.
    pub id: ErrandId,
    /// Whom it concerns: it is dropped with their account. `None` where that is not known, and for the last letters to one who
    /// leaves.
    pub user: Option<UserId>,
    /// [`Work`], sealed under the master key for this id.
    pub sealed: Vec<u8>,
    /// Somebody waits for what it asks for: it goes before letters that only tell.
    pub request: bool,
    /// When it is to be done.
    pub due_at: UnixMillis,
    /// After which it is given up.
    pub expires_at: UnixMillis,
}

/// An errand that was taken to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueErrand {
    /// Which.
    pub id: ErrandId,
    /// Whom it concerns, where that is known.
    pub user: Option<UserId>,
    /// [`Work`], sealed.
    pub sealed: Vec<u8>,
    /// How often it was taken before.
    pub attempts: u32,
    /// After which it is given up.
    pub expires_at: UnixMillis,
}

/// Most errands that may wait for one user before a login is told to them no more: whoever has the password could fill a mailbox
/// and the outbox by signing in again and again. The trail has each login all the same.
pub const MOST_WAITING: u32 = 20;

/// The longest [`back_off`].
pub const LONGEST_BACK_OFF: Duration = Duration::from_hours(1);

/// How long to wait after the `attempts`th try that failed: 5 s, doubled each time, an hour at most.
pub fn back_off(attempts: u32) -> Duration {
    let doubled = 5_u64.saturating_mul(1 << attempts.min(20));
    Duration::from_secs(doubled).min(LONGEST_BACK_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_up_to_an_hour() {
        assert_eq!(back_off(0), Duration::from_secs(5));
        assert_eq!(back_off(1), Duration::from_secs(10));
        assert_eq!(back_off(30), Duration::from_hours(1));
        assert_eq!(back_off(u32::MAX), Duration::from_hours(1));
    }
}
