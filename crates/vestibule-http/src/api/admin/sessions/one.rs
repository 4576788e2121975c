//! One session, with what hangs on it; and several by their ids.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_core::id::SessionId;
use vestibule_engine::ReachedApplication;
use vestibule_store::{EndSession, StoredSession};

use super::{EndedBody, SessionBody};
use crate::api::admin::reach::DryRun;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Given, Named, Told, answer};
use crate::api::time::Utc;
use crate::context::Context;
use crate::texts::msg;

/// Most sessions that one request ends by their ids.
const MOST: usize = 1000;

#[derive(Serialize, ToSchema)]
#[schema(as = SessionDetail)]
struct DetailBody<'a> {
    #[serde(flatten)]
    session: SessionBody<'a>,
    /// What is signed in to through it, newest first.
    applications: Vec<ApplicationBody<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReachedApplication)]
struct ApplicationBody<'a> {
    client_id: String,
    title: &'a str,
    origin: String,
    since: Utc,
}

impl<'a> From<&'a ReachedApplication> for ApplicationBody<'a> {
    fn from(application: &'a ReachedApplication) -> Self {
        Self {
            client_id: application.id.to_string(),
            title: &application.title,
            origin: application.origin.to_string(),
            since: Utc(application.opened_at),
        }
    }
}

/// These, by id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndSessions)]
pub struct These {
    /// At most 1,000.
    #[schema(max_items = 1000)]
    sessions: Vec<String>,
    /// Only say what would end.
    #[serde(default)]
    dry_run: bool,
}

/// One live session, with the applications under it.
#[utoipa::path(
    get,
    path = "/api/v1/admin/sessions/{id}",
    operation_id = "show_session",
    tag = "sessions",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 200, description = "The session", body = DetailBody)),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    _: Given,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let found = context.engine.session(known(&id)?).await;
    let found = found.map_err(|error| Problem::store(&error))?;
    let found = found.ok_or(Problem::new(Code::SessionNotFound))?;
    let stored = StoredSession {
        session: found.session,
        email: found.email,
    };
    let body = DetailBody {
        session: SessionBody::from(&stored),
        applications: found
            .applications
            .iter()
            .map(ApplicationBody::from)
            .collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Ends one session.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/sessions/{id}",
    operation_id = "end_session",
    tag = "sessions",
    params(("id" = String, Path, description = "The session's id"), DryRun),
    responses(
        (status = 204, description = "Ended"),
        (status = 200, description = "What would end: a dry run", body = EndedBody),
    ),
)]
pub async fn delete(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(id): Named<String>,
    Asked(asked): Asked<DryRun>,
) -> Result<Response, Problem> {
    let (engine, id) = (&context.engine, known(&id)?);
    if asked.dry_run {
        let reach = engine.reach_of_session(id).await;
        let reach = reach.map_err(|error| Problem::store(&error))?;
        if reach.devices == 0 {
            return Err(Problem::new(Code::SessionNotFound));
        }
        return Ok(answer(StatusCode::OK, &EndedBody::would(reach)));
    }
    let ended = engine.revoke_session(id, &operator).await;
    match ended.map_err(|error| Problem::end_unstored(&error))? {
        EndSession::Ended => Ok(StatusCode::NO_CONTENT.into_response()),
        EndSession::NotLive => Err(Problem::new(Code::SessionNotFound)),
    }
}

/// Ends several sessions; those that are not live any more count for nothing.
#[utoipa::path(
    post,
    path = "/api/v1/admin/sessions/end",
    operation_id = "end_these_sessions",
    tag = "sessions",
    request_body = These,
    responses((status = 200, description = "How many ended, or would", body = EndedBody)),
)]
pub async fn end(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Told(these): Told<These>,
) -> Result<Response, Problem> {
    // ASVS 15.2.2
    if these.sessions.len() > MOST {
        return Err(Problem::new(Code::InvalidBody)
            .told(msg("problem-sessions-most"), vec![("most", MOST.into())]));
    }
    let ids = these.sessions.iter().map(|id| {
        id.parse().map_err(|_| {
            let args = vec![("id", format!("{id:?}").into())];
            Problem::new(Code::InvalidBody).told(msg("problem-not-a-session"), args)
        })
    });
    let ids = ids.collect::<Result<Vec<SessionId>, _>>()?;
    let engine = &context.engine;
    let body = if these.dry_run {
        let reach = engine.reach_of_sessions(&ids).await;
        let (reach, applications) = reach.map_err(|error| Problem::store(&error))?;
        EndedBody::would_at(reach, &applications)
    } else {
        let ended = engine.revoke_sessions(ids, &operator).await;
        EndedBody::done(ended.map_err(|error| Problem::end_unstored(&error))?)
    };
    Ok(answer(StatusCode::OK, &body))
}

fn known(id: &str) -> Result<SessionId, Problem> {
    id.parse().map_err(|_| Problem::new(Code::SessionNotFound))
}
