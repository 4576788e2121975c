//! `PUT /api/v1/account/password`: changes the password (ASVS 6.2.2, 6.2.3, 7.4.3).

use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_engine::ChangePasswordError;

use crate::api::problem::{Code, Problem};
use crate::api::request::{Known, Password, Told};
use crate::api::session::SessionBody;
use crate::api::session::reauthenticate::renewed;
use crate::pages::setup::password_fault;
use crate::views::PasswordFault;

/// The old one and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub struct Change {
    #[schema(value_type = String, format = Password)]
    current_password: Password,
    /// 15 to 256 characters.
    #[schema(value_type = String, format = Password)]
    new_password: Password,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PasswordChanged)]
struct ChangedBody {
    session: SessionBody,
    /// How many other devices were signed out.
    ended_sessions: u64,
}

/// Changes the password. It asks for the current one, and so needs no fresh login besides; every other device is signed out,
/// and this session goes on under a new cookie.
#[utoipa::path(
    put,
    path = "/api/v1/account/password",
    operation_id = "change_own_password",
    tag = "account",
    security(("session" = [], "csrf" = [])),
    request_body = Change,
    responses((status = 200, description = "Changed", body = ChangedBody,
        headers(("Set-Cookie" = String, description = "The session's new cookie")))),
)]
pub async fn put(
    Known { caller, session }: Known,
    Told(change): Told<Change>,
) -> Result<Response, Problem> {
    let (current, new) = (
        change.current_password.as_str(),
        change.new_password.as_str(),
    );
    if current == new {
        return Err(faulty(PasswordFault::Unchanged));
    }
    let engine = &caller.context.engine;
    let changed = engine.change_password(&session, current, new, &caller.visit);
    let changed = changed.await.map_err(not_changed)?;
    let body = SessionBody::of(&caller, &changed.session).await;
    let body = body.map(|session| ChangedBody {
        session,
        ended_sessions: changed.ended,
    });
    Ok(renewed(&caller, (&changed.cookie, &changed.session), body))
}

fn not_changed(error: ChangePasswordError) -> Problem {
    match error {
        ChangePasswordError::Policy(error) => faulty(password_fault(error)),
        ChangePasswordError::Refused => Problem::new(Code::PasswordRefused),
        ChangePasswordError::Throttled { retry_after } => Problem::throttled(retry_after),
        ChangePasswordError::Ended => Problem::not_signed_in(),
        ChangePasswordError::NotNow(error) => Problem::not_now(&error),
    }
}

/// N28: why, and what to do.
fn faulty(fault: PasswordFault) -> Problem {
    let (message, args) = fault.said();
    Problem::new(Code::InvalidPassword).told(message, args)
}
