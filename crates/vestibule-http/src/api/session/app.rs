//! `/vestibule/session` on an application's own host: the same for the pages of a proxied application, by the cookie that is
//! good there alone. Nothing of it reaches the issuer's session but what the application is told anyway, and its own data.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_core::application::Application;
use vestibule_core::csrf::Binding;
use vestibule_core::session::Acr;
use vestibule_engine::{Check, Doorway, LiveAppSession, Profile};

use super::UserBody;
use super::data::Ground;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Json, MustStillLive, Named, X_CSRF_TOKEN, answer};
use crate::api::time::Utc;
use crate::browser::caller::Caller;
use crate::browser::{cookies, csrf};
use crate::context::Context;
use crate::edge::meets;
use crate::texts::msg;

/// Somebody with a live app session on this host, whose unsafe request a page of the application sent, or a program.
pub struct AppKnown {
    /// The live app session.
    pub session: LiveAppSession,
}

impl FromRequestParts<Arc<Context>> for AppKnown {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Arc<Caller>>().map(Arc::clone);
        let caller = caller.ok_or(Problem::new(Code::OperatorUnknown))?;
        let doorway = caller.doorway().ok_or(Problem::new(Code::RouteNotFound))?;
        let engine = &context.engine;
        let session = judge(context, doorway, &parts.headers)?;
        if !parts.method.is_safe() {
            let checked = csrf::origin_or_program(&parts.headers, doorway.origin())
                .map_err(|_| Problem::new(Code::CrossSite))?;
            let token = parts.headers.get(X_CSRF_TOKEN);
            let token = token.and_then(|token| token.to_str().ok());
            let binding = Binding::AppSession(&session.id());
            csrf::token(&checked, engine.csrf(), Some(binding), token)
                .map_err(|_| Problem::new(Code::CsrfTokenRequired))?;
            parts.extensions.insert(MustStillLive::AtApplication);
        }
        Ok(Self { session })
    }
}

/// Whose the request is, if the application would let them in: what it demands of everybody, whatever its paths ask besides
/// (ASVS 8.3.1).
fn judge(
    context: &Context,
    doorway: &Doorway,
    headers: &HeaderMap,
) -> Result<LiveAppSession, Problem> {
    let engine = &context.engine;
    let Some(cookie) = cookies::app_session(headers, doorway.origin()) else {
        return Err(Problem::not_signed_in());
    };
    let session = match engine.check_app(&cookie, doorway, engine.now()) {
        Check::Live(session) => session,
        Check::Dead => return Err(Problem::not_signed_in()),
        Check::NotReady => return Err(Problem::not_ready()),
    };
    demanded(doorway.application(), session.profile(), session.acr())?;
    Ok(session)
}

/// Refuses somebody whom the application does not let in.
pub fn demanded(application: &Application, profile: &Profile, acr: Acr) -> Result<(), Problem> {
    meets(&application.spec.demand, profile, acr)
        .map_err(|_| Problem::new(Code::Forbidden).told(msg("problem-forbidden-there"), Vec::new()))
}

/// The same when the body is whole (ASVS 7.4.1): by the application as it is now.
pub fn still_known(context: &Context, caller: &Caller, headers: &HeaderMap) -> Result<(), Problem> {
    let doorways = context.engine.doorways();
    let before = caller.doorway().ok_or_else(Problem::not_signed_in)?;
    let doorway = doorways.reached_at(before.origin());
    let doorway = doorway.ok_or_else(Problem::not_signed_in)?;
    judge(context, doorway, headers).map(|_| ())
}

/// What an application's own pages may know.
#[derive(Serialize, ToSchema)]
#[schema(as = AppSession)]
struct SessionBody {
    /// The session's id, as `Remote-Session` has it: with it the application's server reaches the same data.
    id: String,
    user: UserBody,
    auth_time: Utc,
    acr: &'static str,
    idle_expires_at: Utc,
    expires_at: Utc,
    /// What `X-CSRF-Token` is to be in whatever changes something here.
    csrf_token: String,
}

