//! `/console/sessions/end-user`: ends every session of one user, in one cutoff (ASVS 7.4.5).

use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::filter::SessionFilter;
use vestibule_core::id::UserId;

use super::PATH;
use super::end::told;
use crate::browser::form::{Fields, Posted, Query};
use crate::browser::fresh::Act;
use crate::console::Administrator;
use crate::errors::{Code, Failure};
use crate::pages::logout;
use crate::views::{ConsoleAct, FreshFor, Which};

/// Says what would end. Where nothing is left to end it leads back.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let user = user(&query)?;
    match name(&by, user).await {
        Some(name) => by.confirm(act(&by, user, name).await),
        None => Ok(Redirect::to(&list(user)).into_response()),
    }
}

/// Ends them.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let user = user(&form.fields)?;
    let Some(name) = name(&by, user).await else {
        return Ok(told(0));
    };
    let acting = match by.act(&form, act(&by, user, name).await).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let own = user == by.0.session.user_id();
    let engine = &by.context().engine;
    match engine.revoke_user(user, &acting.operator).await {
        Ok(_) if own => Ok(logout::signed_out(&by.0.caller)),
        Ok(ended) => Ok(acting.answer(&by, Ok(told(ended.unwrap_or(0))))),
        Err(error) if own => Ok(acting.answer(&by, Err(Failure::end_unstored(error)))),
        // Over in memory all the same.
        Err(error) => Ok(acting.answer(&by, Err(Failure::ends_unstored(error, PATH)))),
    }
}

fn user(fields: &Fields) -> Result<UserId, Failure> {
    let user = fields.required("user")?.parse::<UserId>();
    user.map_err(|error| Failure::of(Code::BadRequest).because(error))
}

/// What people call their owner; `None` if none is live. An ending does not wait for the store to tell.
async fn name(by: &Administrator, user: UserId) -> Option<String> {
    let theirs = SessionFilter {
        user: Some(user),
        ..SessionFilter::default()
    };
    let found = by
        .context()
        .engine
        .sessions(theirs, None, 1, by.now())
        .await;
    match found {
        Ok(found) => found
            .sessions
            .first()
            .map(|stored| String::from(stored.email.as_str())),
        Err(_) => Some(in_memory(by, user)),
    }
}

/// What somebody is called while the store cannot be asked.
pub(in crate::console) fn in_memory(by: &Administrator, user: UserId) -> String {
    let email = by.context().engine.address_in_memory(user);
    email.map_or_else(|| user.to_string(), |email| email.as_str().to_owned())
}

async fn act(by: &Administrator, user: UserId, name: String) -> Act {
    let reach = by.context().engine.reach_of_user(user).await;
    Act {
        action: "/console/sessions/end-user".into(),
        fields: vec![("user".to_owned(), user.to_string())],
        cancel: list(user).into(),
        purpose: FreshFor::Console(ConsoleAct::EndSessions {
            which: Which::Of(name),
            reach: reach.ok().map(Into::into),
        }),
    }
}

fn list(user: UserId) -> String {
    format!("{PATH}?user={user}")
}
