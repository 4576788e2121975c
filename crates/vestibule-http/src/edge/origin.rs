//! Where a request comes from: the application's own pages, or another site's (N12, ASVS 3.5.1, 3.5.8).

use http::{HeaderMap, HeaderName, HeaderValue, header};
use vestibule_core::origin::Origin;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Whether a request needs [`comes_from`] at all: an unsafe method changes something, and a WebSocket, though opened by
/// a GET, sends what it likes. A method that is not known to be safe is not (RFC 9110 §9.2.1).
pub fn must_be_own(method: &str, headers: &HeaderMap) -> bool {
    !matches!(method, "GET" | "HEAD" | "OPTIONS") || is_websocket(headers)
}

fn is_websocket(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
        // RFC 6455 §4.1: end-to-end, so it arrives through a proxy that keeps `Upgrade` to itself.
        || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Whether the browser says that `origin` itself, or the person at the browser, made the request, and nothing it says
/// speaks against that.
///
/// `Origin: null` says nothing: a page with `Referrer-Policy: no-referrer` sends it to its own origin, and a sandboxed
/// frame of anybody's sends it too.
pub fn comes_from(origin: &str, headers: &HeaderMap) -> bool {
    let mut spoken_for = false;
    for value in headers.get_all(header::ORIGIN) {
        match value.as_bytes() {
            b"null" => {}
            own if own == origin.as_bytes() => spoken_for = true,
            _ => return false,
        }
    }
    for value in headers.get_all(&SEC_FETCH_SITE) {
        match value.as_bytes() {
            // `none` is the person's own doing: a reload, a bookmark.
            b"same-origin" | b"none" => spoken_for = true,
            // `same-site` is a sibling host, and no more ours than `cross-site`.
            _ => return false,
        }
    }
    spoken_for
}

/// Whether the browser says that a page of one of these other origins made the request: a rule's exception.
pub fn comes_from_one_of(origins: &[Origin], headers: &HeaderMap) -> bool {
    let mut told = headers.get_all(header::ORIGIN).iter();
    let (Some(told), None) = (told.next(), told.next()) else {
        return false;
    };
    origins
        .iter()
        .any(|origin| origin.as_str().as_bytes() == told.as_bytes())
}

/// Whether a browser asks whether another origin's page may send a request (Fetch standard, 'CORS-preflight request').
pub fn is_preflight(method: &str, headers: &HeaderMap) -> bool {
    method == "OPTIONS"
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && !must_be_own(method, headers)
}

/// Whether a person sent a form, and looks at the answer.
pub fn is_form_sent_by_a_person(method: &str, headers: &HeaderMap) -> bool {
    method == "POST" && !is_websocket(headers) && is_looked_at(headers)
}

/// Path and query of the page that led here, if it is one of `origin`'s and the browser tells.
pub fn page_before<'h>(origin: &str, headers: &'h HeaderMap) -> Option<&'h str> {
    let mut told = headers.get_all(header::REFERER).iter();
    let (Some(told), None) = (told.next(), told.next()) else {
        return None;
    };
    let page = told.to_str().ok()?.strip_prefix(origin)?;
    page.starts_with('/').then_some(page)
}

/// Whether a person is looking at the answer, and so can be sent to sign in.
pub fn is_page_view(method: &str, headers: &HeaderMap) -> bool {
    matches!(method, "GET" | "HEAD") && !must_be_own(method, headers) && is_looked_at(headers)
}

fn is_looked_at(headers: &HeaderMap) -> bool {
    let mut modes = headers.get_all(&SEC_FETCH_MODE).iter();
    match (modes.next(), modes.next()) {
        (None, _) => headers.get_all(header::ACCEPT).iter().any(accepts_html),
        (Some(mode), None) => mode.as_bytes() == b"navigate",
        (Some(_), Some(_)) => false,
    }
}

/// Whether `Accept` lists `text/html` itself: `*/*` is what programs send.
fn accepts_html(accept: &HeaderValue) -> bool {
    accept.as_bytes().split(|c| *c == b',').any(|range| {
        let mut parts = range.split(|c| *c == b';').map(<[u8]>::trim_ascii);
        parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(b"text/html"))
            && !parts.any(is_zero_weight)
    })
}

