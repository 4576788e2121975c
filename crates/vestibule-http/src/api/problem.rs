//! What is answered when something cannot be done: RFC 9457, with a stable code.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_engine::{EntropyError, causes};
use vestibule_store::StoreError;

/// Everything that can be wrong, by the code that programs may rely on. `docs/reference/problems.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The body is not the JSON this route takes.
    InvalidBody,
    /// The query holds something else than this route takes.
    InvalidQuery,
    /// Not an e-mail address.
    InvalidEmail,
    /// Not a display name.
    InvalidName,
    /// Not a role's name.
    InvalidRole,
    /// Not a language that there are words in.
    InvalidLanguage,
    /// Not a password this installation takes.
    InvalidPassword,
    /// Not an application.
    InvalidApplication,
    /// No account with this address.
    UserNotFound,
    /// No live session with this id.
    SessionNotFound,
    /// No application with this name.
    ApplicationNotFound,
    /// Nothing describes this role.
    RoleNotFound,
    /// No such route.
    RouteNotFound,
    /// The route knows no such method.
    MethodNotAllowed,
    /// Another account has this address.
    AddressTaken,
    /// Another application has this name.
    NameTaken,
    /// Another application is reached there.
    OriginTaken,
    /// It stands in the settings file.
    Declared,
    /// Somebody holds the role.
    RoleHeld,
    /// The only administrator stays.
    LastAdministrator,
    /// No mail server is set.
    NoMail,
    /// The body is too large.
    BodyTooLarge,
    /// The body is not declared to be JSON.
    UnsupportedMediaType,
    /// Too many passwords are being hashed just now.
    Busy,
    /// The operator's list of breached passwords cannot be read.
    BreachedUnreadable,
    /// The disk is full.
    StoreFull,
    /// The store is out of reach just now.
    StoreUnavailable,
    /// The store failed.
    StoreFailed,
    /// No live session comes with the request.
    NotSignedIn,
    /// The session's user may not.
    Forbidden,
    /// The login is too long ago for this.
    FreshLoginRequired,
    /// Origin or Fetch-Metadata tell of another site.
    CrossSite,
    /// An unsafe request without a right `X-CSRF-Token`.
    CsrfTokenRequired,
    /// The connection's user id is not known: a fault of ours.
    OperatorUnknown,
    /// Anything else: a fault of ours.
    Internal,
}

impl Code {
    /// All, as the book lists them.
    pub const ALL: [Self; 35] = [
        Self::InvalidBody,
        Self::InvalidQuery,
        Self::InvalidEmail,
        Self::InvalidName,
        Self::InvalidRole,
        Self::InvalidLanguage,
        Self::InvalidPassword,
        Self::InvalidApplication,
        Self::UserNotFound,
        Self::SessionNotFound,
        Self::ApplicationNotFound,
        Self::RoleNotFound,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::AddressTaken,
        Self::NameTaken,
        Self::OriginTaken,
        Self::Declared,
        Self::RoleHeld,
        Self::LastAdministrator,
        Self::NoMail,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::Busy,
        Self::BreachedUnreadable,
        Self::StoreFull,
        Self::StoreUnavailable,
        Self::StoreFailed,
        Self::NotSignedIn,
        Self::Forbidden,
        Self::FreshLoginRequired,
        Self::CrossSite,
        Self::CsrfTokenRequired,
        Self::OperatorUnknown,
        Self::Internal,
    ];

