//! The audit trail.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_core::audit::{Actor, Personal, StoredEvent};
use vestibule_core::filter::{EventFilter, parse_kind};
use vestibule_core::time::UnixMillis;

use super::users::named;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, answer, limit};
use crate::api::time::Utc;
use crate::context::Context;
use crate::texts::msg;

/// When it is worth asking whether another look at the whole chain is over.
const AGAIN: Duration = Duration::from_secs(5);

/// Which part of the trail, and which events of it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// A kind as the trail shows it (`login.refused`), or the beginning of several with its dot (`session.`).
    kind: Option<String>,
    /// To whom it happened, by address or id.
    user: Option<String>,
    /// Who did it, as the trail shows them: `user:ID`, `operator:UID`, `system`, `visitor`.
    actor: Option<String>,
    /// At this time or later (RFC 3339).
    since: Option<String>,
    /// Before this time (RFC 3339).
    until: Option<String>,
    /// `next` of the page before, which was newest first.
    #[param(format = "uint64")]
    before: Option<u64>,
    /// Events after this position in order, for following; 0 is from the beginning.
    #[param(format = "uint64")]
    after: Option<u64>,
    limit: Option<usize>,
}

impl Part {
    async fn filter(&self, context: &Context) -> Result<EventFilter, Problem> {
        let wrong = || Problem::new(Code::InvalidQuery);
        let kind = self.kind.as_deref().map(parse_kind).transpose();
        let actor = match &self.actor {
            None => None,
            Some(code) => {
                let actor = Actor::parse(code);
                Some(actor.ok_or_else(|| wrong().saying(&msg("problem-actor-unknown")))?)
            }
        };
        let time = |what: &'static str, text: Option<&str>| {
            let time = text.map(str::parse::<Timestamp>).transpose();
            let unread = || {
                wrong().told(
                    msg("problem-time"),
                    vec![("parameter", what.to_owned().into())],
                )
            };
            let time = time.map_err(|_| unread())?;
            Ok(time.map(|time| UnixMillis(time.as_millisecond())))
        };
        Ok(EventFilter {
            kind: kind.map_err(|why| wrong().saying(&why))?,
            user: match &self.user {
                None => None,
                // What happened to somebody who is gone stands there under their id.
                Some(user) => match user.parse() {
                    Ok(id) => Some(id),
                    Err(_) => Some(named(context, user).await?.id),
                },
            },
            actor,
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
        })
    }
}

/// `verify` takes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[derive(Serialize, ToSchema)]
#[schema(as = Trail)]
struct TrailBody<'a> {
    events: Vec<EventBody<'a>>,
    /// Where the next part begins: `before` it or, where `after` was asked for, `after` it. A part may be shorter than asked for
    /// and still have a next one.
    next: Option<u64>,
}

/// ASVS 16.2.1: when, where, who, what.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventBody<'a> {
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

/// The events that match, newest first, or after a position in order.
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
    let filter = part.filter(&context).await?;
    let (engine, limit) = (&context.engine, limit(part.limit)?);
    let (events, next) = match (part.after, part.before) {
        (Some(_), Some(_)) => {
            return Err(Problem::new(Code::InvalidQuery).saying(&msg("problem-before-or-after")));
        }
        (Some(after), None) => {
            let page = engine.trail_after(after, limit).await;
            let mut page = page.map_err(|error| Problem::store(&error))?;
            page.events.retain(|event| filter.matches(event));
            (page.events, Some(page.to))
        }
        (None, before) => {
            let page = engine.events(filter, before, limit).await;
            let page = page.map_err(|error| Problem::store(&error))?;
            (page.events, page.next)
        }
    };
    let body = TrailBody {
        events: events.iter().map(EventBody::from).collect(),
        next,
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
    Given(operator): Given,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Response, Problem> {
    // It reads everything there is: one at a time, here and in the console.
    let turn = context.chain.begin();
    let turn = turn.ok_or_else(|| Problem::new(Code::Busy).retry_after(AGAIN))?;
    let report = context.engine.verify_trail().await;
    let report = report.map_err(|error| Problem::store(&error))?;
    turn.done(&report, operator.now);
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
