//! The proxies that an application can stand behind, and the configuration for each: the book's own files, the ones that the
//! test suite runs in the real proxies, with an installation's values in the places that the book's readers fill in.
//!
//! Nothing goes in but what a type let through: a host of an [`Origin`], an [`ApplicationName`], an [`Upstream`]. None of them can
//! hold a quote, a brace, white space or a line's end, so no value is more than a value (ASVS 1.2.1, 1.3.3).

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use vestibule_core::application::ApplicationName;
use vestibule_core::origin::Origin;

use crate::site::HeaderFamily;

/// Which proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// By `auth_request`.
    Nginx,
    /// By a script in its own Lua.
    Haproxy,
    /// By a script for `mod_lua`.
    Apache,
    /// By `forward_auth`.
    Caddy,
    /// By ForwardAuth.
    Traefik,
    /// By `ext_authz`.
    Envoy,
}

/// A file of the book.
struct Book {
    path: &'static str,
    text: &'static str,
    /// What readers put their own in place of, besides the two hosts and the two addresses.
    own: &'static [(&'static str, Own)],
}

/// What stands in such a place.
#[derive(Clone, Copy)]
enum Own {
    Issuer,
    Host,
    Vestibule,
    Application,
    /// `… shop`
    Named(&'static str, &'static str),
    /// A function's name.
    Function,
    /// Address and port apart.
    Apart(&'static str, bool, &'static str),
}

const EVERYWHERE: [(&str, Own); 4] = [
    ("id.example.com", Own::Issuer),
    ("shop.example.com", Own::Host),
    ("127.0.0.1:8080", Own::Vestibule),
    ("127.0.0.1:3000", Own::Application),
];

const QUERY: (&str, Own) = ("app=shop", Own::Named("app=", ""));

macro_rules! book {
    ($path:literal, $file:literal, $own:expr) => {
        Book {
            path: $path,
            text: include_str!(concat!("../../../../docs/snippets/", $file)),
            own: $own,
        }
    };
}

const NGINX: &[Book] = &[book!(
    "/etc/nginx/conf.d/vestibule.conf",
    "nginx.conf",
    &[QUERY]
)];
const HAPROXY: &[Book] = &[
    book!(
        "/etc/haproxy/haproxy.cfg",
        "haproxy.cfg",
        &[("lua.vestibule shop", Own::Named("lua.vestibule ", ""))]
    ),
    book!("/etc/haproxy/vestibule.lua", "haproxy.lua", &[]),
];
const APACHE: &[Book] = &[
    book!(
        "/etc/apache2/sites-available/vestibule.conf",
        "apache.conf",
        &[("ask_about_shop", Own::Function)]
    ),
    book!(
        "/etc/apache2/vestibule.lua",
        "apache.lua",
        &[
            (
                "ADDRESS, PORT = \"127.0.0.1\", 8080",
                Own::Apart("ADDRESS, PORT = \"", true, "\", ")
            ),
            ("ask_about_shop", Own::Function),
            ("ask(r, \"shop\")", Own::Named("ask(r, \"", "\")")),
        ]
    ),
];
const CADDY: &[Book] = &[book!(
    "/etc/caddy/Caddyfile",
    "Caddyfile",
    &[(
        "import ask_vestibule shop",
        Own::Named("import ask_vestibule ", "")
    )]
)];
const TRAEFIK: &[Book] = &[
    book!("/etc/traefik/traefik.yaml", "traefik.yaml", &[]),
    book!(
        "/etc/traefik/traefik-dynamic.yaml",
        "traefik-dynamic.yaml",
        &[QUERY]
    ),
];
const ENVOY: &[Book] = &[book!(
    "/etc/envoy/envoy.yaml",
    "envoy.yaml",
    &[
        QUERY,
        (
            "address: 127.0.0.1, port_value: 8080",
            Own::Apart("address: ", true, ", port_value: ")
        ),
        (
            "address: 127.0.0.1, port_value: 3000",
            Own::Apart("address: ", false, ", port_value: ")
        ),
    ]
)];

/// Where a program listens, as the proxy reaches it: an IPv4 address or a name, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    host: String,
    port: u16,
}

/// Not such a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address is a host and a port, like 127.0.0.1:3000 or app.internal:3000")]
pub struct ParseUpstreamError;

impl Upstream {
    /// This machine's, at this port.
    pub fn here(port: u16) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
        }
    }

    /// Whether it stands for every address of its machine.
    pub fn is_unspecified(&self) -> bool {
        let address = self.host.parse::<Ipv4Addr>();
        address.is_ok_and(|address| address.is_unspecified())
    }

    /// The same port, on this machine.
    #[must_use]
    pub fn on_this_machine(&self) -> Self {
        Self::here(self.port)
    }

    /// Whether it is an address and no name.
    pub fn is_address(&self) -> bool {
        self.host.parse::<Ipv4Addr>().is_ok()
    }
}

impl FromStr for Upstream {
    type Err = ParseUpstreamError;

