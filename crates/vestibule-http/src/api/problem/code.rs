//! Everything that can be wrong, in one table: the code on the wire, the status, and the words.

use http::StatusCode as S;

use crate::texts::{Msg, msg};

/// What is wrong, by the code that programs may rely on. `docs/reference/problems.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The body is not the JSON this route takes.
    InvalidBody,
    /// The query holds something else than this route takes.
    InvalidQuery,
    /// The path is not percent-encoded UTF-8.
    InvalidPath,
    /// A header holds something else than this route takes.
    InvalidHeader,
    /// Not a key of session data.
    InvalidKey,
    /// Not an e-mail address.
    InvalidEmail,
    /// Not a display name.
    InvalidName,
    /// Not an answer to what the settings ask for.
    InvalidDetails,
    /// Not a role's name.
    InvalidRole,
    /// Not a language that there are words in.
    InvalidLanguage,
    /// Not a password this installation takes.
    InvalidPassword,
    /// Not an application.
    InvalidApplication,
    /// No live session comes with the request.
    NotSignedIn,
    /// Address and password do not go together.
    LoginRefused,
    /// No application has this id and secret.
    ApplicationRefused,
    /// The session's user may not.
    Forbidden,
    /// Not the password of the session's user.
    PasswordRefused,
    /// The login is too long ago for this.
    FreshLoginRequired,
    /// Origin or Fetch-Metadata tell of another site.
    CrossSite,
    /// An unsafe request without a right `X-CSRF-Token`.
    CsrfTokenRequired,
    /// A login is not answered with tokens here.
    TokensNotOffered,
    /// No application is registered at the issuer's own origin.
    NoApplicationHere,
    /// No account with this address.
    UserNotFound,
    /// No live session with this id.
    SessionNotFound,
    /// No application with this name.
    ApplicationNotFound,
    /// Nothing describes this role.
    RoleNotFound,
    /// Nothing is kept under this key.
    DataNotFound,
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
    /// The application keeps as many keys in this session as it may.
    TooManyKeys,
    /// No login waits under this flow.
    FlowGone,
    /// What is there is not what the condition names.
    PreconditionFailed,
    /// The body is too large.
    BodyTooLarge,
    /// More than the application may keep in a session.
    DataTooLarge,
    /// The body is not declared to be JSON.
    UnsupportedMediaType,
    /// What is there would be overwritten unseen.
    PreconditionRequired,
    /// Tried too often; this one was not looked at.
    TooManyRequests,
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
    /// The session is dead, but the store does not know of it yet.
    EndUnstored,
    /// The connection's user id is not known: a fault of ours.
    OperatorUnknown,
    /// Anything else: a fault of ours.
    Internal,
}

