//! `tls.redirect_listen`: where plain http arrives. People are sent on to https; nothing else is.
//!
//! | what | answer |
//! |---|---|
//! | GET or HEAD of a page | 308 to the same path under the issuer |
//! | an interface for programs, or a request with credentials | 403: who sent a secret in the clear is to notice (R36) |
//! | any other method | 403: what was to be changed was sent in the clear |

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use percent_encoding::percent_decode_str;

use vestibule_http::Issuer;

/// Interfaces for programs, each with all that lies below it.
const INTERFACES: [&str; 4] = ["/api", "/oauth", "/revocations", "/verify"];

/// Everything on the redirect listener of `issuer`.
pub fn router(issuer: &Issuer) -> Router {
    let origin = issuer.origin().to_owned();
    Router::new().fallback(move |request: Request<Body>| {
        let answer = answer(&origin, &request);
        async move { answer }
    })
}

fn answer(origin: &str, request: &Request<Body>) -> Response {
    let target = request.uri().path_and_query();
    let target = target.map_or("/", PathAndQuery::as_str);
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_page = is_read
        && target.starts_with('/')
        && !is_interface(request.uri().path())
        && !request.headers().contains_key(header::AUTHORIZATION);
    // H01: the configured issuer and the path, whatever host was asked for.
    let location = HeaderValue::try_from(format!("{origin}{target}")).ok();
    match location.filter(|_| is_page) {
        Some(location) => {
            let mut answer = text(
                StatusCode::PERMANENT_REDIRECT,
                format!("This is at {origin}\n"),
            );
            answer.headers_mut().insert(header::LOCATION, location);
            answer
        }
        None => text(
            StatusCode::FORBIDDEN,
            format!(
                "Only https is spoken here: send this to {origin}. What was just sent was not encrypted; if a password or a \
                 token was in it, change it.\n"
            ),
        ),
    }
}

/// However it is written.
fn is_interface(path: &str) -> bool {
    let path = percent_decode_str(path).decode_utf8_lossy().to_lowercase();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    INTERFACES.iter().any(|interface| interface[1..] == *first)
}

fn text(status: StatusCode, text: String) -> Response {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let headers: &mut HeaderMap = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        // Should the issuer move, nobody has it by heart.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, target: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = answer("https://id.example.test", &request);
        let location = answer.headers().get(header::LOCATION);
        (
            answer.status().as_u16(),
            location.map_or(String::new(), |to| to.to_str().unwrap().to_owned()),
        )
    }

    /// Holds: H01, N11, ASVS 12.2.1
    #[test]
    fn h01_a_page_view_is_sent_to_the_issuer_whatever_host_it_named() {
        for (target, location) in [
            ("/login?next=/a", "https://id.example.test/login?next=/a"),
            ("//evil.test/", "https://id.example.test//evil.test/"),
            ("http://evil.test/a?b", "https://id.example.test/a?b"),
            ("/", "https://id.example.test/"),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let forged = [("host", "evil.test"), ("x-forwarded-host", "evil.test")];
                let answered = asked(method, target, &forged);
                assert_eq!(answered, (308, location.to_owned()));
            }
        }
    }

    /// Holds: R36
    #[test]
    fn r36_interfaces_for_programs_are_refused_and_never_redirected() {
        for target in [
            "/api/v1/session",
            "/oauth/token",
            "/oauth",
            "/verify",
            "/verify?app=x",
            "/revocations/feed",
            "/%61pi/v1/session",
            "//api/v1/session",
            "/API/v1",
        ] {
            assert_eq!(
                asked(Method::GET, target, &[]),
                (403, String::new()),
                "{target}"
            );
        }
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert_eq!(asked(method, "/login", &[]), (403, String::new()));
        }
        let token = [("authorization", "Bearer x")];
        assert_eq!(asked(Method::GET, "/account", &token), (403, String::new()));
        assert_eq!(asked(Method::GET, "/apiary", &[]).0, 308);
    }
}
