//! One account, with what the list leaves out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_core::email::EmailAddress;

use super::{UserBody, account};
use crate::api::admin::reach::ReachBody;
use crate::api::problem::Problem;
use crate::api::request::{Given, Named, answer};
use crate::api::time::Utc;
use crate::context::Context;

#[derive(Serialize, ToSchema)]
#[schema(as = UserDetail)]
struct DetailBody<'a> {
    #[serde(flatten)]
    user: UserBody<'a>,
    /// Every address that letters go to, the account's own among them.
    addresses: Vec<&'a str>,
    language: &'a str,
    /// Without one nobody can sign in; recovery sets one.
    has_password: bool,
    #[schema(value_type = Option<Utc>)]
    last_login: Option<Utc>,
    /// What is signed in now.
    live: ReachBody,
}

/// One account, by address or id.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users/{user}",
    operation_id = "show_user",
    tag = "users",
    params(("user" = String, Path, description = "The account's address or id")),
    responses((status = 200, description = "The account", body = DetailBody)),
)]
pub async fn get(
    State(context): State<Arc<Context>>,
    _: Given,
    Named(user): Named<String>,
) -> Result<Response, Problem> {
    let record = account(&context, &user).await?;
    let live = context.engine.reach_of_user(record.user.id).await;
    let live = live.map_err(|error| Problem::store(&error))?;
    let body = DetailBody {
        user: UserBody::from(&record.user),
        addresses: record.addresses.iter().map(EmailAddress::as_str).collect(),
        language: record.particulars.language.as_str(),
        has_password: record.password.is_some(),
        last_login: record.last_login.map(Utc),
        live: ReachBody::from(live),
    };
    Ok(answer(StatusCode::OK, &body))
}