    /// The code on the wire, its status (RFC 9110 §15) and its title.
    const fn row(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::InvalidBody => (
                "invalid_body",
                StatusCode::BAD_REQUEST,
                "The body is not what this route takes",
            ),
            Self::InvalidQuery => (
                "invalid_query",
                StatusCode::BAD_REQUEST,
                "The query is not what this route takes",
            ),
            Self::InvalidEmail => (
                "invalid_email",
                StatusCode::BAD_REQUEST,
                "Not an e-mail address",
            ),
            Self::InvalidName => ("invalid_name", StatusCode::BAD_REQUEST, "Not a name"),
            Self::InvalidRole => ("invalid_role", StatusCode::BAD_REQUEST, "Not a role's name"),
            Self::InvalidLanguage => (
                "invalid_language",
                StatusCode::BAD_REQUEST,
                "Not a language that there are words in",
            ),
            Self::InvalidPassword => (
                "invalid_password",
                StatusCode::BAD_REQUEST,
                "Not a password to be set",
            ),
            ours => ours.row_of_administration(),
        }
    }

    /// The same, of what an operator asked for and cannot have.
    const fn row_of_administration(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::InvalidApplication => (
                "invalid_application",
                StatusCode::BAD_REQUEST,
                "Not an application",
            ),
            Self::ApplicationNotFound => (
                "application_not_found",
                StatusCode::NOT_FOUND,
                "No application with this name",
            ),
            Self::RoleNotFound => (
                "role_not_found",
                StatusCode::NOT_FOUND,
                "Nothing describes this role",
            ),
            Self::NameTaken => (
                "name_taken",
                StatusCode::CONFLICT,
                "Another application has this name",
            ),
            Self::OriginTaken => (
                "origin_taken",
                StatusCode::CONFLICT,
                "Another application is reached there",
            ),
            Self::Declared => (
                "declared",
                StatusCode::CONFLICT,
                "It stands in the settings file",
            ),
            Self::RoleHeld => (
                "role_held",
                StatusCode::CONFLICT,
                "Somebody holds this role",
            ),
            Self::UserNotFound => (
                "user_not_found",
                StatusCode::NOT_FOUND,
                "No account with this address",
            ),
            Self::SessionNotFound => (
                "session_not_found",
                StatusCode::NOT_FOUND,
                "No live session with this id",
            ),
            Self::RouteNotFound => ("route_not_found", StatusCode::NOT_FOUND, "No such route"),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "No such method on this route",
            ),
            Self::AddressTaken => (
                "address_taken",
                StatusCode::CONFLICT,
                "Another account has this address",
            ),
            Self::LastAdministrator => (
                "last_administrator",
                StatusCode::CONFLICT,
                "The only administrator stays",
            ),
            Self::NoMail => ("no_mail", StatusCode::CONFLICT, "No mail server is set"),
            Self::BodyTooLarge => (
                "body_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be application/json",
            ),
            ours => ours.row_of_ours(),
        }
    }

    /// The same, of what is not the asker's to mend.
    const fn row_of_ours(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Busy => (
                "busy",
                StatusCode::SERVICE_UNAVAILABLE,
                "Too much work just now",
            ),
            Self::BreachedUnreadable => (
                "breached_unreadable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The list of breached passwords cannot be read",
            ),
            Self::StoreFull => (
                "store_full",
                StatusCode::SERVICE_UNAVAILABLE,
                "The disk is full",
            ),
            Self::StoreUnavailable => (
                "store_unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The store is out of reach",
            ),
            Self::StoreFailed => (
                "store_failed",
                StatusCode::SERVICE_UNAVAILABLE,
                "The store failed",
            ),
            Self::NotSignedIn => (
                "not_signed_in",
                StatusCode::UNAUTHORIZED,
                "Nobody is signed in",
            ),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "Not allowed"),
            Self::FreshLoginRequired => (
                "fresh_login_required",
                StatusCode::FORBIDDEN,
                "This needs a login of the last minutes",
            ),
            Self::CrossSite => (
                "cross_site",
                StatusCode::FORBIDDEN,
                "The request came from another site",
            ),
            Self::CsrfTokenRequired => (
                "csrf_token_required",
                StatusCode::FORBIDDEN,
                "X-CSRF-Token is missing or not this session's",
            ),
            Self::OperatorUnknown => (
                "operator_unknown",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Nobody knows who is asking",
            ),
            _ => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
            ),
        }
    }

    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The status it is answered with.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }

    /// What it means, in a few words.
    pub const fn title(self) -> &'static str {
        self.row().2
    }
}

/// An answer to something that cannot be done.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
}

/// RFC 9457 §3.1.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Wire<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
}

impl Problem {
    /// With the code's title for its detail.
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: Cow::Borrowed(code.title()),
            retry_after: None,
        }
    }

    /// Says more: what to change.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Trying again may help, after `wait`.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The store failed: logged here, once, with its cause; the caller is told what can be done about it.
    pub fn store(error: &StoreError) -> Self {
        tracing::error!(error = %causes(error), "the store failed under a command");
        let code = match error {
            StoreError::Full(_) => Code::StoreFull,
            StoreError::Unavailable(_) => Code::StoreUnavailable,
            StoreError::Corrupt(_) | StoreError::Failed(_) => Code::StoreFailed,
        };
        Self::new(code)
            .saying(error.to_string())
            .retry_after(Duration::from_secs(5))
    }

    /// The index is being filled: nobody can say who is signed in (ASVS 16.5.3).
    pub fn not_ready() -> Self {
        Self::new(Code::StoreUnavailable)
            .saying("sessions are still being read from the store")
            .retry_after(Duration::from_secs(1))
    }

    /// The operator's list of breached passwords cannot be read, so no password is set (ASVS 16.5.3).
    pub fn breached(error: &io::Error) -> Self {
        tracing::error!(error = %causes(error), "the list of breached passwords cannot be read");
        Self::new(Code::BreachedUnreadable).retry_after(Duration::from_secs(5))
    }

    /// There is no randomness.
    pub fn entropy(error: EntropyError) -> Self {
        tracing::error!(error = %causes(&error), "no randomness under a command");
        Self::new(Code::Internal).saying(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let wire = Wire {
            r#type: format!("/docs/problems#{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.as_str(),
            detail: &self.detail,
        };
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = (self.code.status(), headers, body).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(
                header::RETRY_AFTER,
                HeaderValue::from(wait.as_secs().max(1)),
            );
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(!problem.detail.contains("no space left on device"));
            let response = problem.into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        }
    }

    #[test]
    fn no_two_problems_share_a_code() {
        let mut codes = Code::ALL.map(Code::as_str);
        codes.sort_unstable();
        assert!(codes.is_sorted_by(|a, b| a < b));
    }
}
