//! `/api/v1/session/data/{key}` on the issuer's host, and `/vestibule/session/data/{key}` on an application's own: what an
//! application keeps under somebody's session. One application never sees another's.
//!
//! | on | who asks | whose data | of which session |
//! |---|---|---|---|
//! | the issuer's host | a page, by the session's cookie | the application's that is registered at the issuer's own origin | the cookie's |
//! | the issuer's host | an application, by client_id and secret (HTTP Basic, RFC 7617) | its own | `?session=ID` |
//! | an application's host | a page of it, by the app session's cookie | its own | the one above the cookie |
//!
//! No update is lost: what is there is replaced by a PUT that names it (`If-Match`), or says that any may be (`*`); one without
//! a condition makes a key, and is refused with 428 where there is one. A DELETE says what it drops in the same way.
//!
//! By its credentials an application reaches the sessions that it was opened under, and of others does not even learn that they
//! are live: whether and when somebody is signed in is told to those they visit.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_core::session_data::{DataEntry, DataKey, DataVersion, MOST_PER_KEY, Precondition};
use vestibule_store::{DeleteDatum, PutDatum};
use zeroize::Zeroizing;

use super::app::{AppKnown, demanded};
use crate::api::problem::{COOKIE, Code, Problem};
use crate::api::request::{Asked, Json, Known, Named, answer, is_known};
use crate::browser::csrf;
use crate::context::Context;

/// RFC 7617 §2.
const BASIC: &str = "Basic realm=\"vestibule\", charset=\"UTF-8\"";

/// Under which session, for an application that shows its credentials.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Of {
    /// The session's id, with the application's credentials alone.
    session: Option<String>,
}

/// Whose data, under which session. Only what proves both builds one.
pub struct Ground {
    application: ApplicationId,
    session: SessionId,
    by: By,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The person, through a page.
    Cookie,
    /// The application itself, about anybody's session.
    Credentials,
}

impl FromRequestParts<Arc<Context>> for Ground {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let Asked(of) = Asked::<Of>::from_request_parts(parts, context).await?;
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return by_credentials(context, &parts.headers, of);
        }
        if of.session.is_some() {
            return Err(refused(&parts.headers));
        }
        let known = Known::from_request_parts(parts, context).await?;
        let doorways = context.engine.doorways();
        let own = doorways.reached_at(context.site.issuer.as_origin());
        let own = own.ok_or(Problem::new(Code::NoApplicationHere))?;
        let (session, application) = (&known.session, own.application());
        demanded(application, session.profile(), session.acr())?;
        Ok(Self {
            application: application.id,
            session: session.id(),
            by: By::Cookie,
        })
    }
}

/// An application's own word. A secret has 256 bits: nobody guesses one, however often they try, and so no tally is kept.
fn by_credentials(context: &Context, headers: &HeaderMap, of: Of) -> Result<Ground, Problem> {
    if !context.engine.ready() {
        return Err(Problem::not_ready());
    }
    let refused = || refused(headers);
    let (client_id, secret) = credentials(headers).ok_or_else(refused)?;
    let application = context.engine.authenticate_application(&client_id, &secret);
    let application = application.ok_or_else(refused)?;
    let session = of.session.ok_or(Problem::new(Code::InvalidQuery))?;
    let session = session.parse();
    Ok(Ground {
        application: application.id(),
        session: session.map_err(|_| Problem::new(Code::SessionNotFound))?,
        by: By::Credentials,
    })
}

/// A browser would ask its person for a password at the issuer's own origin: it hears of no scheme that it knows.
fn refused(headers: &HeaderMap) -> Problem {
    let challenge = if csrf::shows_a_browser(headers) {
        COOKIE
    } else {
        BASIC
    };
    Problem::new(Code::ApplicationRefused).challenging(challenge)
}

/// RFC 7617 §2: one header, base64 of `client_id:secret`.
fn credentials(headers: &HeaderMap) -> Option<(String, Zeroizing<String>)> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    let (scheme, encoded) = line.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let (client_id, secret) = str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((client_id.to_owned(), Zeroizing::new(secret.to_owned())))
}

#[derive(Serialize, ToSchema)]
#[schema(as = SessionData)]
pub struct KeysBody {
    keys: Vec<KeyBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SessionDataKey)]
struct KeyBody {
    key: String,
    etag: String,
    /// In bytes.
    length: usize,
}

impl From<&DataEntry> for KeyBody {
    fn from(entry: &DataEntry) -> Self {
        Self {
            key: entry.key.to_string(),
            etag: format!("\"{}\"", entry.version),
            length: entry.length,
        }
    }
}

