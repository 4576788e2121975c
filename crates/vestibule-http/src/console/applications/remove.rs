//! `/console/applications/{name}/remove`: no cookie of it is worth anything any more (ASVS 7.4.1). GET says so,
//! and how many are signed in there; POST does it.

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
    let sign_ins = signed_in(&by, &application).await;
    fresh::confirm(&by.0, announced(&application, sign_ins))
}

/// Removes it.
pub async fn post(
    by: Administrator,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let application = find(&by, &name).await?;
    let sign_ins = signed_in(&by, &application).await;
    let acting = match by.act(&form, announced(&application, sign_ins)).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let engine = &by.context().engine;
    let removed = engine.remove_application(application.id, &acting.operator);
    let answer = match removed.await {
        Ok(RemoveApplication::Removed) => {
            let list = format!("{PATH}?done=removed&count={sign_ins}");
            Ok(Redirect::to(&list).into_response())
        }
        Ok(RemoveApplication::Declared) => refuse(&by, &application, ApplicationNotice::Declared),
        Ok(RemoveApplication::Unknown) => Err(Failure::of(Code::NotFound)),
        Err(error) => Err(Failure::store(error)),
    };
    Ok(acting.answer(&by, answer))
}

/// How many sign-ins there are there (ASVS 7.4.1).
async fn signed_in(by: &Administrator, application: &Application) -> u64 {
    let engine = &by.context().engine;
    engine
        .reach_of_application(application.id)
        .await
        .app_sessions
}

fn announced(application: &Application, sign_ins: u64) -> Act {
    let here = path(application);
    Act {
        action: format!("{here}/remove").into(),
        fields: Vec::new(),
        cancel: here.into(),
        purpose: FreshFor::Console(ConsoleAct::Application {
            verb: ApplicationVerb::Remove {
                origins: application.spec.origins.len(),
                sign_ins,
            },
            name: application.spec.title().to_owned(),
        }),
    }
}
