//! The audit trail.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_core::audit::{Personal, StoredEvent};

use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, answer, limit};
use crate::api::time::Utc;
use crate::context::Context;

/// Which part of the trail.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    after: Option<u64>,
    limit: Option<usize>,
    latest: Option<usize>,
}

/// `verify` takes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[derive(Serialize, ToSchema)]
#[schema(as = Trail)]
struct TrailBody<'a> {
    events: Vec<EventBody<'a>>,
}

/// ASVS 16.2.1: when, where, who, what.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct EventBody<'a> {
    position: u64,
    at: Utc,
    actor: String,
    event: &'static str,
    reason: Option<&'static str>,
    user: Option<String>,
    session: Option<String>,
    act: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
}

impl<'a> From<&'a StoredEvent> for EventBody<'a> {
    fn from(stored: &'a StoredEvent) -> Self {
        let kind = stored.event.kind;
        let of = |field: fn(&Personal) -> Option<&str>| stored.personal.as_ref().and_then(field);
        Self {
            position: stored.position,
            at: Utc(stored.at),
            actor: stored.actor.code(),
            event: kind.code(),
            reason: Some(kind.reason()).filter(|reason| !reason.is_empty()),
            user: stored.event.user.map(|id| id.to_string()),
            session: stored.event.session.map(|id| id.to_string()),
            act: stored.act.to_string(),
            email: of(|personal| personal.email.as_deref()),
            address: of(|personal| personal.address.as_deref()),
            user_agent: of(|personal| personal.user_agent.as_deref()),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = TrailReport)]
struct ReportBody<'a> {
    events: u64,
    seals: u64,
    sealed_to: u64,
    unsealed: u64,
    faults: Vec<FaultBody<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TrailFault)]
struct FaultBody<'a> {
    position: u64,
    what: &'a str,
}

/// Events after a position in order, or the latest, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/audit",
    operation_id = "list_events",
    tag = "audit",
    params(Part),
    responses((status = 200, description = "A part of the trail", body = TrailBody)),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    _: Given,
    Asked(part): Asked<Part>,
) -> Result<Response, Problem> {
    let events = match (part.latest, part.after, part.limit) {
        (Some(latest), None, None) => context.engine.latest_events(limit(Some(latest))?).await,
        (Some(_), ..) => {
            return Err(Problem::new(Code::InvalidQuery)
                .saying("latest goes alone: after and limit walk the trail from its beginning"));
        }
        (None, after, asked) => {
            let page = context
                .engine
                .trail_after(after.unwrap_or(0), limit(asked)?)
                .await;
            page.map(|page| page.events)
        }
    };
    let events = events.map_err(|error| Problem::store(&error))?;
    let body = TrailBody {
        events: events.iter().map(EventBody::from).collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Checks the chain and its signatures, from the beginning.
#[utoipa::path(
    get,
    path = "/api/v1/admin/audit/verify",
    operation_id = "verify_trail",
    tag = "audit",
    responses((status = 200, description = "What was found", body = ReportBody)),
)]
pub async fn verify(
    State(context): State<Arc<Context>>,
    _: Given,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Response, Problem> {
    let report = context.engine.verify_trail().await;
    let report = report.map_err(|error| Problem::store(&error))?;
    let body = ReportBody {
        events: report.events,
        seals: report.seals,
        sealed_to: report.sealed_to,
        unsealed: report.unsealed,
        faults: report
            .faults
            .iter()
            .map(|fault| FaultBody {
                position: fault.position,
                what: &fault.what,
            })
            .collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}
