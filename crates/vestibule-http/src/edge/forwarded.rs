//! The request a proxy asks about, read from the one header family that the proxy sends.
//!
//! ```text
//! X-Forwarded-Method  X-Forwarded-Proto  X-Forwarded-Host  X-Forwarded-Uri
//! X-Original-Method   X-Original-URL (scheme, host, path, query)   X-Original-URI (path, query; optional)
//! ```
//!
//! Whatever could be read in two ways is refused, for the application behind the proxy might read it the other way.

use http::{HeaderMap, HeaderValue, header};

use crate::site::{HeaderFamily, ProxyPeer};

/// The request that a proxy holds back until it has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarded<'a> {
    /// As the client wrote it, without small letters: `get` is not `GET` (RFC 9110 §9.1), but some applications take it for that.
    pub method: &'a str,
    /// Whether it came over TLS.
    pub https: bool,
    /// Host, with a port where the client named one.
    pub host: &'a str,
    /// Path and query, which have one reading.
    pub target: &'a str,
}

/// Why the forwarded request cannot be told. All of it is for the operator of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForwardedError {
    /// None of the headers that tell it.
    #[error(
        "no header tells which request this is about: the proxy must send X-Forwarded-Method, -Proto, -Host and -Uri, \
         or X-Original-Method and -URL"
    )]
    Nothing,
    /// Some of its family, but not this one.
    #[error("the header {0} is missing: the proxy must set it")]
    Missing(&'static str),
    /// More than once: which one counts?
    #[error("the header {0} came more than once: the proxy must replace what the client sent")]
    Repeated(&'static str),
    /// A header of the family that this proxy does not send: the client made it up.
    #[error("the header {0} belongs to another family than this proxy's: the proxy must delete it")]
    OtherFamily(&'static str),
    /// Not in the form the header has.
    #[error("the header {0} cannot be read")]
    Malformed(&'static str),
    /// X-Original-URI is not what X-Original-URL says.
    #[error("X-Original-URI and X-Original-URL name different requests")]
    Disagree,
    /// Could be read in two ways.
    #[error("the path could be read in two ways: {0}")]
    Ambiguous(&'static str),
    /// In small letters.
    #[error("the method could be read in two ways: it is not written in capitals")]
    AmbiguousMethod,
    /// Something else than one WebSocket: a tunnel, in which requests would come that nobody is asked about.
    #[error(
        "only a WebSocket is upgraded: the proxy must delete every Upgrade header that is not one websocket"
    )]
    Upgrade,
}

impl ForwardedError {
    /// For the log: the kind of fault, and nothing the client wrote (ASVS 16.4.1).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nothing => "forwarded_nothing",
            Self::Missing(_) => "forwarded_missing",
            Self::Repeated(_) => "forwarded_repeated",
            Self::OtherFamily(_) => "forwarded_other_family",
            Self::Malformed(_) => "forwarded_malformed",
            Self::Disagree => "forwarded_disagree",
            Self::Ambiguous(_) | Self::AmbiguousMethod => "forwarded_ambiguous",
            Self::Upgrade => "forwarded_upgrade",
        }
    }
}

impl<'a> Forwarded<'a> {
    /// Reads the forwarded request out of the headers of the proxy's own (ASVS 4.1.3, R25).
    pub fn read(headers: &'a HeaderMap, proxy: ProxyPeer) -> Result<Self, ForwardedError> {
        upgrades_to_nothing_else(headers)?;
        let told = Told::by(headers);
        match proxy {
            ProxyPeer::Configured(HeaderFamily::XForwarded) => Self::x_forwarded(&told),
            ProxyPeer::Configured(HeaderFamily::XOriginal) => Self::x_original(&told),
            // Nobody said which family it sends: whichever it is, but only one.
            ProxyPeer::Loopback => {
                if told.first_of(&X_ORIGINAL).is_some() {
                    Self::x_original(&told)
                } else if told.first_of(&X_FORWARDED).is_some() {
                    Self::x_forwarded(&told)
                } else {
                    Err(ForwardedError::Nothing)
                }
            }
        }
    }

