//! `/account/devices/end-all`: signs out every device, this one too (ASVS 7.5.2).

use axum::response::Response;

use super::sessions;
use crate::browser::caller::SignedIn;
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::errors::Failure;
use crate::pages::logout;
use crate::views::FreshFor;

/// Ends them, in one cutoff, and lets this browser forget its cookie as a sign-out does.
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let others = sessions(&signed_in).await?.len().saturating_sub(1);
    let act = Act {
        action: "/account/devices/end-all".into(),
        fields: Vec::new(),
        cancel: "/account".into(),
        purpose: FreshFor::EndAll { others },
    };
    let proven = match fresh::prove(&signed_in, &form, act).await {
        Ok(proven) => proven,
        Err(answer) => return Ok(answer),
    };
    let outcome = caller
        .context
        .engine
        .end_everywhere(&proven.login, &caller.visit)
        .await;
    match outcome {
        Ok(_) => Ok(logout::signed_out(caller)),
        Err(error) => Ok(proven.answer(&signed_in, Err(Failure::end_unstored(error)))),
    }
}
