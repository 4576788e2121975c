//! `/console/roles/{name}/remove`: a role that nobody holds is described no more. GET says so in numbers, POST does it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::application::Application;
use vestibule_core::user::Role;
use vestibule_store::{RemoveRole, StoredRole};

use super::{PATH, described, name, refuse};
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::console::Administrator;
use crate::errors::{Code, Failure};
use crate::views::{ConsoleAct, FreshFor, RoleNotice, RoleVerb};

/// Says what will happen.
pub async fn get(by: Administrator, Path(role): Path<String>) -> Result<Response, Failure> {
    let role = find(&by, &role).await?;
    if let Some(why) = hindrance(&role) {
        return refuse(&by, why).await;
    }
    fresh::confirm(&by.0, announced(&by, &role).await?)
}

/// Takes its description away.
pub async fn post(
    by: Administrator,
    Path(role): Path<String>,
    posted: Posted,
) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let role = find(&by, &role).await?;
    let acting = match by.act(&form, announced(&by, &role).await?).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let engine = &by.context().engine;
    let removed = engine.remove_role(role.spec.name, &acting.operator);
    let answer = match removed.await {
        Ok(RemoveRole::Removed) => {
            Ok(Redirect::to(&format!("{PATH}?done=removed")).into_response())
        }
        Ok(RemoveRole::Held(holders)) => refuse(&by, RoleNotice::Held(holders)).await,
        Ok(RemoveRole::Declared) => refuse(&by, RoleNotice::Declared).await,
        Ok(RemoveRole::Unknown) => Err(Failure::of(Code::NotFound)),
        Err(error) => Err(Failure::store(error)),
    };
    Ok(acting.answer(&by, answer))
}

async fn find(by: &Administrator, segment: &str) -> Result<StoredRole, Failure> {
    let role = described(by, &name(segment)?).await?;
    role.ok_or(Failure::of(Code::NotFound))
}

/// Why it stays.
fn hindrance(role: &StoredRole) -> Option<RoleNotice> {
    if role.declared {
        return Some(RoleNotice::Declared);
    }
    (role.holders > 0).then_some(RoleNotice::Held(role.holders))
}

async fn announced(by: &Administrator, role: &StoredRole) -> Result<Act, Failure> {
    let name = &role.spec.name;
    let applications = by.context().engine.applications().await;
    let applications = applications.map_err(Failure::store)?;
    let asking = applications.iter().filter(|one| asks(one, name)).count();
    Ok(Act {
        action: format!("{PATH}/{name}/remove").into(),
        fields: Vec::new(),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::Role {
            verb: RoleVerb::Remove {
                permissions: role.spec.permissions.len(),
                applications: asking,
            },
            name: name.to_string(),
        }),
    })
}

/// Whether anything there asks for the role.
fn asks(application: &Application, role: &Role) -> bool {
    let rules = application.spec.rules.iter().map(|rule| &rule.demand);
    let mut demands = rules.chain([&application.spec.demand]);
    demands.any(|demand| demand.roles.contains(role))
}
