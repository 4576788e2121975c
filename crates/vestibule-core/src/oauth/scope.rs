//! Scopes: what an application asks to be allowed (RFC 6749 §3.3).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One scope: 1 to 128 characters of printable ASCII, without blank, `"` and `\`. Upper and lower case differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

/// Not a scope, or not a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseScopeError {
    /// One of them has a character that no scope has, or none at all.
    #[error(
        "a scope has 1 to 128 characters of printable ASCII, without blank, \" and \\; one blank stands between two"
    )]
    Malformed,
    /// More than [`ScopeSet::MOST`].
    #[error("at most {} scopes", ScopeSet::MOST)]
    TooMany,
}

impl Scope {
    /// Longest scope, in bytes.
    pub const LONGEST: usize = 128;
    /// Asks for an ID token (OpenID Connect Core §3.1.2.1).
    pub const OPENID: &'static str = "openid";
    /// Asks to go on after the session has ended (OpenID Connect Core §11).
    pub const OFFLINE_ACCESS: &'static str = "offline_access";

    /// The scope.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, ParseScopeError> {
        // RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
        let fits = |c: u8| c.is_ascii_graphic() && c != b'"' && c != b'\\';
        if text.is_empty() || text.len() > Self::LONGEST || !text.bytes().all(fits) {
            return Err(ParseScopeError::Malformed);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scopes, each once, in one order: equal sets have equal texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(BTreeSet<Scope>);

/// More was asked than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope beyond what was granted")]
pub struct WiderScope;

impl ScopeSet {
    /// Most scopes that one request may ask for.
    pub const MOST: usize = 64;

    /// Reads what a store holds: every scope is one, and there may be more than a request may ask for (see [`ScopeSet::and`]).
    pub fn from_stored(text: &str) -> Result<Self, ParseScopeError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.split(' ').map(str::parse).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this scope is among them.
    pub fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own.as_str() == scope)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether all of them are among `others`.
    pub fn is_within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Those that are not among `others`.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self(self.0.difference(&others.0).cloned().collect())
    }

    /// These and `others`. Sets that were granted may grow beyond what one request may ask for;
    /// [`ScopeSet::from_stored`] reads those too.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        Self(self.0.union(&others.0).cloned().collect())
    }

    /// What an access token gets of what was granted: all of it, or what was asked for, which is never more (RFC 6749 §6, R21).
    /// What was granted stays as it is.
    pub fn narrowed(&self, asked: Option<&Self>) -> Result<Self, WiderScope> {
        match asked {
            None => Ok(self.clone()),
            Some(asked) if asked.is_within(self) => Ok(asked.clone()),
            Some(_) => Err(WiderScope),
        }
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for ScopeSet {
    type Err = ParseScopeError;

    /// RFC 6749 §3.3: one blank between two. Nothing at all is the empty set.
    fn from_str(text: &str) -> Result<Self, ParseScopeError> {
        if text.split(' ').nth(Self::MOST).is_some() {
            return Err(ParseScopeError::TooMany);
        }
        Self::from_stored(text)
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    #[test]
    fn rfc_6749_3_3_a_set_has_one_text() {
        assert_eq!(set("b a b"), set("a b"));
        assert_eq!(set("b a b").to_string(), "a b");
        assert_eq!(set("").to_string(), "");
        assert!(set("").is_empty() && set("openid x").has(Scope::OPENID));
        let urls = "https://api.example.test/orders:read orders.read !#[]~";
        assert_eq!(set(urls).iter().count(), 3);
        for wrong in [
            " ", " a", "a ", "a  b", "a\tb", "a\nb", "\"", "\\", "é", "\u{7f}", "\u{0}",
        ] {
            assert_eq!(
                wrong.parse::<ScopeSet>(),
                Err(ParseScopeError::Malformed),
                "{wrong:?}"
            );
        }
        assert!("x".repeat(128).parse::<Scope>().is_ok());
        assert!("x".repeat(129).parse::<Scope>().is_err());
        let many = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert!(many(64).parse::<ScopeSet>().is_ok());
        assert_eq!(many(65).parse::<ScopeSet>(), Err(ParseScopeError::TooMany));
        let joined = set(&many(64)).and(&set("a b"));
        assert_eq!(ScopeSet::from_stored(&joined.to_string()), Ok(joined));
        assert_eq!(
            ScopeSet::from_stored("a\tb"),
            Err(ParseScopeError::Malformed)
        );
    }

    /// Holds: R21
    #[test]
    fn r21_a_refresh_narrows_and_never_widens_and_what_was_granted_stays() {
        let granted = set("a b c");
        assert_eq!(granted.narrowed(None), Ok(set("a b c")));
        assert_eq!(granted.narrowed(Some(&set("b"))), Ok(set("b")));
        assert_eq!(
            granted,
            set("a b c"),
            "so that the next one may have all of it again"
        );
        assert_eq!(granted.narrowed(Some(&set("a d"))), Err(WiderScope));
        assert_eq!(granted.narrowed(Some(&set("A"))), Err(WiderScope));
        assert_eq!(set("a d").without(&granted), set("d"));
        assert_eq!(set("a d").and(&granted), set("a b c d"));
    }
}
