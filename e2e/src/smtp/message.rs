//! A letter as its recipient's program reads it.

use std::path::Path;

use anyhow::Context as _;
use mail_parser::{MessageParser, PartType};

/// A message that the server took.
#[derive(Debug)]
pub struct Message {
    /// The envelope's recipients, whatever the headers say.
    pub to: Vec<String>,
    /// The envelope's sender.
    pub from: String,
    /// Whether it came over TLS.
    pub over_tls: bool,
    /// Who delivered it, where a login was asked for.
    pub login: Option<String>,
    /// Decoded.
    pub subject: String,
    /// In their order, unfolded, encoded as they came.
    pub headers: Vec<(String, String)>,
    /// The plain text, decoded, its lines ended by `\n`; empty if there is none.
    pub text: String,
    /// The HTML, decoded likewise.
    pub html: Option<String>,
    /// Byte for byte as it came.
    pub raw: Vec<u8>,
}

impl Message {
    /// A header by its name, encoded as it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first link with a token (`?token=`) in the plain text.
    pub fn link(&self) -> Option<&str> {
        self.links().find(|link| link.contains("?token="))
    }

    /// Every link of the plain text, in its order.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.text
            .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"'))
            .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
    }

    fn parse(stored: &[u8]) -> anyhow::Result<Self> {
        // The server wrote the envelope in front of what it took.
        let mut rest = stored;
        let mut envelope = |name: &str| {
            let end = rest.iter().position(|&byte| byte == b'\n')?;
            let line = std::str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 1..];
            let value = line.strip_prefix(name)?.strip_prefix(':')?;
            Some(value.trim().to_owned())
        };
        let not_ours = "not a message that the server stored";
        let from = envelope("X-MailFrom").context(not_ours)?;
        let to = envelope("X-RcptTo").context(not_ours)?;
        let over_tls = envelope("X-Tls").context(not_ours)? == "yes";
        let login = envelope("X-Login").context(not_ours)?;

        let parsed = MessageParser::default()
            .parse(rest)
            .context("what came is not a message")?;
        let mut text = None;
        let mut html = None;
        for part in &parsed.parts {
            match &part.body {
                PartType::Text(body) => {
                    text.get_or_insert_with(|| body.replace("\r\n", "\n"));
                }
                PartType::Html(body) => {
                    html.get_or_insert_with(|| body.replace("\r\n", "\n"));
                }
                _ => {}
            }
        }
        Ok(Self {
            to: to.split(", ").map(str::to_owned).collect(),
            from,
            over_tls,
            login: (!login.is_empty()).then_some(login),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            headers: parsed
                .headers_raw()
                .map(|(name, value)| (name.to_owned(), unfold(value)))
                .collect(),
            text: text.unwrap_or_default(),
            html,
            raw: rest.to_vec(),
        })
    }
}

/// The messages of a Maildir's folder, oldest first.
pub fn read_all(folder: &Path) -> anyhow::Result<Vec<Message>> {
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let arrival = arrival(&name).with_context(|| format!("{name} names no time"))?;
        stored.push((arrival, entry.path()));
    }
    stored.sort();
    stored
        .iter()
        .map(|(_, path)| Message::parse(&std::fs::read(path)?))
        .collect()
}

/// Seconds, microseconds and number of a name that Python's `mailbox` gives: `SECONDS.MµsPpidQnumber.host`.
fn arrival(name: &str) -> Option<(u64, u64, u64)> {
    let (seconds, rest) = name.split_once(".M")?;
    let (micros, rest) = rest.split_once('P')?;
    let (_, rest) = rest.split_once('Q')?;
    let number = rest.split('.').next()?;
    Some((
        seconds.parse().ok()?,
        micros.parse().ok()?,
        number.parse().ok()?,
    ))
}

fn unfold(value: &str) -> String {
    value.replace(['\r', '\n'], "").trim().to_owned()
}
