//! `/`: leads on, and is no page itself.

use axum::response::Redirect;

use crate::browser::caller::Visitor;
use crate::errors::Failure;

/// To the account, or to the door.
pub async fn get(Visitor(caller): Visitor) -> Result<Redirect, Failure> {
    let signed_in = caller.live()?.is_some();
    Ok(Redirect::to(if signed_in { "/account" } else { "/login" }))
}
