//! `/console/sessions/end-all`: ends every session of everybody, the administrator's too, in one cutoff (ASVS 7.4.5).

use axum::response::Response;

use super::PATH;
use crate::browser::form::Posted;
use crate::browser::fresh::Act;
use crate::console::Administrator;
use crate::errors::Failure;
use crate::pages::logout;
use crate::views::{ConsoleAct, FreshFor, Which};

/// Says what would end.
pub async fn get(by: Administrator) -> Result<Response, Failure> {
    let act = act(&by).await;
    by.confirm(act)
}

/// Ends them.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let acting = match by.act(&form, act(&by).await).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    match by.context().engine.revoke_all(&acting.operator).await {
        Ok(_) => Ok(logout::signed_out(&by.0.caller)),
        Err(error) => Ok(acting.answer(&by, Err(Failure::end_unstored(error)))),
    }
}

async fn act(by: &Administrator) -> Act {
    Act {
        action: "/console/sessions/end-all".into(),
        fields: Vec::new(),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::EndSessions {
            which: Which::Everybodys,
            reach: Some(by.context().engine.reach_of_all().await.into()),
        }),
    }
}
