//! What goes wrong, for three readers: a code and status for the client, a page or a sentence for the person, and the chain of
//! causes for the log, which is written once, here, with the short id that the page shows.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use vestibule_engine::{NotNow, causes};

use crate::api::problem::speak;
use crate::browser::caller::Caller;
use crate::context::Context;
use crate::views::{ErrorKind, ErrorPage};

/// What went wrong, as the wire says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Malformed, incomplete, or readable in two ways.
    BadRequest,
    /// A value that cannot be taken.
    Invalid,
    /// Origin or Fetch-Metadata tell of another site.
    CrossSite,
    /// The form's token does not fit.
    FormExpired,
    /// Nothing is here.
    NotFound,
    /// Not by this method.
    MethodNotAllowed,
    /// The set-up link was used.
    SetupUsed,
    /// The set-up link is too old.
    SetupExpired,
    /// The body is too large.
    TooLarge,
    /// The body is of another type.
    UnsupportedMediaType,
    /// The host is none of ours.
    Misdirected,
    /// The cookies are too many.
    HeadersTooLarge,
    /// A defect.
    Internal,
    /// The store, the randomness or the password threads are away just now.
    Unavailable,
    /// The session is dead in memory, but the store does not know of it yet.
    EndUnstored,
    /// Address and password do not go together.
    LoginRefused,
    /// Accounts are made by the operators.
    RegistrationClosed,
    /// Accounts are made through invitations.
    RegistrationByInvitation,
    /// No mail can be sent, so nobody recovers by it.
    RecoveryClosed,
    /// The address of a mailed link has an account by now.
    AddressTaken,
    /// A mailed link was used, is too old, or never was.
    LinkGone,
    /// Tried too often; this one was not looked at.
    TooManyRequests,
    /// A frame, a script or a prefetch asks for what only a person's own page view gets.
    NotAPage,
    /// A handshake for an origin that no application is registered at.
    UnknownApplication,
    /// A handshake's code came from another browser than the one that asked.
    HandshakeElsewhere,
    /// The browser that brings a handshake's code keeps no cookie of it.
    NoCookieKept,
    /// A handshake's code was used, is too old, or never was.
    HandshakeGone,
    /// Signed in, but the proxy's questions do not show it.
    SignInLoop,
    /// Signed in, but not with the role that administers.
    NotAdministrator,
    /// As many exports are under way as may be.
    ExportsRunning,
}

