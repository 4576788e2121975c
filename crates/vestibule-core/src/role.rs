//! What a role is for: a description, and the permissions that tokens will name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::user::{DisplayName, Role};

/// What a role allows, in an application's words: `orders:read`. 1 to 100 characters out of `a-z`, `0-9`, `_`, `-`, `.`, `:` and
/// `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

/// Not a permission's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a permission has 1 to 100 characters out of a-z, 0-9 and _ - . : /, like orders:read")]
pub struct ParsePermissionError;

impl Permission {
    /// The permission.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Permission {
    type Err = ParsePermissionError;

    fn from_str(text: &str) -> Result<Self, ParsePermissionError> {
        let fits = |c: u8| {
            c.is_ascii_lowercase()
                || c.is_ascii_digit()
                || matches!(c, b'_' | b'-' | b'.' | b':' | b'/')
        };
        if text.is_empty() || text.len() > 100 || !text.bytes().all(fits) {
            return Err(ParsePermissionError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Permission {
    type Error = ParsePermissionError;

    fn try_from(text: String) -> Result<Self, ParsePermissionError> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role as an operator describes it. Users may hold roles that nobody described: those mean what the applications make of
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSpec {
    /// Unique.
    pub name: Role,
    /// What it is for, in a few words. May be empty.
    pub description: DisplayName,
    /// Sorted, each once.
    pub permissions: Vec<Permission>,
}

impl RoleSpec {
    /// Sorts the permissions.
    pub fn new(name: Role, description: DisplayName, mut permissions: Vec<Permission>) -> Self {
        permissions.sort();
        permissions.dedup();
        Self {
            name,
            description,
            permissions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_sorted_and_each_is_there_once() {
        let of = |text: &str| text.parse::<Permission>().unwrap();
        let spec = RoleSpec::new(
            "staff".parse().unwrap(),
            DisplayName::default(),
            vec![of("orders:write"), of("orders:read"), of("orders:write")],
        );
        assert_eq!(spec.permissions, [of("orders:read"), of("orders:write")]);
        for wrong in ["", "Orders", "a b", "a,b", &"a".repeat(101)] {
            assert_eq!(
                wrong.parse::<Permission>(),
                Err(ParsePermissionError),
                "{wrong}"
            );
        }
    }
}
