//! As much of a browser as signing in takes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::process::PASSWORD;

/// One browser with its session cookie.
pub struct Browser {
    port: u16,
    pub cookie: String,
}

impl Browser {
    /// Signs in by the page.
    pub fn sign_in(port: u16, email: &str) -> Self {
        Self::try_sign_in(port, email).unwrap()
    }

    /// The same, if the page lets it.
    pub fn try_sign_in(port: u16, email: &str) -> Option<Self> {
        let host = format!("localhost:{port}");
        let page = request(
            port,
            &format!("GET /login HTTP/1.1\r\nHost: {host}\r\n"),
            "",
        );
        let form = set_cookie(&page, "-form");
        let (_, csrf) = page.split_once("name=\"csrf\" value=\"").unwrap();
        let csrf = csrf.split('"').next().unwrap();
        let body = format!(
            "csrf={csrf}&identifier={}&password={}",
            email.replace('@', "%40"),
            PASSWORD.replace(' ', "+")
        );
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
             Cookie: {form}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        );
        let answer = request(port, &head, &body);
        answer.starts_with("HTTP/1.1 303").then(|| Self {
            port,
            cookie: set_cookie(&answer, &port.to_string()),
        })
    }

    /// Whether the cookie opens the account at `port`.
    pub fn is_signed_in(&self) -> bool {
        self.is_signed_in_at(self.port)
    }

    pub fn is_signed_in_at(&self, port: u16) -> bool {
        let (_, value) = self.cookie.split_once('=').unwrap();
        let head = format!(
            "GET /account HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html\r\nCookie: vestibule-{port}={value}\r\n"
        );
        let answer = request(port, &head, "");
        match answer.get(..12).unwrap() {
            "HTTP/1.1 200" => true,
            "HTTP/1.1 303" => false,
            _ => panic!("{answer}"),
        }
    }
}

/// `name=value` of the cookie whose name ends so.
pub fn set_cookie(answer: &str, ending: &str) -> String {
    answer
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "))
        .filter_map(|cookie| cookie.split(';').next())
        .find(|pair| pair.split('=').next().unwrap().ends_with(ending))
        .unwrap_or_else(|| panic!("no cookie {ending}: {answer}"))
        .to_owned()
}

/// One request on a connection of its own.
pub fn request(port: u16, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The status line of a GET.
pub fn status(port: u16, host: &str, path: &str) -> String {
    let answer = request(
        port,
        &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n"),
        "",
    );
    answer.lines().next().unwrap().to_owned()
}
