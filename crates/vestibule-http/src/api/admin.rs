//! Administration: accounts, sessions, applications, roles, the trail. On the control socket for an operator, on the public
//! listener for an administrator with a fresh login ([`super::request::Given`]).

pub mod applications;
pub mod audit;
pub mod invitations;
pub mod mail;
pub mod overview;
pub mod reach;
pub mod roles;
pub mod sessions;
pub mod settings;
pub mod users;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Context;

/// Everything under `/api/v1/admin`.
pub fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(users::get, users::post))
        .routes(routes!(users::transfer::import))
        .routes(routes!(users::transfer::export))
        .routes(routes!(users::disable))
        .routes(routes!(users::enable))
        .routes(routes!(users::recover))
        .routes(routes!(users::one::get, users::delete))
        .routes(routes!(roles::put_of_user))
        .routes(routes!(applications::get, applications::post))
        .routes(routes!(
            applications::get_one,
            applications::put,
            applications::delete
        ))
        .routes(routes!(applications::secret::post))
        .routes(routes!(roles::get))
        .routes(routes!(roles::put, roles::delete))
        .routes(routes!(invitations::post))
        .routes(routes!(mail::get))
        .routes(routes!(mail::test))
        .routes(routes!(sessions::get, sessions::delete_many))
        .routes(routes!(sessions::one::get, sessions::one::delete))
        .routes(routes!(sessions::one::end))
        .routes(routes!(overview::get))
        .routes(routes!(settings::get))
        .routes(routes!(audit::get))
        .routes(routes!(audit::verify))
}
