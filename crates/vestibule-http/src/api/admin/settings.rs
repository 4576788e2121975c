//! The settings in force.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::problem::Problem;
use crate::api::request::{Given, answer};
use crate::context::Context;
use crate::in_force::{OriginKind, SettingInForce};

#[derive(Serialize, ToSchema)]
#[schema(as = Settings)]
struct SettingsBody<'a> {
    settings: Vec<SettingBody<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Setting)]
struct SettingBody<'a> {
    name: &'a str,
    value: &'a str,
    #[schema(value_type = String)]
    origin: OriginKind,
    place: Option<&'a str>,
    secret: bool,
    reloads: bool,
    waits: bool,
    meaning: &'a str,
}

impl<'a> From<&'a SettingInForce> for SettingBody<'a> {
    fn from(setting: &'a SettingInForce) -> Self {
        Self {
            name: &setting.name,
            value: &setting.value,
            origin: setting.origin.kind(),
            place: setting.origin.place(),
            secret: setting.secret,
            reloads: setting.reloads,
            waits: setting.waits,
            meaning: &setting.meaning,
        }
    }
}

/// Every setting with its value and where that comes from; of a secret only whether it is set (ASVS 13.3.1).
#[utoipa::path(
    get,
    path = "/api/v1/admin/settings",
    operation_id = "list_settings",
    tag = "settings",
    responses((status = 200, description = "Every setting", body = SettingsBody)),
)]
pub async fn get(State(context): State<Arc<Context>>, _: Given) -> Result<Response, Problem> {
    let body = SettingsBody {
        settings: context.settings.iter().map(SettingBody::from).collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}