/// RFC 9110 §12.4.2: a weight of 0 means 'not acceptable'.
fn is_zero_weight(parameter: &[u8]) -> bool {
    parameter.split_at_checked(2).is_some_and(|(name, weight)| {
        name.eq_ignore_ascii_case(b"q=")
            && !weight.is_empty()
            && weight.iter().all(|c| matches!(c, b'0' | b'.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://id.example.com";

    fn sent(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    /// Holds: N12, ASVS 3.5.1, ASVS 3.5.8
    #[test]
    fn n12_only_the_application_s_own_pages_may_change_something() {
        for (lines, own) in [
            (&[][..], false),
            (&[("origin", OWN)], true),
            (&[("origin", "null")], false),
            (&[("origin", "https://ID.example.com")], false),
            (&[("origin", "https://id.example.com.evil.test")], false),
            (&[("origin", "https://id.example.com:8443")], false),
            (&[("origin", "http://id.example.com")], false),
            (
                &[("origin", "https://id.example.com, https://id.example.com")],
                false,
            ),
            (&[("origin", OWN), ("origin", OWN)], true),
            (&[("origin", OWN), ("origin", "https://evil.test")], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "")], false),
            (
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
            (&[("origin", OWN), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", OWN), ("sec-fetch-site", "cross-site")], false),
            (
                &[
                    ("origin", "https://evil.test"),
                    ("sec-fetch-site", "same-origin"),
                ],
                false,
            ),
            // What a page of the application under `Referrer-Policy: no-referrer` sends.
            (
                &[("origin", "null"), ("sec-fetch-site", "same-origin")],
                true,
            ),
            // What a sandboxed frame of another site sends.
            (
                &[("origin", "null"), ("sec-fetch-site", "cross-site")],
                false,
            ),
            (&[("referer", "https://id.example.com/")], false),
        ] {
            assert_eq!(comes_from(OWN, &sent(lines)), own, "{lines:?}");
        }
    }

    /// Holds: N12
    #[test]
    fn n12_what_is_not_known_to_be_safe_is_not() {
        for safe in ["GET", "HEAD", "OPTIONS"] {
            assert!(!must_be_own(safe, &HeaderMap::new()), "{safe}");
        }
        for unsafe_ in [
            "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "get", "PROPFIND", "X",
        ] {
            assert!(must_be_own(unsafe_, &HeaderMap::new()), "{unsafe_}");
        }
        assert!(must_be_own("GET", &sent(&[("upgrade", "websocket")])));
        assert!(must_be_own(
            "GET",
            &sent(&[("sec-websocket-key", "x3JJHMbDL1EzLkh9GBhXDw==")])
        ));
    }

    #[test]
    fn a_person_is_told_from_a_program() {
        const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (method, lines, page) in [
            ("GET", &[("sec-fetch-mode", "navigate")][..], true),
            ("HEAD", &[("sec-fetch-mode", "navigate")], true),
            ("POST", &[("sec-fetch-mode", "navigate")], false),
            ("OPTIONS", &[("accept", HTML)], false),
            (
                "GET",
                &[("sec-fetch-mode", "cors"), ("accept", HTML)],
                false,
            ),
            (
                "GET",
                &[("sec-fetch-mode", "no-cors"), ("accept", "*/*")],
                false,
            ),
            (
                "GET",
                &[("sec-fetch-mode", "navigate"), ("sec-fetch-mode", "cors")],
                false,
            ),
            ("GET", &[("accept", HTML)], true),
            (
                "GET",
                &[
                    ("accept", "application/json"),
                    ("accept", "Text/HTML;level=1"),
                ],
                true,
            ),
            ("GET", &[("accept", "*/*")], false),
            ("GET", &[("accept", "text/*")], false),
            ("GET", &[("accept", "application/json")], false),
            ("GET", &[("accept", "text/html;q=0, */*")], false),
            ("GET", &[("accept", "text/html;q=0.0")], false),
            ("GET", &[("accept", "text/html;q=0.01")], true),
            ("GET", &[("accept", "text/html5")], false),
            ("GET", &[("accept", HTML), ("upgrade", "websocket")], false),
            ("GET", &[], false),
        ] {
            assert_eq!(
                is_page_view(method, &sent(lines)),
                page,
                "{method} {lines:?}"
            );
        }
    }
}
