//! Requests, read once and strictly: what a route does not know, it refuses.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vestibule_engine::Operator;

use super::problem::{Code, Problem};
use crate::context::{Context, OperatorUid};

/// Largest body that any route here takes.
const BODY_LIMIT: usize = 64 * 1024;
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

/// Who gives the command, and when.
pub struct Given(pub Operator);

impl FromRequestParts<Arc<Context>> for Given {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let OperatorUid(uid) = parts
            .extensions
            .get()
            .copied()
            .ok_or(Problem::new(Code::OperatorUnknown))?;
        let now = context.engine.now();
        Ok(Self(Operator { now, uid }))
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
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        let body = whole(request).await?;
        let read = serde_json::from_slice(&body)
            .map_err(|why| Problem::new(Code::InvalidBody).saying(why.to_string()))?;
        Ok(Self(read))
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

async fn whole(request: Request) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::BodyTooLarge).saying("a body here has at most 64 KiB");
    let told: Option<u64> = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if told.is_some_and(|told| told > BODY_LIMIT as u64) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), BODY_LIMIT)
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
