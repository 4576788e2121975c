//! The settings of mail that are more than a text.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use zeroize::Zeroizing;

use vestibule_core::email::EmailAddress;

use super::values::is_host;

/// How mail leaves.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// Through which server; `None` is through none.
    pub server: Option<MailServer>,
    /// The login's name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The file that holds it instead.
    pub password_file: Option<PathBuf>,
    /// What it comes from; `None` is `vestibule@` and the issuer's host.
    pub from: Option<EmailAddress>,
    /// Authorities besides those that the machine trusts.
    pub authority_file: Option<PathBuf>,
}

impl Mail {
    /// How the way to `server` is kept from others. ASVS 12.3.1: in the clear only where nothing leaves the machine, and
    /// never because a server offers nothing better.
    pub fn protection(&self, server: &MailServer) -> Protection {
        match server.scheme {
            Scheme::Smtps => Protection::Tls,
            Scheme::Smtp if server.is_loopback() && self.authority_file.is_none() => {
                Protection::Loopback
            }
            Scheme::Smtp => Protection::Starttls,
        }
    }
}

/// How what goes to the mail server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS before anything is said (RFC 3207).
    Starttls,
    /// It stays on this machine.
    Loopback,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// How it is spoken to.
    scheme: Scheme,
    /// Its name, or its address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Smtps,
    Smtp,
}

impl MailServer {
    /// Reads `smtps://HOST[:PORT]` or `smtp://HOST[:PORT]`, and nothing more.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://")?;
        let (scheme, usual) = match scheme {
            "smtps" => (Scheme::Smtps, 465),
            "smtp" => (Scheme::Smtp, 587),
            _ => return None,
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => {
                let (host, port) = literal.split_once(']')?;
                (
                    host,
                    port.strip_prefix(':')
                        .map_or(port.is_empty().then_some(None), |port| Some(Some(port)))?,
                )
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let is_literal = authority.starts_with('[');
        let fits = if is_literal {
            host.parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            is_host(host)
        };
        let port = port.map_or(Some(usual), |port| {
            port.parse().ok().filter(|port| *port != 0)
        })?;
        fits.then(|| Self {
            scheme,
            host: host.to_owned(),
            port,
        })
    }

    /// Whether it is on this machine: nothing but `localhost` and addresses, since what resolves `*.localhost` elsewhere
    /// (RFC 6761 §6.3) is not known.
    pub fn is_loopback(&self) -> bool {
        let address: Option<IpAddr> = self.host.parse().ok();
        address.map_or_else(|| self.host == "localhost", |address| address.is_loopback())
    }
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Smtps => "smtps",
            Scheme::Smtp => "smtp",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// A text that is told to nobody but the mail server.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A password of a mail server's.
    pub fn password(text: &str) -> Option<Self> {
        let fits =
            (1..=1024).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> MailServer {
        MailServer::parse(text).unwrap()
    }

    #[test]
    fn a_server_is_written_as_a_url() {
        for (text, shown) in [
            ("smtps://mail.example.test", "smtps://mail.example.test:465"),
            ("smtp://Mail.Example.Test/", "smtp://mail.example.test:587"),
            ("smtp://127.0.0.1:25", "smtp://127.0.0.1:25"),
            ("smtp://[::1]", "smtp://[::1]:587"),
            ("smtps://[2001:db8::1]:4650", "smtps://[2001:db8::1]:4650"),
        ] {
            let server = server(text);
            assert_eq!(server.to_string(), shown);
            assert_eq!(MailServer::parse(shown), Some(server));
        }
        for bad in [
            "",
            "mail.example.test",
            "smtp://",
            "http://mail.example.test",
            "smtps://user:secret@mail.example.test",
            "smtp://mail.example.test:0",
            "smtp://mail.example.test:70000",
            "smtp://mail.example.test:",
            "smtp://mail.example.test/inbox",
            "smtp://mail example.test",
            "smtp://[::1]x",
            "smtp://[mail.example.test]",
            "smtp://::1",
        ] {
            assert_eq!(MailServer::parse(bad), None, "{bad}");
        }
    }

    /// Holds: ASVS 12.3.1
    #[test]
    fn asvs_12_3_1_only_what_stays_on_this_machine_is_in_the_clear() {
        let mut mail = Mail::default();
        for (url, protection) in [
            ("smtps://127.0.0.1", Protection::Tls),
            ("smtp://127.0.0.2:25", Protection::Loopback),
            ("smtp://[::1]:25", Protection::Loopback),
            ("smtp://localhost:25", Protection::Loopback),
            ("smtp://localhost.example.test:25", Protection::Starttls),
            ("smtp://mail.localhost:25", Protection::Starttls),
            ("smtp://192.0.2.1:25", Protection::Starttls),
            ("smtps://mail.example.test", Protection::Tls),
        ] {
            assert_eq!(mail.protection(&server(url)), protection, "{url}");
        }
        mail.authority_file = Some(PathBuf::from("authority.pem"));
        let local = server("smtp://localhost:25");
        assert_eq!(mail.protection(&local), Protection::Starttls);
    }

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_a_password_is_not_shown() {
        let mail = Mail {
            password: Secret::password("swordfish"),
            ..Mail::default()
        };
        assert!(!format!("{mail:?}").contains("swordfish"));
        assert!(Secret::password("").is_none() && Secret::password("a\nb").is_none());
    }
}
