//! Where this installation stands on the network: its issuer, its brand, and the proxies in front of it.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use vestibule_core::origin::{Origin, ParseOriginError};

/// What the settings say about the outside.
#[derive(Debug, Clone)]
pub struct Site {
    /// The one origin that people and applications know this installation by.
    pub issuer: Issuer,
    /// The name on every page.
    pub brand: String,
    /// The reverse proxies in front, each with the headers it sends.
    pub proxies: Vec<TrustedProxy>,
    /// An application shares the issuer's own host and is declared fully trusted (C24).
    pub own_host_application: bool,
    /// With an https issuer, browsers are told that all names below its host are https as well.
    pub hsts_subdomains: bool,
}

/// A reverse proxy whose word counts.
#[derive(Debug, Clone)]
pub struct TrustedProxy {
    /// Where it connects from.
    pub network: IpNet,
    /// Which headers tell of the original request.
    pub headers: HeaderFamily,
}

/// The headers in which a proxy tells what it was asked for. Each proxy sends one family; another one present is a forgery
/// (R25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFamily {
    /// `X-Forwarded-Method`, `-Proto`, `-Host`, `-Uri`.
    XForwarded,
    /// `X-Original-Method`, `-URL`, `-URI`.
    XOriginal,
}

/// A peer that may speak for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyPeer {
    /// The settings name it.
    Configured(HeaderFamily),
    /// No setting names it, but it is this machine and the issuer is on loopback.
    Loopback,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Site {
    /// Whether an application may be at this origin: on the issuer's own host only what is declared fully trusted (C24,
    /// ASVS 3.5.4).
    pub fn admits(&self, origin: &Origin) -> bool {
        self.own_host_application || !self.issuer.shares_its_host_with(origin)
    }

    /// What every answer on an application's host over https tells browsers: no more than this host is ours to speak for.
    pub const HOST_STRICT_TRANSPORT_SECURITY: HeaderValue =
        HeaderValue::from_static("max-age=31536000");

    /// What every answer of an https issuer tells browsers, for a year (ASVS 3.4.1).
    pub fn strict_transport_security(&self) -> Option<HeaderValue> {
        let value = if self.hsts_subdomains {
            "max-age=31536000; includeSubDomains"
        } else {
            "max-age=31536000"
        };
        self.issuer.https().then(|| HeaderValue::from_static(value))
    }

    /// Whether `peer` may speak for others, and how. A configured proxy comes before loopback.
    pub fn proxy(&self, peer: IpAddr) -> Option<ProxyPeer> {
        let peer = peer.to_canonical();
        self.configured(peer)
            .map(|proxy| ProxyPeer::Configured(proxy.headers))
            .or_else(|| {
                (self.issuer.is_loopback() && peer.is_loopback()).then_some(ProxyPeer::Loopback)
            })
    }

    /// Who called: the peer, or, behind configured proxies, the nearest address in `X-Forwarded-For` that is none of them.
    ///
    /// ASVS 15.3.4, 4.1.3, R25: what any other peer writes there is not looked at, and neither is what stands left of the
    /// first address that no proxy of ours vouches for.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        let hops = headers.get_all(X_FORWARDED_FOR).iter().rev();
        for hop in hops.flat_map(|line| line.to_str().unwrap_or("?").rsplit(',')) {
            if self.configured(address).is_none() {
                break;
            }
            let Some(hop) = parse_hop(hop) else { break };
            address = hop;
        }
        address
    }

    fn configured(&self, peer: IpAddr) -> Option<&TrustedProxy> {
        self.proxies
            .iter()
            .find(|proxy| proxy.network.contains(&peer))
    }
}

/// One entry of `X-Forwarded-For`: an address, in brackets or with a port as some proxies write it.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().ok().or_else(|| {
        let socket: Option<std::net::SocketAddr> = text.parse().ok();
        let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
        socket.map(|socket| socket.ip()).or_else(bracketed)
    });
    address.map(|address: IpAddr| address.to_canonical())
}

/// The issuer: scheme, host and port that name this installation in every link, cookie and token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    origin: Origin,
    /// Asked on every request, and to be told from the text.
    loopback: bool,
    session_cookie: String,
    form_cookie: String,
    device_cookie: String,
}

/// Why a text is no issuer. Each says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIssuerError {
    /// Not a URL with http or https.
    #[error("an issuer begins with https:// (or http:// on loopback), like https://id.example.com")]
    Scheme,
    /// Something besides scheme, host and port.
    #[error(
        "an issuer is only scheme, host and port, like https://id.example.com: leave out what follows them"
    )]
    MoreThanOrigin,
    /// The host cannot be read.
    #[error("the issuer's host is no host name (write an international one in its xn-- form)")]
    Host,
    /// The port cannot be read.
    #[error("the issuer's port is no number from 1 to 65535")]
    Port,
    /// http off loopback (N11, N13).
    #[error(
        "the issuer http://{0} is not on loopback and so needs https: set the issuer to https://{0}, and TLS here or at a proxy in front"
    )]
    NeedsHttps(String),
}

