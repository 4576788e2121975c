//! Requests, read once and strictly: what a route does not know, it refuses.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use vestibule_core::csrf::Binding;
use vestibule_engine::{LiveSession, Operator};
use zeroize::Zeroizing;

use super::json;
use super::problem::{self, Code, Problem};
use super::session::app;
use crate::browser::caller::Caller;
use crate::browser::csrf;
use crate::context::{Context, OperatorUid};
use crate::errors::error_id;
use crate::texts::msg;

/// Largest body that any route here takes.
const BODY_LIMIT: usize = 64 * 1024;
/// Largest that holds a list of accounts.
const LONG_BODY_LIMIT: usize = 1024 * 1024;
/// How much a page holds unless asked otherwise.
const PAGE: usize = 100;
/// How much it may hold.
const LARGEST_PAGE: usize = 1000;

/// Refuses a connection whose user nobody checked.
pub async fn require_operator(request: Request, next: Next) -> Response {
    if request.extensions().get::<OperatorUid>().is_none() {
        tracing::error!("a request on the control socket came without its peer's user id");
        return Problem::new(Code::OperatorUnknown).into_response();
    }
    next.run(request).await
}

/// Around the control socket's routes: gives problems their words.
pub async fn speak(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let tongue = context.texts.language(request.headers());
    let response = next.run(request).await;
    problem::speak(tongue, || error_id(&context), (&method, &path), response)
}

/// Who gives the command, and when: an operator at the control socket, or on the public listener an administrator whose login
/// is fresh, by a request that their own page sent (ASVS 8.4.2, 3.5.1).
pub struct Given(pub Operator);

impl FromRequestParts<Arc<Context>> for Given {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        if let Some(OperatorUid(uid)) = parts.extensions.get().copied() {
            let now = context.engine.now();
            return Ok(Self(Operator::at_the_machine(uid, now)));
        }
        let known = Known::from_request_parts(parts, context).await?;
        // ASVS 3.5.8: another site's page has nothing read in its visitor's name, not even by leading them here.
        if parts.method.is_safe() && csrf::led_by_another_site(&parts.headers) {
            return Err(Problem::new(Code::CrossSite));
        }
        // ASVS 8.2.1
        if !known.session.is_administrator() {
            return Err(Problem::new(Code::Forbidden));
        }
        if !parts.method.is_safe() {
            parts.extensions.insert(MustAdminister);
        }
        let visit = &known.caller.visit;
        let fresh = context.engine.fresh(&known.session, visit.now);
        // ASVS 7.5.1
        let fresh = fresh.ok_or(Problem::new(Code::FreshLoginRequired))?;
        Operator::administrator(&fresh, visit)
            .map(Self)
            .ok_or(Problem::new(Code::Forbidden))
    }
}

/// A caller with a live session, whose unsafe request their own page sent: `X-CSRF-Token` besides Origin and Fetch-Metadata
/// (N12, H03).
pub struct Known {
    /// The request's facts.
    pub caller: Arc<Caller>,
    /// The live session.
    pub session: Arc<LiveSession>,
}

/// The header in which a page of ours sends the token that `GET /api/v1/session` gives.
pub const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

impl FromRequestParts<Arc<Context>> for Known {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Arc<Caller>>();
        let caller = caller
            .map(Arc::clone)
            .ok_or(Problem::new(Code::OperatorUnknown))?;
        let session = match caller.live() {
            Ok(Some(session)) => Arc::clone(session),
            Ok(None) => return Err(Problem::not_signed_in()),
            Err(_) => return Err(Problem::not_ready()),
        };
        if !parts.method.is_safe() {
            let refused = || Problem::new(Code::CsrfTokenRequired);
            let checked = csrf::origin_or_program(&parts.headers, caller.origin())
                .map_err(|_| Problem::new(Code::CrossSite))?;
            let token = parts
                .headers
                .get(X_CSRF_TOKEN)
                .and_then(|token| token.to_str().ok());
            let id = session.id();
            csrf::token(
                &checked,
                context.engine.csrf(),
                Some(Binding::Session(&id)),
                token,
            )
            .map_err(|_| refused())?;
            parts.extensions.insert(MustStillLive::AtIssuer);
        }
        Ok(Self { caller, session })
    }
}

/// What was extracted before the body says that a live session speaks: so it must be when the body is whole.
#[derive(Clone, Copy)]
pub enum MustStillLive {
    /// The session's cookie.
    AtIssuer,
    /// An app session's, on the application's own host.
    AtApplication,
}

/// The same of an administrator whose login is fresh.
#[derive(Clone, Copy)]
struct MustAdminister;

/// Who knocks where nobody need be signed in, but no other site may speak for its visitor (H03): a page of ours, or a program.
pub struct Knocking(pub Arc<Caller>);

impl FromRequestParts<Arc<Context>> for Knocking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Context>) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Arc<Caller>>();
        let caller = caller
            .map(Arc::clone)
            .ok_or(Problem::new(Code::OperatorUnknown))?;
        csrf::origin_or_program(&parts.headers, caller.origin())
            .map_err(|_| Problem::new(Code::CrossSite))?;
        Ok(Self(caller))
    }
}

