//! What the proxy is told, in the two dialects.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, InvalidHeaderValue,
    LOCATION, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule_core::id::UserId;
use vestibule_core::local_path::LocalPath;
use vestibule_core::origin::Origin;
use vestibule_engine::CheckAnswer;

use super::forwarded::ForwardedError;
use super::requirement::RequirementError;
use super::who::Who;
use crate::site::Issuer;

const USER: &str = "remote-user";
const EMAIL: &str = "remote-email";
const NAME: &str = "remote-name";
const GROUPS: &str = "remote-groups";
const SESSION: &str = "remote-session";

/// What stays as it is in a query's value.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How the asker wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Any status; a redirection is followed by the client.
    Plain,
    /// nginx's `auth_request`: 2xx, 401 and 403 have a meaning; 503 becomes a 500, which the snippet maps back.
    AuthRequest,
}

/// Why there is no 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// `/verify` itself was asked by a method that is neither GET nor HEAD nor that of the forwarded request.
    Method,
    /// The asker is no configured proxy.
    Peer,
    /// The route's parameters make no sense.
    Requirement(RequirementError),
    /// The forwarded request cannot be told for sure.
    Forwarded(ForwardedError),
    /// No application is registered at its host.
    ForeignHost,
    /// Another application is registered there than the route names.
    OtherApplication,
    /// It came over plain http to an https origin, or the other way round; the issuer's if none is said.
    Scheme(Option<&'a Origin>),
    /// Its path is one of Vestibule's own.
    OwnPath,
    /// No application may live on the issuer's own host.
    NoApplicationHere,
    /// It would have the application send back what it got, our headers included (TRACE, TRACK).
    Trace,
    /// A token was presented.
    Token,
    /// No live session; a person who looks is led on.
    Nobody(Option<Onward<'a>>),
    /// The index is not filled yet.
    NotReady,
    /// Somebody is signed in, and still may not.
    Forbidden {
        /// Who.
        user: UserId,
        /// At which application, if it is registered.
        application: Option<&'a str>,
        /// Why not.
        why: Forbidden,
    },
}

/// Where a person goes on to who is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onward<'a> {
    /// To sign in, and then to this page.
    SignIn {
        /// The application's; `None` on the issuer's own host.
        origin: Option<&'a str>,
        /// Path and query that were asked for.
        page: &'a str,
    },
    /// To the page that says that their form was not sent on.
    NotSent {
        /// The application's; `None` on the issuer's own host.
        origin: Option<&'a str>,
        /// The page that the form was on, as far as that is known.
        page: &'a str,
    },
}

/// Why a live session is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// Another site's page made the browser send it.
    ForeignOrigin,
    /// The user lacks the role.
    Role,
    /// The credential lacks the scope.
    Scope,
    /// The login was not sure enough.
    Acr,
}