/// Who is signed in to this application.
#[utoipa::path(
    get,
    path = "/vestibule/session",
    operation_id = "show_app_session",
    tag = "on an application's host",
    security(("app_session" = [])),
    responses((status = 200, description = "The session", body = SessionBody)),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    AppKnown { session }: AppKnown,
) -> Result<Response, Problem> {
    let engine = &context.engine;
    let mask = engine.random().map_err(Problem::entropy)?;
    let body = SessionBody {
        id: session.session_id().to_string(),
        user: UserBody::from(session.profile().as_ref()),
        auth_time: Utc(session.auth_time()),
        acr: session.acr().as_str(),
        idle_expires_at: Utc(session.idle_expires_at()),
        expires_at: Utc(session.expires_at()),
        csrf_token: engine
            .csrf()
            .token(Binding::AppSession(&session.id()), mask),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Lists the keys that this application keeps under the session.
#[utoipa::path(
    get,
    path = "/vestibule/session/data",
    operation_id = "list_app_session_data",
    tag = "on an application's host",
    security(("app_session" = [])),
    responses((status = 200, description = "The keys", body = super::data::KeysBody)),
)]
pub async fn list(
    State(context): State<Arc<Context>>,
    known: AppKnown,
) -> Result<Response, Problem> {
    Ground::of_app(&known).list(&context).await
}

/// What is kept under a key.
#[utoipa::path(
    get,
    path = "/vestibule/session/data/{key}",
    operation_id = "show_app_session_datum",
    tag = "on an application's host",
    security(("app_session" = [])),
    params(("key" = String, Path, description = "1 to 64 characters out of A-Za-z0-9._-"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is known already")),
    responses(
        (status = 200, description = "The value, as it was put", body = serde_json::Value, headers(("ETag" = String, description = "Names the value"))),
        (status = 304, description = "It is the one that If-None-Match names"),
    ),
)]
pub async fn show(
    State(context): State<Arc<Context>>,
    known: AppKnown,
    Named(key): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ground::of_app(&known).show(&context, &key, &headers).await
}

/// Keeps a value under a key, as `PUT /api/v1/session/data/{key}` does.
#[utoipa::path(
    put,
    path = "/vestibule/session/data/{key}",
    operation_id = "put_app_session_datum",
    tag = "on an application's host",
    security(("app_session" = [], "csrf" = [])),
    params(("key" = String, Path, description = "1 to 64 characters out of A-Za-z0-9._-"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what is to be replaced, or *"),
        ("If-None-Match" = Option<String>, Header, description = "* where there must be nothing yet")),
    request_body = serde_json::Value,
    responses(
        (status = 201, description = "The key is new", headers(("ETag" = String, description = "Names the value"))),
        (status = 204, description = "The key has another value", headers(("ETag" = String, description = "Names the value"))),
    ),
)]
pub async fn put(
    State(context): State<Arc<Context>>,
    known: AppKnown,
    Named(key): Named<String>,
    headers: HeaderMap,
    Json(value): Json,
) -> Result<Response, Problem> {
    let ground = Ground::of_app(&known);
    ground.put(&context, &key, &headers, value).await
}

/// Drops what is kept under a key.
#[utoipa::path(
    delete,
    path = "/vestibule/session/data/{key}",
    operation_id = "delete_app_session_datum",
    tag = "on an application's host",
    security(("app_session" = [], "csrf" = [])),
    params(("key" = String, Path, description = "1 to 64 characters out of A-Za-z0-9._-"),
        ("If-Match" = String, Header, description = "The ETag of what is to go, or *")),
    responses((status = 204, description = "Dropped")),
)]
pub async fn delete(
    State(context): State<Arc<Context>>,
    known: AppKnown,
    Named(key): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ground::of_app(&known).drop(&context, &key, &headers).await
}
