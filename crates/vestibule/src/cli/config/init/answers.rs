//! What the answers mean.

use std::io;
use std::net::IpAddr;
use std::path::{PathBuf, absolute};

use vestibule_core::email::EmailAddress;
use vestibule_http::Issuer;

use crate::settings::MailServer;

/// The issuer of somebody who only looks.
pub const ON_THIS_MACHINE: &str = "http://localhost:8080";

/// All of them.
pub struct Answers {
    pub issuer: Issuer,
    pub tls: Option<Tls>,
    pub data: Data,
    pub mail: Mail,
    pub registration: Registration,
}

/// The URL that people know.
pub fn issuer(text: &str) -> Result<Issuer, String> {
    Issuer::parse(text).map_err(|error| {
        format!("must be an origin such as https://id.example.com or {ON_THIS_MACHINE}: {error}")
    })
}

/// Who ends TLS.
#[derive(Debug, PartialEq, Eq)]
pub enum Tls {
    /// A proxy in front.
    Proxy {
        /// Where it comes from.
        address: IpAddr,
        /// The family of headers that it sends.
        headers: &'static str,
    },
    /// Vestibule itself.
    Here {
        /// The certificate's file.
        cert: PathBuf,
        /// Its key's.
        key: PathBuf,
    },
}

/// Proxies by name, with the family that the book's pages have them send.
const FAMILIES: [(&str, &str); 8] = [
    ("x-forwarded", "x-forwarded"),
    ("x-original", "x-original"),
    ("nginx", "x-original"),
    ("haproxy", "x-forwarded"),
    ("apache", "x-forwarded"),
    ("caddy", "x-forwarded"),
    ("traefik", "x-forwarded"),
    ("envoy", "x-forwarded"),
];

impl Tls {
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match *words.as_slice() {
            ["here", cert, key] => Ok(Self::Here {
                cert: whole(cert)?,
                key: whole(key)?,
            }),
            ["proxy", ref about @ ..] => Self::proxy(about),
            _ => Err(Self::allowed()),
        }
    }

    fn proxy(about: &[&str]) -> Result<Self, String> {
        let (mut address, mut headers) = (None, None);
        for word in about {
            let family = FAMILIES
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(word));
            match (family, word.parse()) {
                (Some((_, family)), _) if headers.is_none() => headers = Some(*family),
                (None, Ok(one)) if address.is_none() => address = Some(one),
                _ => return Err(Self::allowed()),
            }
        }
        Ok(Self::Proxy {
            address: address.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            headers: headers.unwrap_or("x-forwarded"),
        })
    }

    fn allowed() -> String {
        let names: Vec<&str> = FAMILIES.iter().map(|(name, _)| *name).collect();
        format!(
            "must be 'proxy', perhaps with one of {} and an IP address, or 'here CERTIFICATE KEY'",
            names.join(", ")
        )
    }
}

/// Where the data is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Data {
    /// The data directory.
    pub directory: PathBuf,
    pub store: Store,
}

impl Data {
    pub fn new(directory: PathBuf, store: Store) -> io::Result<Self> {
        Ok(Self {
            directory: absolute(directory)?,
            store,
        })
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let (directory, store) = match text.split_once(char::is_whitespace) {
            Some((directory, store)) => (directory, Store::parse(store.trim())?),
            None => (text, Store::Sqlite),
        };
        if directory.contains("://") {
            return Err(
                "must begin with a directory, where keys are kept in either case".to_owned(),
            );
        }
        Self::new(PathBuf::from(directory), store).map_err(|error| error.to_string())
    }
}

/// Which store.
#[derive(Debug, PartialEq, Eq)]
pub enum Store {
    Sqlite,
    Postgres(String),
}

impl Store {
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "sqlite" | "sqlite:" => Ok(Self::Sqlite),
            url if url.starts_with("postgres") => Ok(Self::Postgres(url.to_owned())),
            _ => Err(
                "must be 'sqlite' or a URL such as postgres://vestibule@localhost/vestibule"
                    .to_owned(),
            ),
        }
    }
}