/// A path's parameters, as text.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Context>> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let Path(named) = Path::from_request_parts(parts, context)
            .await
            .map_err(|_| Problem::new(Code::InvalidPath))?;
        Ok(Self(named))
    }
}

/// The query: unknown and repeated parameters refused (ASVS 1.5.3).
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Context>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Context>) -> Result<Self, Problem> {
        let Query(read) =
            Query::try_from_uri(&parts.uri).map_err(|why| unreadable_query(why.body_text()))?;
        Ok(Self(read))
    }
}

fn unreadable_query(reason: String) -> Problem {
    Problem::new(Code::InvalidQuery).told(
        msg("problem-query-unreadable"),
        vec![("reason", reason.into())],
    )
}

/// A JSON body: unknown and repeated fields refused (ASVS 1.5.3).
pub struct Told<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Context>> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Arc<Context>) -> Result<Self, Problem> {
        read(context, request, BODY_LIMIT).await.map(Self)
    }
}

/// The same of a list, which may be longer.
pub struct ToldAtLength<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Context>> for ToldAtLength<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Arc<Context>) -> Result<Self, Problem> {
        read(context, request, LONG_BODY_LIMIT).await.map(Self)
    }
}

async fn read<T: DeserializeOwned>(
    context: &Context,
    request: Request,
    most: usize,
) -> Result<T, Problem> {
    let body = whole(context, request, most).await?;
    serde_json::from_slice(&body).map_err(|why| unreadable(&why))
}

fn unreadable(why: &serde_json::Error) -> Problem {
    let reason = why.to_string();
    Problem::new(Code::InvalidBody).told(
        msg("problem-body-unreadable"),
        vec![("reason", reason.into())],
    )
}

/// A JSON body of the caller's own making, as it was sent.
pub struct Json(pub Vec<u8>);

impl FromRequest<Arc<Context>> for Json {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Arc<Context>) -> Result<Self, Problem> {
        let body = whole(context, request, BODY_LIMIT).await?;
        json::check(&body).map_err(|why| unreadable(&why))?;
        Ok(Self(body.to_vec()))
    }
}

/// ASVS 4.1.1: `application/json`, in UTF-8, said once.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(one), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(text) = one.to_str() else { return false };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let charset = parameters.trim();
    essence.trim().eq_ignore_ascii_case("application/json")
        && (charset.is_empty() || charset.eq_ignore_ascii_case("charset=utf-8"))
}

async fn whole(context: &Context, request: Request, most: usize) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    let too_large = || {
        let most = most / 1024;
        Problem::new(Code::BodyTooLarge).told(msg("problem-body-most"), vec![("most", most.into())])
    };
    let told: Option<u64> = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if told.is_some_and(|told| told > most as u64) {
        return Err(too_large());
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, most).await;
    let body = body.map_err(|_| too_large())?;
    // ASVS 7.4.1: a session that ended while its request was on the way does nothing more.
    if let (Some(at), Some(caller)) = (
        parts.extensions.get::<MustStillLive>(),
        parts.extensions.get::<Arc<Caller>>(),
    ) {
        match at {
            MustStillLive::AtIssuer => {
                let live = caller.still_live().map_err(|_| Problem::not_ready())?;
                let session = live.ok_or_else(Problem::not_signed_in)?;
                if parts.extensions.get::<MustAdminister>().is_some() {
                    may_still(caller, &session)?;
                }
            }
            MustStillLive::AtApplication => {
                app::still_known(context, caller, &parts.headers)?;
            }
        }
    }
    Ok(body)
}

/// ASVS 8.3.2: a role that was taken away while the request was on the way gives nothing any more. 7.5.1: nor does a login that
/// grew old.
fn may_still(caller: &Caller, session: &LiveSession) -> Result<(), Problem> {
    if !session.is_administrator() {
        return Err(Problem::new(Code::Forbidden));
    }
    let engine = &caller.context.engine;
    let fresh = engine.fresh(session, engine.now());
    fresh
        .map(drop)
        .ok_or(Problem::new(Code::FreshLoginRequired))
}

/// RFC 9110 §13.1.2: by weak comparison, one of a list, or any.
pub fn is_known(asked: &HeaderMap, own: &HeaderValue) -> bool {
    let lines = asked.get_all(header::IF_NONE_MATCH).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || *own == *tag.strip_prefix("W/").unwrap_or(tag))
}

/// How many to answer with.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(PAGE),
        Some(limit @ 1..=LARGEST_PAGE) => Ok(limit),
        Some(_) => Err(Problem::new(Code::InvalidQuery).told(
            msg("problem-page-most"),
            vec![("most", LARGEST_PAGE.into())],
        )),
    }
}

/// A JSON answer.
pub fn answer<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match serde_json::to_vec(body) {
        Ok(body) => (status, headers, body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            Problem::new(Code::Internal).into_response()
        }
    }
}

/// A password in a body: wiped when it is dropped, and in no log.
pub struct Password(Zeroizing<String>);

impl Password {
    /// As it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|typed| Self(Zeroizing::new(typed)))
    }
}
