//! Where an application's answers go: registered to the letter, compared to the letter (ASVS 10.4.1, R01).

use std::fmt;

use crate::oauth::uri::Uri;
use crate::origin::{Origin, ParseOriginError, is_loopback_host};

/// Longest redirect URI, in bytes.
pub const LONGEST: usize = 2048;

/// What the application runs on, as far as its redirect URIs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// A server or a page: https.
    Web,
    /// A device's own software, which may claim a scheme of its own (RFC 8252 §7.1).
    Native,
}

/// A redirect URI as it was registered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RedirectUri(String);

/// Why a text is no redirect URI. Each says what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// More than [`LONGEST`].
    #[error("a redirect URI has at most {LONGEST} characters")]
    TooLong,
    /// No URI, or a relative one.
    #[error(
        "a redirect URI is absolute, in ASCII, with a lower-case scheme, and has no blank and no backslash"
    )]
    Malformed,
    /// RFC 6749 §3.1.2.
    #[error("a redirect URI has no fragment: leave out # and what follows it")]
    Fragment,
    /// Neither part may stand for many.
    #[error("a redirect URI stands for itself alone: it has no *")]
    Wildcard,
    /// A browser would go elsewhere than it says.
    #[error("a redirect URI has no . or .. in its path")]
    DotSegment,
    /// `https://user@host`.
    #[error("a redirect URI names no user")]
    UserInfo,
    /// The host cannot be read, or is spelt as no browser spells it.
    #[error(
        "the host and port are not as a browser writes them: in lower case, an address in its shortest form, a port from 1 to \
         65535 and not the scheme's own"
    )]
    Host,
    /// http off loopback (R03).
    #[error("http is for loopback alone: write https")]
    NeedsHttps,
    /// `javascript:`, `data:`, or an application's own scheme where none is allowed.
    #[error(
        "a redirect URI begins with https:// (a native application's also with a scheme after a domain of yours, like com.example.app:/)"
    )]
    Scheme,
}

