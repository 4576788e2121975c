//! Mail in development: with no mail server and the issuer on loopback, letters end here, and a page shows them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_core::email::EmailAddress;
use vestibule_core::secret::{HashedSecret, sha256};
use vestibule_core::time::UnixMillis;
use zeroize::Zeroizing;

use crate::letters::Written;

/// Most letters kept: the oldest give way.
const MOST: usize = 100;

/// The last letters, in memory alone. Behind an administrator's session or the key.
pub struct DevMailbox {
    key: HashedSecret,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    letters: VecDeque<DevMail>,
    last: u64,
}

/// A letter that was not sent.
#[derive(Clone)]
pub struct DevMail {
    /// Its number, from 1.
    pub id: u64,
    /// When it was handed over.
    pub at: UnixMillis,
    /// To whom.
    pub to: EmailAddress,
    /// What it says.
    pub written: Written,
}

impl DevMailbox {
    /// A mailbox and its key, from 32 bytes of randomness: for `/dev/mail?key=` on the terminal, and for no log.
    pub fn new(bytes: [u8; 32]) -> (Self, Zeroizing<String>) {
        let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes));
        let mailbox = Self {
            key: hashed(key.as_bytes()),
            kept: Mutex::default(),
        };
        (mailbox, key)
    }

    /// Takes a letter.
    pub fn put(&self, at: UnixMillis, to: EmailAddress, written: Written) {
        let mut kept = self.kept();
        kept.last += 1;
        let id = kept.last;
        if kept.letters.len() == MOST {
            kept.letters.pop_front();
        }
        kept.letters.push_back(DevMail {
            id,
            at,
            to,
            written,
        });
    }

    /// Whether this is the key. ASVS 11.2.4: hashes are compared, in constant time.
    pub fn opens(&self, key: &[u8]) -> bool {
        hashed(key) == self.key
    }

    /// The letters, newest first.
    pub fn letters(&self) -> Vec<DevMail> {
        self.kept().letters.iter().rev().cloned().collect()
    }

    /// One of them.
    pub fn letter(&self, id: u64) -> Option<DevMail> {
        let kept = self.kept();
        kept.letters.iter().find(|letter| letter.id == id).cloned()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What is behind it is whole at every moment.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hashed(key: &[u8]) -> HashedSecret {
    HashedSecret::from_bytes(sha256(key))
}

impl fmt::Debug for DevMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevMailbox")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_are_kept_newest_first_and_only_the_key_opens_it() {
        let (mailbox, key) = DevMailbox::new([7; 32]);
        for n in 0..120 {
            let to = EmailAddress::parse("alice@example.test").unwrap();
            let written = Written {
                subject: format!("{n}"),
                text: String::new(),
                html: String::new(),
            };
            mailbox.put(UnixMillis(n), to, written);
        }
        let letters = mailbox.letters();
        assert_eq!((letters.len(), letters[0].id), (MOST, 120));
        assert!(mailbox.letter(20).is_none() && mailbox.letter(21).is_some());
        assert!(mailbox.opens(key.as_bytes()));
        assert!(!mailbox.opens(b"") && !mailbox.opens(&key.as_bytes()[1..]));
        assert_eq!(format!("{mailbox:?}"), "DevMailbox");
    }
}
