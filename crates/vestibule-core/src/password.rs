//! Passwords: what may be one, and Argon2id.
//!
//! ```text
//! text ── NewPassword::parse (length, blocklist) ── NewPassword ── HashedPassword::make ── stored
//! text ── PlainPassword::presented ── HashedPassword::verify
//! ```
//!
//! What may be set is judged in one place, [`NewPassword::parse`], so that no page or command can forget a rule.

pub mod blocklist;
mod canonical;
mod hash;
mod pepper;

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::email::EmailAddress;
use crate::user::DisplayName;

use blocklist::Blocklist;
use canonical::Forms;

pub use hash::{Cost, HashError, HashedPassword, WorkingMemory};
pub use pepper::{Pepper, Peppers};

/// Fewest code points of a password that may be the only factor (N20).
pub const MIN_CODE_POINTS: usize = 15;
/// Most code points (N21 asks for 64 at least; the cap bounds work, ASVS 15.2.2).
pub const MAX_CODE_POINTS: usize = 256;

/// A password as a person typed it, NFC (N23, C6) and otherwise untouched: no trim, no case fold, no truncation
/// (ASVS 6.2.8, N27).
#[derive(Clone)]
pub struct PlainPassword(Zeroizing<String>);

impl PlainPassword {
    /// Takes a password presented for verification. Any text may be presented.
    pub fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.nfc().collect()))
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for PlainPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainPassword")
    }
}

/// A password that passed the policy: what may be set.
#[derive(Clone, Debug)]
pub struct NewPassword(PlainPassword);

/// Whose password it is to be: what is known of them is no password of theirs (N28).
#[derive(Clone, Copy, Debug)]
pub struct Concerned<'a> {
    /// Every address of the account.
    pub emails: &'a [&'a EmailAddress],
    /// May be empty.
    pub name: &'a DisplayName,
}

/// Why a password may not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordError {
    /// Under [`MIN_CODE_POINTS`].
    #[error("a password has at least {MIN_CODE_POINTS} characters; this one has {0}")]
    TooShort(usize),
    /// Over [`MAX_CODE_POINTS`].
    #[error("a password has at most {MAX_CODE_POINTS} characters")]
    TooLong,
    /// An address of the account, or the part of it before the `@`.
    #[error("the e-mail address cannot be the password")]
    IsAddress,
    /// The name of the account's owner.
    #[error("the name cannot be the password")]
    IsName,
    /// The name of this service, of whose it is, or a word the operator named (ASVS 6.1.2).
    #[error("the name of this service cannot be the password")]
    SiteWord,
    /// Common, or known from a breach of another site.
    #[error("this password is on the lists that attackers try first")]
    Common,
}

impl NewPassword {
    /// Judges a password for the account of `of`. Length counts code points after NFC (N22, N23), no class is asked
    /// for (N24, ASVS 6.2.5).
    pub fn parse(
        text: &str,
        of: &Concerned<'_>,
        blocklist: &Blocklist,
    ) -> Result<Self, NewPasswordError> {
        // NFC shortens a text by a bounded factor: what is longer than this in bytes cannot fit.
        if text.len() > MAX_CODE_POINTS * 16 {
            return Err(NewPasswordError::TooLong);
        }
        let plain = PlainPassword::presented(text);
        match plain.0.chars().count() {
            few if few < MIN_CODE_POINTS => return Err(NewPasswordError::TooShort(few)),
            many if many > MAX_CODE_POINTS => return Err(NewPasswordError::TooLong),
            _ => {}
        }
        // N28: the whole password is compared, in each of its forms, never a part of it.
        let forms = Forms::of(&plain.0);
        let is = |word: &str| forms.are(word);
        if of
            .emails
            .iter()
            .any(|email| is(email.as_str()) || is(local_part(email)))
        {
            return Err(NewPasswordError::IsAddress);
        }
        if is(of.name.as_str()) {
            return Err(NewPasswordError::IsName);
        }
        // ASVS 6.2.11
        if blocklist.is_site_word(&forms) {
            return Err(NewPasswordError::SiteWord);
        }
        // ASVS 6.2.4, 6.2.12
        if blocklist.is_common(&forms) {
            return Err(NewPasswordError::Common);
        }
        Ok(Self(plain))
    }

    /// The same password, to verify or hash.
    pub const fn plain(&self) -> &PlainPassword {
        &self.0
    }

    /// What lists of breached passwords know it by. It protects nothing.
    pub fn sha1(&self) -> [u8; 20] {
        let mut sha1 = [0; 20];
        sha1.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, self.0.as_bytes()).as_ref());
        sha1
    }
}

fn local_part(email: &EmailAddress) -> &str {
    let address = email.as_str();
    address.rsplit_once('@').map_or(address, |(local, _)| local)
}

#[cfg(test)]
mod tests;