impl RedirectUri {
    /// Reads what is to be registered.
    pub fn parse(text: &str, platform: Platform) -> Result<Self, RedirectUriError> {
        if text.len() > LONGEST {
            return Err(RedirectUriError::TooLong);
        }
        let uri = Uri::read(text).ok_or(RedirectUriError::Malformed)?;
        if uri.fragment.is_some() {
            return Err(RedirectUriError::Fragment);
        }
        if text.contains('*') {
            return Err(RedirectUriError::Wildcard);
        }
        if uri.has_dot_segment() {
            return Err(RedirectUriError::DotSegment);
        }
        if uri
            .authority
            .is_some_and(|authority| authority.contains('@'))
        {
            return Err(RedirectUriError::UserInfo);
        }
        match uri.scheme {
            "https" | "http" => is_web(&uri)?,
            scheme if platform == Platform::Native && is_claimed(scheme) => {}
            _ => return Err(RedirectUriError::Scheme),
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads what a store holds, which was parsed when it was registered.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text, as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may name this place: the same text (R01), or, for `http://127.0.0.1` and `http://[::1]`, the same but
    /// for the port (RFC 8252 §7.3: a native application listens where it can; R02).
    pub fn matches(&self, presented: &str) -> bool {
        self.0 == presented
            || on_loopback(&self.0).is_some_and(|own| on_loopback(presented) == Some(own))
    }

    /// Whether only the application's owner receives what is sent here: anybody's program can listen on a device's loopback,
    /// with a certificate or without, or claim a scheme (C10, RFC 8252 §8.6).
    pub fn is_assured(&self) -> bool {
        let uri = Uri::read(&self.0).filter(|uri| uri.scheme == "https");
        let host = uri.and_then(|uri| uri.authority);
        host.is_some_and(|host| !is_loopback_host(host))
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.0)
    }
}

fn is_web(uri: &Uri<'_>) -> Result<(), RedirectUriError> {
    let authority = uri.authority.ok_or(RedirectUriError::Host)?;
    let written = format!("{}://{authority}", uri.scheme);
    let origin: Origin = written.parse().map_err(|error| match error {
        ParseOriginError::NeedsHttps(_) => RedirectUriError::NeedsHttps,
        _ => RedirectUriError::Host,
    })?;
    // One place, one spelling: no upper case, no long form of an address, no port that goes without saying.
    if origin.as_str() == written {
        Ok(())
    } else {
        Err(RedirectUriError::Host)
    }
}

/// RFC 8252 §7.1: a domain of the application's, reversed. So `javascript` and `data` are none.
fn is_claimed(scheme: &str) -> bool {
    let label = |label: &str| {
        let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        !label.is_empty() && label.bytes().all(fits)
    };
    scheme.contains('.') && scheme.split('.').all(label)
}

/// The literal and what follows the port, of an http URI on a loopback literal.
fn on_loopback(text: &str) -> Option<(&str, &str)> {
    ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find_map(|literal| {
            let rest = text.strip_prefix(literal)?;
            let path = match rest.strip_prefix(':') {
                None => rest,
                Some(port) => {
                    let end = port
                        .find(|c: char| !c.is_ascii_digit())
                        .unwrap_or(port.len());
                    let (port, path) = port.split_at(end);
                    (!port.starts_with('0')).then_some(())?;
                    port.parse::<u16>().ok()?;
                    path
                }
            };
            (path.is_empty() || path.starts_with(['/', '?'])).then_some((literal, path))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(text: &str) -> RedirectUri {
        RedirectUri::parse(text, Platform::Native).unwrap()
    }

    /// Holds: R01, ASVS 10.4.1
    #[test]
    fn r01_a_request_names_what_is_registered_to_the_letter() {
        let own = registered("https://a.example.test/cb");
        assert!(own.matches("https://a.example.test/cb"));
        for other in [
            "",
            "https://a.example.test/cb/",
            "https://a.example.test/cb2",
            "https://a.example.test/CB",
            "https://A.example.test/cb",
            "HTTPS://a.example.test/cb",
            "https://a.example.test/cb?x=1",
            "https://a.example.test/cb#x",
            "https://a.example.test:443/cb",
            "https://a.example.test:8443/cb",
            "https://user@a.example.test/cb",
            "https://a.example.test@evil.test/cb",
            "https://a.example.test/%63b",
            "https://a.example.test/x/%2e%2e/cb",
            "https://a.example.test/x/..;/cb",
            "https://a.example.test\\@evil.test/cb",
            "https://x.a.example.test/cb",
            "https://axexample.test/cb",
            "http://a.example.test/cb",
            " https://a.example.test/cb",
            "https://a.example.test/cb\n",
        ] {
            assert!(!own.matches(other), "{other:?}");
        }
        let with_query = registered("https://a.example.test/cb?tenant=1");
        assert!(with_query.matches("https://a.example.test/cb?tenant=1"));
        assert!(!with_query.matches("https://a.example.test/cb?tenant=2"));
    }

    /// Holds: R02
    #[test]
    fn r02_a_loopback_literal_matches_on_any_port_and_nowhere_else() {
        let own = registered("http://127.0.0.1/cb");
        for same in [
            "http://127.0.0.1/cb",
            "http://127.0.0.1:1/cb",
            "http://127.0.0.1:65535/cb",
        ] {
            assert!(own.matches(same), "{same}");
        }
        for other in [
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:08/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:80/other",
            "http://127.0.0.1:80/cb/",
            "http://127.0.0.1:80/cb?x",
            "http://127.0.0.1:80/cb#x",
            "http://127.0.0.1:80@evil.test/cb",
            "http://127.0.0.1.evil.test/cb",
            "http://127.0.0.2:80/cb",
            "http://localhost:80/cb",
            "http://[::1]:80/cb",
            "https://127.0.0.1:80/cb",
        ] {
            assert!(!own.matches(other), "{other}");
        }
        let fixed = registered("http://127.0.0.1:5000/cb");
        assert!(fixed.matches("http://127.0.0.1:6000/cb") && fixed.matches("http://127.0.0.1/cb"));
        let six = registered("http://[::1]/cb");
        assert!(six.matches("http://[::1]:7000/cb") && !six.matches("http://127.0.0.1:7000/cb"));
        // A name is no literal: who may answer for it is not certain (RFC 8252 §8.3).
        let name = registered("http://localhost:3000/cb");
        assert!(name.matches("http://localhost:3000/cb"));
        assert!(!name.matches("http://localhost:3001/cb"));
    }

    /// Holds: R02
    #[test]
    fn r02_with_and_without_its_slash_as_registered() {
        let (bare, slash) = (
            registered("http://127.0.0.1"),
            registered("http://127.0.0.1/"),
        );
        for (presented, to_bare) in [
            ("http://127.0.0.1", true),
            ("http://127.0.0.1:5000", true),
            ("http://127.0.0.1/", false),
            ("http://127.0.0.1:5000/", false),
        ] {
            assert_eq!(bare.matches(presented), to_bare, "{presented}");
            assert_eq!(slash.matches(presented), !to_bare, "{presented}");
        }
    }

    /// Holds: R03
    #[test]
    fn r03_what_is_unsafe_cannot_be_registered() {
        use RedirectUriError as E;
        let long = format!("https://a.example.test/{}", "x".repeat(LONGEST));
        for (text, error) in [
            ("http://a.example.test/cb", E::NeedsHttps),
            ("http://192.0.2.1/cb", E::NeedsHttps),
            ("http://127.0.0.1.evil.test/cb", E::NeedsHttps),
            ("javascript:alert(1)", E::Scheme),
            ("data:text/html,x", E::Scheme),
            ("file:///etc/passwd", E::Scheme),
            ("myapp:/cb", E::Scheme),
            ("com..app:/cb", E::Scheme),
            ("https://a.example.test/cb#x", E::Fragment),
            ("https://a.example.test/cb#", E::Fragment),
            ("https://user@a.example.test/cb", E::UserInfo),
            ("https://user:pass@a.example.test/cb", E::UserInfo),
            ("https://*.example.test/cb", E::Wildcard),
            ("https://a.example.test/*", E::Wildcard),
            ("https://a.example.test\\cb", E::Malformed),
            ("https://a.example.test/c b", E::Malformed),
            ("https://a.example.test/cb\r\nx: y", E::Malformed),
            ("https://a.example.test/\u{0}", E::Malformed),
            ("https://ä.example.test/cb", E::Malformed),
            ("https://a.example.test/%zz", E::Malformed),
            ("//a.example.test/cb", E::Malformed),
            ("/cb", E::Malformed),
            ("", E::Malformed),
            ("HTTPS://a.example.test/cb", E::Malformed),
            ("https://A.example.test/cb", E::Host),
            ("https:/a.example.test/cb", E::Host),
            ("https:///cb", E::Host),
            ("https://a.example.test:0/cb", E::Host),
            ("https://a.example.test:443/cb", E::Host),
            ("https://a.example.test:08443/cb", E::Host),
            ("https://a.example.test:/cb", E::Host),
            ("http://localhost:80/cb", E::Host),
            ("http://[0:0:0:0:0:0:0:1]/cb", E::Host),
            ("https://[2001:DB8::1]/cb", E::Host),
            ("https://[2001:db8:0::1]/cb", E::Host),
            ("https://a.example.test:99999/cb", E::Host),
            ("https://127.1/cb", E::Host),
            ("https://a.example.test/x/../cb", E::DotSegment),
            ("https://a.example.test/x/%2E%2e/cb", E::DotSegment),
            ("https://a.example.test/x/..;y/cb", E::DotSegment),
            (&long, E::TooLong),
        ] {
            assert_eq!(
                RedirectUri::parse(text, Platform::Native),
                Err(error),
                "{text}"
            );
        }
    }

    /// Holds: R03
    #[test]
    fn r03_a_scheme_of_its_own_is_a_native_applications_and_a_domain_reversed() {
        for text in ["com.example.app:/cb", "com.example.app://cb"] {
            assert!(registered(text).matches(text));
            assert!(!registered(text).is_assured());
            let web = RedirectUri::parse(text, Platform::Web);
            assert_eq!(web, Err(RedirectUriError::Scheme));
        }
        for text in [
            "https://a.example.test",
            "http://localhost:3000/cb",
            "http://[::1]/cb",
        ] {
            assert!(RedirectUri::parse(text, Platform::Web).is_ok(), "{text}");
        }
        for (text, assured) in [
            ("https://a.example.test/cb", true),
            ("https://a.example.test:8443/cb", true),
            ("http://127.0.0.1/cb", false),
            ("https://127.0.0.1/cb", false),
            ("https://127.9.9.9:8443/cb", false),
            ("https://[::1]:8443/cb", false),
            ("https://localhost:8443/cb", false),
            ("https://app.localhost/cb", false),
        ] {
            assert_eq!(registered(text).is_assured(), assured, "C10: {text}");
        }
    }
}
