//! `/console/sessions/end`: ends the sessions that were picked (ASVS 7.4.5). The page says first what that ends.

use std::collections::BTreeSet;

use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::id::SessionId;
use vestibule_store::EndSession;

use super::{PATH, picked};
use crate::browser::form::{Posted, Query};
use crate::browser::fresh::Act;
use crate::console::Administrator;
use crate::errors::Failure;
use crate::pages::logout;
use crate::views::{ConsoleAct, FreshFor, Reached, Which};

/// Says what would end. Nothing picked leads back.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let ids = picked(&query)?;
    if ids.is_empty() {
        return Ok(Redirect::to(PATH).into_response());
    }
    let act = act(&by, &ids).await?;
    by.confirm(act)
}

/// Ends them, the administrator's own last.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let mut ids = picked(&form.fields)?;
    let own = by.0.session.id();
    ids.sort_by_key(|id| *id == own);
    let acting = match by.act(&form, act(&by, &ids).await?).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let engine = &by.context().engine;
    let mut ended = 0_u64;
    for id in &ids {
        match engine.revoke_session(*id, &acting.operator).await {
            Ok(EndSession::Ended) => ended += 1,
            Ok(EndSession::NotLive) => {}
            Err(error) if *id == own => {
                return Ok(acting.answer(&by, Err(Failure::end_unstored(error))));
            }
            Err(error) => return Ok(acting.answer(&by, Err(Failure::store(error).back(PATH)))),
        }
    }
    if ids.contains(&own) {
        return Ok(logout::signed_out(&by.0.caller));
    }
    Ok(acting.answer(&by, Ok(told(ended))))
}

/// Back to the list, which says how many.
pub(super) fn told(ended: u64) -> Response {
    Redirect::to(&format!("{PATH}?ended={ended}")).into_response()
}

async fn act(by: &Administrator, ids: &[SessionId]) -> Result<Act, Failure> {
    let mut reach = Reached::default();
    let mut applications = BTreeSet::new();
    for id in ids {
        let found = by.context().engine.session(*id).await;
        let Some(found) = found.map_err(Failure::store)? else {
            continue;
        };
        reach.devices += 1;
        reach.sign_ins += u64::try_from(found.applications.len()).unwrap_or(u64::MAX);
        applications.extend(found.applications.into_iter().map(|reached| reached.id));
    }
    reach.applications = u64::try_from(applications.len()).unwrap_or(u64::MAX);
    Ok(Act {
        action: "/console/sessions/end".into(),
        fields: ids
            .iter()
            .map(|id| (format!("session-{id}"), "on".to_owned()))
            .collect(),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::EndSessions {
            which: Which::Picked,
            reach,
        }),
    })
}
