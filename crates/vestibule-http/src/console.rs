//! The console, `/console`: where an administrator looks and acts (`docs/console.md`). One file a page, one list of routes.
//!
//! Looking needs a live session with the role `admin`; acting also needs a fresh login, which [`act`] proves. A list is a
//! [`Browse`]d part of something longer; what is done to many is said in numbers first.

mod administrator;
pub mod applications;
mod browse;
pub mod overview;
pub mod people;
pub mod proxies;
mod role_list;
pub mod settings;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::context::Context;

pub use administrator::{Acting, Administrator};
pub use browse::Browse;

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
        .route("/console/settings", get(settings::get))
}
