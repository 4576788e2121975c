//! `/console/roles`: what roles are for, and how many hold each. Who holds one is among the [people](super::people).

use axum::response::Response;
use http::StatusCode;
use vestibule_core::role::Permission;
use vestibule_core::user::Role;
use vestibule_store::StoredRole;

use super::Administrator;
use crate::browser::form::{Fields, Query};
use crate::errors::{Code, Failure};
use crate::views::{RoleEntry, RoleNotice, RolesPage};

pub mod add;
pub mod remove;

const PATH: &str = "/console/roles";

/// Every role that is described or held, by name: there are few.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let notice = done(&by, &query);
    show(&by, StatusCode::OK, notice).await
}

async fn show(
    by: &Administrator,
    status: StatusCode,
    notice: Option<RoleNotice>,
) -> Result<Response, Failure> {
    let all = by.context().engine.roles().await.map_err(Failure::store)?;
    let page = RolesPage {
        roles: all.iter().map(entry).collect(),
        notice,
    };
    by.0.page(status, &page)
}

/// The list again, saying that what was asked for cannot be.
async fn refuse(by: &Administrator, why: RoleNotice) -> Result<Response, Failure> {
    // RFC 9110 §15.5.10
    show(by, StatusCode::CONFLICT, Some(why)).await
}

/// The role of this name, if anybody described it.
async fn described(by: &Administrator, name: &Role) -> Result<Option<StoredRole>, Failure> {
    let all = by.context().engine.roles().await.map_err(Failure::store)?;
    let mut described = all.into_iter().filter(|role| role.described);
    Ok(described.find(|role| role.spec.name == *name))
}

fn entry(role: &StoredRole) -> RoleEntry {
    let name = role.spec.name.as_str();
    RoleEntry {
        path: format!("{PATH}/{name}"),
        name: name.to_owned(),
        description: role.spec.description.as_str().to_owned(),
        permissions: words(&role.spec.permissions),
        described: role.described,
        declared: role.declared,
        holders: role.holders,
    }
}

fn words(permissions: &[Permission]) -> Vec<String> {
    permissions.iter().map(Permission::to_string).collect()
}

/// What the page before this one did, as its redirection says it.
fn done(by: &Administrator, query: &Fields) -> Option<RoleNotice> {
    let word = query.optional("done");
    match word.filter(|_| by.0.caller.led_by_own_page())? {
        "added" => Some(RoleNotice::Added),
        "changed" => Some(RoleNotice::Changed),
        "nothing" => Some(RoleNotice::Nothing),
        "removed" => Some(RoleNotice::Removed),
        _ => None,
    }
}

/// A path's or a query's part that names a role. What names none is not found.
fn name(text: &str) -> Result<Role, Failure> {
    text.parse().map_err(|_| Failure::of(Code::NotFound))
}
