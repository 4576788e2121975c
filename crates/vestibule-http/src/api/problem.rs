//! What is answered when something cannot be done: RFC 9457, with a stable code, in the caller's language.
//!
//! A [`Problem`] travels as a response's extension to the layer around the routes, which knows the language, and there becomes
//! its body and the one line in the log, both with the same short id.

mod code;
mod reasons;

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_engine::{Busy, EntropyError, NotNow, causes};
use vestibule_store::StoreError;

pub use self::code::Code;
pub use self::reasons::{Reason, Said, demand};
use crate::errors::retry_after;
use crate::texts::{Arg, Msg, Tongue};

/// The challenge of a cookie: browsers know no such scheme, and so ask nobody.
pub const COOKIE: &str = "Cookie realm=\"vestibule\"";

/// An answer to something that cannot be done.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Detail,
    retry_after: Option<Duration>,
    challenge: Option<&'static str>,
    /// For the log.
    cause: Option<String>,
}

/// What more is said.
#[derive(Debug, Clone)]
enum Detail {
    /// What the code says.
    OfCode,
    /// A message of ours.
    Told(Msg, Vec<(&'static str, Arg<'static>)>),
}

/// RFC 9457 §3.1.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Wire<'a> {
    /// The book's page about the code.
    r#type: String,
    title: &'a str,
    status: u16,
    /// What programs go by.
    code: &'a str,
    detail: &'a str,
    /// The short id that the log's line carries.
    id: &'a str,
}

