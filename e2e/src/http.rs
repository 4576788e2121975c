//! A plain HTTP/1.1 client with a cookie jar and a sense for forms. Bytes in, bytes out, so that tests can also send what
//! no decent client would.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, ensure};

use crate::process::PATIENCE;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case, in order, repeats kept.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a hidden field of the page.
    pub fn hidden(&self, name: &str) -> anyhow::Result<String> {
        let marker = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&marker).with_context(|| {
            format!(
                "no hidden field {name:?} on this page ({}):\n{}",
                self.status, self.body
            )
        })?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }
}

/// A client of one server, with its cookies.
#[derive(Clone)]
pub struct Client {
    port: u16,
    host: String,
    /// Sent on every request.
    pub headers: Vec<(String, String)>,
    /// The jar.
    pub cookies: BTreeMap<String, String>,
}

impl Client {
    /// Talks to 127.0.0.1:`port` under the name `host`.
    pub fn new(port: u16, host: String) -> Self {
        let headers = vec![(
            "User-Agent".to_owned(),
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
        )];
        Self {
            port,
            host,
            headers,
            cookies: BTreeMap::new(),
        }
    }

    /// The origin this client's pages have.
    pub fn origin(&self) -> String {
        format!("http://{}", self.host)
    }

    /// GET, as a person's page view.
    pub fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send(
            "GET",
            path,
            &[
                ("Accept", "text/html"),
                ("Sec-Fetch-Mode", "navigate"),
                ("Sec-Fetch-Site", "same-origin"),
            ],
            "",
        )
    }

    /// POST of a form, as a page of this server would send it.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let origin = self.origin();
        let headers = [
            ("Accept", "text/html"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", origin.as_str()),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Site", "same-origin"),
        ];
        self.send("POST", path, &headers, &encode(fields))
    }

    /// Opens `page`, fills its form and sends it to `path`.
    pub fn submit(
        &mut self,
        page: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let csrf = self.get(page)?.hidden("csrf")?;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all)
    }

    /// Signs in, answering what the form's POST answered.
    pub fn sign_in(&mut self, email: &str, password: &str) -> anyhow::Result<Answer> {
        self.submit(
            "/login",
            "/login",
            &[("identifier", email), ("password", password)],
        )
    }

    /// Whether this client's cookie opens its account.
    pub fn signed_in(&mut self) -> anyhow::Result<bool> {
        let answer = self.get("/account")?;
        match answer.status {
            200 => Ok(true),
            303 => Ok(false),
            other => anyhow::bail!("/account answered {other}: {}", answer.body),
        }
    }

    /// Sends one request on a connection of its own.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<Answer> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.host
        );
        for (name, value) in self
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .chain(headers.iter().copied())
        {
            write!(head, "{name}: {value}\r\n")?;
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            write!(head, "Cookie: {}\r\n", cookies.join("; "))?;
        }
        if !body.is_empty() || method == "POST" {
            write!(head, "Content-Length: {}\r\n", body.len())?;
        }
        let answer = self.exchange(format!("{head}\r\n{body}").as_bytes())?;
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                self.keep(value);
            }
        }
        Ok(answer)
    }

    /// Sends raw bytes and reads the answer.
    pub fn exchange(&self, request: &[u8]) -> anyhow::Result<Answer> {
        let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port)))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        parse(&bytes)
    }

    fn keep(&mut self, set_cookie: &str) {
        let pair = set_cookie.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else {
            return;
        };
        if value.is_empty() || set_cookie.to_ascii_lowercase().contains("max-age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// `application/x-www-form-urlencoded`.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

/// Reads a whole answer.
pub fn parse(bytes: &[u8]) -> anyhow::Result<Answer> {
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let split =
        split.with_context(|| format!("no whole answer: {:?}", String::from_utf8_lossy(bytes)))?;
    let head = std::str::from_utf8(&bytes[..split])?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .context("no status")?
        .parse()?;
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').context("not a header")?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked {
        unchunk(&bytes[split + 4..])?
    } else {
        bytes[split + 4..].to_vec()
    };
    Ok(Answer {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn unchunk(mut bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = bytes
            .windows(2)
            .position(|window| window == b"\r\n")
            .context("cut off within a chunk")?;
        let len = usize::from_str_radix(std::str::from_utf8(&bytes[..end])?, 16)?;
        if len == 0 {
            return Ok(out);
        }
        ensure!(bytes.len() >= end + 2 + len + 2, "cut off within a chunk");
        out.extend_from_slice(&bytes[end + 2..end + 2 + len]);
        bytes = &bytes[end + 2 + len + 2..];
    }
}
