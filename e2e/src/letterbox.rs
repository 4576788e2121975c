//! What a person's mail program shows, for a browser script to ask for: `GET /?to=ADDRESS&n=NUMBER` waits for the `n`th letter
//! to that address and answers it as JSON.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use anyhow::Context as _;

use crate::smtp::{Message, Smtp};

/// A letterbox on a port of its own, for as long as the test's process.
pub struct Letterbox {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Letterbox {
    /// Over what the mail server takes, for as long as its owner keeps it: the letterbox does not.
    pub fn start(smtp: &Arc<Smtp>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let smtp = Arc::downgrade(smtp);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(smtp) = smtp.upgrade() else { return };
                // What goes wrong is the asker's to find: it gets no answer.
                std::thread::spawn(move || serve(&stream, &smtp).ok());
            }
        });
        Ok(Self { port })
    }
}

fn serve(stream: &TcpStream, smtp: &Smtp) -> anyhow::Result<()> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let query = line.split([' ', '?']).nth(2).context("no query")?;
    let field = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, it)| it)
    };
    let to = field("to").context("to whom?")?.replace("%40", "@");
    let n = field("n").context("which?")?.parse()?;
    let (status, body) = match smtp.wait_for(&to, n) {
        Ok(message) => ("200 OK", json(&message)),
        Err(error) => ("504 Gateway Timeout", format!("{error:#}")),
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

fn json(message: &Message) -> String {
    serde_json::json!({
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "link": message.link(),
    })
    .to_string()
}