    fn from_str(text: &str) -> Result<Self, ParseUpstreamError> {
        let (host, port) = text.trim().rsplit_once(':').ok_or(ParseUpstreamError)?;
        let digits = !port.is_empty() && port.bytes().all(|c| c.is_ascii_digit());
        let port = digits.then(|| port.parse().ok()).flatten();
        let port = port.filter(|port| *port != 0).ok_or(ParseUpstreamError)?;
        let label = |label: &str| {
            let edge = |c: u8| c.is_ascii_alphanumeric();
            let inner = |c: u8| edge(c) || c == b'-' || c == b'_';
            let bytes = label.as_bytes();
            bytes.len() <= 63
                && bytes.first().copied().is_some_and(edge)
                && bytes.last().copied().is_some_and(edge)
                && bytes.iter().copied().all(inner)
        };
        let named = host.len() <= 253 && host.split('.').all(label);
        let last = host.rsplit('.').next().unwrap_or_default();
        // What ends in a number is an address, or nothing (URL standard, 'ends in a number').
        let numbered = last.bytes().all(|c| c.is_ascii_digit());
        if !named || (numbered && host.parse::<Ipv4Addr>().is_err()) {
            return Err(ParseUpstreamError);
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What the book's readers fill in.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    /// Its host goes in.
    pub issuer: &'a Origin,
    /// Where the application is visited; its host goes in.
    pub origin: &'a Origin,
    /// As Vestibule knows it.
    pub name: &'a ApplicationName,
    /// Vestibule, as the proxy reaches it.
    pub vestibule: &'a Upstream,
    /// The application, as the proxy reaches it.
    pub application: &'a Upstream,
}

/// A file to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Where Debian and Ubuntu keep it.
    pub path: &'static str,
    /// The whole file.
    pub text: String,
}

impl Proxy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Nginx,
        Self::Haproxy,
        Self::Apache,
        Self::Caddy,
        Self::Traefik,
        Self::Envoy,
    ];

    /// As the book's pages and the console's forms name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Apache => "apache",
            Self::Caddy => "caddy",
            Self::Traefik => "traefik",
            Self::Envoy => "envoy",
        }
    }

    /// As its makers write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
            Self::Apache => "Apache",
            Self::Caddy => "Caddy",
            Self::Traefik => "Traefik",
            Self::Envoy => "Envoy",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|proxy| proxy.as_str() == text)
    }

    /// In which headers it tells of a request.
    pub const fn headers(self) -> HeaderFamily {
        match self {
            Self::Nginx => HeaderFamily::XOriginal,
            _ => HeaderFamily::XForwarded,
        }
    }

    /// Its files take addresses alone, and no names.
    pub const fn needs_addresses(self) -> bool {
        matches!(self, Self::Envoy)
    }

    /// Its files, filled in.
    pub fn snippets(self, values: &Values<'_>) -> Vec<Snippet> {
        let books = self.books().iter();
        books
            .map(|book| Snippet {
                path: book.path,
                text: book.filled(values),
            })
            .collect()
    }

    const fn books(self) -> &'static [Book] {
        match self {
            Self::Nginx => NGINX,
            Self::Haproxy => HAPROXY,
            Self::Apache => APACHE,
            Self::Caddy => CADDY,
            Self::Traefik => TRAEFIK,
            Self::Envoy => ENVOY,
        }
    }
}

impl Book {
    /// One pass: what was put in is not looked at again, so that no value is taken for a place.
    fn filled(&self, values: &Values<'_>) -> String {
        let mut text = String::with_capacity(self.text.len());
        let whole = without_instruction(self.text);
        let mut rest = &*whole;
        let places = || self.own.iter().chain(&EVERYWHERE);
        // The longest where several begin at one place.
        while let Some((at, from, own)) = places()
            .filter_map(|(from, own)| rest.find(from).map(|at| (at, *from, *own)))
            .min_by_key(|(at, from, _)| (*at, usize::MAX - from.len()))
        {
            text.push_str(&rest[..at]);
            text.push_str(&own.written(values));
            rest = &rest[at + from.len()..];
        }
        text + rest
    }
}

impl Own {
    fn written(self, values: &Values<'_>) -> String {
        match self {
            Self::Issuer => values.issuer.name().to_owned(),
            Self::Host => values.origin.name().to_owned(),
            Self::Vestibule => values.vestibule.to_string(),
            Self::Application => values.application.to_string(),
            Self::Named(before, after) => format!("{before}{}{after}", values.name),
            Self::Function => format!("ask_about_{}", values.name.as_str().replace('-', "_")),
            Self::Apart(before, vestibule, between) => {
                let upstream = if vestibule {
                    values.vestibule
                } else {
                    values.application
                };
                format!("{before}{}{between}{}", upstream.host, upstream.port)
            }
        }
    }
}

/// The file less the paragraph at its head that tells what to fill in: it is filled in.
fn without_instruction(text: &str) -> Cow<'_, str> {
    const INSTRUCTION: &str = " Put your own in place of";
    let bare = |line: &str| matches!(line.trim_end(), "" | "#" | "--");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let Some(at) = lines.iter().position(|line| line.contains(INSTRUCTION)) else {
        return text.into();
    };
    let ends = lines[at..].iter().position(|line| bare(line));
    let end = ends.map_or(lines.len(), |length| at + length);
    // The bare line before it parted the two.
    let begin = if at > 0 && bare(lines[at - 1]) {
        at - 1
    } else {
        at
    };
    (lines[..begin].concat() + &lines[end..].concat()).into()
}

#[cfg(test)]
mod tests;
