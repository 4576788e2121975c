//! Administration: accounts, sessions, applications, roles, the trail. On the control socket for an operator, on the public
//! listener for an administrator with a fresh login ([`super::request::Given`]).

pub mod applications;
pub mod audit;
pub mod invitations;
pub mod mail;
pub mod roles;
pub mod sessions;
pub mod settings;
pub mod users;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post, put};

use crate::context::Context;

/// Everything under `/api/v1/admin`.
pub fn routes() -> Router<Arc<Context>> {
    Router::new()
        .route("/api/v1/admin/users", get(users::get).post(users::post))
        .route("/api/v1/admin/users/{email}/disable", post(users::disable))
        .route("/api/v1/admin/users/{email}/enable", post(users::enable))
        .route("/api/v1/admin/users/{email}/recover", post(users::recover))
        .route("/api/v1/admin/users/{email}", delete(users::delete))
        .route("/api/v1/admin/users/{email}/roles", put(roles::put_of_user))
        .route(
            "/api/v1/admin/applications",
            get(applications::get).post(applications::post),
        )
        .route(
            "/api/v1/admin/applications/{name}",
            get(applications::get_one)
                .put(applications::put)
                .delete(applications::delete),
        )
        .route("/api/v1/admin/roles", get(roles::get))
        .route(
            "/api/v1/admin/roles/{name}",
            put(roles::put).delete(roles::delete),
        )
        .route("/api/v1/admin/invitations", post(invitations::post))
        .route("/api/v1/admin/mail", get(mail::get))
        .route("/api/v1/admin/mail/test", post(mail::test))
        .route(
            "/api/v1/admin/sessions",
            get(sessions::get).delete(sessions::delete_many),
        )
        .route("/api/v1/admin/sessions/{id}", delete(sessions::delete))
        .route("/api/v1/admin/settings", get(settings::get))
        .route("/api/v1/admin/audit", get(audit::get))
        .route("/api/v1/admin/audit/verify", get(audit::verify))
}