impl From<ParseOriginError> for ParseIssuerError {
    fn from(error: ParseOriginError) -> Self {
        match error {
            ParseOriginError::Scheme => Self::Scheme,
            ParseOriginError::MoreThanOrigin => Self::MoreThanOrigin,
            ParseOriginError::Host => Self::Host,
            ParseOriginError::Port => Self::Port,
            ParseOriginError::NeedsHttps(host) => Self::NeedsHttps(host),
        }
    }
}

impl Issuer {
    /// Reads `https://id.example.com[:port]`, or the same with `http` for loopback names.
    pub fn parse(text: &str) -> Result<Self, ParseIssuerError> {
        let origin: Origin = text.parse()?;
        let session_cookie = if origin.https() {
            "__Host-vestibule".to_owned()
        } else {
            format!("vestibule-{}", origin.port())
        };
        let form_cookie = format!("{session_cookie}-form");
        let device_cookie = format!("{session_cookie}-device");
        Ok(Self {
            loopback: origin.is_loopback(),
            origin,
            session_cookie,
            form_cookie,
            device_cookie,
        })
    }

    /// Whether the issuer is reached over https: cookies are `Secure` and `__Host-`, and HSTS is sent.
    pub const fn https(&self) -> bool {
        self.origin.https()
    }

    /// The origin: `https://id.example.com`, with the port unless it is the scheme's own.
    pub fn origin(&self) -> &str {
        self.origin.as_str()
    }

    /// The same, read.
    pub const fn as_origin(&self) -> &Origin {
        &self.origin
    }

    /// What a browser sends as `Host`: the name, with the port unless it is the scheme's own.
    pub fn host(&self) -> &str {
        self.origin.authority()
    }

    /// The host's name or literal, without port; an IPv6 literal in brackets.
    pub fn name(&self) -> &str {
        self.origin.name()
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.origin.port()
    }

    /// Whether only this machine can reach it.
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether `host`, as a browser sent it, names the issuer.
    pub fn is_named_by(&self, host: &str) -> bool {
        // Most spell it as we do; others name it too.
        host == self.host() || self.origin.is_named_by(host)
    }

    /// Whether browsers would send an application at `origin` the issuer's own cookies, which ignore ports (C24). On loopback
    /// that is a developer's own matter.
    pub fn shares_its_host_with(&self, origin: &Origin) -> bool {
        !self.is_loopback() && self.name().eq_ignore_ascii_case(origin.name())
    }

    /// The session cookie's name. Cookies ignore ports, so on http loopback the name carries it (N14, ASVS 3.3.1, 3.3.3).
    pub fn session_cookie(&self) -> &str {
        &self.session_cookie
    }

    /// The name of the cookie that forms before login are bound to (H03).
    pub fn form_cookie(&self) -> &str {
        &self.form_cookie
    }

    /// The known device's cookie's name.
    pub fn device_cookie(&self) -> &str {
        &self.device_cookie
    }
}

