//! A request as bytes, put together once.

use std::fmt::Write as _;

use crate::address::Target;
use crate::bounds::LONGEST_REQUEST;

/// A request, ready to be sent again and again.
#[derive(Debug, Clone)]
pub struct Request {
    bytes: Box<[u8]>,
    is_head: bool,
}

/// Why a request cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// RFC 9110 §9.1.
    #[error("{0} is no method: write it like GET")]
    Method(String),
    /// CONNECT opens a tunnel, after which nothing is an answer any more.
    #[error("CONNECT is not sent: it opens a tunnel")]
    Connect,
    /// RFC 9110 §5.1.
    #[error("{0:?} is no header: write it like 'Accept: text/html'")]
    Header(String),
    /// What the generator itself must be right about.
    #[error("the header {0} is set by the load generator itself: leave it out")]
    OwnHeader(String),
    /// Every connection holds one.
    #[error("the request takes {0} bytes, and at most {LONGEST_REQUEST} are sent")]
    TooLong(usize),
}

impl Request {
    /// Puts it together. `Host` is the target's unless `headers` name another.
    pub fn new(
        method: &str,
        target: &Target,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Self, RequestError> {
        if method.is_empty() || !method.bytes().all(is_token) {
            return Err(RequestError::Method(method.to_owned()));
        }
        if method == "CONNECT" {
            return Err(RequestError::Connect);
        }
        // Writing to a String never fails.
        let mut head = format!("{method} {} HTTP/1.1\r\n", target.path());
        let names = |wanted: &str| {
            let mut names = headers.iter().map(|(name, _)| name);
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        };
        if !names("host") {
            let _ = write!(head, "host: {}\r\n", target.authority());
        }
        if !names("user-agent") {
            head.push_str("user-agent: vestibule-loadgen\r\n");
        }
        for (name, value) in headers {
            check(name, value)?;
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            let _ = write!(head, "content-length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        let bytes = [head.as_bytes(), body].concat();
        if bytes.len() > LONGEST_REQUEST {
            return Err(RequestError::TooLong(bytes.len()));
        }
        Ok(Self {
            bytes: bytes.into(),
            is_head: method == "HEAD",
        })
    }

    /// A header from `Name: value`.
    pub fn header(text: &str) -> Result<(String, String), RequestError> {
        let wrong = || RequestError::Header(text.to_owned());
        let (name, value) = text.split_once(':').ok_or_else(wrong)?;
        let value = value.trim_matches([' ', '\t']);
        check(name, value).map_err(|error| match error {
            RequestError::Header(_) => wrong(),
            other => other,
        })?;
        Ok((name.to_owned(), value.to_owned()))
    }

    /// What goes over the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether its answer has no body, whatever its head says (RFC 9110 §9.3.2).
    pub const fn is_head(&self) -> bool {
        self.is_head
    }
}

fn check(name: &str, value: &str) -> Result<(), RequestError> {
    let fits = !name.is_empty()
        && name.bytes().all(is_token)
        && value
            .bytes()
            .all(|c| c == b'\t' || (c >= b' ' && c != 0x7f));
    if !fits {
        return Err(RequestError::Header(name.to_owned()));
    }
    let own = [
        "content-length",
        "transfer-encoding",
        "connection",
        "expect",
        "upgrade",
    ];
    if own.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return Err(RequestError::OwnHeader(name.to_owned()));
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
pub(crate) const fn is_token(c: u8) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::parse("http://127.0.0.1:8080/verify").unwrap()
    }

    #[test]
    fn the_bytes_are_a_request() {
        let headers = [Request::header("Cookie:  a=b ").unwrap()];
        let request = Request::new("GET", &target(), &headers, b"").unwrap();
        assert_eq!(
            request.bytes(),
            b"GET /verify HTTP/1.1\r\nhost: 127.0.0.1:8080\r\nuser-agent: vestibule-loadgen\r\nCookie: a=b\r\n\r\n"
        );
        let headers = [Request::header("HOST: shop.example.test").unwrap()];
        let request = Request::new("POST", &target(), &headers, b"a=b").unwrap();
        let text = String::from_utf8(request.bytes().to_vec()).unwrap();
        assert!(
            text.ends_with("HOST: shop.example.test\r\ncontent-length: 3\r\n\r\na=b"),
            "{text}"
        );
        assert!(!text.contains("127.0.0.1"), "{text}");
        assert!(Request::new("HEAD", &target(), &[], b"").unwrap().is_head());
    }

    #[test]
    fn nothing_is_smuggled_into_it() {
        for header in ["", "a", ": b", "a b: c", "a: b\r\nc: d", "a: \0", "a\n: b"] {
            assert!(Request::header(header).is_err(), "{header:?}");
        }
        for header in [
            "Content-Length: 0",
            "transfer-encoding: chunked",
            "Connection: close",
            "Expect: 100-continue",
        ] {
            assert!(
                matches!(Request::header(header), Err(RequestError::OwnHeader(_))),
                "{header}"
            );
        }
        for method in ["", "GET /", "G\r\n"] {
            assert!(
                Request::new(method, &target(), &[], b"").is_err(),
                "{method:?}"
            );
        }
        assert_eq!(
            Request::new("CONNECT", &target(), &[], b"").unwrap_err(),
            RequestError::Connect
        );
        let long = vec![0; LONGEST_REQUEST];
        assert!(matches!(
            Request::new("POST", &target(), &[], &long),
            Err(RequestError::TooLong(_))
        ));
    }
}
