//! An origin: scheme, host and port, and nothing else (RFC 6454 §4).

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `https://shop.example.com[:port]`, or the same with `http` for loopback names. One origin has one spelling: lower case,
/// without the scheme's own port, and an IPv6 literal as browsers write it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    text: Box<str>,
    https: bool,
    port: u16,
}

/// Why a text is no origin. Each says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseOriginError {
    /// Not a URL with http or https.
    #[error(
        "an origin begins with https:// (or http:// on loopback), like https://shop.example.com"
    )]
    Scheme,
    /// Something besides scheme, host and port.
    #[error(
        "an origin is only scheme, host and port, like https://shop.example.com: leave out what follows them"
    )]
    MoreThanOrigin,
    /// The host cannot be read.
    #[error("the host is no host name (write an international one in its xn-- form)")]
    Host,
    /// The port cannot be read.
    #[error("the port is no number from 1 to 65535")]
    Port,
    /// http off loopback (N11, N13).
    #[error("http://{0} is not on loopback and so needs https: write https://{0}")]
    NeedsHttps(String),
}

impl Origin {
    /// Whether it is reached over https.
    pub const fn https(&self) -> bool {
        self.https
    }

    /// The port, also where it is the scheme's own.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The origin as a browser writes it: `https://shop.example.com`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What a browser sends as `Host`: the name, with the port unless it is the scheme's own.
    pub fn authority(&self) -> &str {
        &self.text[if self.https { "https://" } else { "http://" }.len()..]
    }

    /// The host's name or literal, without port; an IPv6 literal in brackets.
    pub fn name(&self) -> &str {
        split_port(self.authority()).map_or(self.authority(), |(name, _)| name)
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        is_loopback_name(self.name())
    }

    /// Whether `host`, as a browser sent it, names this origin's host and port.
    pub fn is_named_by(&self, host: &str) -> bool {
        split_port(host).is_some_and(|(name, port)| {
            let port = port.unwrap_or(default_port(self.https));
            name.eq_ignore_ascii_case(self.name()) && port == self.port
        })
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let lower = text.trim().to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://").ok_or(ParseOriginError::Scheme)?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(ParseOriginError::Scheme),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@', '\\']) {
            return Err(ParseOriginError::MoreThanOrigin);
        }
        let (name, port) = split_port(authority).ok_or(ParseOriginError::Port)?;
        let name = host(name).ok_or(ParseOriginError::Host)?;
        let port = port.unwrap_or(default_port(https));
        let authority = if port == default_port(https) {
            name.clone().into_owned()
        } else {
            format!("{name}:{port}")
        };
        if !https && !is_loopback_name(&name) {
            return Err(ParseOriginError::NeedsHttps(authority));
        }
        Ok(Self {
            text: format!("{scheme}://{authority}").into(),
            https,
            port,
        })
    }
}

impl TryFrom<String> for Origin {
    type Error = ParseOriginError;

    fn try_from(text: String) -> Result<Self, ParseOriginError> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.text.into()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.text)
    }
}

const fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

/// Whether `host`, as a browser sent it, is a name or literal of this machine alone, on whatever port.
pub fn is_loopback_host(host: &str) -> bool {
    split_port(host).is_some_and(|(name, _)| is_loopback_name(&name.to_ascii_lowercase()))
}

/// Host and port of an authority. `None` when what follows the colon is no port.
pub fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let colon = authority
        .rfind(':')
        .filter(|colon| !authority[*colon..].contains(']'));
    let Some(colon) = colon else {
        return Some((authority, None));
    };
    let digits = &authority[colon + 1..];
    let plain = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    let port = plain
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|port| *port != 0)?;
    Some((&authority[..colon], Some(port)))
}

