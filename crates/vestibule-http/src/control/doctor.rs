//! What `vestibule doctor` asks a running server.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use vestibule_core::time::UnixMillis;

use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, Told, answer};
use crate::context::Context;
use crate::probe::Seen;
use crate::texts::msg;

/// `get` takes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A key that requests are going to carry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    key: String,
}

#[derive(Serialize)]
struct ServerBody<'a> {
    issuer: &'a str,
    /// Effective time, in milliseconds: never below the latest that the data has seen.
    now: UnixMillis,
    /// The process's id.
    pid: u32,
}

#[derive(Serialize)]
struct SeenBody {
    seen: Vec<Seen>,
}

/// Who answers here, and what time it takes it to be.
pub async fn get(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Asked(Nothing {}): Asked<Nothing>,
) -> Response {
    let body = ServerBody {
        issuer: context.site.issuer.origin(),
        now: operator.now,
        pid: std::process::id(),
    };
    answer(StatusCode::OK, &body)
}

/// Looks out for requests with a key.
pub async fn announce(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Told(Announcement { key }): Told<Announcement>,
) -> Result<Response, Problem> {
    // ASVS 11.5.1: as much as nobody guesses, so that no stranger's request is taken for the operator's.
    let fits = (32..=64).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_alphanumeric());
    if !fits {
        return Err(Problem::new(Code::InvalidBody).saying(&msg("problem-probe-key")));
    }
    context.probes.announce(key, operator.now);
    Ok(answer(StatusCode::OK, &serde_json::json!({})))
}

/// How the requests with a key arrived.
pub async fn collect(
    State(context): State<Arc<Context>>,
    _: Given,
    Path(key): Path<String>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Response {
    let seen = context.probes.collect(&key);
    answer(StatusCode::OK, &SeenBody { seen })
}
