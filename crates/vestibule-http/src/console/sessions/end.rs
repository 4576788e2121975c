//! `/console/sessions/end`: ends the sessions that were picked (ASVS 7.4.5). The page says first what that ends.

use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::id::SessionId;

use super::{PATH, picked};
use crate::browser::form::{Posted, Query};
use crate::browser::fresh::Act;
use crate::console::Administrator;
use crate::errors::Failure;
use crate::pages::logout;
use crate::views::{ConsoleAct, FreshFor, Which};

/// Says what would end. Nothing picked leads back.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let ids = picked(&query)?;
    if ids.is_empty() {
        return Ok(Redirect::to(PATH).into_response());
    }
    let act = act(&by, &ids).await;
    by.confirm(act)
}

/// Ends them.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let ids = picked(&form.fields)?;
    let acting = match by.act(&form, act(&by, &ids).await).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let own = ids.contains(&by.0.session.id());
    let engine = &by.context().engine;
    match engine.revoke_sessions(ids, &acting.operator).await {
        Ok(_) if own => Ok(logout::signed_out(&by.0.caller)),
        Ok(ended) => Ok(acting.answer(&by, Ok(told(ended)))),
        Err(error) if own => Ok(acting.answer(&by, Err(Failure::end_unstored(error)))),
        // Each of them is over in memory.
        Err(error) => Ok(acting.answer(&by, Err(Failure::ends_unstored(error, PATH)))),
    }
}

/// Back to the list, which says how many.
pub(super) fn told(ended: u64) -> Response {
    Redirect::to(&format!("{PATH}?ended={ended}")).into_response()
}

async fn act(by: &Administrator, ids: &[SessionId]) -> Act {
    let reach = by.context().engine.reach_of_sessions(ids).await;
    Act {
        action: "/console/sessions/end".into(),
        fields: ids
            .iter()
            .map(|id| (format!("session-{id}"), "on".to_owned()))
            .collect(),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::EndSessions {
            which: Which::Picked,
            reach: reach.ok().map(|(reach, _)| reach.into()),
        }),
    }
}
