//! Where to go on to: a path on the issuer's own host and nothing else.

use std::fmt;

/// A path with its query that stays on this host however a browser reads it (R23, ASVS 3.7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// Longest path that is carried through a login.
    pub const MAX_LEN: usize = 2048;

    /// Reads a `next`. Visible ASCII only; one leading slash and no second, no backslash (browsers read it as a slash),
    /// no tab or line break (browsers drop them), no dot segment and no fragment.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split('?').next().unwrap_or_default();
        let good = text.len() <= Self::MAX_LEN
            && path.starts_with('/')
            && !path.contains("//")
            && text
                .bytes()
                .all(|c| c.is_ascii_graphic() && c != b'\\' && c != b'#')
            && !path.split('/').any(is_dots);
        good.then(|| Self(text.to_owned()))
    }

    /// A host's first page.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path, for a `Location`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `.` and `..`, also percent-encoded, as URL parsers read them.
fn is_dots(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase().replace("%2e", ".");
    lower == "." || lower == ".."
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: R23, ASVS 3.7.2
    #[test]
    fn r23_next_never_leaves_the_host() {
        for good in [
            "/",
            "/account",
            "/app/orders?id=7&next=//x",
            "/a%20b",
            "/a;b",
        ] {
            assert_eq!(LocalPath::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "account",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\/evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "https://evil.test/",
            "javascript:alert(1)",
            "/a//b",
            "/..//evil.test",
            "/./x",
            "/%2E%2e/x",
            "/é",
            "/a#b",
            " /a",
        ] {
            assert_eq!(LocalPath::parse(bad), None, "{bad:?}");
        }
        assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(2048))), None);
    }
}
