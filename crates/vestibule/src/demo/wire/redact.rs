//! What may be shown of a request: no secret whole.
//!
//! Headers are shown by a list of names; a cookie of Vestibule's by its first characters, one of another program's by its name
//! (cookies ignore ports, so any program's on `localhost` come along); and whatever else looks as if nobody could have guessed
//! it is cut short wherever it stands. Bodies are not kept at all: passwords travel in them.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Characters of a secret that are shown: 24 bits of 256.
const SHOWN: usize = 4;
/// From this length on a run of such characters is taken for a secret.
const LONG: usize = 16;

/// A header as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In small letters.
    pub name: String,
    /// Without secrets.
    pub value: String,
}

/// Headers that say something about what happens here, in the order they are shown in.
const TELLING: [&str; 30] = [
    "host",
    "origin",
    "referer",
    "sec-fetch-site",
    "sec-fetch-mode",
    "authorization",
    "x-csrf-token",
    "x-forwarded-method",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-uri",
    "cookie",
    "if-match",
    "location",
    "retry-after",
    "www-authenticate",
    "remote-user",
    "remote-email",
    "remote-name",
    "remote-groups",
    "remote-session",
    "set-cookie",
    "clear-site-data",
    "cache-control",
    "referrer-policy",
    "strict-transport-security",
    "etag",
    "allow",
    "content-type",
    "content-length",
];

/// The headers that are shown.
pub fn lines(headers: &HeaderMap) -> Vec<Line> {
    let mut lines = Vec::new();
    for name in TELLING {
        let name = HeaderName::from_static(name);
        for value in headers.get_all(&name) {
            let value = shown(&name, value);
            lines.push(Line {
                name: name.to_string(),
                value,
            });
        }
    }
    lines
}

fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    let value = String::from_utf8_lossy(value.as_bytes());
    if *name == header::COOKIE {
        let pairs: Vec<String> = value.split(';').map(|pair| cookie(pair.trim())).collect();
        return pairs.join("; ");
    }
    if *name == header::SET_COOKIE {
        let (pair, attributes) = value.split_once(';').unwrap_or((&value, ""));
        let mark = if attributes.is_empty() { "" } else { ";" };
        return format!("{}{mark}{}", cookie(pair), text(attributes));
    }
    if *name == header::AUTHORIZATION {
        let scheme = value.split(' ').next().unwrap_or_default();
        return format!("{} …", text(scheme));
    }
    text(&value)
}

/// `name=value`, the value cut short; of what is neither Vestibule's nor the shop's, nothing of it.
fn cookie(pair: &str) -> String {
    let Some((name, value)) = pair.split_once('=') else {
        return "…".to_owned();
    };
    let vestibules = name.starts_with("vestibule-") || name.starts_with("__Host-vestibule");
    let shops = name.starts_with("shop-basket-");
    // Names of these say what they are for, and hold no secret.
    match (vestibules, shops) {
        (true, _) | (_, true) if value.is_empty() => format!("{name}="),
        (true, _) => format!("{name}={}", cut(value)),
        (_, true) => format!("{name}={}", text(value)),
        _ => format!("{}=…", text(name)),
    }
}

/// Any text, with what looks like a secret cut short.
pub fn text(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    let mut run = String::new();
    for character in value.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_') {
            run.push(character);
            continue;
        }
        shown.push_str(&unless_secret(&run));
        run.clear();
        if !character.is_control() {
            shown.push(character);
        }
    }
    shown.push_str(&unless_secret(&run));
    shown
}

fn unless_secret(run: &str) -> String {
    let random = |c: u8| c.is_ascii_digit() || c.is_ascii_uppercase();
    if run.len() >= LONG && run.bytes().any(random) {
        cut(run)
    } else {
        run.to_owned()
    }
}

/// `AbCd…(43)`.
fn cut(secret: &str) -> String {
    let length = secret.chars().count();
    // Of what is short, as much as a fourth.
    let start: String = secret.chars().take(SHOWN.min(length / 4)).collect();
    format!("{start}…({length})")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use vestibule_engine::Entropy as _;

    use super::*;
    use crate::os::SystemEntropy;

    fn secret<const N: usize>() -> String {
        let mut bytes = [0; N];
        SystemEntropy::new().fill(&mut bytes).unwrap();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn shown_of(name: &'static str, value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        lines(&headers).into_iter().map(|line| line.value).collect()
    }

    #[test]
    fn no_secret_is_shown_whole_wherever_it_stands() {
        for _ in 0..200 {
            let (session, code) = (secret::<48>(), secret::<32>());
            let shown = [
                shown_of("cookie", &format!("vestibule-8080={session}; other={code}")),
                shown_of(
                    "set-cookie",
                    &format!("vestibule-app-8081={session}; HttpOnly; Path=/"),
                ),
                shown_of(
                    "location",
                    &format!(
                        "http://shop.localhost:8081/vestibule/finish?code={code}&browser=a1b2c3"
                    ),
                ),
                shown_of(
                    "referer",
                    &format!("http://localhost:8080/setup?token={code}"),
                ),
                shown_of("authorization", &format!("Bearer {code}")),
                shown_of("authorization", &code),
                shown_of("x-csrf-token", &code),
                shown_of("etag", &format!("\"{code}\"")),
                text(&format!(
                    "/recover/finish?token={code}&next=%2Fa%3Fcode%3D{code}"
                )),
            ];
            for shown in shown {
                for secret in [&session, &code] {
                    let rest = &secret[SHOWN..];
                    let told = (0..rest.len() - 6).any(|at| shown.contains(&rest[at..at + 6]));
                    assert!(!told, "{secret} is in {shown}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_secret_can_be_read() {
        for plain in [
            "/vestibule/start?next=%2Forders%3Fplaced%3D1",
            "application/x-www-form-urlencoded",
            "http://shop.localhost:8081/vestibule/not-sent?next=%2Fbasket",
            "no-store, must-revalidate",
        ] {
            assert_eq!(text(plain), plain);
        }
        assert_eq!(
            shown_of(
                "cookie",
                "shop-basket-8081=lamp.2-mug.1; session=of-another"
            ),
            "shop-basket-8081=lamp.2-mug.1; session=…"
        );
        assert_eq!(
            shown_of("set-cookie", "vestibule-8080=; Max-Age=0; Path=/"),
            "vestibule-8080=; Max-Age=0; Path=/"
        );
        assert_eq!(shown_of("authorization", "Bearer x"), "Bearer …");
        let handshake = "vestibule-handshake-8081-uwM_kf=AbCdEfGhIjKlMnOp";
        let shown = "vestibule-handshake-8081-uwM_kf=AbCd…(16)";
        assert_eq!(shown_of("cookie", handshake), shown);
    }

    #[test]
    fn headers_that_say_nothing_here_are_left_out() {
        for name in ["user-agent", "accept", "x-api-key", "proxy-authorization"] {
            assert_eq!(shown_of(name, "abc"), "");
        }
        assert_eq!(text("a\u{7}b\nc"), "abc");
    }
}
