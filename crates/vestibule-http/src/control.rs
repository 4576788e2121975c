//! The administration interface on the control socket: what the commands speak, as JSON.
//!
//! | | |
//! |---|---|
//! | `GET /api/v1/admin/users?after=&limit=` | accounts, by address |
//! | `POST /api/v1/admin/users` | a new account |
//! | `POST /api/v1/admin/users/{email}/disable`, `/enable` | shut an account, open it again |
//! | `POST /api/v1/admin/users/{email}/recover` | a link to set a new password |
//! | `DELETE /api/v1/admin/users/{email}` | delete an account |
//! | `PUT /api/v1/admin/users/{email}/roles` | give somebody exactly these roles |
//! | `GET`, `POST /api/v1/admin/applications` | applications, by name; a new one |
//! | `GET`, `PUT`, `DELETE /api/v1/admin/applications/{name}` | one of them: as it is, described anew, gone |
//! | `GET /api/v1/admin/roles` | roles that are described or held |
//! | `PUT`, `DELETE /api/v1/admin/roles/{name}` | describe a role; no longer |
//! | `POST /api/v1/admin/invitations` | invite somebody to make an account |
//! | `GET /api/v1/admin/mail` | can mail be sent, and how much waits? |
//! | `POST /api/v1/admin/mail/test` | send a letter now |
//! | `GET /api/v1/admin/sessions?user=&before=&limit=` | live sessions, newest first |
//! | `DELETE /api/v1/admin/sessions/{id}` | end one |
//! | `DELETE /api/v1/admin/sessions?user=EMAIL`, `?all=true` | end a user's, or everybody's |
//! | `GET /api/v1/admin/audit?after=&limit=`, `?latest=N` | the trail |
//! | `GET /api/v1/admin/audit/verify` | is the trail whole? |
//! | `POST /api/v1/admin/backup` | everything that is stored, as a stream |
//! | `GET /api/v1/admin/doctor` | who answers here, and what time it takes it to be |
//! | `POST /api/v1/admin/doctor/probes` | look out for requests with a key |
//! | `GET /api/v1/admin/doctor/probes/{key}` | how they arrived |
//!
//! Whoever reaches the socket is an operator: the accept loop has checked the peer's user id and says it in a request
//! extension, and what the operator does stands in the trail under that id. Without the extension nothing is answered.

mod applications;
mod audit;
mod backup;
mod doctor;
mod invitations;
mod mail;
mod problem;
mod request;
mod roles;
mod sessions;
mod time;
mod users;

use std::sync::Arc;

use axum::routing::{delete, get, post, put};
use axum::{Router, middleware};
use http::Method;

use self::problem::Problem;
use crate::context::Context;

pub use self::problem::Code;

/// Every route of the control socket.
pub fn routes(context: Arc<Context>) -> Router {
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
        .route("/api/v1/admin/audit", get(audit::get))
        .route("/api/v1/admin/audit/verify", get(audit::verify))
        .route("/api/v1/admin/backup", post(backup::post))
        .route("/api/v1/admin/doctor", get(doctor::get))
        .route("/api/v1/admin/doctor/probes", post(doctor::announce))
        .route("/api/v1/admin/doctor/probes/{key}", get(doctor::collect))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        // ASVS 8.2.1: the wall stands before the routes, also those to come.
        .layer(middleware::from_fn(request::require_operator))
        .with_state(context)
}

async fn no_such_route() -> Problem {
    Problem::new(Code::RouteNotFound)
}

async fn no_such_method(method: Method) -> Problem {
    Problem::new(Code::MethodNotAllowed).saying(format!("{method} has no meaning here"))
}