/// How mail leaves.
#[derive(Debug, PartialEq, Eq)]
pub enum Mail {
    None,
    Server {
        url: String,
        from: String,
        /// Username, and the file with its password.
        login: Option<(String, PathBuf)>,
    },
}

impl Mail {
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (url, from, login) = match *words.as_slice() {
            ["none"] => return Ok(Self::None),
            [url, from] => (url, from, None),
            [url, from, username, file] => (url, from, Some((username.to_owned(), whole(file)?))),
            _ => {
                return Err(
                    "must be 'none', or a server and the address mails come from, perhaps with a username and its \
                     password's file: smtps://mail.example.com id@example.com"
                        .to_owned(),
                );
            }
        };
        if MailServer::parse(url).is_none() {
            return Err("must begin with a server such as smtps://mail.example.com".to_owned());
        }
        if EmailAddress::parse(from).is_err() {
            return Err(format!("{from} is no address that mails could come from"));
        }
        Ok(Self::Server {
            url: url.to_owned(),
            from: from.to_owned(),
            login,
        })
    }
}

/// Who may have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration(pub &'static str);

impl Registration {
    pub fn parse(text: &str) -> Result<Self, String> {
        ["invited", "open", "off"]
            .into_iter()
            .find(|mode| *mode == text)
            .map(Self)
            .ok_or_else(|| "must be 'invited', 'open' or 'off'".to_owned())
    }
}

/// Settings files have paths relative to themselves; an answer is relative to where it is given.
fn whole(path: &str) -> Result<PathBuf, String> {
    absolute(path).map_err(|error| format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_may_be_known_by_its_name() {
        let proxy = |address: [u8; 4], headers| Tls::Proxy {
            address: IpAddr::from(address),
            headers,
        };
        for (text, expected) in [
            ("proxy", proxy([127, 0, 0, 1], "x-forwarded")),
            ("proxy nginx", proxy([127, 0, 0, 1], "x-original")),
            ("proxy 10.0.0.2 Caddy", proxy([10, 0, 0, 2], "x-forwarded")),
            (
                "proxy x-original 10.0.0.2",
                proxy([10, 0, 0, 2], "x-original"),
            ),
        ] {
            assert_eq!(Tls::parse(text), Ok(expected), "{text}");
        }
        assert_eq!(
            Tls::parse("here /a/cert.pem /a/key.pem"),
            Ok(Tls::Here {
                cert: "/a/cert.pem".into(),
                key: "/a/key.pem".into()
            })
        );
        for bad in [
            "",
            "here",
            "here /a",
            "proxy nginx caddy",
            "proxy id.example.com",
            "none",
        ] {
            let why = Tls::parse(bad).unwrap_err();
            assert!(why.contains("here CERTIFICATE KEY"), "{bad}: {why}");
        }
    }

    #[test]
    fn a_directory_comes_before_the_store() {
        let data = Data::parse("/srv/v postgres://v@localhost/v").unwrap();
        assert_eq!(data.directory, PathBuf::from("/srv/v"));
        assert_eq!(
            data.store,
            Store::Postgres("postgres://v@localhost/v".to_owned())
        );
        assert_eq!(Data::parse("/srv/v").unwrap().store, Store::Sqlite);
        assert!(Data::parse("x").unwrap().directory.is_absolute());
        assert!(Data::parse("postgres://v@localhost/v").is_err());
        assert!(Data::parse("/srv/v mysql://x").is_err());
    }

    #[test]
    fn mail_is_none_or_whole() {
        assert_eq!(Mail::parse("none"), Ok(Mail::None));
        assert!(Mail::parse("smtps://mail.example.test id@example.test").is_ok());
        assert!(Mail::parse("smtps://mail.example.test id@example.test me /etc/pw").is_ok());
        for bad in [
            "",
            "smtps://mail.example.test",
            "mail.example.test id@example.test",
            "smtps://mail.example.test nobody",
            "smtps://mail.example.test id@example.test me",
        ] {
            assert!(Mail::parse(bad).is_err(), "{bad}");
        }
    }
}
