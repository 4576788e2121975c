//! `POST /api/v1/session/reauthenticate`: proves again who is there, for what needs a fresh login (ASVS 7.5.1 to 7.5.3).

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_core::secret::SessionCookie;
use vestibule_engine::{LiveSession, ReauthenticateError};

use super::SessionBody;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Known, Password, Told, answer};
use crate::browser::caller::Caller;
use crate::browser::cookies;

/// What proves it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Proof)]
pub struct Proof {
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// Proves the login anew: a new cookie under the same session, whose old one is dead at once; both clocks start again. The
/// CSRF token stays good.
#[utoipa::path(
    post,
    path = "/api/v1/session/reauthenticate",
    operation_id = "reauthenticate",
    tag = "session",
    security(("session" = [], "csrf" = [])),
    request_body = Proof,
    responses((status = 200, description = "The session, proved anew", body = SessionBody,
        headers(("Set-Cookie" = String, description = "The session's new cookie")))),
)]
pub async fn post(
    Known { caller, session }: Known,
    Told(proof): Told<Proof>,
) -> Result<Response, Problem> {
    let engine = &caller.context.engine;
    let proved = engine.reauthenticate(&session, proof.password.as_str(), &caller.visit);
    let (cookie, login) = proved.await.map_err(|error| not_proved(&error))?;
    let body = SessionBody::of(&caller, login.session()).await;
    Ok(renewed(&caller, (&cookie, login.session()), body))
}

/// The answer, with the new cookie in any case: the old one is dead.
pub fn renewed<T: Serialize>(
    caller: &Caller,
    (cookie, session): (&SessionCookie, &LiveSession),
    body: Result<T, Problem>,
) -> Response {
    let mut response = match body {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(problem) => problem.into_response(),
    };
    let issuer = &caller.context.site.issuer;
    let set = cookies::set_session(issuer, cookie, session, caller.visit.now);
    response.headers_mut().append(header::SET_COOKIE, set);
    response
}

fn not_proved(error: &ReauthenticateError) -> Problem {
    match error {
        ReauthenticateError::Refused => Problem::new(Code::PasswordRefused),
        ReauthenticateError::Throttled { retry_after } => Problem::throttled(*retry_after),
        ReauthenticateError::Ended => Problem::not_signed_in(),
        ReauthenticateError::NotNow(error) => Problem::not_now(error),
    }
}
