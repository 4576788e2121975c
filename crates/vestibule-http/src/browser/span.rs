//! The span of a page or form, for who follows traces: named by its route, with its status.
//!
//! A path may hold what a stranger wrote, so the route's own pattern names the span (ASVS 16.2.5).

use axum::extract::{MatchedPath, Request};
use http::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;

/// A span for this request; nothing is made up for one that nobody follows.
pub(super) fn of(request: &Request) -> Span {
    let span = tracing::info_span!(
        target: "trace",
        "page",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        http.response.status_code = Empty
    );
    if !span.is_disabled() {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map(MatchedPath::as_str);
        span.record("otel.name", name(route, request.method()));
    }
    span
}

/// How it ended.
pub(super) fn tell(span: &Span, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "error");
    }
}

/// `login.post` for a POST to `/login`.
fn name(route: Option<&str>, method: &Method) -> String {
    let words: Vec<&str> = match route {
        None => vec!["not_found"],
        Some("/") => vec!["home"],
        Some(route) => route
            .split('/')
            .map(|word| word.trim_matches(['{', '}', '.', '*']))
            .filter(|word| !word.is_empty())
            .collect(),
    };
    let method = match *method {
        Method::GET => "get",
        Method::HEAD => "head",
        Method::POST => "post",
        _ => "other",
    };
    format!("{}.{method}", words.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_named_by_its_route() {
        for (route, method, expected) in [
            (Some("/"), Method::GET, "home.get"),
            (Some("/login"), Method::POST, "login.post"),
            (
                Some("/recover/end-login"),
                Method::GET,
                "recover.end-login.get",
            ),
            (
                Some("/dev/mail/{id}/html"),
                Method::HEAD,
                "dev.mail.id.html.head",
            ),
            (None, Method::GET, "not_found.get"),
            (
                Some("/login"),
                Method::from_bytes(b"ALICE").unwrap(),
                "login.other",
            ),
        ] {
            assert_eq!(name(route, &method), expected);
        }
    }
}
