//! `/account/addresses/prove`: mails a link to the account's own address, which nobody has proved yet. Nothing changes by it,
//! and it goes nowhere new: no fresh login is needed.

use axum::response::Response;
use vestibule_engine::AddAddressError;

use super::{Done, add};
use crate::browser::caller::SignedIn;
use crate::browser::form::Posted;
use crate::errors::Failure;

/// Mails the link.
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    signed_in.check(posted)?;
    let outcome = caller
        .context
        .engine
        .prove_address(&signed_in.session, &caller.visit)
        .await;
    match outcome {
        Ok(()) => add::asked(&signed_in, &signed_in.session.profile().email()).await,
        Err(AddAddressError::Own) => Ok(Done::Nothing.answer()),
        Err(error) => add::not_asked(&signed_in, "", error).await,
    }
}