    fn x_forwarded(told: &Told<'a>) -> Result<Self, ForwardedError> {
        if let Some(name) = told.first_of(&X_ORIGINAL) {
            return Err(ForwardedError::OtherFamily(name));
        }
        if told.first_of(&X_FORWARDED).is_none() {
            return Err(ForwardedError::Nothing);
        }
        let [method, proto, host, uri] = &X_FORWARDED;
        let https = match told.one(proto)? {
            "https" => true,
            "http" => false,
            _ => return Err(ForwardedError::Malformed(proto.1)),
        };
        let target = told.one(uri)?;
        has_one_reading(target)?;
        Ok(Self {
            method: method_name(told.one(method)?, method.1)?,
            https,
            host: host_name(told.one(host)?, host.1)?,
            target,
        })
    }

    fn x_original(told: &Told<'a>) -> Result<Self, ForwardedError> {
        if let Some(name) = told.first_of(&X_FORWARDED) {
            return Err(ForwardedError::OtherFamily(name));
        }
        if told.first_of(&X_ORIGINAL).is_none() {
            return Err(ForwardedError::Nothing);
        }
        let [method, url, uri] = &X_ORIGINAL;
        let whole = told.one(url)?;
        let (https, rest) = if let Some(rest) = whole.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = whole.strip_prefix("http://") {
            (false, rest)
        } else {
            return Err(ForwardedError::Malformed(url.1));
        };
        let (host, target) = rest
            .find('/')
            .and_then(|at| rest.split_at_checked(at))
            .ok_or(ForwardedError::Malformed(url.1))?;
        has_one_reading(target)?;
        if told.has(uri) && told.one(uri)? != target {
            return Err(ForwardedError::Disagree);
        }
        Ok(Self {
            method: method_name(told.one(method)?, method.1)?,
            https,
            host: host_name(host, url.1)?,
            target,
        })
    }

    /// Path without the query.
    pub fn path(&self) -> &'a str {
        self.target
            .split_once('?')
            .map_or(self.target, |(path, _)| path)
    }
}

/// A header of one of the two families: where its values are kept, and as written in the book.
type Name = (usize, &'static str);

static X_FORWARDED: [Name; 4] = [
    (0, "X-Forwarded-Method"),
    (1, "X-Forwarded-Proto"),
    (2, "X-Forwarded-Host"),
    (3, "X-Forwarded-Uri"),
];
static X_ORIGINAL: [Name; 3] = [
    (4, "X-Original-Method"),
    (5, "X-Original-URL"),
    (6, "X-Original-URI"),
];

/// What the headers of both families say, found in one walk over all: to look each of them up takes several times as long.
#[derive(Default)]
struct Told<'a> {
    values: [Option<&'a HeaderValue>; 7],
    repeated: [bool; 7],
}

impl<'a> Told<'a> {
    fn by(headers: &'a HeaderMap) -> Self {
        let mut told = Self::default();
        for (name, value) in headers {
            let at = match name.as_str() {
                "x-forwarded-method" => 0,
                "x-forwarded-proto" => 1,
                "x-forwarded-host" => 2,
                "x-forwarded-uri" => 3,
                "x-original-method" => 4,
                "x-original-url" => 5,
                "x-original-uri" => 6,
                _ => continue,
            };
            told.repeated[at] |= told.values[at].replace(value).is_some();
        }
        told
    }

    fn has(&self, name: &Name) -> bool {
        self.values[name.0].is_some()
    }

    fn first_of(&self, family: &[Name]) -> Option<&'static str> {
        let first = family.iter().find(|name| self.has(name));
        first.map(|(_, written)| *written)
    }

    /// The header's one value.
    fn one(&self, name: &Name) -> Result<&'a str, ForwardedError> {
        let value = self.values[name.0].ok_or(ForwardedError::Missing(name.1))?;
        if self.repeated[name.0] {
            return Err(ForwardedError::Repeated(name.1));
        }
        value
            .to_str()
            .map_err(|_| ForwardedError::Malformed(name.1))
    }
}

/// RFC 9110 §7.8: `h2c` opens a tunnel behind the proxy, through which anything could be asked for.
fn upgrades_to_nothing_else(headers: &HeaderMap) -> Result<(), ForwardedError> {
    let mut told = headers.get_all(header::UPGRADE).iter();
    match (told.next(), told.next()) {
        (None, _) => Ok(()),
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"websocket") => Ok(()),
        _ => Err(ForwardedError::Upgrade),
    }
}

