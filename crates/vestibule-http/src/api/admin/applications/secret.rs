//! An application's secret.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_engine::applications::RotateSecret;
use zeroize::Zeroizing;

use super::{find, unknown};
use crate::api::problem::Problem;
use crate::api::request::{Given, Named, Told, answer};
use crate::context::Context;

/// What becomes of the secret before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateSecret)]
pub struct Rotation {
    /// It stays good until the next rotation; otherwise it is worth nothing from now on.
    #[serde(default)]
    keep_previous: bool,
}

/// What an application proves itself with, shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = ApplicationSecret)]
struct SecretBody<'a> {
    name: &'a str,
    client_id: String,
    client_secret: &'a str,
    previous_kept: bool,
}

/// Gives an application a new secret (ASVS 13.3.4). The answer shows it, and nothing ever does again.
#[utoipa::path(
    post,
    path = "/api/v1/admin/applications/{name}/secret",
    operation_id = "rotate_application_secret",
    tag = "applications",
    params(("name" = String, Path, description = "The name")),
    request_body = Rotation,
    responses((status = 200, description = "The new secret, this once", body = SecretBody)),
)]
pub async fn post(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(name): Named<String>,
    Told(told): Told<Rotation>,
) -> Result<Response, Problem> {
    let found = find(&context, &name).await?;
    let rotated = context
        .engine
        .rotate_secret(found.id, told.keep_previous, &operator)
        .await;
    match rotated.map_err(|error| Problem::store(&error))? {
        RotateSecret::Rotated {
            secret,
            application,
        } => {
            let secret = Zeroizing::new(secret.encode());
            let body = SecretBody {
                name: application.spec.name.as_str(),
                client_id: application.id.to_string(),
                client_secret: &secret,
                previous_kept: told.keep_previous,
            };
            Ok(answer(StatusCode::OK, &body))
        }
        RotateSecret::Unknown => Err(unknown(&name)),
    }
}
