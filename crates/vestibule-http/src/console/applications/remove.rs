//! `/console/applications/{name}/remove`: no cookie of it is worth anything any more (ASVS 7.4.1). GET says so, POST does it.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::application::Application;
use vestibule_store::RemoveApplication;

use super::one::refuse;
use super::{PATH, find, path};
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::console::Administrator;
use crate::errors::{Code, Failure};
use crate::views::{ApplicationNotice, ApplicationVerb, ConsoleAct, FreshFor};

/// Says what will happen.
pub async fn get(by: Administrator, Path(name): Path<String>) -> Result<Response, Failure> {
    let application = find(&by, &name).await?;
    if application.declared {
        return refuse(&by, &application, ApplicationNotice::Declared);
    }
    fresh::confirm(&by.0, announced(&application))
}

/// Removes it.
pub async fn post(
    by: Administrator,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let application = find(&by, &name).await?;
    let acting = match by.act(&form, announced(&application)).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let engine = &by.context().engine;
    let removed = engine.remove_application(application.id, &acting.operator);
    let answer = match removed.await {
        Ok(RemoveApplication::Removed) => {
            Ok(Redirect::to(&format!("{PATH}?done=removed")).into_response())
        }
        Ok(RemoveApplication::Declared) => refuse(&by, &application, ApplicationNotice::Declared),
        Ok(RemoveApplication::Unknown) => Err(Failure::of(Code::NotFound)),
        Err(error) => Err(Failure::store(error)),
    };
    Ok(acting.answer(&by, answer))
}

fn announced(application: &Application) -> Act {
    let here = path(application);
    Act {
        action: format!("{here}/remove").into(),
        fields: Vec::new(),
        cancel: here.into(),
        purpose: FreshFor::Console(ConsoleAct::Application {
            verb: ApplicationVerb::Remove {
                origins: application.spec.origins.len(),
            },
            name: application.spec.title().to_owned(),
        }),
    }
}
