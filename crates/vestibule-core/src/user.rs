//! A person, as an account.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::email::{self, EmailAddress};
use crate::id::UserId;
use crate::lineage::StoreNumber;
use crate::password::HashedPassword;
use crate::time::UnixMillis;

/// A role's name: `[a-z0-9_-]+`, at most 64 characters. What a role means is the application's business, but
/// [`Role::ADMIN`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(String);

/// Not a role's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role's name has 1 to 64 characters out of a-z, 0-9, _ and -")]
pub struct ParseRoleError;

impl Role {
    /// The built-in role that may administer Vestibule.
    pub const ADMIN: &'static str = "admin";

    /// The built-in role `admin`.
    pub fn admin() -> Self {
        Self(Self::ADMIN.to_owned())
    }

    /// The role's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, ParseRoleError> {
        let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_' || c == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(fits) {
            return Err(ParseRoleError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Role {
    type Error = ParseRoleError;

    fn try_from(text: String) -> Result<Self, ParseRoleError> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What people call this person: at most 200 characters, none of them a control character or unseen. May be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisplayName(String);

/// Not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has at most 200 characters and no line breaks or control characters")]
pub struct ParseNameError;

impl DisplayName {
    /// Reads a name a person typed; blanks around it are dropped.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        let text = text.trim();
        // ASVS 16.4.1: no line break or terminal escape in anything that is shown or logged.
        if text.len() > 800 || text.chars().count() > 200 || text.chars().any(misleads) {
            return Err(ParseNameError);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads what a store holds: a text that [`DisplayName::parse`] made once.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Breaks a line, hides, or turns round what stands beside it. The two joiners do not: Persian and Indian names are spelled
/// with them.
fn misleads(c: char) -> bool {
    !matches!(c, '\u{200c}' | '\u{200d}') && email::unseen(c)
}

/// The language somebody reads: a tag like `en` or `de` (BCP 47).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Reads a tag; anything that is none is English.
    pub fn of(tag: &str) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if (2..=16).contains(&tag.len()) && tag.chars().all(fits) {
            Self(tag.to_owned())
        } else {
            Self::default()
        }
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Language {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

/// What a person told of themselves besides their name: the answers to the fields that the settings ask for, by the
/// field's id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Details(BTreeMap<String, String>);

impl Details {
    /// Most characters of one answer.
    pub const LONGEST: usize = 200;

    /// Keeps an answer; blanks around it are dropped, and an empty one is none.
    pub fn answer(&mut self, field: &str, text: &str) -> Result<(), ParseNameError> {
        let text = text.trim();
        // ASVS 16.4.1: no line break or terminal escape in anything that is shown or logged.
        if text.chars().count() > Self::LONGEST || text.chars().any(misleads) {
            return Err(ParseNameError);
        }
        if text.is_empty() {
            self.0.remove(field);
        } else {
            self.0.insert(field.to_owned(), text.to_owned());
        }
        Ok(())
    }

    /// The answer to a field.
    pub fn to(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Every answer, by the field's id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(field, text)| (field.as_str(), text.as_str()))
    }
}

/// What is known of a user that no check on a request needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Particulars {
    /// In which their mails are written.
    pub language: Language,
    /// Answers to the fields that the settings ask for.
    pub details: Details,
    /// When they accepted the terms, if they were asked.
    pub terms_accepted_at: Option<UnixMillis>,
}

/// One of a user's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Unique among all users'.
    pub email: EmailAddress,
    /// Proved by mail, or declared by an operator. Only a primary one may be unverified: no other is taken before it is proved.
    pub verified: bool,
    /// The one that names the account.
    pub primary: bool,
    /// Since when.
    pub added_at: UnixMillis,
}

/// Most addresses of one user.
pub const MOST_ADDRESSES: usize = 10;

/// Whether a user may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not; every session ended when this was set.
    Disabled,
}

/// The version of a user's credentials: a login is opened against the version it verified, so that one racing a
/// password change cannot win. Starts at 1, rises with each change of password, not with a rehash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialVersion(pub u64);

/// A user as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Stable, never reassigned.
    pub id: UserId,
    /// Unique among users.
    pub email: EmailAddress,
    /// Proved by mail, or declared by an operator.
    pub email_verified: bool,
    /// May be empty.
    pub name: DisplayName,
    /// In alphabetical order, none twice.
    pub roles: Vec<Role>,
    /// May this user sign in?
    pub status: UserStatus,
    /// When the account was made.
    pub created_at: UnixMillis,
    /// The latest cutoff on this user: sessions with a lower `rev` are dead.
    pub cutoff: StoreNumber,
}

impl User {
    /// Whether they hold the role that administers, in an account that is not disabled.
    pub fn administers(&self) -> bool {
        self.status == UserStatus::Active && self.roles.contains(&Role::admin())
    }
}

/// What a list makes of an account. What is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// May be empty.
    pub name: Option<DisplayName>,
    /// In which their mails are written.
    pub language: Option<Language>,
    /// Exactly these, in any order.
    pub roles: Option<Vec<Role>>,
    /// Whether nobody may sign in to it.
    pub disabled: Option<bool>,
}

impl Revision {
    /// The account as it would be.
    #[must_use]
    pub fn of(&self, user: &User) -> User {
        let mut roles = self.roles.clone().unwrap_or_else(|| user.roles.clone());
        roles.sort();
        roles.dedup();
        User {
            name: self.name.clone().unwrap_or_else(|| user.name.clone()),
            roles,
            status: match self.disabled {
                None => user.status,
                Some(true) => UserStatus::Disabled,
                Some(false) => UserStatus::Active,
            },
            ..user.clone()
        }
    }

