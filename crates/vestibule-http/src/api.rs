//! The JSON API under `/api/v1` (`docs/api.md`): what programs, our own pages' scripts and the commands speak.
//!
//! Requests are read once and strictly ([`request`]); what goes wrong is an RFC 9457 problem ([`problem`]). On the public
//! listener it stands behind the same layer as the pages; [`admin`] is served on the control socket as well, where the peer
//! is an operator.
//!
//! # One list of routes, and the contract from it
//!
//! A handler says its method, path, parameters, body and answers in `#[utoipa::path(…)]`; the list ([`open`], and
//! [`admin::routes`] for administration) names handlers alone, so that no route is without a contract and none is told that
//! is not served. To add one:
//!
//! 1. `#[derive(ToSchema)]` and `#[schema(as = Name)]` on what is sent and answered, with a name that no other has;
//!    `#[derive(IntoParams)]` and `#[into_params(parameter_in = Query)]` on a query. Types of core show as what they are on the
//!    wire: `#[schema(value_type = String)]`.
//! 2. `#[utoipa::path(method, path = "…", operation_id = "verb_noun", tag = "…", …, responses((status = 200, …, body = …)))]` on
//!    the handler. Its doc comment's first line becomes the summary. Security (under `/api/v1/admin`) and problems are added by
//!    [`contract`]; elsewhere say `security(("session" = []))`, and `("session" = [], "csrf" = [])` where it changes something.
//! 3. `routes!(handlers of one path)` in the list.
//! 4. `cargo xtask check --write` (or `cargo run -p vestibule-http --example openapi > docs/reference/openapi.json`), and commit
//!    the file. Tests validate each answer under `/api` against it.

pub mod account;
pub mod admin;
mod contract;
mod device;
pub mod docs;
mod json;
pub mod login;
pub mod problem;
pub mod request;
pub mod session;
pub mod time;

use std::sync::{Arc, LazyLock};

use axum::{Extension, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Context;

/// Everything under `/api` on the public listener, and `/vestibule/session` on applications' hosts.
pub fn routes() -> Router<Arc<Context>> {
    let (router, _) = open().split_for_parts();
    // When somebody first asks: a start needs neither its time nor its memory.
    let contract: docs::Lazily = LazyLock::new(|| docs::Contract::of(&document()));
    router.layer(Extension(Arc::new(contract)))
}

/// The contract: what `docs/reference/openapi.json` has.
pub fn document() -> OpenApi {
    contract::finished(open().into_openapi())
}

/// Every route with a contract.
fn open() -> OpenApiRouter<Arc<Context>> {
    use account::{password, profile, sessions};
    use session::{app, data};

    OpenApiRouter::new()
        .routes(routes!(login::post))
        .routes(routes!(login::go_on))
        .routes(routes!(session::get, session::delete))
        .routes(routes!(session::reauthenticate::post))
        .routes(routes!(data::list))
        .routes(routes!(data::get, data::put, data::delete))
        .routes(routes!(sessions::get, sessions::delete_others))
        .routes(routes!(sessions::delete))
        .routes(routes!(profile::get, profile::put))
        .routes(routes!(password::put))
        .routes(routes!(app::get))
        .routes(routes!(app::list))
        .routes(routes!(app::show, app::put, app::delete))
        .routes(routes!(docs::json))
        .routes(routes!(docs::page))
        .merge(admin::routes())
}
