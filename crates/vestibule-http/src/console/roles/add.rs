//! `/console/roles/add`: a role is described, or with `role=NAME` described otherwise.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::role::{ParsePermissionError, Permission, RoleSpec};
use vestibule_core::user::{DisplayName, Role};
use vestibule_store::PutRole;

use super::{PATH, described, name, refuse, words};
use crate::browser::form::{Fields, Posted, Query};
use crate::browser::fresh::Act;
use crate::console::Administrator;
use crate::errors::{Code, Failure};
use crate::pages::setup::name_fault;
use crate::views::{
    AddRolePage, ConsoleAct, FreshFor, RoleFaults, RoleNameFault, RoleNotice, RoleVerb,
};

const HERE: &str = "/console/roles/add";
/// Most permissions of a role that are typed here (ASVS 15.2.2).
const MOST: usize = 200;

/// The form, as the role stands if one is named.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let page = match query.optional("role") {
        None => AddRolePage::default(),
        Some(role) => {
            let role = described(&by, &name(role)?).await?;
            let role = role.ok_or(Failure::of(Code::NotFound))?;
            if role.declared {
                return refuse(&by, RoleNotice::Declared).await;
            }
            AddRolePage {
                changes: true,
                name: role.spec.name.to_string(),
                description: role.spec.description.as_str().to_owned(),
                permissions: words(&role.spec.permissions).join("\n"),
                ..AddRolePage::default()
            }
        }
    };
    show(&by, StatusCode::OK, page)
}

/// Describes it.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let mut page = typed(&form.fields)?;
    let Some(spec) = read(&mut page) else {
        // RFC 9110 §15.5.21
        return show(&by, StatusCode::UNPROCESSABLE_ENTITY, page);
    };
    let before = described(&by, &spec.name).await?;
    if before.as_ref().is_some_and(|role| role.declared) {
        return refuse(&by, RoleNotice::Declared).await;
    }
    // Nobody describes otherwise what they did not see.
    if before.is_some() != page.changes {
        page.faults.name = Some(if page.changes {
            RoleNameFault::Gone
        } else {
            RoleNameFault::Taken
        });
        page.changes = false;
        // RFC 9110 §15.5.10
        return show(&by, StatusCode::CONFLICT, page);
    }
    let act = Act {
        action: HERE.into(),
        fields: carried(&page),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::Role {
            verb: RoleVerb::Describe,
            name: spec.name.to_string(),
        }),
    };
    let acting = match by.act(&form, act).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let put = by.context().engine.put_role(spec, &acting.operator).await;
    let on = |done: &str| Ok(Redirect::to(&format!("{PATH}?done={done}")).into_response());
    let answer = match put {
        Ok(PutRole::Added) => on("added"),
        Ok(PutRole::Changed) => on("changed"),
        Ok(PutRole::Already) => on("nothing"),
        Ok(PutRole::Declared) => refuse(&by, RoleNotice::Declared).await,
        Err(error) => Err(Failure::store(error)),
    };
    Ok(acting.answer(&by, answer))
}

/// Reads what was typed, or tells the page what is wrong with each field.
fn read(page: &mut AddRolePage) -> Option<RoleSpec> {
    let name = page.name.trim().parse::<Role>();
    let description = DisplayName::parse(&page.description);
    let permissions = permissions(&page.permissions);
    page.faults = RoleFaults {
        name: name.is_err().then_some(RoleNameFault::Malformed),
        description: description.is_err().then(|| name_fault(&page.description)),
        permissions: permissions.is_err(),
    };
    Some(RoleSpec::new(
        name.ok()?,
        description.ok()?,
        permissions.ok()?,
    ))
}

/// One a line, or with white space or commas between them.
fn permissions(text: &str) -> Result<Vec<Permission>, ParsePermissionError> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    let words = words.filter(|word| !word.is_empty());
    let permissions: Vec<Permission> = words.map(str::parse).collect::<Result<_, _>>()?;
    if permissions.len() > MOST {
        return Err(ParsePermissionError);
    }
    Ok(permissions)
}

fn typed(fields: &Fields) -> Result<AddRolePage, Failure> {
    Ok(AddRolePage {
        changes: fields.optional("changes").is_some(),
        name: fields.required("name")?.to_owned(),
        description: fields.required("description")?.to_owned(),
        permissions: fields.required("permissions")?.to_owned(),
        ..AddRolePage::default()
    })
}

fn carried(page: &AddRolePage) -> Vec<(String, String)> {
    let changes = page.changes.then_some(("changes", "on"));
    let typed = [
        ("name", page.name.as_str()),
        ("description", &page.description),
        ("permissions", &page.permissions),
    ];
    let fields = typed.into_iter().chain(changes);
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn show(by: &Administrator, status: StatusCode, page: AddRolePage) -> Result<Response, Failure> {
    let page = AddRolePage {
        csrf: by.0.token()?,
        ..page
    };
    by.0.page(status, &page)
}
