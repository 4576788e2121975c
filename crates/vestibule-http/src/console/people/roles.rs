//! `/console/people/{id}/roles`: gives somebody exactly these roles, in force at their next request (ASVS 8.3.2).

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::user::Role;
use vestibule_store::SetRoles;

use super::person::{find, on, refuse, show};
use super::{path, person};
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::console::{Administrator, role_list};
use crate::errors::{Code, Failure};
use crate::views::{ConsoleAct, FreshFor, PersonNotice, PersonPage, PersonVerb};

/// Sets them. Who gives up the console is asked first whether that is meant.
pub async fn post(
    by: Administrator,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let detail = find(&by, &id).await?;
    let typed = form.fields.required("roles")?;
    let Ok(roles) = role_list::read(typed) else {
        let page = PersonPage {
            typed: Some(typed.to_owned()),
            ..PersonPage::default()
        };
        // RFC 9110 §15.5.21
        return show(&by, StatusCode::UNPROCESSABLE_ENTITY, detail, page).await;
    };
    let user = detail.user.clone();
    let own = user.id == by.0.session.user_id();
    let leaves = own && !roles.iter().any(|role| role.as_str() == Role::ADMIN);
    let here = path(user.id);
    let act = Act {
        action: format!("{here}/roles").into(),
        fields: vec![
            ("roles".to_owned(), typed.to_owned()),
            ("sure".to_owned(), "on".to_owned()),
        ],
        cancel: here.into(),
        purpose: FreshFor::Console(ConsoleAct::Person {
            verb: if leaves {
                PersonVerb::LeaveConsole
            } else {
                PersonVerb::SetRoles {
                    roles: roles.iter().cloned().map(String::from).collect(),
                }
            },
            name: person(&user).title().to_owned(),
        }),
    };
    if leaves && form.fields.optional("sure").is_none() {
        return fresh::confirm(&by.0, act);
    }
    let acting = match by.act(&form, act).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let engine = &by.context().engine;
    let set = engine.set_roles(&user.email, roles, &acting.operator).await;
    let answer = match set {
        Ok(SetRoles::Set(_)) if leaves => Ok(Redirect::to("/account").into_response()),
        Ok(SetRoles::Set(_)) => Ok(on(user.id, "roles")),
        Ok(SetRoles::Already) => Ok(on(user.id, "nothing")),
        Ok(SetRoles::LastAdministrator) => {
            refuse(&by, detail, PersonNotice::LastAdministrator).await
        }
        Ok(SetRoles::Unknown) => Err(Failure::of(Code::NotFound)),
        Err(error) => Err(Failure::store(error)),
    };
    Ok(acting.answer(&by, answer))
}