impl Refusal<'_> {
    /// For the log, and nothing the client wrote in it (ASVS 16.4.1).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Peer => "unknown_proxy",
            Self::Requirement(_) => "parameter",
            Self::Forwarded(why) => why.code(),
            Self::ForeignHost => "foreign_host",
            Self::OtherApplication => "other_application",
            Self::Scheme(_) => "scheme",
            Self::OwnPath => "own_path",
            Self::NoApplicationHere => "no_application_here",
            Self::Trace => "trace",
            Self::Token => "invalid_token",
            Self::Nobody(_) => "no_session",
            Self::NotReady => "not_ready",
            Self::Forbidden { why, .. } => match why {
                Forbidden::ForeignOrigin => "foreign_origin",
                Forbidden::Role => "role",
                Forbidden::Scope => "scope",
                Forbidden::Acr => "acr",
            },
        }
    }

    /// For whoever watches.
    pub const fn counted(self) -> CheckAnswer {
        match self {
            Self::Method
            | Self::Peer
            | Self::Requirement(_)
            | Self::Forwarded(_)
            | Self::ForeignHost
            | Self::OtherApplication
            | Self::Scheme(_)
            | Self::OwnPath
            | Self::NoApplicationHere
            | Self::Trace => CheckAnswer::Misasked,
            Self::Token => CheckAnswer::InvalidToken,
            Self::Nobody(_) => CheckAnswer::NoSession,
            Self::NotReady => CheckAnswer::NotReady,
            Self::Forbidden { why, .. } => match why {
                Forbidden::ForeignOrigin => CheckAnswer::ForeignOrigin,
                Forbidden::Role => CheckAnswer::Role,
                Forbidden::Scope => CheckAnswer::Scope,
                Forbidden::Acr => CheckAnswer::Acr,
            },
        }
    }

    /// One line in the log for what tells of an attempt at something, or of a proxy to put right (ASVS 16.3.2, 16.3.3);
    /// none for a caller who only has to sign in.
    pub fn log(self) {
        match self {
            Self::Method | Self::Token | Self::Nobody(_) | Self::NotReady => {}
            Self::Forbidden {
                user, application, ..
            } => {
                tracing::info!(code = self.code(), user.id = %user, application, "edge: refused");
            }
            _ => tracing::info!(code = self.code(), "edge: refused"),
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Requirement(_) | Self::Forwarded(_) => StatusCode::BAD_REQUEST,
            Self::Peer
            | Self::ForeignHost
            | Self::OtherApplication
            | Self::Scheme(_)
            | Self::OwnPath
            | Self::NoApplicationHere
            | Self::Trace
            | Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::Nobody(Some(Onward::SignIn { .. })) => StatusCode::FOUND,
            // RFC 9110 §15.4.4: looked at by GET, and never sent on.
            Self::Nobody(Some(Onward::NotSent { .. })) => StatusCode::SEE_OTHER,
            Self::Token | Self::Nobody(None) => StatusCode::UNAUTHORIZED,
            Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn sentence(self, issuer: &Issuer) -> String {
        let text = match self {
            Self::Requirement(why) => return why.to_string(),
            Self::Forwarded(why) => return why.to_string(),
            Self::ForeignHost => {
                return format!(
                    "no application is registered at the forwarded host, and it is not {}: register it by `vestibule app \
                     add NAME --kind proxy --origin https://HOST`, or in the settings under [[applications]]",
                    issuer.host()
                );
            }
            Self::Scheme(origin) => {
                let origin = origin.map_or(issuer.origin(), Origin::as_str);
                return format!("the forwarded request's scheme is not that of {origin}");
            }
            Self::OtherApplication => {
                "the application that app names is not reached at the forwarded host: give it this origin, or name the \
                 right one"
            }
            Self::Method => "ask by GET",
            Self::Peer => {
                "only a proxy named in the setting trusted_proxies may ask: name this peer's address there"
            }
            Self::OwnPath => {
                "this path is Vestibule's own: the proxy must send it to Vestibule and to no application"
            }
            Self::NoApplicationHere => {
                "an application on the issuer's own host could act as its account page: it must be declared fully \
                 trusted by the setting own_host_application"
            }
            Self::Trace => "TRACE and TRACK show what a proxy adds to a request: neither passes",
            Self::Token => "no token is accepted here",
            Self::Nobody(_) => "sign in first",
            Self::NotReady => "Vestibule is starting: try again in a moment",
            Self::Forbidden { why, .. } => match why {
                Forbidden::ForeignOrigin => {
                    "the request changes something and does not come from the application's own pages"
                }
                Forbidden::Role => "the user does not have the role that this needs",
                Forbidden::Scope => "the credential does not carry the scope that this needs",
                Forbidden::Acr => "the login is not sure enough for this",
            },
        };
        text.to_owned()
    }

    /// The answer. It carries no identity header and no cookie.
    pub fn into_response(self, dialect: Dialect, issuer: &Issuer) -> Response {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // ASVS 3.2.1: never a page, whoever opens it.
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
        );
        match self {
            Self::Method => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            }
            Self::NotReady => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Token => {
                // RFC 6750 §3.1.
                headers.insert(
                    WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"vestibule\", error=\"invalid_token\""),
                );
            }
            Self::Nobody(onward) => {
                if onward.is_none() || dialect == Dialect::AuthRequest {
                    // RFC 9110 §15.5.2: a 401 has a challenge. RFC 6750 §3.1: none presented, so no error code.
                    headers.insert(
                        WWW_AUTHENTICATE,
                        HeaderValue::from_static("Bearer realm=\"vestibule\""),
                    );
                }
                if let Some(location) = onward.and_then(|onward| onward.location(issuer).ok()) {
                    headers.insert(LOCATION, location);
                }
            }
            _ => {}
        }
        let mut body = self.sentence(issuer);
        body.push('\n');
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = match (dialect, self.status()) {
            (Dialect::AuthRequest, StatusCode::FOUND | StatusCode::SEE_OTHER) => {
                StatusCode::UNAUTHORIZED
            }
            (Dialect::AuthRequest, StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED) => {
                StatusCode::FORBIDDEN
            }
            (_, status) => status,
        };
        *response.headers_mut() = headers;
        response
    }
}

impl Onward<'_> {
    fn location(self, issuer: &Issuer) -> Result<HeaderValue, InvalidHeaderValue> {
        let (origin, path, page) = match self {
            Self::SignIn { origin, page } => match origin {
                None => (issuer.origin(), "/login", page),
                Some(origin) => (origin, "/vestibule/start", page),
            },
            Self::NotSent { origin, page } => {
                let origin = origin.unwrap_or(issuer.origin());
                (origin, "/vestibule/not-sent", page)
            }
        };
        let mut location = String::with_capacity(128);
        location.push_str(origin);
        location.push_str(path);
        // R23: what sign-in would not go on to is left out here already.
        if let Some(next) = LocalPath::parse(page) {
            let next = utf8_percent_encode(next.as_str(), QUERY_VALUE);
            // Writing to a String never fails.
            let _ = write!(location, "?next={next}");
        }
        HeaderValue::try_from(location)
    }
}

/// What every 200 has: every identity header, empty where there is nothing to say, so that none of the client's own can
/// stand. Copied for each: to enter names into an empty map is to hash them.
static PASSED: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(6);
    for name in [USER, EMAIL, NAME, GROUPS, SESSION] {
        headers.insert(name, HeaderValue::from_static(""));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
});

/// 200. `Cookie`, a request's header, is for the proxy to put in place of the client's.
pub fn pass(
    who: Option<&Who>,
    cookies: Option<HeaderValue>,
) -> Result<Response, InvalidHeaderValue> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.clone_from(&PASSED);
    if let Some(who) = who {
        let identity = who.profile.identity();
        for (name, place) in headers.iter_mut() {
            *place = match name.as_str() {
                USER => HeaderValue::from_str(identity.user.text(&mut [0; 36]))?,
                EMAIL => HeaderValue::from_bytes(identity.email)?,
                NAME => HeaderValue::from_bytes(identity.name)?,
                GROUPS => HeaderValue::from_bytes(identity.groups)?,
                SESSION => HeaderValue::from_str(who.session.text(&mut [0; 36]))?,
                _ => continue,
            };
        }
    }
    if let Some(cookies) = cookies {
        headers.insert(COOKIE, cookies);
    }
    Ok(response)
}
