//! `/api/v1/account/sessions`: the devices that the session's user is signed in on.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_core::id::SessionId;
use vestibule_core::session::Session;
use vestibule_engine::{FreshLogin, SignedInTo};
use vestibule_store::{EndOthers, EndSession};

use crate::api::device::{DeviceBody, amr};
use crate::api::problem::{Code, Problem};
use crate::api::request::{Asked, Known, Named, answer};
use crate::api::session;
use crate::api::time::Utc;

#[derive(Serialize, ToSchema)]
#[schema(as = OwnSessions)]
struct SessionsBody {
    sessions: Vec<SessionBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OwnDevice)]
struct SessionBody {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    created_at: Utc,
    auth_time: Utc,
    last_seen: Utc,
    idle_expires_at: Utc,
    expires_at: Utc,
    remembered: bool,
    acr: &'static str,
    amr: Vec<&'static str>,
    device: DeviceBody,
    /// The titles of the applications that were opened through it.
    applications: Vec<String>,
}

impl SessionBody {
    fn new(session: &Session, current: SessionId, signed_in_to: &[SignedInTo]) -> Self {
        let theirs = signed_in_to.iter().filter(|to| to.session == session.id);
        Self {
            id: session.id.to_string(),
            current: session.id == current,
            created_at: Utc(session.created_at),
            auth_time: Utc(session.auth_time),
            last_seen: Utc(session.last_seen),
            idle_expires_at: Utc(session.last_seen.plus(session.idle).min(session.expires_at)),
            expires_at: Utc(session.expires_at),
            remembered: session.remembered,
            acr: session.acr.as_str(),
            amr: amr(session.amr),
            device: DeviceBody::from(&session.device),
            applications: theirs.map(|to| to.title.clone()).collect(),
        }
    }
}

/// Which to end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Spared. It must be said, so that nobody ends everything by leaving something out.
    #[param(inline)]
    except: Spared,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Spared {
    Current,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EndedDevices)]
struct EndedBody {
    ended: u64,
}

/// The devices that the session's user is signed in on, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/account/sessions",
    operation_id = "list_own_sessions",
    tag = "account",
    security(("session" = [])),
    responses((status = 200, description = "Every live session of the user", body = SessionsBody)),
)]
pub async fn get(Known { caller, session }: Known) -> Result<Response, Problem> {
    let engine = &caller.context.engine;
    let devices = engine.devices(&session, caller.visit.now).await;
    let devices = devices.map_err(|error| Problem::store(&error))?;
    let to = engine.signed_in_to(&session).await;
    let to = to.map_err(|error| Problem::store(&error))?;
    let sessions = devices
        .iter()
        .map(|device| SessionBody::new(device, session.id(), &to));
    let body = SessionsBody {
        sessions: sessions.collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Ends one of them. The caller's own is signed out; any other needs a fresh login.
#[utoipa::path(
    delete,
    path = "/api/v1/account/sessions/{id}",
    operation_id = "end_own_session",
    tag = "account",
    security(("session" = [], "csrf" = [])),
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "Ended")),
)]
pub async fn delete(known: Known, Named(id): Named<String>) -> Result<Response, Problem> {
    let not_found = || Problem::new(Code::SessionNotFound);
    let id: Option<SessionId> = id.parse().ok();
    if id == Some(known.session.id()) {
        return session::end(&known.caller, &known.session).await;
    }
    let login = fresh(&known)?;
    let id = id.ok_or_else(not_found)?;
    let engine = &known.caller.context.engine;
    // ASVS 8.2.2: somebody else's is none.
    match engine.end_device(&login, id, &known.caller.visit).await {
        Ok(EndSession::Ended) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(EndSession::NotLive) => Err(not_found()),
        Err(error) => Err(Problem::end_unstored(&error)),
    }
}

/// Ends all others of them, in one cutoff that spares the caller's own. Needs a fresh login.
#[utoipa::path(
    delete,
    path = "/api/v1/account/sessions",
    operation_id = "end_other_own_sessions",
    tag = "account",
    security(("session" = [], "csrf" = [])),
    params(Which),
    responses((status = 200, description = "How many ended", body = EndedBody)),
)]
pub async fn delete_others(known: Known, Asked(which): Asked<Which>) -> Result<Response, Problem> {
    let Spared::Current = which.except;
    let login = fresh(&known)?;
    let engine = &known.caller.context.engine;
    let ended = engine.end_other_devices(&login, &known.caller.visit).await;
    match ended.map_err(|error| Problem::end_unstored(&error))? {
        EndOthers::Ended { ended } => Ok(answer(StatusCode::OK, &EndedBody { ended })),
        EndOthers::NotLive => Err(Problem::not_signed_in()),
    }
}

/// ASVS 7.5.2
fn fresh(known: &Known) -> Result<FreshLogin, Problem> {
    let engine = &known.caller.context.engine;
    engine
        .fresh(&known.session, known.caller.visit.now)
        .ok_or(Problem::new(Code::FreshLoginRequired))
}