impl std::fmt::Display for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.origin.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(issuer: &str, proxies: &[&str]) -> Site {
        Site {
            issuer: Issuer::parse(issuer).unwrap(),
            brand: "Vestibule".to_owned(),
            proxies: proxies
                .iter()
                .map(|network| TrustedProxy {
                    network: network.parse().unwrap(),
                    headers: HeaderFamily::XForwarded,
                })
                .collect(),
            own_host_application: false,
            hsts_subdomains: true,
        }
    }

    fn forwarded(lines: &[&str]) -> HeaderMap {
        lines
            .iter()
            .map(|line| (X_FORWARDED_FOR, line.parse().unwrap()))
            .collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_issuer_is_an_origin_with_one_spelling() {
        for (text, origin, host, port) in [
            (
                "https://id.example.com",
                "https://id.example.com",
                "id.example.com",
                443,
            ),
            (
                "HTTPS://ID.example.com:443/",
                "https://id.example.com",
                "id.example.com",
                443,
            ),
            (
                "https://id.example.com:8443",
                "https://id.example.com:8443",
                "id.example.com:8443",
                8443,
            ),
            (
                "http://localhost:8080",
                "http://localhost:8080",
                "localhost:8080",
                8080,
            ),
            ("http://127.0.0.1", "http://127.0.0.1", "127.0.0.1", 80),
            ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080", 8080),
        ] {
            let issuer = Issuer::parse(text).unwrap();
            assert_eq!(
                (issuer.origin(), issuer.host(), issuer.port()),
                (origin, host, port)
            );
        }
    }

    /// Holds: N11, N13
    #[test]
    fn n11_http_is_for_loopback_alone_and_the_message_says_what_to_write() {
        use ParseIssuerError::{Host, MoreThanOrigin, Port, Scheme};
        let error = Issuer::parse("http://id.example.com").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("set the issuer to https://id.example.com")
        );
        for (text, why) in [
            ("id.example.com", Scheme),
            ("ftp://id.example.com", Scheme),
            ("https://id.example.com/login", MoreThanOrigin),
            ("https://id.example.com?x", MoreThanOrigin),
            ("https://me@id.example.com", MoreThanOrigin),
            ("https://", Host),
            ("https://-a.example.com", Host),
            ("https://a..example.com", Host),
            ("https://bücher.example", Host),
            ("https://[::1", Host),
            ("https://id.example.com:", Port),
            ("https://id.example.com:0", Port),
            ("https://id.example.com:+1", Port),
            ("https://id.example.com:70000", Port),
        ] {
            assert_eq!(Issuer::parse(text), Err(why), "{text}");
        }
        assert!(
            Issuer::parse("http://127.0.0.1.example.com").is_err(),
            "a name that only looks like loopback"
        );
    }

    /// Holds: ASVS 3.3.1, ASVS 3.3.3, N14
    #[test]
    fn asvs_3_3_1_cookie_names_are_host_bound_on_https_and_carry_the_port_on_loopback() {
        let https = Issuer::parse("https://id.example.com").unwrap();
        let http = Issuer::parse("http://localhost:8080").unwrap();
        assert_eq!(https.session_cookie(), "__Host-vestibule");
        assert_eq!(https.form_cookie(), "__Host-vestibule-form");
        assert_eq!(http.session_cookie(), "vestibule-8080");
        assert_eq!(http.form_cookie(), "vestibule-8080-form");
    }

    #[test]
    fn a_host_names_the_issuer_with_or_without_the_scheme_s_own_port() {
        let issuer = Issuer::parse("https://id.example.com").unwrap();
        for good in ["id.example.com", "ID.Example.com", "id.example.com:443"] {
            assert!(issuer.is_named_by(good), "{good}");
        }
        for bad in [
            "id.example.com:80",
            "id.example.com.",
            "evil.test",
            "id.example.com:",
            "",
            "id.example.com:443:443",
        ] {
            assert!(!issuer.is_named_by(bad), "{bad}");
        }
    }

    /// Holds: R25, ASVS 15.3.4, ASVS 4.1.3
    #[test]
    fn r25_only_a_configured_proxy_may_say_who_called() {
        let behind = site("https://id.example.com", &["10.0.0.0/8", "fd00::/8"]);
        let spoofed = forwarded(&["198.51.100.7"]);
        assert_eq!(
            behind.client_address(ip("203.0.113.9"), &spoofed),
            ip("203.0.113.9")
        );
        assert_eq!(
            behind.client_address(ip("10.0.0.1"), &spoofed),
            ip("198.51.100.7")
        );
        assert_eq!(
            behind.client_address(ip("::ffff:10.0.0.1"), &spoofed),
            ip("198.51.100.7")
        );
        let loopback = site("http://localhost:8080", &[]);
        assert_eq!(
            loopback.client_address(ip("127.0.0.1"), &spoofed),
            ip("127.0.0.1")
        );
    }

    /// Holds: R25, ASVS 15.3.4
    #[test]
    fn r25_what_the_caller_wrote_before_the_proxy_did_does_not_count() {
        let site = site("https://id.example.com", &["10.0.0.0/8"]);
        for (lines, client) in [
            (&["6.6.6.6, 198.51.100.7"][..], "198.51.100.7"),
            (&["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
            (&["6.6.6.6, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            (&["198.51.100.7, rubbish"], "10.0.0.1"),
            (&["198.51.100.7, rubbish, 10.0.0.2"], "10.0.0.2"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&[""], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(
                site.client_address(ip("10.0.0.1"), &forwarded(lines)),
                ip(client),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn a_proxy_is_one_that_is_named_or_is_this_machine() {
        let loopback = site("http://localhost:8080", &["10.0.0.0/8"]);
        assert_eq!(
            loopback.proxy(ip("10.1.2.3")),
            Some(ProxyPeer::Configured(HeaderFamily::XForwarded))
        );
        assert_eq!(loopback.proxy(ip("127.0.0.1")), Some(ProxyPeer::Loopback));
        assert_eq!(loopback.proxy(ip("::1")), Some(ProxyPeer::Loopback));
        assert_eq!(loopback.proxy(ip("192.0.2.1")), None);
        assert_eq!(
            site("https://id.example.com", &[]).proxy(ip("127.0.0.1")),
            None
        );
    }
}
