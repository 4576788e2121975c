//! Roles: what they are for, and who holds them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vestibule_core::role::{Permission, RoleSpec};
use vestibule_core::user::{DisplayName, ParseRoleError, Role};
use vestibule_store::{PutRole, RemoveRole, SetRoles, StoredRole};

use super::applications::declared;
use super::users::{UserBody, last_administrator, named, unknown};
use crate::api::problem::{Code, Problem};
use crate::api::request::{Given, Named, Told, answer};
use crate::context::Context;
use crate::texts::msg;

/// What a role is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleDescription)]
pub struct Description {
    #[serde(default)]
    description: String,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    permissions: Vec<Permission>,
}

/// Exactly these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleNames)]
pub struct Roles {
    roles: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleBody<'a> {
    name: &'a str,
    description: &'a str,
    #[schema(value_type = Vec<String>)]
    permissions: &'a [Permission],
    described: bool,
    declared: bool,
    holders: u64,
}

impl<'a> From<&'a StoredRole> for RoleBody<'a> {
    fn from(role: &'a StoredRole) -> Self {
        Self {
            name: role.spec.name.as_str(),
            description: role.spec.description.as_str(),
            permissions: &role.spec.permissions,
            described: role.described,
            declared: role.declared,
            holders: role.holders,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Roles)]
struct RolesBody<'a> {
    roles: Vec<RoleBody<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DescribedRole)]
struct PutBody<'a> {
    name: &'a str,
    description: &'a str,
    #[schema(value_type = Vec<String>)]
    permissions: &'a [Permission],
    changed: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RemovedRole)]
struct RemovedBody<'a> {
    name: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UserRoles)]
struct GivenBody<'a> {
    user: UserBody<'a>,
    changed: bool,
}

/// Every role that is described or held, by name.
#[utoipa::path(
    get,
    path = "/api/v1/admin/roles",
    operation_id = "list_roles",
    tag = "roles",
    responses((status = 200, description = "Every role", body = RolesBody)),
)]
pub async fn get(State(context): State<Arc<Context>>, _: Given) -> Result<Response, Problem> {
    let roles = context.engine.roles().await;
    let roles = roles.map_err(|error| Problem::store(&error))?;
    let body = RolesBody {
        roles: roles.iter().map(RoleBody::from).collect(),
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Describes a role, anew or otherwise.
#[utoipa::path(
    put,
    path = "/api/v1/admin/roles/{name}",
    operation_id = "describe_role",
    tag = "roles",
    params(("name" = String, Path, description = "The name")),
    request_body = Description,
    responses((status = 200, description = "As it is from now on", body = PutBody)),
)]
pub async fn put(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(name): Named<String>,
    Told(told): Told<Description>,
) -> Result<Response, Problem> {
    let name = role(&name)?;
    let description = DisplayName::parse(&told.description)
        .map_err(|why| Problem::new(Code::InvalidName).saying(&why))?;
    let spec = RoleSpec::new(name, description, told.permissions);
    let put = context.engine.put_role(spec.clone(), &operator).await;
    let changed = match put.map_err(|error| Problem::store(&error))? {
        PutRole::Added | PutRole::Changed => true,
        PutRole::Already => false,
        PutRole::Declared => {
            return Err(declared(msg("problem-declared-role"), spec.name.as_str()));
        }
    };
    let body = PutBody {
        name: spec.name.as_str(),
        description: spec.description.as_str(),
        permissions: &spec.permissions,
        changed,
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Removes a role's description, if nobody holds it.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/roles/{name}",
    operation_id = "remove_role",
    tag = "roles",
    params(("name" = String, Path, description = "The name")),
    responses((status = 200, description = "Removed", body = RemovedBody)),
)]
pub async fn delete(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    let name = role(&name)?;
    let removed = context.engine.remove_role(name.clone(), &operator).await;
    match removed.map_err(|error| Problem::store(&error))? {
        RemoveRole::Removed => {
            let name = name.as_str();
            Ok(answer(StatusCode::OK, &RemovedBody { name }))
        }
        RemoveRole::Held(holders) => {
            let holders = i64::try_from(holders).unwrap_or(i64::MAX);
            let args = vec![
                ("role", name.as_str().to_owned().into()),
                ("holders", holders.into()),
            ];
            Err(Problem::new(Code::RoleHeld).told(msg("problem-role-held-by"), args))
        }
        RemoveRole::Declared => Err(declared(msg("problem-declared-role"), name.as_str())),
        RemoveRole::Unknown => Err(Problem::new(Code::RoleNotFound).told(
            msg("problem-role-undescribed"),
            vec![("role", name.as_str().to_owned().into())],
        )),
    }
}

/// Gives a user exactly these roles, in force at their next request (ASVS 8.3.2).
#[utoipa::path(
    put,
    path = "/api/v1/admin/users/{user}/roles",
    operation_id = "set_user_roles",
    tag = "roles",
    params(("user" = String, Path, description = "The account's address or id")),
    request_body = Roles,
    responses((status = 200, description = "These, and no others", body = GivenBody)),
)]
pub async fn put_of_user(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Named(user): Named<String>,
    Told(told): Told<Roles>,
) -> Result<Response, Problem> {
    let email = named(&context, &user).await?.email;
    let roles = told.roles.iter().map(|name| role(name));
    let roles = roles.collect::<Result<Vec<_>, _>>()?;
    let set = context.engine.set_roles(&email, roles, &operator).await;
    let (user, changed) = match set.map_err(|error| Problem::store(&error))? {
        SetRoles::Set(user) => (*user, true),
        SetRoles::Already => {
            let user = context.engine.user(&email).await;
            let user = user.map_err(|error| Problem::store(&error))?;
            (user.ok_or_else(|| unknown(&email))?, false)
        }
        SetRoles::LastAdministrator => {
            return Err(last_administrator(email.as_str()));
        }
        SetRoles::Unknown => return Err(unknown(&email)),
    };
    let body = GivenBody {
        user: UserBody::from(&user),
        changed,
    };
    Ok(answer(StatusCode::OK, &body))
}

fn role(name: &str) -> Result<Role, Problem> {
    name.parse()
        .map_err(|why: ParseRoleError| Problem::new(Code::InvalidRole).saying(&why))
}