/// `localhost`, any name below it (RFC 6761 §6.3), and loopback literals.
fn is_loopback_name(name: &str) -> bool {
    let literal = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    match literal {
        Some(literal) => literal
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => {
            name == "localhost"
                || name.ends_with(".localhost")
                || name
                    .parse::<Ipv4Addr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    }
}

/// A DNS name in ASCII, an IPv4 literal, or an IPv6 literal in brackets, as a browser writes it.
fn host(name: &str) -> Option<Cow<'_, str>> {
    if let Some(literal) = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
    {
        let address = literal.parse().ok()?;
        return Some(Cow::Owned(format!("[{}]", spelt(address))));
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    let whole = name.len() <= 253 && name.split('.').all(label);
    // To a browser `127.1` and `0x7f000001` are addresses, and it writes them another way (URL standard, 'ends in a number').
    let plain = !ends_in_a_number(name) || name.parse::<Ipv4Addr>().is_ok();
    (whole && plain).then_some(Cow::Borrowed(name))
}

fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.bytes().all(|c| c.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// RFC 5952, but for an IPv4 address within, which browsers write in hexadecimal (URL standard, 'IPv6 serializer').
fn spelt(address: Ipv6Addr) -> String {
    if address.to_ipv4_mapped().is_none() {
        return address.to_string();
    }
    let [.., high, low] = address.segments();
    format!("::ffff:{high:x}:{low:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, origin, authority, name, port) in [
            (
                "https://shop.example.test",
                "https://shop.example.test",
                "shop.example.test",
                "shop.example.test",
                443,
            ),
            (
                "HTTPS://Shop.example.test:443/",
                "https://shop.example.test",
                "shop.example.test",
                "shop.example.test",
                443,
            ),
            (
                "https://a.example.test:8443",
                "https://a.example.test:8443",
                "a.example.test:8443",
                "a.example.test",
                8443,
            ),
            (
                "http://shop.localhost:8081",
                "http://shop.localhost:8081",
                "shop.localhost:8081",
                "shop.localhost",
                8081,
            ),
            ("http://[::1]:80", "http://[::1]", "[::1]", "[::1]", 80),
            (
                "http://[0:0:0:0:0:0:0:1]",
                "http://[::1]",
                "[::1]",
                "[::1]",
                80,
            ),
            (
                "https://[2001:DB8:0:0::0a]:8443",
                "https://[2001:db8::a]:8443",
                "[2001:db8::a]:8443",
                "[2001:db8::a]",
                8443,
            ),
            (
                "https://[::FFFF:192.0.2.1]",
                "https://[::ffff:c000:201]",
                "[::ffff:c000:201]",
                "[::ffff:c000:201]",
                443,
            ),
            (
                "https://192.0.2.1",
                "https://192.0.2.1",
                "192.0.2.1",
                "192.0.2.1",
                443,
            ),
        ] {
            let read: Origin = text.parse().unwrap();
            assert_eq!(
                (read.as_str(), read.authority(), read.name(), read.port()),
                (origin, authority, name, port)
            );
            assert!(read.is_named_by(authority) && !read.is_named_by("evil.test"));
        }
    }

    /// Holds: N11, N13
    #[test]
    fn n11_http_is_for_loopback_alone_and_the_message_says_what_to_write() {
        use ParseOriginError::{Host, MoreThanOrigin, Port, Scheme};
        let error = "http://shop.example.test".parse::<Origin>().unwrap_err();
        assert!(
            error
                .to_string()
                .contains("write https://shop.example.test")
        );
        for (text, why) in [
            ("shop.example.test", Scheme),
            ("ftp://shop.example.test", Scheme),
            ("https://shop.example.test/cart", MoreThanOrigin),
            ("https://me@shop.example.test", MoreThanOrigin),
            ("https://", Host),
            ("https://*.example.test", Host),
            ("https://bücher.example", Host),
            ("http://127.1", Host),
            ("https://0x7f000001", Host),
            ("https://192.0.2.0x", Host),
            ("https://192.0.2.01", Host),
            ("https://3221225985", Host),
            ("https://shop.example.1", Host),
            ("https://192.0.2.1.", Host),
            ("https://[::1%25eth0]", Host),
            ("https://shop.example.test:", Port),
            ("https://shop.example.test:70000", Port),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(why), "{text}");
        }
        assert!("http://localhost.example.test".parse::<Origin>().is_err());
        assert!("http://evil-localhost".parse::<Origin>().is_err());
    }
}
