//! `/account/devices/end-others`: signs out every device but this one (ASVS 7.4.3, 7.5.2).

use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_store::EndOthers;

use super::sessions;
use crate::browser::caller::{SignedIn, to_login};
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::errors::Failure;
use crate::views::FreshFor;

/// Ends them, in one cutoff that spares this session.
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let others = sessions(&signed_in).await?.len().saturating_sub(1);
    let act = Act {
        action: "/account/devices/end-others".into(),
        fields: Vec::new(),
        cancel: "/account".into(),
        purpose: FreshFor::EndOthers { count: others },
    };
    let proven = match fresh::prove(&signed_in, &form, act).await {
        Ok(proven) => proven,
        Err(answer) => return Ok(answer),
    };
    let outcome = caller
        .context
        .engine
        .end_other_devices(&proven.login, &caller.visit)
        .await;
    let answer = match outcome {
        Ok(EndOthers::Ended { ended }) => {
            Ok(Redirect::to(&format!("/account?ended={ended}")).into_response())
        }
        Ok(EndOthers::NotLive) => Ok(to_login("/account").into_response()),
        // Over in memory all the same.
        Err(error) => Err(Failure::ends_unstored(error, "/account")),
    };
    Ok(proven.answer(&signed_in, answer))
}
