//! A small application behind the proxy: it keeps what reached it, says it back as text, takes bodies of any size, and
//! speaks back on a WebSocket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use anyhow::bail;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::process::PATIENCE;

/// An application on a port of its own, for as long as the test's process.
pub struct Application {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    seen: Arc<Seen>,
}

/// What reached the application.
#[derive(Debug, Clone)]
pub struct Received {
    /// The head as it came, with the blank line.
    pub head: String,
    /// How many bytes of a body came with it, once it came whole.
    pub body: u64,
}

impl Received {
    /// `GET /orders?x=1 HTTP/1.1` in its parts.
    fn line(&self) -> impl Iterator<Item = &str> {
        self.head
            .split("\r\n")
            .next()
            .unwrap_or_default()
            .split(' ')
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.line().next().unwrap_or_default()
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        self.line().nth(1).unwrap_or_default()
    }

    /// Names in lower case, in order, repeats kept.
    pub fn headers(&self) -> Vec<(String, &str)> {
        self.head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
            .collect()
    }

    /// A header's values, joined; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let headers = self.headers();
        let values: Vec<&str> = headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| *value)
            .collect();
        values.join(", ")
    }
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Received>>,
    more: Condvar,
    forgets: bool,
}

impl Application {
    /// Starts it.
    pub fn start() -> anyhow::Result<Self> {
        Self::with(Seen::default())
    }

    /// Starts one that keeps nothing, for those who ask it without end.
    pub fn start_forgetful() -> anyhow::Result<Self> {
        Self::with(Seen {
            forgets: true,
            ..Seen::default()
        })
    }

    fn with(seen: Seen) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let seen = Arc::new(seen);
        let sight = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&sight);
                // A connection that is cut off is the caller's fault to find.
                std::thread::spawn(move || serve(&stream, &seen).ok());
            }
        });
        Ok(Self { port, seen })
    }

    /// The heads of the requests that reached it so far.
    pub fn requests(&self) -> Vec<String> {
        let received = self.received();
        received.into_iter().map(|request| request.head).collect()
    }

    /// The requests that reached it so far, whole.
    pub fn received(&self) -> Vec<Received> {
        self.seen
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The one whose path and query hold `mark`; waits for it.
    pub fn wait_for(&self, mark: &str) -> anyhow::Result<Received> {
        let deadline = Instant::now() + PATIENCE;
        let mut requests = self
            .seen
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = requests.iter().find(|one| one.target().contains(mark)) {
                return Ok(found.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("{mark:?} never reached the application: {requests:#?}");
            }
            requests = self
                .seen
                .more
                .wait_timeout(requests, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

fn serve(stream: &TcpStream, seen: &Seen) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while serve_one(stream, &mut reader, seen)? {}
    Ok(())
}

/// Answers one request; whether the connection is good for another.
fn serve_one(
    mut stream: &TcpStream,
    reader: &mut BufReader<&TcpStream>,
    seen: &Seen,
) -> std::io::Result<bool> {
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    if head.is_empty() {
        return Ok(false);
    }
    let mut request = Received { head, body: 0 };
    let key = request.header("sec-websocket-key");
    if request.header("upgrade").eq_ignore_ascii_case("websocket") && !key.is_empty() {
        let accept = accept(&key);
        keep(seen, request);
        write!(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )?;
        let mut buffer = [0; 1024];
        loop {
            let n = reader.read(&mut buffer)?;
            if n == 0 {
                return Ok(false);
            }
            stream.write_all(&buffer[..n])?;
        }
    }
    request.body = if request.header("transfer-encoding").contains("chunked") {
        skip_chunks(reader)?
    } else {
        let length = request.header("content-length").parse().unwrap_or(0);
        skip(reader, length)?
    };
    let (body, method) = (request.body, request.method().to_owned());
    let stays = !request.header("connection").eq_ignore_ascii_case("close");
    let escaped = request.head.replace('&', "&amp;").replace('<', "&lt;");
    keep(seen, request);
    let page = format!(
        "<!doctype html><html lang=en><title>Orders</title><h1>Orders</h1><p id=length>{body}</p><pre>{escaped}</pre>"
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: {}\r\n\r\n{}",
        page.len(),
        if stays { "keep-alive" } else { "close" },
        if method == "HEAD" { "" } else { &page }
    );
    // In one piece: the network holds a second one back until the first is acknowledged.
    stream.write_all(answer.as_bytes())?;
    Ok(stays)
}

/// RFC 6455 §4.2.2.
fn accept(key: &str) -> String {
    let whole = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, whole.as_bytes());
    STANDARD.encode(hash)
}

fn keep(seen: &Seen, request: Received) {
    if seen.forgets {
        return;
    }
    seen.requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request);
    seen.more.notify_all();
}

fn skip(reader: &mut BufReader<&TcpStream>, length: u64) -> std::io::Result<u64> {
    let n = std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    if n < length {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(n)
}

fn skip_chunks(reader: &mut BufReader<&TcpStream>) -> std::io::Result<u64> {
    let mut whole = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = line.trim().split(';').next().unwrap_or_default();
        let length = u64::from_str_radix(length, 16).map_err(std::io::Error::other)?;
        whole += skip(reader, length)?;
        // The line's end after a chunk, or after the last.
        line.clear();
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(whole);
        }
    }
}
