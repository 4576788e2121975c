//! A person's browser, as far as HTTP goes: TLS, a cookie jar for each host, redirections followed, forms filled in. Every
//! host lies behind one port of this machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http::{Answer, encode, parse};
use crate::process::PATIENCE;

/// A connection to one host.
pub type Connection = StreamOwned<ClientConnection, TcpStream>;

/// A browser and its person.
#[derive(Clone)]
pub struct Visitor {
    port: u16,
    tls: Arc<ClientConfig>,
    /// By host.
    pub jars: BTreeMap<String, BTreeMap<String, String>>,
}

/// A request to send.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// `GET`, …
    pub method: &'a str,
    /// Absolute, `https`.
    pub url: &'a str,
    /// Beside `Host`, `Cookie`, and those of a body.
    pub headers: &'a [(&'a str, &'a str)],
    /// Sent with its length, if there is one.
    pub body: &'a str,
}

/// What a browser says of a page that a person opens.
pub const PAGE_VIEW: [(&str, &str); 3] = [
    ("Accept", "text/html"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "none"),
];

impl Visitor {
    /// With empty jars; trusts the authority of this file alone.
    pub fn new(port: u16, authority: &Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority)? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            port,
            tls: Arc::new(tls),
            jars: BTreeMap::new(),
        })
    }

    /// A connection to a host, shaken hands over with the first byte.
    pub fn connect(&self, host: &str) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port)))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(host.to_owned())?;
        let tls = ClientConnection::new(Arc::clone(&self.tls), name)?;
        Ok(StreamOwned::new(tls, stream))
    }

    /// One request on a connection of its own.
    pub fn send(&mut self, asked: Asked<'_>) -> anyhow::Result<Answer> {
        let (host, path) = split(asked.url)?;
        let mut connection = self.connect(host)?;
        let length = asked.body.len();
        let length = (!asked.body.is_empty() || asked.method == "POST").then_some(length);
        let head = self.head(asked, length, "Connection: close\r\n")?;
        connection
            .write_all(format!("{head}{}", asked.body).as_bytes())
            .with_context(|| format!("{} {path}", asked.method))?;
        let answer = read_answer(&mut connection, asked.method)
            .with_context(|| format!("{} {}", asked.method, asked.url))?;
        self.keep(host, &answer);
        Ok(answer)
    }

    /// The head of a request, with this host's cookies and the blank line.
    pub fn head(
        &self,
        asked: Asked<'_>,
        length: Option<usize>,
        more: &str,
    ) -> anyhow::Result<String> {
        let (host, path) = split(asked.url)?;
        let mut head = format!(
            "{} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 \
             Firefox/140.0\r\n{more}",
            asked.method
        );
        for (name, value) in asked.headers {
            write!(head, "{name}: {value}\r\n")?;
        }
        if let Some(length) = length {
            write!(head, "Content-Length: {length}\r\n")?;
        }
        let jar = self.jars.get(host).into_iter().flatten();
        let cookies: Vec<String> = jar.map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            write!(head, "Cookie: {}\r\n", cookies.join("; "))?;
        }
        head.push_str("\r\n");
        Ok(head)
    }

    /// GET as a person's page view; no redirection is followed.
    pub fn view(&mut self, url: &str) -> anyhow::Result<Answer> {
        self.send(Asked {
            method: "GET",
            url,
            headers: &PAGE_VIEW,
            body: "",
        })
    }

    /// GET as a person's page view, followed to where it ends: that URL and its answer.
    pub fn open(&mut self, url: &str) -> anyhow::Result<(String, Answer)> {
        let answer = self.view(url)?;
        self.follow(url.to_owned(), answer)
    }

    /// POST of a form's fields by the page at the form's own address.
    pub fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let origin = origin_of(url)?;
        self.send(Asked {
            method: "POST",
            url,
            headers: &[
                ("Accept", "text/html"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Origin", &origin),
                ("Sec-Fetch-Mode", "navigate"),
                ("Sec-Fetch-Site", "same-origin"),
            ],
            body: &encode(fields),
        })
    }

    /// Fills in the one form of a page that was opened, and follows to where that ends.
    pub fn fill_in(
        &mut self,
        page: &(String, Answer),
        fields: &[(&str, &str)],
    ) -> anyhow::Result<(String, Answer)> {
        let (url, answer) = page;
        let action = attributes(&answer.body, "<form", "action")
            .into_iter()
            .next()
            .with_context(|| format!("no form at {url}:\n{}", answer.body))?;
        let target = join(url, &action)?;
        let names = attributes(&answer.body, "<input type=\"hidden\"", "name");
        let values = attributes(&answer.body, "<input type=\"hidden\"", "value");
        let mut all: Vec<(&str, &str)> = names
            .iter()
            .map(String::as_str)
            .zip(values.iter().map(String::as_str))
            .collect();
        all.extend_from_slice(fields);
        let answer = self.post(&target, &all)?;
        self.follow(target, answer)
    }

    fn follow(&mut self, mut url: String, mut answer: Answer) -> anyhow::Result<(String, Answer)> {
        for _ in 0..12 {
            if !matches!(answer.status, 301..=303) {
                return Ok((url, answer));
            }
            let location = answer.header("location").context("no Location")?;
            url = join(&url, location)?;
            answer = self.view(&url)?;
        }
        bail!("redirected without end: {url}")
    }

    fn keep(&mut self, host: &str, answer: &Answer) {
        let jar = self.jars.entry(host.to_owned()).or_default();
        for (_, line) in answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            if value.is_empty() || line.to_ascii_lowercase().contains("max-age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Reads to the end of the connection; one that is cut off has ended too.
pub fn read_answer(connection: &mut impl Read, method: &str) -> anyhow::Result<Answer> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        match connection.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                ) =>
            {
                break;
            }
            Err(error) => return Err(error.into()),
        }
        // Not every proxy closes at once what it was asked to close.
        if is_whole(&bytes, method) {
            break;
        }
    }
    if method == "HEAD" {
        // There is none, whatever the head says of it.
        bytes.extend_from_slice(b"0\r\n\r\n");
        let mut answer = parse(&bytes)?;
        answer.body.clear();
        return Ok(answer);
    }
    parse(&bytes)
}

