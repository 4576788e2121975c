//! `/api/v1/session`: who is signed in here, and signing out.

pub mod app;
pub mod data;
pub mod reauthenticate;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_core::csrf::Binding;
use vestibule_engine::{LiveSession, Profile, causes};

use super::device::{DeviceBody, amr};
use super::problem::{Code, Problem};
use super::request::{Known, answer};
use super::time::Utc;
use crate::browser::caller::{Caller, Visitor};
use crate::pages::logout::forget;

/// The caller's own session.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnSession)]
pub struct SessionBody {
    /// Names it; not a secret.
    id: String,
    user: UserBody,
    /// When its owner last proved who they are.
    auth_time: Utc,
    acr: &'static str,
    amr: Vec<&'static str>,
    idle_expires_at: Utc,
    expires_at: Utc,
    /// Whether the cookie outlives the browser.
    remembered: bool,
    /// Null while the store is out of reach.
    device: Option<DeviceBody>,
    /// What `X-CSRF-Token` is to be in whatever changes something.
    csrf_token: String,
}

/// Whose it is.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnUser)]
pub struct UserBody {
    id: String,
    email: String,
    email_verified: bool,
    name: String,
    roles: Vec<String>,
}

impl From<&Profile> for UserBody {
    fn from(profile: &Profile) -> Self {
        Self {
            id: profile.id().to_string(),
            email: profile.email().as_str().to_owned(),
            email_verified: profile.email_verified(),
            name: profile.name().as_str().to_owned(),
            roles: profile.roles().map(str::to_owned).collect(),
        }
    }
}

impl SessionBody {
    /// What the caller may know of their session. The session answers from memory; only the device is the store's to tell.
    pub async fn of(caller: &Caller, session: &LiveSession) -> Result<Self, Problem> {
        let engine = &caller.context.engine;
        let own = engine.device_of(session, caller.visit.now).await;
        let own = own.unwrap_or_else(|error| {
            let cause = causes(&error);
            tracing::warn!(error.cause = ?cause, "a session is told without its device");
            None
        });
        let mask = engine.random().map_err(Problem::entropy)?;
        Ok(Self {
            id: session.id().to_string(),
            user: UserBody::from(session.profile().as_ref()),
            auth_time: Utc(session.auth_time()),
            acr: session.acr().as_str(),
            amr: amr(session.amr()),
            idle_expires_at: Utc(session.idle_expires_at()),
            expires_at: Utc(session.expires_at()),
            remembered: session.remembered(),
            device: own.map(|own| DeviceBody::from(&own.device)),
            csrf_token: engine.csrf().token(Binding::Session(&session.id()), mask),
        })
    }
}

/// Who is signed in here. It counts as a use of the session.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    operation_id = "show_own_session",
    tag = "session",
    security(("session" = [])),
    responses((status = 200, description = "The session", body = SessionBody)),
)]
pub async fn get(Known { caller, session }: Known) -> Result<Response, Problem> {
    let body = SessionBody::of(&caller, &session).await?;
    Ok(answer(StatusCode::OK, &body))
}

/// Signs out: ends the session and everything that hangs on it, and clears its cookie.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    operation_id = "log_out",
    tag = "session",
    security(("session" = [], "csrf" = [])),
    responses((status = 204, description = "Signed out", headers(("Set-Cookie" = String, description = "Takes the cookie away")))),
)]
pub async fn delete(
    Visitor(visitor): Visitor,
    known: Result<Known, Problem>,
) -> Result<Response, Problem> {
    let Known { caller, session } = match known {
        Ok(known) => known,
        // Nobody is told that it is over before the store knows of it: a restart could bring it back.
        Err(_) if visitor.surely_ended().is_err() => return Err(Problem::new(Code::EndUnstored)),
        Err(problem) => return Err(problem),
    };
    end(&caller, &session).await
}

/// Ends the caller's own session, and answers that it did (ASVS 7.4.1, N10).
pub async fn end(caller: &Caller, session: &LiveSession) -> Result<Response, Problem> {
    let ended = caller.context.engine.sign_out(session, &caller.visit).await;
    ended.map_err(|error| Problem::end_unstored(&error))?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    forget(caller, &mut response);
    Ok(response)
}