impl Problem {
    /// Says what its code says.
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: Detail::OfCode,
            retry_after: None,
            challenge: None,
            cause: None,
        }
    }

    /// Says more, in the caller's language.
    #[must_use]
    pub fn told(mut self, message: Msg, args: Vec<(&'static str, Arg<'static>)>) -> Self {
        self.detail = Detail::Told(message, args);
        self
    }

    /// Says what exactly is wrong, in the caller's language.
    #[must_use]
    pub fn saying(self, why: &impl Reason) -> Self {
        let (message, args) = why.said();
        self.told(message, args)
    }

    /// Trying again may help, after `wait`.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// How to prove who one is (RFC 9110 §11.6.1).
    #[must_use]
    pub const fn challenging(mut self, challenge: &'static str) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Why, for the log alone (ASVS 16.5.1).
    #[must_use]
    pub fn because(mut self, cause: String) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Nobody is signed in. RFC 9110 §15.5.2 asks for a challenge.
    pub const fn not_signed_in() -> Self {
        Self::new(Code::NotSignedIn).challenging(COOKIE)
    }

    /// The store failed; the caller is told what can be done about it.
    pub fn store(error: &StoreError) -> Self {
        let code = match error {
            StoreError::Full(_) => Code::StoreFull,
            StoreError::Unavailable(_) => Code::StoreUnavailable,
            StoreError::Corrupt(_) | StoreError::Failed(_) => Code::StoreFailed,
        };
        Self::new(code)
            .because(causes(error))
            .retry_after(Duration::from_secs(5))
    }

    /// The session is over in memory, but could not be written down as such (ASVS 7.4.1).
    pub fn end_unstored(error: &StoreError) -> Self {
        Self::new(Code::EndUnstored)
            .because(causes(error))
            .retry_after(Duration::from_secs(5))
    }

    /// The index is being filled: nobody can say who is signed in (ASVS 16.5.3).
    pub fn not_ready() -> Self {
        Self::new(Code::StoreUnavailable)
            .because("sessions are still being read from the store".to_owned())
            .retry_after(Duration::from_secs(1))
    }

    /// Tried too often (ASVS 6.3.1).
    pub const fn throttled(wait: Duration) -> Self {
        Self::new(Code::TooManyRequests).retry_after(wait)
    }

    /// The operator's list of breached passwords cannot be read, so no password is set (ASVS 16.5.3).
    pub fn breached(error: &io::Error) -> Self {
        Self::new(Code::BreachedUnreadable)
            .because(causes(error))
            .retry_after(Duration::from_secs(5))
    }

    /// There is no randomness.
    pub fn entropy(error: EntropyError) -> Self {
        Self::new(Code::Internal).because(causes(&error))
    }

    /// What may be done another time.
    pub fn not_now(error: &NotNow) -> Self {
        match error {
            NotNow::Busy(Busy { retry_after }) => Self::new(Code::Busy).retry_after(*retry_after),
            NotNow::Store(error) => Self::store(error),
            NotNow::Entropy(error) => Self::entropy(*error),
            NotNow::Breached(error) => Self::breached(error),
        }
    }

    fn log(&self, id: &str, method: &Method, path: &str) {
        let (code, status) = (self.code.as_str(), self.code.status());
        // ASVS 16.4.1: what a stranger sent is escaped. 16.2.5: never the query.
        let cause = self.cause.as_ref().map(tracing::field::debug);
        if status.is_server_error() {
            tracing::error!(error.id = id, error.code = code, error.cause = cause, http.method = %method, http.path = ?path, http.status = status.as_u16(), "the request failed");
        } else if matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
        ) {
            tracing::debug!(error.id = id, error.code = code, http.method = %method, http.path = ?path, http.status = status.as_u16(), "nothing answers to the request");
        } else {
            // ASVS 16.3.3: a try to get past a control is one of these.
            tracing::info!(error.id = id, error.code = code, error.cause = cause, http.method = %method, http.path = ?path, http.status = status.as_u16(), "the request was refused");
        }
    }

    fn spoken(&self, tongue: Tongue<'_>, id: &str) -> Vec<u8> {
        let title = tongue.text(self.code.title());
        let detail = match &self.detail {
            Detail::OfCode => tongue.text(self.code.what()),
            Detail::Told(message, args) => tongue.text_with(*message, args),
        };
        let wire = Wire {
            r#type: format!("/docs/problems#{}", self.code.as_str()),
            title: &title,
            status: self.code.status().as_u16(),
            code: self.code.as_str(),
            detail: &detail,
            id,
        };
        // Strings and a number: nothing in it fails to become JSON.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

/// Turns a [`Problem`] on its way out into its body, and writes the one line of it. Other answers pass.
pub fn speak(
    tongue: Tongue<'_>,
    id: impl FnOnce() -> String,
    (method, path): (&Method, &str),
    mut response: Response,
) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let id = id();
    problem.log(&id, method, path);
    let body = problem.spoken(tongue, &id);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let language = HeaderValue::from_static(tongue.lang());
    headers.insert(header::CONTENT_LANGUAGE, language);
    let vary = HeaderValue::from_static("Accept-Language");
    headers.append(header::VARY, vary);
    *response.body_mut() = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from(body)
    };
    response
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let mut response = (self.code.status(), headers).into_response();
        if let Some(wait) = self.retry_after {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, retry_after(wait));
        }
        if let Some(challenge) = self.challenge {
            let headers = response.headers_mut();
            let challenge = HeaderValue::from_static(challenge);
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Texts;

    /// Holds: ASVS 16.5.2
    #[test]
    fn asvs_16_5_2_a_store_that_fails_is_a_503_that_says_what_to_do() {
        let cause = || "no space left on device".into();
        for (error, code) in [
            (StoreError::Full(cause()), Code::StoreFull),
            (StoreError::Unavailable(cause()), Code::StoreUnavailable),
            (StoreError::Corrupt("a row".to_owned()), Code::StoreFailed),
            (StoreError::Failed(cause()), Code::StoreFailed),
        ] {
            let problem = Problem::store(&error);
            assert_eq!(problem.code, code);
            // ASVS 16.5.1: the cause is for the log.
            let body = problem.spoken(Texts::embedded().of("en"), "23456789");
            let body = String::from_utf8(body).unwrap();
            assert!(!body.contains("no space left on device"), "{body}");
            let response = problem.into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        }
    }

    /// The whole table, language by language, without the fallback that would hide what is missing.
    #[test]
    fn every_problem_has_words_of_its_own_in_every_language() {
        let texts = Texts::embedded();
        for code in Code::ALL {
            let mut seen: Vec<String> = Vec::new();
            for tongue in texts.all() {
                let lang = tongue.lang();
                for (message, ends) in [(code.title(), false), (code.what(), true)] {
                    let text = tongue.own(message, &[]);
                    let text = text.unwrap_or_else(|| panic!("{lang}.ftl misshapes {message:?}"));
                    assert!(!text.trim().is_empty(), "{message:?} in {lang}");
                    assert_eq!(text.ends_with('.'), ends, "{text}");
                    assert!(!text.contains(['{', '}', '\n']), "{text}");
                    assert!(!seen.contains(&text), "{text} in {lang} too");
                    seen.push(text);
                }
            }
        }
    }
}