/// Lists the keys that the application keeps under the session.
#[utoipa::path(
    get,
    path = "/api/v1/session/data",
    operation_id = "list_session_data",
    tag = "session data",
    security(("session" = []), ("application" = [])),
    params(Of),
    responses((status = 200, description = "The keys", body = KeysBody)),
)]
pub async fn list(
    State(context): State<Arc<Context>>,
    ground: Ground,
) -> Result<Response, Problem> {
    ground.list(&context).await
}

/// What is kept under a key.
#[utoipa::path(
    get,
    path = "/api/v1/session/data/{key}",
    operation_id = "show_session_datum",
    tag = "session data",
    security(("session" = []), ("application" = [])),
    params(("key" = String, Path, description = "1 to 64 characters out of A-Za-z0-9._-"), Of,
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is known already")),
    responses(
        (status = 200, description = "The value, as it was put", body = serde_json::Value, headers(("ETag" = String, description = "Names the value"))),
        (status = 304, description = "It is the one that If-None-Match names"),
    ),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    ground: Ground,
    Named(key): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ground.show(&context, &key, &headers).await
}

/// Keeps a value under a key.
///
/// Without a condition it makes the key, and is refused with 428 where there is one: say If-Match.
#[utoipa::path(
    put,
    path = "/api/v1/session/data/{key}",
    operation_id = "put_session_datum",
    tag = "session data",
    security(("session" = [], "csrf" = []), ("application" = [])),
    params(("key" = String, Path, description = "1 to 64 characters out of A-Za-z0-9._-"), Of,
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be replaced, or *"),
        ("If-None-Match" = Option<String>, Header, description = "* where there must be nothing yet")),
    request_body = serde_json::Value,
    responses(
        (status = 201, description = "The key is new", headers(("ETag" = String, description = "Names the value"))),
        (status = 204, description = "The key has another value", headers(("ETag" = String, description = "Names the value"))),
    ),
)]
pub async fn put(
    State(context): State<Arc<Context>>,
    ground: Ground,
    Named(key): Named<String>,
    headers: HeaderMap,
    Json(value): Json,
) -> Result<Response, Problem> {
    ground.put(&context, &key, &headers, value).await
}

/// Drops what is kept under a key.
#[utoipa::path(
    delete,
    path = "/api/v1/session/data/{key}",
    operation_id = "delete_session_datum",
    tag = "session data",
    security(("session" = [], "csrf" = []), ("application" = [])),
    params(("key" = String, Path, description = "1 to 64 characters out of A-Za-z0-9._-"), Of,
        ("If-Match" = String, Header, description = "The ETag of what is to go, or *")),
    responses((status = 204, description = "Dropped")),
)]
pub async fn delete(
    State(context): State<Arc<Context>>,
    ground: Ground,
    Named(key): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ground.drop(&context, &key, &headers).await
}

impl Ground {
    /// An application's own host.
    pub fn of_app(known: &AppKnown) -> Self {
        Self {
            application: known.session.application(),
            session: known.session.session_id(),
            by: By::Cookie,
        }
    }

    /// What a session that is not live is called, and to an application one that it was not opened under: no difference shows.
    const fn gone(&self) -> Problem {
        match self.by {
            By::Cookie => Problem::not_signed_in(),
            By::Credentials => Problem::new(Code::SessionNotFound),
        }
    }

    /// Refuses an application that shows its credentials for a session that it was not opened under (ASVS 8.2.2). That of the
    /// issuer's own origin has no app sessions: the session's cookie is sent there.
    async fn reached(&self, context: &Context) -> Result<(), Problem> {
        if self.by == By::Cookie {
            return Ok(());
        }
        let engine = &context.engine;
        let issuer = context.site.issuer.as_origin();
        let at_issuer = engine
            .doorways()
            .reached_at(issuer)
            .is_some_and(|own| own.application().id == self.application);
        let reached = if at_issuer {
            engine.is_live(self.session)
        } else {
            let asked = engine.is_signed_in_to(self.session, self.application);
            asked.await.map_err(|error| Problem::store(&error))?
        };
        if reached { Ok(()) } else { Err(self.gone()) }
    }

    pub(super) async fn list(&self, context: &Context) -> Result<Response, Problem> {
        self.reached(context).await?;
        let engine = &context.engine;
        let keys = engine.session_data_keys(self.session, self.application);
        let keys = keys.await.map_err(|error| Problem::store(&error))?;
        let body = KeysBody {
            keys: keys.iter().map(KeyBody::from).collect(),
        };
        Ok(answer(StatusCode::OK, &body))
    }

