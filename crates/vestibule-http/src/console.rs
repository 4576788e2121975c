//! The console, `/console`: where an administrator looks and acts (`docs/console.md`). One file a page, one list of routes.
//!
//! Looking needs a live session with the role `admin`; acting also needs a fresh login, which [`Administrator::act`]
//! proves. A list is a part of something longer ([`Browse`]); what is done to many is said in numbers first.

mod administrator;
pub mod applications;
pub mod audit;
mod browse;
pub mod events;
pub mod overview;
pub mod people;
pub mod proxies;
mod role_list;
pub mod roles;
pub mod sessions;
pub mod settings;
mod streams;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::context::Context;

pub use administrator::{Acting, Administrator};
pub use audit::chain::ChainWatch;
pub use browse::Browse;
pub use streams::Streams;

/// Where a page's stream is: asked for by the page itself, not by whoever looks at it.
pub const EVENTS: &str = "/console/events";

/// Everything under `/console`.
pub fn routes() -> Router<Arc<Context>> {
    Router::new()
        .route("/console", get(overview::get))
        .route("/console/applications", get(applications::get))
        .route(
            "/console/applications/add",
            get(applications::add::get).post(applications::add::post),
        )
        .route("/console/applications/{name}", get(applications::one::get))
        .route(
            "/console/applications/{name}/connect",
            get(applications::connect::get),
        )
        .route(
            "/console/applications/{name}/remove",
            get(applications::remove::get).post(applications::remove::post),
        )
        .route(
            "/console/applications/{name}/secret",
            get(applications::secret::get).post(applications::secret::post),
        )
        .route("/console/people", get(people::get))
        .route(
            "/console/people/add",
            get(people::add::get).post(people::add::post),
        )
        .route("/console/people/{id}", get(people::person::get))
        .route("/console/people/{id}/roles", post(people::roles::post))
        .route(
            "/console/people/{id}/{act}",
            get(people::acts::get).post(people::acts::post),
        )
        .route("/console/roles", get(roles::get))
        .route(
            "/console/roles/add",
            get(roles::add::get).post(roles::add::post),
        )
        .route(
            "/console/roles/{name}/remove",
            get(roles::remove::get).post(roles::remove::post),
        )
        .route("/console/settings", get(settings::get))
        .route("/console/events", get(events::get))
        .route("/console/audit", get(audit::get))
        .route("/console/audit/verify", post(audit::chain::post))
        .route(
            "/console/audit/export",
            get(audit::export::get).post(audit::export::post),
        )
        .route("/console/sessions", get(sessions::get))
        .route("/console/sessions/{id}", get(sessions::one::get))
        .route(
            "/console/sessions/end",
            get(sessions::end::get).post(sessions::end::post),
        )
        .route(
            "/console/sessions/end-user",
            get(sessions::end_user::get).post(sessions::end_user::post),
        )
        .route(
            "/console/sessions/end-all",
            get(sessions::end_all::get).post(sessions::end_all::post),
        )
}