/// One row of the table: code, status, title, and what to do.
struct Row(&'static str, S, Msg, Msg);

impl Code {
    /// All, as the book lists them.
    pub const ALL: [Self; 52] = [
        Self::InvalidBody,
        Self::InvalidQuery,
        Self::InvalidPath,
        Self::InvalidHeader,
        Self::InvalidKey,
        Self::InvalidEmail,
        Self::InvalidName,
        Self::InvalidDetails,
        Self::InvalidRole,
        Self::InvalidLanguage,
        Self::InvalidPassword,
        Self::InvalidApplication,
        Self::NotSignedIn,
        Self::LoginRefused,
        Self::ApplicationRefused,
        Self::Forbidden,
        Self::PasswordRefused,
        Self::FreshLoginRequired,
        Self::CrossSite,
        Self::CsrfTokenRequired,
        Self::TokensNotOffered,
        Self::NoApplicationHere,
        Self::UserNotFound,
        Self::SessionNotFound,
        Self::ApplicationNotFound,
        Self::RoleNotFound,
        Self::DataNotFound,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::AddressTaken,
        Self::NameTaken,
        Self::OriginTaken,
        Self::Declared,
        Self::RoleHeld,
        Self::LastAdministrator,
        Self::NoMail,
        Self::TooManyKeys,
        Self::FlowGone,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::DataTooLarge,
        Self::UnsupportedMediaType,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::Busy,
        Self::BreachedUnreadable,
        Self::StoreFull,
        Self::StoreUnavailable,
        Self::StoreFailed,
        Self::EndUnstored,
        Self::OperatorUnknown,
        Self::Internal,
    ];

    // The statuses are RFC 9110 §15's, but 428 and 429 (RFC 6585 §3, §4).
    #[rustfmt::skip]
    const fn row(self) -> Row {
        match self {
            Self::InvalidBody => Row("invalid_body", S::BAD_REQUEST, msg("problem-invalid-body"), msg("problem-invalid-body-what")),
            Self::InvalidQuery => Row("invalid_query", S::BAD_REQUEST, msg("problem-invalid-query"), msg("problem-invalid-query-what")),
            Self::InvalidPath => Row("invalid_path", S::BAD_REQUEST, msg("problem-invalid-path"), msg("problem-invalid-path-what")),
            Self::InvalidHeader => Row("invalid_header", S::BAD_REQUEST, msg("problem-invalid-header"), msg("problem-invalid-header-what")),
            Self::InvalidKey => Row("invalid_key", S::BAD_REQUEST, msg("problem-invalid-key"), msg("problem-invalid-key-what")),
            Self::InvalidEmail => Row("invalid_email", S::BAD_REQUEST, msg("problem-invalid-email"), msg("problem-invalid-email-what")),
            Self::InvalidName => Row("invalid_name", S::BAD_REQUEST, msg("problem-invalid-name"), msg("problem-invalid-name-what")),
            Self::InvalidDetails => Row("invalid_details", S::BAD_REQUEST, msg("problem-invalid-details"), msg("problem-invalid-details-what")),
            Self::InvalidRole => Row("invalid_role", S::BAD_REQUEST, msg("problem-invalid-role"), msg("problem-invalid-role-what")),
            Self::InvalidLanguage => Row("invalid_language", S::BAD_REQUEST, msg("problem-invalid-language"), msg("problem-invalid-language-what")),
            Self::InvalidPassword => Row("invalid_password", S::BAD_REQUEST, msg("problem-invalid-password"), msg("problem-invalid-password-what")),
            Self::InvalidApplication => Row("invalid_application", S::BAD_REQUEST, msg("problem-invalid-application"), msg("problem-invalid-application-what")),
            Self::NotSignedIn => Row("not_signed_in", S::UNAUTHORIZED, msg("problem-not-signed-in"), msg("problem-not-signed-in-what")),
            Self::LoginRefused => Row("login_refused", S::UNAUTHORIZED, msg("problem-login-refused"), msg("problem-login-refused-what")),
            Self::ApplicationRefused => Row("application_refused", S::UNAUTHORIZED, msg("problem-application-refused"), msg("problem-application-refused-what")),
            Self::Forbidden => Row("forbidden", S::FORBIDDEN, msg("problem-forbidden"), msg("problem-forbidden-what")),
            Self::PasswordRefused => Row("password_refused", S::FORBIDDEN, msg("problem-password-refused"), msg("problem-password-refused-what")),
            Self::FreshLoginRequired => Row("fresh_login_required", S::FORBIDDEN, msg("problem-fresh-login-required"), msg("problem-fresh-login-required-what")),
            Self::CrossSite => Row("cross_site", S::FORBIDDEN, msg("problem-cross-site"), msg("problem-cross-site-what")),
            Self::CsrfTokenRequired => Row("csrf_token_required", S::FORBIDDEN, msg("problem-csrf-token-required"), msg("problem-csrf-token-required-what")),
            Self::TokensNotOffered => Row("tokens_not_offered", S::FORBIDDEN, msg("problem-tokens-not-offered"), msg("problem-tokens-not-offered-what")),
            Self::NoApplicationHere => Row("no_application_here", S::FORBIDDEN, msg("problem-no-application-here"), msg("problem-no-application-here-what")),
            Self::UserNotFound => Row("user_not_found", S::NOT_FOUND, msg("problem-user-not-found"), msg("problem-user-not-found-what")),
            Self::SessionNotFound => Row("session_not_found", S::NOT_FOUND, msg("problem-session-not-found"), msg("problem-session-not-found-what")),
            Self::ApplicationNotFound => Row("application_not_found", S::NOT_FOUND, msg("problem-application-not-found"), msg("problem-application-not-found-what")),
            Self::RoleNotFound => Row("role_not_found", S::NOT_FOUND, msg("problem-role-not-found"), msg("problem-role-not-found-what")),
            Self::DataNotFound => Row("data_not_found", S::NOT_FOUND, msg("problem-data-not-found"), msg("problem-data-not-found-what")),
            Self::RouteNotFound => Row("route_not_found", S::NOT_FOUND, msg("problem-route-not-found"), msg("problem-route-not-found-what")),
            Self::MethodNotAllowed => Row("method_not_allowed", S::METHOD_NOT_ALLOWED, msg("problem-method-not-allowed"), msg("problem-method-not-allowed-what")),
            Self::AddressTaken => Row("address_taken", S::CONFLICT, msg("problem-address-taken"), msg("problem-address-taken-what")),
            Self::NameTaken => Row("name_taken", S::CONFLICT, msg("problem-name-taken"), msg("problem-name-taken-what")),
            Self::OriginTaken => Row("origin_taken", S::CONFLICT, msg("problem-origin-taken"), msg("problem-origin-taken-what")),
            Self::Declared => Row("declared", S::CONFLICT, msg("problem-declared"), msg("problem-declared-what")),
            Self::RoleHeld => Row("role_held", S::CONFLICT, msg("problem-role-held"), msg("problem-role-held-what")),
            Self::LastAdministrator => Row("last_administrator", S::CONFLICT, msg("problem-last-administrator"), msg("problem-last-administrator-what")),
            Self::NoMail => Row("no_mail", S::CONFLICT, msg("problem-no-mail"), msg("problem-no-mail-what")),
            Self::TooManyKeys => Row("too_many_keys", S::CONFLICT, msg("problem-too-many-keys"), msg("problem-too-many-keys-what")),
            Self::FlowGone => Row("flow_gone", S::GONE, msg("problem-flow-gone"), msg("problem-flow-gone-what")),
            Self::PreconditionFailed => Row("precondition_failed", S::PRECONDITION_FAILED, msg("problem-precondition-failed"), msg("problem-precondition-failed-what")),
            Self::BodyTooLarge => Row("body_too_large", S::PAYLOAD_TOO_LARGE, msg("problem-body-too-large"), msg("problem-body-too-large-what")),
            Self::DataTooLarge => Row("data_too_large", S::PAYLOAD_TOO_LARGE, msg("problem-data-too-large"), msg("problem-data-too-large-what")),
            Self::UnsupportedMediaType => Row("unsupported_media_type", S::UNSUPPORTED_MEDIA_TYPE, msg("problem-unsupported-media-type"), msg("problem-unsupported-media-type-what")),
            Self::PreconditionRequired => Row("precondition_required", S::PRECONDITION_REQUIRED, msg("problem-precondition-required"), msg("problem-precondition-required-what")),
            Self::TooManyRequests => Row("too_many_requests", S::TOO_MANY_REQUESTS, msg("problem-too-many-requests"), msg("problem-too-many-requests-what")),
            Self::Busy => Row("busy", S::SERVICE_UNAVAILABLE, msg("problem-busy"), msg("problem-busy-what")),
            Self::BreachedUnreadable => Row("breached_unreadable", S::SERVICE_UNAVAILABLE, msg("problem-breached-unreadable"), msg("problem-breached-unreadable-what")),
            Self::StoreFull => Row("store_full", S::SERVICE_UNAVAILABLE, msg("problem-store-full"), msg("problem-store-full-what")),
            Self::StoreUnavailable => Row("store_unavailable", S::SERVICE_UNAVAILABLE, msg("problem-store-unavailable"), msg("problem-store-unavailable-what")),
            Self::StoreFailed => Row("store_failed", S::SERVICE_UNAVAILABLE, msg("problem-store-failed"), msg("problem-store-failed-what")),
            Self::EndUnstored => Row("end_unstored", S::SERVICE_UNAVAILABLE, msg("problem-end-unstored"), msg("problem-end-unstored-what")),
            Self::OperatorUnknown => Row("operator_unknown", S::INTERNAL_SERVER_ERROR, msg("problem-operator-unknown"), msg("problem-operator-unknown-what")),
            Self::Internal => Row("internal", S::INTERNAL_SERVER_ERROR, msg("problem-internal"), msg("problem-internal-what")),
        }
    }

    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The status it is answered with.
    pub const fn status(self) -> S {
        self.row().1
    }

    /// What it means, in a few words.
    pub const fn title(self) -> Msg {
        self.row().2
    }

    /// What to do, where nothing more is known.
    pub const fn what(self) -> Msg {
        self.row().3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors;

    #[test]
    fn no_two_problems_share_a_code_and_pages_mean_the_same_by_it() {
        let mut codes = Code::ALL.map(Code::as_str);
        codes.sort_unstable();
        assert!(codes.is_sorted_by(|a, b| a < b));
        for page in errors::Code::ALL {
            let same = Code::ALL
                .into_iter()
                .find(|code| code.as_str() == page.as_str());
            assert!(
                same.is_none_or(|code| code.status() == page.status()),
                "{page:?}"
            );
        }
    }
}