    pub(super) async fn show(
        &self,
        context: &Context,
        key: &str,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let key = read_key(key)?;
        self.reached(context).await?;
        let engine = &context.engine;
        let datum = engine.session_datum(self.session, self.application, key);
        let datum = datum.await.map_err(|error| Problem::store(&error))?;
        let datum = datum.ok_or(Problem::new(Code::DataNotFound))?;
        if is_known(headers, &etag(datum.version).1) {
            return Ok((StatusCode::NOT_MODIFIED, [etag(datum.version)]).into_response());
        }
        let mut response = Response::new(Body::from(datum.value));
        let (name, value) = etag(datum.version);
        let headers = response.headers_mut();
        headers.insert(name, value);
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        Ok(response)
    }

    pub(super) async fn put(
        &self,
        context: &Context,
        key: &str,
        headers: &HeaderMap,
        value: Vec<u8>,
    ) -> Result<Response, Problem> {
        let key = read_key(key)?;
        let asked = condition(headers)?;
        if value.len() > MOST_PER_KEY {
            return Err(Problem::new(Code::DataTooLarge));
        }
        self.reached(context).await?;
        // RFC 6585 §3: nothing is overwritten unseen.
        let precondition = asked.unwrap_or(Precondition::Absent);
        let put = context.engine.put_session_datum(
            self.session,
            self.application,
            key,
            value,
            precondition,
        );
        match put.await.map_err(|error| Problem::store(&error))? {
            PutDatum::Put { version, created } => {
                let status = if created {
                    StatusCode::CREATED
                } else {
                    StatusCode::NO_CONTENT
                };
                Ok((status, [etag(version)]).into_response())
            }
            PutDatum::PreconditionFailed if asked.is_none() => {
                Err(Problem::new(Code::PreconditionRequired))
            }
            PutDatum::PreconditionFailed => Err(Problem::new(Code::PreconditionFailed)),
            PutDatum::TooLarge => Err(Problem::new(Code::DataTooLarge)),
            PutDatum::TooMany => Err(Problem::new(Code::TooManyKeys)),
            PutDatum::NotLive => Err(self.gone()),
        }
    }

    pub(super) async fn drop(
        &self,
        context: &Context,
        key: &str,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let key = read_key(key)?;
        // RFC 6585 §3: nothing is dropped unseen.
        let precondition = condition(headers)?
            .filter(|_| headers.contains_key(header::IF_MATCH))
            .ok_or(Problem::new(Code::PreconditionRequired))?;
        self.reached(context).await?;
        let engine = &context.engine;
        let deleted =
            engine.delete_session_datum(self.session, self.application, key, precondition);
        match deleted.await.map_err(|error| Problem::store(&error))? {
            DeleteDatum::Deleted => Ok(StatusCode::NO_CONTENT.into_response()),
            DeleteDatum::PreconditionFailed => Err(Problem::new(Code::PreconditionFailed)),
            DeleteDatum::Absent => Err(Problem::new(Code::DataNotFound)),
            DeleteDatum::NotLive => Err(self.gone()),
        }
    }
}

fn read_key(text: &str) -> Result<DataKey, Problem> {
    text.parse().map_err(|_| Problem::new(Code::InvalidKey))
}

fn etag(version: DataVersion) -> (HeaderName, HeaderValue) {
    let text = format!("\"{version}\"");
    let value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""));
    (header::ETAG, value)
}

/// What a write demands (RFC 9110 §13.1): `If-Match` with one ETag or `*`, or `If-None-Match: *`; not both.
fn condition(headers: &HeaderMap) -> Result<Option<Precondition>, Problem> {
    let one = |name| {
        let mut lines = headers.get_all(name).iter();
        match (lines.next(), lines.next()) {
            (line, None) => line
                .map(|line| line.to_str().map(str::trim))
                .transpose()
                .map_err(|_| Problem::new(Code::InvalidHeader)),
            _ => Err(Problem::new(Code::InvalidHeader)),
        }
    };
    match (one(header::IF_MATCH)?, one(header::IF_NONE_MATCH)?) {
        (None, None) => Ok(None),
        (Some("*"), None) => Ok(Some(Precondition::Exists)),
        (None, Some("*")) => Ok(Some(Precondition::Absent)),
        (Some(tag), None) => tag_of(tag).map(Some),
        _ => Err(Problem::new(Code::InvalidHeader)),
    }
}

/// What was never given as an ETag names no value.
fn tag_of(tag: &str) -> Result<Precondition, Problem> {
    // RFC 9110 §13.1.1: by strong comparison, which no weak one passes.
    let weak = tag.starts_with("W/");
    let inner = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = inner
        .strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'));
    let inner = inner.filter(|inner| !inner.contains(['"', ',']));
    let inner = inner.ok_or(Problem::new(Code::InvalidHeader))?;
    let version = inner.parse().ok().filter(|_| !weak);
    version
        .map(Precondition::Matches)
        .ok_or(Problem::new(Code::PreconditionFailed))
}
