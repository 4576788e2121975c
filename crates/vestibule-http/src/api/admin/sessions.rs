//! Live sessions.

pub mod one;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_core::filter::{SessionFilter, parse_text};
use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_engine::Reach;
use vestibule_store::StoredSession;

use super::reach::ReachBody;
use super::users::{Owner, named, nobody, whom};
use crate::api::device::{DeviceBody, amr};
use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, answer, limit};
use crate::api::time::Utc;
use crate::context::Context;
use crate::texts::msg;

/// Which page of sessions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// In the owner's address, the network address or the browser's name; `alice@ex` is the beginning of an address.
    text: Option<String>,
    /// Whose, by address or id.
    user: Option<String>,
    /// Only those with 'remember me', or only those without.
    remembered: Option<bool>,
    /// `next` of the page before.
    before: Option<String>,
    limit: Option<usize>,
}

/// Which sessions to end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Every session of this account, by address or id.
    user: Option<String>,
    /// Every session of everybody.
    all: Option<bool>,
    /// Only say what would end.
    #[serde(default)]
    dry_run: bool,
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
#[schema(as = EndedSessions)]
struct EndedBody {
    ended: u64,
    /// Of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_end: Option<ReachBody>,
    /// Of a dry run by ids: the `client_id` of each of the applications, so that several requests are added up right.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ids: Option<Vec<String>>,
}

impl EndedBody {
    const fn done(ended: u64) -> Self {
        Self {
            ended,
            would_end: None,
            client_ids: None,
        }
    }

    fn would(reach: Reach) -> Self {
        Self {
            ended: 0,
            would_end: Some(ReachBody::from(reach)),
            client_ids: None,
        }
    }

    fn would_at(reach: Reach, applications: &BTreeSet<ApplicationId>) -> Self {
        let client_ids = applications.iter().map(ToString::to_string).collect();
        Self {
            client_ids: Some(client_ids),
            ..Self::would(reach)
        }
    }
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
            amr: amr(session.amr),
            device: DeviceBody::from(&session.device),
        }
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
    let before = page.before.as_deref().map(session_id).transpose()?;
    let limit = limit(page.limit)?;
    let user = match &page.user {
        None => None,
        Some(user) => Some(named(&context, user).await?.id),
    };
    let filter = SessionFilter {
        text: text(page.text.as_deref())?,
        user,
        remembered: page.remembered,
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

/// Ends every session of a user, or of everybody.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/sessions",
    operation_id = "end_sessions",
    tag = "sessions",
    params(Which),
    responses((status = 200, description = "How many ended, or would", body = EndedBody)),
)]
pub async fn delete_many(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Asked(which): Asked<Which>,
) -> Result<Response, Problem> {
    let engine = &context.engine;
    let failed = |error| Problem::store(&error);
    // What the store cannot be told now is enforced all the same.
    let unstored = |error| Problem::end_unstored(&error);
    let body = match (which.user, which.all, which.dry_run) {
        (Some(user), None, true) => {
            let user = named(&context, &user).await?.id;
            EndedBody::would(engine.reach_of_user(user).await.map_err(failed)?)
        }
        (Some(user), None, false) => {
            let ended = engine.revoke_user(whom(&user)?, &operator).await;
            EndedBody::done(ended.map_err(unstored)?.ok_or_else(|| nobody(&user))?)
        }
        (None, Some(true), true) => EndedBody::would(engine.reach_of_all().await),
        (None, Some(true), false) => {
            EndedBody::done(engine.revoke_all(&operator).await.map_err(unstored)?)
        }
        _ => {
            return Err(Problem::new(Code::InvalidQuery).saying(&msg("problem-whose-sessions")));
        }
    };
    Ok(answer(StatusCode::OK, &body))
}

/// What is looked for.
pub fn text(asked: Option<&str>) -> Result<Option<String>, Problem> {
    let text = asked.map(parse_text).transpose();
    text.map(Option::flatten)
        .map_err(|why| Problem::new(Code::InvalidQuery).saying(&why))
}

fn session_id(text: &str) -> Result<SessionId, Problem> {
    text.parse()
        .map_err(|_| Problem::new(Code::InvalidQuery).saying(&msg("problem-before-session")))
}
