//! An e-mail address as an account's name: one person, one spelling.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// An address, lower-cased, NFC, with an IDNA domain: unique by its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseEmailError {
    /// No `@`, or nothing on one side of it.
    #[error("an e-mail address looks like name@example.com")]
    Shape,
    /// Over 254 bytes (RFC 5321 §4.5.3.1.3) or a local part over 64.
    #[error("an e-mail address has at most 254 characters, at most 64 of them before the @")]
    TooLong,
    /// A blank, a control character, one that nobody sees, or a quote in the local part.
    #[error("an e-mail address has no blanks, quotes or control characters")]
    Character,
    /// The domain is not a host name.
    #[error("the part after the @ is not a host name")]
    Domain,
}

impl EmailAddress {
    /// Reads an address a person typed; blanks around it are forgiven.
    pub fn parse(text: &str) -> Result<Self, ParseEmailError> {
        // Refused before any work: nothing this long can become an address.
        if text.len() > 1024 {
            return Err(ParseEmailError::TooLong);
        }
        let (local, domain) = text.trim().rsplit_once('@').ok_or(ParseEmailError::Shape)?;
        let local: String = local
            .nfc()
            .collect::<String>()
            .to_lowercase()
            .nfc()
            .collect();
        if local.is_empty() || domain.is_empty() || local.contains('@') {
            return Err(ParseEmailError::Shape);
        }
        // ASVS 1.3.11, 16.4.1: nothing that could break out of a mail header or a log line.
        if local
            .chars()
            .any(|c| unseen(c) || c.is_whitespace() || "\"<>()[],;:\\".contains(c))
        {
            return Err(ParseEmailError::Character);
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(ParseEmailError::Character);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| ParseEmailError::Domain)?;
        if !domain.contains('.') && domain != "localhost" {
            return Err(ParseEmailError::Domain);
        }
        if local.len() > 64 || local.len() + 1 + domain.len() > 254 {
            return Err(ParseEmailError::TooLong);
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// Reads what a store holds: a text that [`EmailAddress::parse`] made once.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address as stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A character that nobody sees, or that turns round what others see: control, format (`Cf`) and default-ignorable ones, and
/// the two separators that break a line (UTS #39 §3.1, UAX #31 §2.3). Two texts that differ in one look the same.
pub(crate) fn unseen(c: char) -> bool {
    c.is_control() || UNSEEN.iter().any(|range| range.contains(&c))
}

/// Of Unicode 17: `Cf` and `Default_Ignorable_Code_Point`, with U+2028 and U+2029.
const UNSEEN: [RangeInclusive<char>; 25] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_spelling() {
        for spelled in [
            "alice@example.test",
            " Alice@EXAMPLE.test ",
            "ALICE@example.TEST",
        ] {
            assert_eq!(
                EmailAddress::parse(spelled).unwrap().as_str(),
                "alice@example.test",
                "{spelled}"
            );
        }
        let composed = EmailAddress::parse("ren\u{e9}@b\u{fc}cher.test").unwrap();
        assert_eq!(
            EmailAddress::parse("rene\u{301}@bu\u{308}cher.test").unwrap(),
            composed
        );
        assert_eq!(composed.as_str(), "ren\u{e9}@xn--bcher-kva.test");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        use ParseEmailError::{Character, Domain, Shape, TooLong};
        for (text, why) in [
            ("", Shape),
            ("alice", Shape),
            ("@example.test", Shape),
            ("alice@", Shape),
            ("a@b@example.test", Shape),
            ("al ice@example.test", Character),
            ("alice\r\nbcc:@example.test", Character),
            ("\"alice\"@example.test", Character),
            ("a..b@example.test", Character),
            ("ali\u{200b}ce@example.test", Character),
            ("\u{202e}ecila@example.test", Character),
            ("ali\u{ad}ce@example.test", Character),
            ("ali\u{200d}ce@example.test", Character),
            ("\u{feff}alice@example.test", Character),
            ("alice\u{e0041}@example.test", Character),
            ("alice@exa mple.test", Domain),
            ("alice@example", Domain),
            ("alice@-example.test", Domain),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(why), "{text:?}");
        }
        assert_eq!(
            EmailAddress::parse(&format!("{}@example.test", "a".repeat(65))),
            Err(TooLong)
        );
        assert_eq!(EmailAddress::parse(&"a".repeat(5000)), Err(TooLong));
    }
}
