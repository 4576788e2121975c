//! The control socket: the administration of [`crate::api::admin`], and what only somebody at the machine may do.
//!
//! | | |
//! |---|---|
//! | `POST /api/v1/admin/backup` | everything that is stored, as a stream |
//! | `GET /api/v1/admin/doctor` | who answers here, and what time it takes it to be |
//! | `POST /api/v1/admin/doctor/probes` | look out for requests with a key |
//! | `GET /api/v1/admin/doctor/probes/{key}` | how they arrived |
//!
//! Whoever reaches the socket is an operator: the accept loop has checked the peer's user id and says it in a request
//! extension, and what the operator does stands in the trail under that id. Without the extension nothing is answered.

mod backup;
mod doctor;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Router, middleware};
use http::Method;

use crate::api::admin;
use crate::api::problem::{Code, Problem};
use crate::api::request;
use crate::context::Context;
use crate::texts::msg;

/// Every route of the control socket.
pub fn routes(context: Arc<Context>) -> Router {
    Router::from(admin::routes())
        .route("/api/v1/admin/backup", post(backup::post))
        .route("/api/v1/admin/doctor", get(doctor::get))
        .route("/api/v1/admin/doctor/probes", post(doctor::announce))
        .route("/api/v1/admin/doctor/probes/{key}", get(doctor::collect))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        // ASVS 8.2.1: the wall stands before the routes, also those to come.
        .layer(middleware::from_fn(request::require_operator))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&context),
            request::speak,
        ))
        .with_state(context)
}

async fn no_such_route() -> Problem {
    Problem::new(Code::RouteNotFound)
}

async fn no_such_method(method: Method) -> Problem {
    Problem::new(Code::MethodNotAllowed).told(
        msg("problem-method"),
        vec![("method", method.as_str().to_owned().into())],
    )
}
