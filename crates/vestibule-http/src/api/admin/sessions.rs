//! Live sessions.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_core::device::DeviceLabel;
use vestibule_core::filter::SessionFilter;
use vestibule_core::id::SessionId;
use vestibule_store::{EndSession, StoredSession};

use super::users::{Owner, address, unknown};
use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, answer, limit};
use crate::api::time::Utc;
use crate::context::Context;

/// Which page of sessions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    user: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

/// Which sessions to end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    user: Option<String>,
    all: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
struct SessionsBody<'a> {
    sessions: Vec<SessionBody<'a>>,
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionBody<'a> {
    id: String,
    user: Owner<'a>,
    created_at: Utc,
    auth_time: Utc,
    last_seen: Utc,
    idle_expires_at: Utc,
    expires_at: Utc,
    remembered: bool,
    acr: &'static str,
    amr: Vec<&'static str>,
    device: DeviceBody,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
struct DeviceBody {
    name: Option<String>,
    address: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EndedSessions)]
struct EndedBody {
    ended: u64,
}

impl<'a> From<&'a StoredSession> for SessionBody<'a> {
    fn from(stored: &'a StoredSession) -> Self {
        let session = &stored.session;
        Self {
            id: session.id.to_string(),
            user: Owner::new(session.user, &stored.email),
            created_at: Utc(session.created_at),
            auth_time: Utc(session.auth_time),
            last_seen: Utc(session.last_seen),
            idle_expires_at: Utc(session.last_seen.plus(session.idle).min(session.expires_at)),
            expires_at: Utc(session.expires_at),
            remembered: session.remembered,
            acr: session.acr.as_str(),
            // RFC 8176 §2.
            amr: if session.amr.has_password() {
                vec!["pwd"]
            } else {
                Vec::new()
            },
            device: DeviceBody {
                name: device_name(session.device.user_agent.as_deref()),
                address: session.device.address.map(|address| address.to_string()),
            },
        }
    }
}

/// 'Firefox on Linux', as far as it is known.
fn device_name(user_agent: Option<&str>) -> Option<String> {
    let label = DeviceLabel::read(user_agent);
    match (label.browser, label.system) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (known, None) | (None, known) => known,
    }
}

/// A page of live sessions, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/sessions",
    operation_id = "list_sessions",
    tag = "sessions",
    params(Page),
    responses((status = 200, description = "A page of sessions", body = SessionsBody)),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Asked(page): Asked<Page>,
) -> Result<Response, Problem> {
    let user = page.user.as_deref().map(address).transpose()?;
    let before = page.before.as_deref().map(session_id).transpose()?;
    let limit = limit(page.limit)?;
    let user = match &user {
        None => None,
        Some(email) => {
            let found = context.engine.user(email).await;
            let found = found.map_err(|error| Problem::store(&error))?;
            Some(found.ok_or_else(|| unknown(email))?.id)
        }
    };
    let filter = SessionFilter {
        user,
        ..SessionFilter::default()
    };
    let found = context
        .engine
        .sessions(filter, before, limit, operator.now)
        .await
        .map_err(|error| Problem::store(&error))?;
    let body = SessionsBody {
        sessions: found.sessions.iter().map(SessionBody::from).collect(),
        next: found.next.map(|id| id.to_string()),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Ends one session.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/sessions/{id}",
    operation_id = "end_session",
    tag = "sessions",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "Ended")),
)]
pub async fn delete(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: SessionId = id
        .parse()
        .map_err(|_| Problem::new(Code::SessionNotFound))?;
    let ended = context.engine.revoke_session(id, &operator).await;
    match ended.map_err(|error| Problem::store(&error))? {
        EndSession::Ended => Ok(StatusCode::NO_CONTENT.into_response()),
        EndSession::NotLive => Err(Problem::new(Code::SessionNotFound)),
    }
}

/// Ends every session of a user, or of everybody.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/sessions",
    operation_id = "end_sessions",
    tag = "sessions",
    params(Which),
    responses((status = 200, description = "Ended", body = EndedBody)),
)]
pub async fn delete_many(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Asked(which): Asked<Which>,
) -> Result<Response, Problem> {
    let ended = match (which.user, which.all) {
        (Some(user), None) => {
            let email = address(&user)?;
            let ended = context.engine.revoke_user(&email, &operator).await;
            ended
                .map_err(|error| Problem::store(&error))?
                .ok_or_else(|| unknown(&email))?
        }
        (None, Some(true)) => {
            let ended = context.engine.revoke_all(&operator).await;
            ended.map_err(|error| Problem::store(&error))?
        }
        _ => {
            return Err(Problem::new(Code::InvalidQuery)
                .saying("say whose sessions: either user=EMAIL or all=true"));
        }
    };
    Ok(answer(StatusCode::OK, &EndedBody { ended }))
}

fn session_id(text: &str) -> Result<SessionId, Problem> {
    text.parse()
        .map_err(|_| Problem::new(Code::InvalidQuery).saying("before is not a session's id"))
}
