//! The handshake: how a login at the issuer becomes a cookie on an application's own host, sibling or unrelated, with no cookie
//! that two hosts share.
//!
//! ```text
//! browser          application's host                          issuer's host
//!    │  a page ──▶ the proxy asks /verify: nobody is signed in
//!    │  ──▶ /vestibule/start?next=PATH
//!    │      sets or keeps the browser's secret ──303──▶ /vestibule/handshake?origin=…&browser=CHALLENGE&next=PATH
//!    │                                                  (signs in, if need be: /login, and from there to start again)
//!    │      /vestibule/finish?code=… ◀──303── offers a code: one use, ten seconds
//!    │      redeems code and secret together
//!    ◀─303─ sets the app session's cookie, leads to PATH
//! ```
//!
//! What a thief can see is worth nothing: the URL to the issuer holds a hash, the URL back a code that only the browser with the
//! secret can redeem. Nobody can plant a login of theirs in another's browser either: the victim's browser lacks the secret that
//! the thief's code is bound to, and who has learned the hash of what the victim's browser keeps cannot have a code bound to it,
//! for the hash counts in a challenge alone, which we vouch for at that origin and for ten seconds. So nothing in a URL outlives
//! one use and ten seconds (H03). An origin is registered, exactly, or nothing is redirected (R23, ASVS 3.7.2).
//!
//! The challenge is left out on the way through sign-in, which takes a person longer. Whoever comes without one that is good is
//! sent to start for another, five times at the most.
//!
//! Every other path on an application's host is the application's; if it is asked for here, the proxy is set up wrong, and the
//! answer is 421.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, header};

use crate::context::Context;
use crate::errors::{Code, Failure};

pub mod assets;
pub mod finish;
pub mod logout;
pub mod not_sent;
pub mod offer;
pub mod start;

const PREFIX: &str = "/vestibule/";

/// Everything below `/vestibule`. Which of it is there depends on the host.
pub fn routes() -> Router<Arc<Context>> {
    Router::new()
        .route("/vestibule/start", get(start::get))
        .route("/vestibule/handshake", get(offer::get))
        .route("/vestibule/finish", get(finish::get))
        .route("/vestibule/logout", get(logout::get).post(logout::post))
        .route("/vestibule/not-sent", get(not_sent::get))
        .route("/vestibule/assets/{asset}", get(assets::get))
}

/// Whether this path of ours is there on an application's host.
pub fn is_on_application_host(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|path| {
        matches!(
            path,
            "start" | "finish" | "logout" | "not-sent" | "session" | "session/data"
        ) || path.starts_with("assets/")
            || path.starts_with("session/data/")
    })
}

/// Whether this path of ours is there on the issuer's host.
pub fn is_on_issuer_host(path: &str) -> bool {
    !is_on_application_host(path)
        || path == "/vestibule/not-sent"
        || path.starts_with("/vestibule/assets/")
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// What browsers say that fetch a page before anybody asked for it.
const AHEAD: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

/// Proof that a person's browser opens this as a page of its own, as far as it tells: in no frame, for no script, and not
/// before anybody asked for it.
pub struct PageOfItsOwn(());

impl<S: Sync> FromRequestParts<S> for PageOfItsOwn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        // ASVS 3.5.3: what only wants to know changes nothing here.
        if parts.method != Method::GET {
            let refused = Failure::of(Code::MethodNotAllowed);
            return Err(([(header::ALLOW, "GET")], refused).into_response());
        }
        if is_page_of_its_own(&parts.headers) {
            Ok(Self(()))
        } else {
            Err(Failure::of(Code::NotAPage).into_response())
        }
    }
}

/// The same for what may be asked for by HEAD, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PageOrItsHead {
    /// A person's browser opens it.
    Page,
    /// Somebody wants to know what would come.
    Head,
}

impl<S: Sync> FromRequestParts<S> for PageOrItsHead {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        if parts.method == Method::HEAD {
            return Ok(Self::Head);
        }
        let page = PageOfItsOwn::from_request_parts(parts, state).await;
        page.map(|PageOfItsOwn(())| Self::Page)
    }
}

fn is_page_of_its_own(headers: &HeaderMap) -> bool {
    let says = |name: &HeaderName, only: &str| {
        let mut values = headers.get_all(name).iter();
        values.all(|value| value.as_bytes() == only.as_bytes())
    };
    let ahead = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        values.any(|value| {
            let value = value.as_bytes().to_ascii_lowercase();
            value.starts_with(b"prefetch") || value.starts_with(b"preview")
        })
    };
    says(&SEC_FETCH_DEST, "document")
        && says(&SEC_FETCH_MODE, "navigate")
        && !AHEAD.iter().any(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_on_its_own_host() {
        for (path, application, issuer) in [
            ("/vestibule/start", true, false),
            ("/vestibule/finish", true, false),
            ("/vestibule/logout", true, false),
            ("/vestibule/not-sent", true, true),
            ("/vestibule/assets/0-vestibule.css", true, true),
            ("/vestibule/session", true, false),
            ("/vestibule/session/data", true, false),
            ("/vestibule/session/data/basket", true, false),
            ("/vestibule/handshake", false, true),
            ("/vestibule/", false, true),
            ("/vestibule/start/", false, true),
            ("/login", false, true),
            ("/", false, true),
        ] {
            let found = (is_on_application_host(path), is_on_issuer_host(path));
            assert_eq!(found, (application, issuer), "{path}");
        }
    }

    #[test]
    fn frames_scripts_and_what_nobody_asked_for_yet_are_no_pages() {
        let page = |lines: &[(&'static str, &str)]| {
            let headers = lines
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            is_page_of_its_own(&headers)
        };
        assert!(page(&[]));
        assert!(page(&[
            ("sec-fetch-dest", "document"),
            ("sec-fetch-mode", "navigate")
        ]));
        for dest in ["iframe", "frame", "image", "empty", "script", "embed", ""] {
            assert!(!page(&[("sec-fetch-dest", dest)]), "{dest}");
        }
        for mode in ["cors", "no-cors", "same-origin", "websocket"] {
            assert!(!page(&[("sec-fetch-mode", mode)]), "{mode}");
        }
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
        ] {
            assert!(!page(&[(name, value), ("sec-fetch-dest", "document")]));
        }
    }
}
