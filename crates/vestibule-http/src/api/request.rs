//! Requests, read once and strictly: what a route does not know, it refuses.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vestibule_core::csrf::Binding;
use vestibule_engine::{LiveSession, Operator};

use super::problem::{Code, Problem};
use crate::browser::caller::Caller;
use crate::browser::csrf;
use crate::context::{Context, OperatorUid};

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
        // ASVS 8.2.1
        if !known.session.is_administrator() {
            return Err(Problem::new(Code::Forbidden).saying("this needs the role admin"));
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
const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

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
            Ok(None) => return Err(Problem::new(Code::NotSignedIn)),
            Err(_) => return Err(Problem::not_ready()),
        };
        if !parts.method.is_safe() {
            let refused = || Problem::new(Code::CsrfTokenRequired);
            let checked = csrf::origin(&parts.headers, caller.origin())
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
        }
        Ok(Self { caller, session })
    }
}

/// The query: unknown and repeated parameters refused (ASVS 1.5.3).
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Context>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Context>) -> Result<Self, Problem> {
        let Query(read) = Query::try_from_uri(&parts.uri)
            .map_err(|why| Problem::new(Code::InvalidQuery).saying(why.body_text()))?;
        Ok(Self(read))
    }
}

/// A JSON body: unknown and repeated fields refused (ASVS 1.5.3).
pub struct Told<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Context>> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Context>) -> Result<Self, Problem> {
        read(request, BODY_LIMIT).await.map(Self)
    }
}

/// The same of a list, which may be longer.
pub struct ToldAtLength<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Context>> for ToldAtLength<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Context>) -> Result<Self, Problem> {
        read(request, LONG_BODY_LIMIT).await.map(Self)
    }
}

async fn read<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    let body = whole(request, most).await?;
    serde_json::from_slice(&body)
        .map_err(|why| Problem::new(Code::InvalidBody).saying(why.to_string()))
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

async fn whole(request: Request, most: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        let most = most / 1024;
        Problem::new(Code::BodyTooLarge).saying(format!("a body here has at most {most} KiB"))
    };
    let told: Option<u64> = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if told.is_some_and(|told| told > most as u64) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), most)
        .await
        .map_err(|_| too_large())
}

/// How many to answer with.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(PAGE),
        Some(limit @ 1..=LARGEST_PAGE) => Ok(limit),
        Some(_) => {
            Err(Problem::new(Code::InvalidQuery)
                .saying(format!("a page holds 1 to {LARGEST_PAGE}")))
        }
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
