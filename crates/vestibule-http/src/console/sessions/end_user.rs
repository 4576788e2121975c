//! `/console/sessions/end-user`: ends every session of one user, in one cutoff (ASVS 7.4.5).

use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::email::EmailAddress;
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
    match email(&by, user).await? {
        Some(email) => by.confirm(act(&by, user, &email).await?),
        None => Ok(Redirect::to(&list(user)).into_response()),
    }
}

/// Ends them.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let user = user(&form.fields)?;
    let Some(email) = email(&by, user).await? else {
        return Ok(told(0));
    };
    let acting = match by.act(&form, act(&by, user, &email).await?).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let own = user == by.0.session.user_id();
    let engine = &by.context().engine;
    match engine.revoke_user(&email, &acting.operator).await {
        Ok(_) if own => Ok(logout::signed_out(&by.0.caller)),
        Ok(ended) => Ok(acting.answer(&by, Ok(told(ended.unwrap_or(0))))),
        Err(error) if own => Ok(acting.answer(&by, Err(Failure::end_unstored(error)))),
        Err(error) => Ok(acting.answer(&by, Err(Failure::store(error).back(PATH)))),
    }
}

fn user(fields: &Fields) -> Result<UserId, Failure> {
    let user = fields.required("user")?.parse::<UserId>();
    user.map_err(|error| Failure::of(Code::BadRequest).because(error))
}

/// Whose sessions they are; nobody's, if none is live.
async fn email(by: &Administrator, user: UserId) -> Result<Option<EmailAddress>, Failure> {
    let theirs = SessionFilter {
        user: Some(user),
        ..SessionFilter::default()
    };
    let found = by
        .context()
        .engine
        .sessions(theirs, None, 1, by.now())
        .await;
    let found = found.map_err(Failure::store)?;
    Ok(found.sessions.into_iter().next().map(|stored| stored.email))
}

async fn act(by: &Administrator, user: UserId, email: &EmailAddress) -> Result<Act, Failure> {
    let reach = by.context().engine.reach_of_user(user).await;
    Ok(Act {
        action: "/console/sessions/end-user".into(),
        fields: vec![("user".to_owned(), user.to_string())],
        cancel: list(user).into(),
        purpose: FreshFor::Console(ConsoleAct::EndSessions {
            which: Which::Of(email.as_str().to_owned()),
            reach: reach.map_err(Failure::store)?.into(),
        }),
    })
}

fn list(user: UserId) -> String {
    format!("{PATH}?user={user}")
}