/// RFC 9110 §9.1, §5.6.2.
fn method_name<'a>(text: &'a str, name: &'static str) -> Result<&'a str, ForwardedError> {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
    if text.is_empty() || text.len() > 32 || !text.bytes().all(fits) {
        return Err(ForwardedError::Malformed(name));
    }
    if text.bytes().any(|c| c.is_ascii_lowercase()) {
        return Err(ForwardedError::AmbiguousMethod);
    }
    Ok(text)
}

/// A host with or without a port: nothing that could end it early, and no list of hosts.
fn host_name<'a>(text: &'a str, name: &'static str) -> Result<&'a str, ForwardedError> {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"-._:[]".contains(&c);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err(ForwardedError::Malformed(name));
    }
    Ok(text)
}

/// Refuses a path that a proxy and an application could read differently: one decodes, merges slashes, drops
/// parameters or resolves dots where the other does not. A query is data, and only has to be visible ASCII.
fn has_one_reading(target: &str) -> Result<(), ForwardedError> {
    let ambiguous = |what| Err(ForwardedError::Ambiguous(what));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(segments) = path.strip_prefix('/') else {
        return ambiguous("it does not begin with a slash");
    };
    if !query.bytes().all(|c| c.is_ascii_graphic() && c != b'#') {
        return ambiguous(
            "its query holds a blank, a control character, a # or a byte outside ASCII",
        );
    }
    let last = segments.bytes().filter(|c| *c == b'/').count();
    for (at, segment) in segments.split('/').enumerate() {
        match without_hidden_end(segment) {
            "" if at != last => return ambiguous("//"),
            "." | ".." => return ambiguous("a dot segment"),
            _ => segment_has_one_reading(segment.as_bytes())?,
        }
    }
    Ok(())
}

/// What an application sees of a segment that decodes before it looks for the query.
fn without_hidden_end(segment: &str) -> &str {
    let end = segment
        .as_bytes()
        .windows(3)
        .position(|escape| matches!(escape, b"%3F" | b"%3f" | b"%23"));
    &segment[..end.unwrap_or(segment.len())]
}

fn segment_has_one_reading(segment: &[u8]) -> Result<(), ForwardedError> {
    let ambiguous = |what| Err(ForwardedError::Ambiguous(what));
    // The last two bytes as decoded: an escape may be hidden behind escapes.
    let mut decoded = [0; 2];
    let mut rest = segment;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let byte = match first {
            b';' => return ambiguous("a semicolon"),
            b'\\' => return ambiguous("a backslash"),
            b'#' => return ambiguous("a #"),
            b'%' => {
                let Some(byte) = escaped(tail) else {
                    return ambiguous("a % that begins no escape");
                };
                rest = tail.get(2..).unwrap_or_default();
                byte
            }
            c if !c.is_ascii_graphic() => {
                return ambiguous("a blank, a control character or a byte outside ASCII");
            }
            c => *c,
        };
        let twice = (decoded[0] == b'%')
            .then(|| escaped(&[decoded[1], byte]))
            .flatten();
        if changes_the_path(byte) && *first == b'%' || twice.is_some() {
            return ambiguous("an escape that hides a character with a meaning, or another escape");
        }
        decoded = [decoded[1], byte];
    }
    Ok(())
}

/// The byte that `%XX` stands for, given what follows the `%`.
fn escaped(tail: &[u8]) -> Option<u8> {
    let digit = |at: usize| {
        tail.get(at)
            .and_then(|c| char::from(*c).to_digit(16))
            .and_then(|value| u8::try_from(value).ok())
    };
    Some(digit(0)? << 4 | digit(1)?)
}

/// 0xC0 and 0xC1 begin overlong UTF-8, in which sloppy decoders find dots and slashes.
const fn changes_the_path(byte: u8) -> bool {
    matches!(
        byte,
        b'.' | b'/' | b'\\' | b';' | 0x00..=0x1F | 0x7F | 0xC0 | 0xC1
    )
}

#[cfg(test)]
mod tests;