    /// Whether somebody who administers would no longer: only where another is left who does.
    pub fn takes_administration(&self, user: &User) -> bool {
        user.administers() && !self.of(user).administers()
    }
}

/// A user's password, with the version a login must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRecord {
    /// Argon2id with its salt and cost.
    pub hash: HashedPassword,
    /// What a login on it must name.
    pub version: CredentialVersion,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Fresh.
    pub id: UserId,
    /// Must be free.
    pub email: EmailAddress,
    /// Declared verified by an operator.
    pub email_verified: bool,
    /// May be empty.
    pub name: DisplayName,
    /// In any order.
    pub roles: Vec<Role>,
    /// Without one, nobody can sign in to the account until one is set.
    pub password: Option<HashedPassword>,
    /// Shut from the first moment (ASVS 7.4.2).
    pub disabled: bool,
    /// What no check on a request needs.
    pub particulars: Particulars,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_names_are_plain() {
        assert_eq!(
            "shop_admin-2".parse::<Role>().unwrap().as_str(),
            "shop_admin-2"
        );
        for wrong in ["", "Admin", "a b", "a,b", "ä", &"a".repeat(65)] {
            assert!(wrong.parse::<Role>().is_err(), "{wrong}");
        }
    }

    /// Holds: ASVS 16.4.1
    #[test]
    fn asvs_16_4_1_names_break_no_line() {
        assert_eq!(
            DisplayName::parse("  Alice Example ").unwrap().as_str(),
            "Alice Example"
        );
        for wrong in ["a\nb", "a\u{2028}b", "a\u{1b}[31m", &"x".repeat(201)] {
            assert!(DisplayName::parse(wrong).is_err());
        }
    }

    #[test]
    fn names_and_answers_hide_nothing_and_turn_nothing_round() {
        for wrong in [
            "Alice\u{202e}nimda",
            "Ali\u{200b}ce",
            "\u{2066}Alice",
            "Ali\u{ad}ce",
            "Alice\u{e0041}",
            "\u{3164}",
        ] {
            assert!(DisplayName::parse(wrong).is_err(), "{wrong:?}");
            let mut details = Details::default();
            assert!(details.answer("team", wrong).is_err(), "{wrong:?}");
        }
        for right in ["Zoë", "علی\u{200c}رضا", "佐藤 花子"] {
            assert!(DisplayName::parse(right).is_ok(), "{right}");
        }
    }
}