fn is_whole(bytes: &[u8], method: &str) -> bool {
    let Some(split) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&bytes[..split]).to_ascii_lowercase();
    if method == "HEAD" || head.starts_with("http/1.1 204") || head.starts_with("http/1.1 101") {
        return true;
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok());
    match length {
        Some(length) => bytes.len() - split - 4 >= length,
        None => bytes.ends_with(b"\r\n0\r\n\r\n"),
    }
}

/// Host and path of an `https` URL.
fn split(url: &str) -> anyhow::Result<(&str, &str)> {
    let rest = url
        .strip_prefix("https://")
        .with_context(|| format!("{url:?} is no https URL"))?;
    let at = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    ensure!(!host.is_empty(), "{url:?} has no host");
    Ok((host, if path.is_empty() { "/" } else { path }))
}

fn origin_of(url: &str) -> anyhow::Result<String> {
    Ok(format!("https://{}", split(url)?.0))
}

/// Absolute URLs and absolute paths: there is nothing else here.
fn join(base: &str, reference: &str) -> anyhow::Result<String> {
    if reference.starts_with("https://") {
        return Ok(reference.to_owned());
    }
    ensure!(reference.starts_with('/'), "unexpected URL {reference:?}");
    Ok(format!("{}{reference}", origin_of(base)?))
}

/// The values of an attribute of all elements that begin so.
fn attributes(page: &str, element: &str, attribute: &str) -> Vec<String> {
    let marker = format!(" {attribute}=\"");
    page.split(element)
        .skip(1)
        .filter_map(|rest| {
            let tag = rest.split('>').next()?;
            let value = tag.split_once(&marker)?.1.split('"').next()?;
            Some(
                value
                    .replace("&#38;", "&")
                    .replace("&amp;", "&")
                    .replace("&#61;", "="),
            )
        })
        .collect()
}