/// One row of the table: code, status, page.
struct Row(&'static str, StatusCode, ErrorKind);

impl Code {
    /// Every code.
    pub const ALL: [Self; 30] = [
        Self::BadRequest,
        Self::Invalid,
        Self::CrossSite,
        Self::FormExpired,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::SetupUsed,
        Self::SetupExpired,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Misdirected,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Unavailable,
        Self::EndUnstored,
        Self::LoginRefused,
        Self::RegistrationClosed,
        Self::RegistrationByInvitation,
        Self::RecoveryClosed,
        Self::AddressTaken,
        Self::LinkGone,
        Self::TooManyRequests,
        Self::NotAPage,
        Self::UnknownApplication,
        Self::HandshakeElsewhere,
        Self::NoCookieKept,
        Self::HandshakeGone,
        Self::SignInLoop,
        Self::NotAdministrator,
        Self::ExportsRunning,
    ];

    /// The one table, with the section that gives the status its meaning.
    #[rustfmt::skip]
    const fn row(self) -> Row {
        use ErrorKind as Page;
        use StatusCode as S;
        match self {
            Self::BadRequest           => Row("bad_request",            S::BAD_REQUEST,                     Page::BadRequest),            // RFC 9110 §15.5.1
            Self::Invalid              => Row("invalid",                S::UNPROCESSABLE_ENTITY,            Page::BadRequest),            // RFC 9110 §15.5.21
            Self::CrossSite            => Row("cross_site",             S::FORBIDDEN,                       Page::FormExpired),           // RFC 9110 §15.5.4
            Self::FormExpired          => Row("form_expired",           S::FORBIDDEN,                       Page::FormExpired),           // RFC 9110 §15.5.4
            Self::NotFound             => Row("not_found",              S::NOT_FOUND,                       Page::NotFound),              // RFC 9110 §15.5.5
            Self::MethodNotAllowed     => Row("method_not_allowed",     S::METHOD_NOT_ALLOWED,              Page::MethodNotAllowed),      // RFC 9110 §15.5.6
            Self::SetupUsed            => Row("setup_used",             S::GONE,                            Page::SetupUsed),             // RFC 9110 §15.5.11
            Self::SetupExpired         => Row("setup_expired",          S::GONE,                            Page::SetupExpired),          // RFC 9110 §15.5.11
            Self::TooLarge             => Row("too_large",              S::PAYLOAD_TOO_LARGE,               Page::TooLarge),              // RFC 9110 §15.5.14
            Self::UnsupportedMediaType => Row("unsupported_media_type", S::UNSUPPORTED_MEDIA_TYPE,          Page::UnsupportedMediaType),  // RFC 9110 §15.5.16
            Self::Misdirected          => Row("misdirected",            S::MISDIRECTED_REQUEST,             Page::Misdirected),           // RFC 9110 §15.5.20
            Self::HeadersTooLarge      => Row("headers_too_large",      S::REQUEST_HEADER_FIELDS_TOO_LARGE, Page::HeadersTooLarge),       // RFC 6585 §5
            Self::Internal             => Row("internal",               S::INTERNAL_SERVER_ERROR,           Page::Internal),              // RFC 9110 §15.6.1
            Self::Unavailable          => Row("unavailable",            S::SERVICE_UNAVAILABLE,             Page::Unavailable),           // RFC 9110 §15.6.4
            Self::EndUnstored          => Row("end_unstored",           S::SERVICE_UNAVAILABLE,             Page::EndUnstored),           // RFC 9110 §15.6.4
            Self::LoginRefused         => Row("login_refused",          S::UNAUTHORIZED,                    Page::LoginRefused),          // RFC 9110 §15.5.2
            Self::RegistrationClosed   => Row("registration_closed",    S::NOT_FOUND,                       Page::RegistrationClosed),    // RFC 9110 §15.5.5
            Self::RegistrationByInvitation => Row("registration_by_invitation", S::FORBIDDEN,               Page::RegistrationByInvitation), // RFC 9110 §15.5.4
            Self::RecoveryClosed       => Row("recovery_closed",        S::NOT_FOUND,                       Page::RecoveryClosed),        // RFC 9110 §15.5.5
            Self::AddressTaken         => Row("address_taken",          S::CONFLICT,                        Page::AddressTaken),          // RFC 9110 §15.5.10
            Self::LinkGone             => Row("link_gone",              S::GONE,                            Page::LinkGone),              // RFC 9110 §15.5.11
            Self::TooManyRequests      => Row("too_many_requests",      S::TOO_MANY_REQUESTS,               Page::TooManyRequests),       // RFC 6585 §4
            Self::NotAPage             => Row("not_a_page",             S::FORBIDDEN,                       Page::NotAPage),              // RFC 9110 §15.5.4
            Self::UnknownApplication   => Row("unknown_application",    S::BAD_REQUEST,                     Page::UnknownApplication),    // RFC 9110 §15.5.1
            Self::HandshakeElsewhere   => Row("handshake_elsewhere",    S::FORBIDDEN,                       Page::HandshakeElsewhere),    // RFC 9110 §15.5.4
            Self::NoCookieKept         => Row("no_cookie_kept",         S::FORBIDDEN,                       Page::NoCookieKept),          // RFC 9110 §15.5.4
            Self::HandshakeGone        => Row("handshake_gone",         S::GONE,                            Page::HandshakeGone),         // RFC 9110 §15.5.11
            Self::SignInLoop           => Row("sign_in_loop",           S::LOOP_DETECTED,                   Page::SignInLoop),            // RFC 5842 §7.2
            Self::NotAdministrator     => Row("forbidden",              S::FORBIDDEN,                       Page::NotAdministrator),      // RFC 9110 §15.5.4
            Self::ExportsRunning       => Row("busy",                   S::SERVICE_UNAVAILABLE,             Page::ExportsRunning),        // RFC 9110 §15.6.4
        }
    }

    /// The stable code on the wire.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The status.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }

    const fn page(self) -> ErrorKind {
        self.row().2
    }
}

/// An answer that is an error. As a response it carries itself to [`explain`], which logs it and writes the page.
#[derive(Debug, Clone)]
pub struct Failure {
    code: Code,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
    retry_after: Option<Duration>,
    back: Option<String>,
    /// The page, where it is not the code's.
    page: Option<ErrorKind>,
}

impl Failure {
    /// Nothing but a code.
    pub const fn of(code: Code) -> Self {
        Self {
            code,
            cause: None,
            retry_after: None,
            back: None,
            page: None,
        }
    }

    /// The store could not do it. 503, which keeps every cookie: a session is not over because a disk is full (ASVS 16.5.2,
    /// 16.5.3).
    pub fn store(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::of(Code::Unavailable)
            .because(cause)
            .retry_after(Duration::from_secs(5))
    }

    /// The store could not write down that the caller's own session ended.
    pub fn end_unstored(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::of(Code::EndUnstored)
            .because(cause)
            .retry_after(Duration::from_secs(5))
            .back("/logout")
    }

    /// The same of other sessions than the caller's own, who are sent back to where they ended them.
    pub fn ends_unstored(
        cause: impl StdError + Send + Sync + 'static,
        back: impl Into<String>,
    ) -> Self {
        Self {
            page: Some(ErrorKind::EndsUnstored),
            ..Self::end_unstored(cause).back(back)
        }
    }

    /// The store could not write down that somebody is shut out; their sessions are owed to it, the rest is not.
    pub fn shut_unstored(
        cause: impl StdError + Send + Sync + 'static,
        back: impl Into<String>,
    ) -> Self {
        Self {
            page: Some(ErrorKind::ShutUnstored),
            ..Self::end_unstored(cause).back(back)
        }
    }

    /// The index is being filled: nobody can say who is signed in, or which application is meant (ASVS 16.5.3).
    pub fn not_ready() -> Self {
        Self::of(Code::Unavailable)
            .because(NotReady)
            .retry_after(Duration::from_secs(1))
    }

    /// There is no randomness: nothing that needs a secret can be made.
    pub fn no_entropy(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::of(Code::Unavailable).because(cause)
    }

    /// What hangs on a password could not be done just now.
    pub fn not_now(cause: NotNow) -> Self {
        match cause {
            NotNow::Busy(busy) => Self::of(Code::Unavailable)
                .because(busy)
                .retry_after(busy.retry_after),
            NotNow::Store(error) => Self::store(error),
            NotNow::Entropy(error) => Self::no_entropy(error),
            NotNow::Breached(error) => Self::of(Code::Unavailable).because(error),
        }
    }

    /// Tried too often: worth another try after `wait` (ASVS 6.3.1).
    pub const fn throttled(wait: Duration) -> Self {
        Self::of(Code::TooManyRequests).retry_after(wait)
    }

    /// Why, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// When it is worth trying again.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The local path that the page offers as the way on.
    #[must_use]
    pub fn back(mut self, path: impl Into<String>) -> Self {
        self.back = Some(path.into());
        self
    }

    /// What the wire says.
    pub const fn code(&self) -> Code {
        self.code
    }

    fn log(&self, id: &str, method: &Method, path: &str) {
        let (code, status) = (self.code.as_str(), self.code.status().as_u16());
        // ASVS 16.4.1: what a stranger sent is escaped. 16.2.5: never the query, which may hold a set-up token.
        let cause = self.cause.as_deref().map(|cause| causes(cause));
        let cause = cause.as_ref().map(tracing::field::debug);
        match self.code {
            Code::Internal | Code::Unavailable | Code::EndUnstored => {
                tracing::error!(error.id = id, error.code = code, error.cause = cause, http.method = %method, http.path = ?path, http.status = status, "the request failed");
            }
            Code::NotFound | Code::MethodNotAllowed => {
                tracing::debug!(error.id = id, error.code = code, http.method = %method, http.path = ?path, http.status = status, "nothing answers to the request");
            }
            // ASVS 16.3.3: a try to get past a control is one of these.
            _ => {
                tracing::info!(error.id = id, error.code = code, error.cause = cause, http.method = %method, http.path = ?path, http.status = status, "the request was refused");
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("sessions are still being read from the store")]
struct NotReady;

/// `Retry-After` in whole seconds, rounded up, at least one (RFC 9110 §10.2.3).
pub fn retry_after(wait: Duration) -> HeaderValue {
    let begun = u64::from(wait.subsec_nanos() > 0);
    HeaderValue::from(wait.as_secs().saturating_add(begun).max(1))
}

/// An answer that says when it is worth trying again.
pub fn with_retry_after(mut response: Response, wait: Duration) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, retry_after(wait));
    response
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(wait) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, self::retry_after(wait));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns a [`Failure`] on its way out into its page, and writes the one line of it. Other answers pass, but for a page that
/// tells a program what it did wrong: that becomes a problem too, with its headers.
pub(crate) fn explain(
    caller: &Caller,
    method: &Method,
    path: &str,
    mut response: Response,
) -> Response {
    response = speak(
        caller.tongue(),
        || error_id(&caller.context),
        (method, path),
        response,
    );
    let carried = response.extensions_mut().remove::<Failure>();
    let Some(failure) = carried.or_else(|| told_by_a_page(caller, &response)) else {
        return response;
    };
    let id = error_id(&caller.context);
    failure.log(&id, method, path);
    let page = ErrorPage {
        kind: failure.page.unwrap_or(failure.code.page()),
        id,
        back: failure
            .back
            .or_else(|| caller.doorway().map(|_| "/".to_owned())),
        wait: failure.retry_after,
    };
    if caller.is_program() {
        let mut response = problem(caller, failure.code, &page, response);
        if method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        return response;
    }
    // An error signs nobody out: where the session is known, the page has its frame.
    let rendered = match caller.live() {
        Ok(Some(session)) => caller.page_for(session, failure.code.status(), &page),
        Ok(None) | Err(_) => caller.page(failure.code.status(), &page),
    };
    if let Ok(rendered) = rendered {
        let (head, body) = rendered.into_parts();
        response.headers_mut().extend(head.headers);
        *response.body_mut() = if method == Method::HEAD {
            Body::empty()
        } else {
            body
        };
    }
    response
}

/// What a page of 4xx or 5xx says to a program, as far as its status tells.
fn told_by_a_page(caller: &Caller, response: &Response) -> Option<Failure> {
    let status = response.status();
    let media_type = response.headers().get(header::CONTENT_TYPE);
    let is_page = media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if !caller.is_program() || !is_page || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let code = match status {
        // 403: a login is to be proved anew, and was not.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Code::LoginRefused,
        StatusCode::GONE => Code::LinkGone,
        StatusCode::TOO_MANY_REQUESTS => Code::TooManyRequests,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ if status.is_server_error() => Code::Internal,
        _ => Code::Invalid,
    };
    let seconds = response.headers().get(header::RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
    Some(Failure {
        retry_after: seconds.map(Duration::from_secs),
        ..Failure::of(code)
    })
}

/// RFC 9457 §3.1, for a caller who prefers it to a page.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: String,
    status: u16,
    code: &'a str,
    detail: String,
    /// The short id that the log line carries.
    id: &'a str,
}

fn problem(caller: &Caller, code: Code, page: &ErrorPage, response: Response) -> Response {
    let (title, detail) = page.spoken(&caller.frame());
    let problem = Problem {
        r#type: format!("/docs/problems#{}", code.as_str()),
        title,
        status: response.status().as_u16(),
        code: code.as_str(),
        detail,
        id: &page.id,
    };
    let (mut head, _) = response.into_parts();
    let media_type = HeaderValue::from_static("application/problem+json");
    head.headers.insert(header::CONTENT_TYPE, media_type);
    let language = HeaderValue::from_static(caller.tongue().lang());
    head.headers.insert(header::CONTENT_LANGUAGE, language);
    let vary = HeaderValue::from_static("Accept-Language");
    head.headers.append(header::VARY, vary);
    // Strings and a number: nothing in it fails to become JSON.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    head.headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(head, Body::from(body))
}

/// Eight characters, easily read out on the telephone: no vowels, nothing that looks like another.
pub(crate) fn error_id(context: &Context) -> String {
    const LETTERS: &[u8; 16] = b"23456789bcdfghjk";
    let random: [u8; 8] = context.engine.random().unwrap_or_default();
    random
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte & 15)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn codes_are_distinct_and_pages_say_the_status_they_are_sent_with() {
        for (at, code) in Code::ALL.into_iter().enumerate() {
            assert!(
                Code::ALL[at + 1..]
                    .iter()
                    .all(|other| other.as_str() != code.as_str())
            );
            assert!(
                code == Code::Invalid || code.page().status() == code.status().as_u16(),
                "{code:?}"
            );
        }
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_has_no_cause_names_none_in_the_log() {
        let log_of = |failure: Failure| {
            let lines = Lines::default();
            let writer = lines.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_writer(move || writer.clone())
                .with_ansi(false)
                .finish();
            tracing::subscriber::with_default(subscriber, || {
                failure.log("23456789", &Method::POST, "/login");
            });
            let lines = lines.0.lock().unwrap().clone();
            String::from_utf8(lines).unwrap()
        };
        for code in [Code::TooManyRequests, Code::Unavailable] {
            let bare = log_of(Failure::of(code));
            assert!(bare.contains(code.as_str()), "{bare}");
            assert!(!bare.contains("error.cause"), "{bare}");
            let caused = log_of(Failure::of(code).because(std::fmt::Error));
            assert!(caused.contains("error.cause=\"an error"), "{caused}");
        }
    }

    #[test]
    fn a_chain_of_causes_reads_as_one_line() {
        #[derive(Debug, thiserror::Error)]
        #[error("the store failed")]
        struct Outer(#[source] std::fmt::Error);
        let outer = Outer(std::fmt::Error);
        assert!(causes(&outer).starts_with("the store failed: an error occurred"));
    }
}
