//! Where requests go: this machine's loopback, and nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A URL on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    addresses: Vec<SocketAddr>,
    authority: String,
    path: String,
}

/// Why a URL is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// TLS's cost is another question, and no certificate is checked here.
    #[error(
        "{0} is over TLS, and the load generator speaks plain HTTP: give the http URL of the server's own listener, such as \
         http://127.0.0.1:8080/"
    )]
    Https(String),
    /// Another scheme, or none.
    #[error("{0} is no http URL: write it like http://127.0.0.1:8080/verify")]
    NotHttp(String),
    /// Somebody else's machine, or this one's network.
    #[error(
        "{0} is not on loopback: load is for your own server on this machine, so give 127.0.0.1, [::1] or localhost"
    )]
    NotLoopback(String),
    /// Not a port.
    #[error("{0} is no port: write a number from 1 to 65535")]
    Port(String),
    /// Credentials in a URL end up in logs.
    #[error("a URL with a user before the @ is not taken: give the credentials by a header")]
    UserInfo,
    /// Neither path nor query can hold it.
    #[error("the URL holds a blank, a control character, a # or a byte outside ASCII: escape it")]
    Characters,
}

impl Target {
    /// Reads a URL. Names are not looked up: `localhost`, and what ends in `.localhost`, is this machine (RFC 6761 §6.3).
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        if !url.bytes().all(|c| c.is_ascii_graphic() && c != b'#') {
            return Err(AddressError::Characters);
        }
        let scheme = |scheme: &str| {
            let start = url.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if scheme("https://") {
            return Err(AddressError::Https(url.to_owned()));
        }
        if !scheme("http://") {
            return Err(AddressError::NotHttp(url.to_owned()));
        }
        let rest = &url["http://".len()..];
        let (authority, path) = match rest.find(['/', '?']) {
            None => (rest, "/".to_owned()),
            Some(at) if rest[at..].starts_with('?') => (&rest[..at], format!("/{}", &rest[at..])),
            Some(at) => (&rest[..at], rest[at..].to_owned()),
        };
        if authority.contains('@') {
            return Err(AddressError::UserInfo);
        }
        let (host, port) = split(authority)?;
        let hosts = loopback(host).ok_or_else(|| AddressError::NotLoopback(host.to_owned()))?;
        Ok(Self {
            addresses: hosts
                .into_iter()
                .map(|host| SocketAddr::new(host, port))
                .collect(),
            authority: authority.to_owned(),
            path,
        })
    }

    /// Where to connect: the first that answers.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// As `Host` says it.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.addresses.first().map_or(0, SocketAddr::port)
    }
}

fn split(authority: &str) -> Result<(&str, u16), AddressError> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').map(|at| at + 2),
        None => authority.find(':'),
    };
    let (host, port) = authority.split_at(end.unwrap_or(authority.len()).min(authority.len()));
    let port = match port.strip_prefix(':') {
        Some(port) => port
            .parse::<u16>()
            .ok()
            .filter(|number| *number > 0 && port.bytes().all(|c| c.is_ascii_digit()))
            .ok_or_else(|| AddressError::Port(port.to_owned()))?,
        None if port.is_empty() => 80,
        None => return Err(AddressError::Port(port.to_owned())),
    };
    Ok((host, port))
}

fn loopback(host: &str) -> Option<Vec<IpAddr>> {
    let name = host.to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let bare = host
        .strip_prefix('[')
        .map_or(Some(host), |rest| rest.strip_suffix(']'))?;
    let address: IpAddr = bare.parse().ok()?;
    // What is mapped is the IPv4 address.
    let is_bracketed = bare.len() != host.len();
    let fits = address.is_ipv6() == is_bracketed && address.to_canonical().is_loopback();
    fits.then(|| vec![address])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_on_loopback_is_taken_apart() {
        let target = Target::parse("http://127.0.0.1:8080/verify?app=shop").unwrap();
        assert_eq!(target.addresses(), ["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!(target.authority(), "127.0.0.1:8080");
        assert_eq!(target.path(), "/verify?app=shop");
        assert_eq!(target.port(), 8080);
        for (url, port, path) in [
            ("http://localhost", 80, "/"),
            ("HTTP://Shop.Localhost:9000/x", 9000, "/x"),
            ("http://[::1]:9?a", 9, "/?a"),
            ("http://127.9.9.9/", 80, "/"),
            ("http://[::ffff:127.0.0.1]/", 80, "/"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((target.port(), target.path()), (port, path), "{url}");
            assert!(
                target
                    .addresses()
                    .iter()
                    .all(|address| address.ip().to_canonical().is_loopback())
            );
        }
    }

    #[test]
    fn another_machine_is_refused_and_told_why() {
        for url in [
            "http://example.test/",
            "http://192.0.2.1:8080/",
            "http://10.0.0.1/",
            "http://0.0.0.0:8080/",
            "http://[::]:8080/",
            "http://[2001:db8::1]/",
            "http://localhost.example.test/",
            "http://127.0.0.1.example.test/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http:///",
            "http://::1/",
            "http://[127.0.0.1]/",
            "http://[::1/",
        ] {
            let error = Target::parse(url).unwrap_err();
            let told = error.to_string();
            let shape = matches!(error, AddressError::Port(_));
            assert!(shape || told.contains("not on loopback"), "{url}: {told}");
        }
    }

    #[test]
    fn what_is_no_plain_url_is_refused() {
        let refused = |url| Target::parse(url).unwrap_err();
        assert!(matches!(
            refused("https://127.0.0.1/"),
            AddressError::Https(_)
        ));
        for url in ["127.0.0.1:8080", "ftp://127.0.0.1/", "", "é"] {
            assert!(
                matches!(
                    refused(url),
                    AddressError::NotHttp(_) | AddressError::Characters
                ),
                "{url}"
            );
        }
        for url in [
            "http://127.0.0.1:0/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:+80/",
            "http://127.0.0.1:/",
        ] {
            assert!(matches!(refused(url), AddressError::Port(_)), "{url}");
        }
        assert_eq!(
            refused("http://alice:secret@127.0.0.1/"),
            AddressError::UserInfo
        );
        for url in [
            "http://127.0.0.1/a b",
            "http://127.0.0.1/\r\nX: y",
            "http://127.0.0.1/#a",
        ] {
            assert_eq!(refused(url), AddressError::Characters, "{url}");
        }
    }
}
