//! `POST /api/v1/login`: sign in with address and password, by the same engine, tallies and letters as the page.
//!
//! No token binds it to a pre-session, as the page's form is bound: a program has none. What keeps a stranger's page from
//! signing its visitor in to the stranger's account (H03) is the body, which is `application/json` and so asks a browser for a
//! preflight that nobody answers here, and Origin and Fetch-Metadata, one of which every browser sends.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_engine::{SignIn, SignInError};

use super::problem::{COOKIE, Code, Problem};
use super::request::{Knocking, Password, Told, answer};
use super::session::SessionBody;
use crate::pages::pre_session;
use crate::texts::msg;

/// Who signs in, and how the login is to be delivered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub struct Login {
    /// The address.
    #[schema(example = "alice@example.test")]
    identifier: String,
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// Whether the cookie outlives the browser.
    #[serde(default)]
    remember: bool,
    deliver: Deliver,
    /// With tokens alone.
    client_id: Option<String>,
    /// With tokens alone.
    scope: Option<String>,
    /// With tokens alone.
    resource: Option<String>,
}

/// As a cookie, or as tokens, which are not given yet.
#[derive(Deserialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Deliver {
    Cookie,
    Tokens,
}

/// The next step of a login that asked for one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginStep)]
pub struct Step {
    /// As the login answered it.
    #[serde(rename = "flow")]
    _flow: String,
    /// One of those that the login offered.
    #[serde(rename = "method")]
    _method: String,
}

/// A login that holds.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
struct SignedInBody {
    status: Status,
    session: SessionBody,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LoginStatus)]
enum Status {
    Ok,
}

/// Signs in. Over a live session, that one ends in the same transition.
///
/// The answer sets the session's cookie, and that of the known device. Every refusal is the same, whatever was wrong.
#[utoipa::path(
    post,
    path = "/api/v1/login",
    operation_id = "log_in",
    tag = "login",
    request_body = Login,
    responses((status = 200, description = "Signed in", body = SignedInBody,
        headers(("Set-Cookie" = String, description = "The session's cookie, and the known device's")))),
)]
pub async fn post(
    Knocking(caller): Knocking,
    Told(login): Told<Login>,
) -> Result<Response, Problem> {
    // C22: off by default, and only for what is registered for it.
    if login.deliver == Deliver::Tokens {
        return Err(Problem::new(Code::TokensNotOffered));
    }
    if login.client_id.is_some() || login.scope.is_some() || login.resource.is_some() {
        let misplaced = msg("problem-login-of-tokens");
        return Err(Problem::new(Code::InvalidBody).told(misplaced, Vec::new()));
    }
    // ASVS 16.5.3: nobody knows yet which session this one would end.
    if !caller.context.engine.ready() {
        return Err(Problem::not_ready());
    }
    let over = caller.live().map_err(|_| Problem::not_ready())?;
    let attempt = SignIn {
        identifier: &login.identifier,
        password: login.password.as_str(),
        remember: login.remember,
        over: over.map(AsRef::as_ref),
    };
    let signed_in = caller.context.engine.sign_in(attempt, &caller.visit).await;
    let signed_in = signed_in.map_err(|error| not_signed_in(&error))?;
    // The session is open whatever comes now: its cookie is told in any case.
    let response = match SessionBody::of(&caller, &signed_in.session).await {
        Ok(session) => {
            let status = Status::Ok;
            answer(StatusCode::OK, &SignedInBody { status, session })
        }
        Err(problem) => problem.into_response(),
    };
    Ok(pre_session::sign_in(&caller, &signed_in, response))
}

/// Goes on with a login that asked for a second step.
///
/// None does so far, since there is no second factor: whatever flow is named, it is gone.
#[utoipa::path(
    post,
    path = "/api/v1/login/continue",
    operation_id = "continue_login",
    tag = "login",
    request_body = Step,
    responses((status = 410, description = "No login waits under this flow", body = super::problem::Wire, content_type = "application/problem+json")),
)]
pub async fn go_on(_: Knocking, Told(_step): Told<Step>) -> Result<Response, Problem> {
    Err(Problem::new(Code::FlowGone))
}

fn not_signed_in(error: &SignInError) -> Problem {
    match error {
        // ASVS 6.3.8: no answer tells whether there is such an account.
        SignInError::Refused => Problem::new(Code::LoginRefused).challenging(COOKIE),
        SignInError::Throttled { retry_after, .. } => Problem::throttled(*retry_after),
        SignInError::NotNow(error) => Problem::not_now(error),
    }
}
