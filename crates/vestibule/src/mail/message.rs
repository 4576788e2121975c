//! A written letter as a message (RFC 5322), in text and HTML.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::address::AddressError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use vestibule_core::time::UnixMillis;
use vestibule_http::Issuer;
use vestibule_http::letters::Written;

/// What every message has: its sender, and the host that its id names. Nothing tells of the machine.
pub struct Stationery {
    from: Mailbox,
    host: String,
}

impl Stationery {
    /// For a server known as `issuer`.
    pub fn new(from: Mailbox, issuer: &Issuer) -> Self {
        let is_address = issuer
            .name()
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok();
        let host = if is_address {
            from.email.domain().to_owned()
        } else {
            issuer.name().to_owned()
        };
        Self { from, host }
    }

    /// The address that it comes from.
    pub const fn from(&self) -> &Address {
        &self.from.email
    }

    /// The host that greetings and ids name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A message to `to` alone.
    pub fn compose(
        &self,
        written: Written,
        to: Address,
        id: [u8; 16],
        at: UnixMillis,
    ) -> Result<Message, lettre::error::Error> {
        let id = u128::from_be_bytes(id);
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&written.subject))
            .date(date(at))
            .message_id(Some(format!("<{id:032x}@{}>", self.host)))
            // RFC 3834 §5: no holiday note comes back.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(
                written.text,
                written.html,
            ))
    }
}

/// Reads an address as lettre does.
pub fn mailbox(name: Option<String>, address: &str) -> Result<Mailbox, AddressError> {
    let (local, domain) = address.rsplit_once('@').ok_or(AddressError::MissingParts)?;
    let name = name.map(|name| one_line(&name));
    Ok(Mailbox::new(name, Address::new(local, domain)?))
}

/// ASVS 1.3.11: a header ends where it is meant to.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn date(at: UnixMillis) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(subject: &str) -> Written {
        Written {
            subject: subject.to_owned(),
            text: "Schönen Tag\n.\nhttps://id.example.test/register/finish?token=vst_register_x\n"
                .to_owned(),
            html: "<p>Schönen Tag</p>".to_owned(),
        }
    }

    fn message(brand: &str, subject: &str, to: &str) -> String {
        let issuer = Issuer::parse("https://id.example.test").unwrap();
        let from = mailbox(Some(brand.to_owned()), "vestibule@id.example.test").unwrap();
        let to = mailbox(None, to).unwrap().email;
        let message = Stationery::new(from, &issuer)
            .compose(written(subject), to, [7; 16], UnixMillis(1_767_225_600_000))
            .unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    fn headers(message: &str) -> Vec<&str> {
        let (headers, _) = message.split_once("\r\n\r\n").unwrap();
        headers.split("\r\n").collect()
    }

    #[test]
    fn a_message_says_who_when_and_that_a_machine_wrote_it() {
        let message = message("Example & Söhne", "Grüße", "alice@example.test");
        let headers = headers(&message);
        for header in [
            "To: alice@example.test",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000",
            "Message-ID: <07070707070707070707070707070707@id.example.test>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(headers.contains(&header), "no {header} in {headers:#?}");
        }
        assert!(
            message.contains("Content-Type: multipart/alternative;"),
            "{message}"
        );
        assert!(
            message.contains("Content-Type: text/plain; charset=utf-8"),
            "{message}"
        );
        assert!(
            message.contains("Content-Type: text/html; charset=utf-8"),
            "{message}"
        );
        assert!(message.is_ascii());
        let names: Vec<&str> = headers
            .iter()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        for name in &names {
            let known = [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "MIME-Version",
                "Content-Type",
            ];
            assert!(known.contains(name), "{name} tells more than it must");
        }
    }

    /// Holds: ASVS 1.3.11
    #[test]
    fn asvs_1_3_11_no_header_breaks_out() {
        let hostile = "Hello\r\nBcc: mallory@example.test\r\n\r\nbody";
        for message in [
            message("Example", hostile, "alice@example.test"),
            message(hostile, "Hello", "alice@example.test"),
            message(
                "\"<mallory@example.test>, \"",
                "Hello",
                "alice@example.test",
            ),
        ] {
            let headers = headers(&message);
            assert!(
                !headers.iter().any(|line| line.starts_with("Bcc")),
                "{headers:#?}"
            );
            let to: Vec<&&str> = headers
                .iter()
                .filter(|line| line.starts_with("To:"))
                .collect();
            assert_eq!(to, [&"To: alice@example.test"]);
        }
        for address in [
            "alice@example.test\r\nBcc: mallory@example.test",
            "alice>\r\nRCPT TO:<mallory@example.test",
            "alice@example.test>",
        ] {
            assert!(mailbox(None, address).is_err(), "{address:?}");
        }
    }

    #[test]
    fn an_id_names_the_issuer_or_the_senders_domain_and_never_the_machine() {
        let from = mailbox(None, "accounts@example.test").unwrap();
        for (issuer, host) in [
            ("https://id.example.test", "id.example.test"),
            ("http://127.0.0.1:8080", "example.test"),
            ("http://[::1]:8080", "example.test"),
            ("http://localhost:8080", "localhost"),
        ] {
            let issuer = Issuer::parse(issuer).unwrap();
            assert_eq!(Stationery::new(from.clone(), &issuer).host(), host);
        }
    }
}
