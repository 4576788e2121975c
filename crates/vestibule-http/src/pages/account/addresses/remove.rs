//! `/account/addresses/remove`: takes an address out of the account.

use axum::response::Response;
use vestibule_store::RemoveAddress;

use super::{Done, PATH, named, refused};
use crate::browser::caller::SignedIn;
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::errors::Failure;
use crate::views::{AddressesNotice, FreshFor};

/// Removes it. One that is not this account's is nothing to remove, whoever has it (ASVS 8.2.2).
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let Some(address) = named(&signed_in, &form).await? else {
        return Ok(Done::Nothing.answer());
    };
    if address.primary {
        return refused(&signed_in, AddressesNotice::Refused).await;
    }
    let email = address.email;
    let act = Act {
        action: "/account/addresses/remove".into(),
        fields: vec![("address".to_owned(), email.as_str().to_owned())],
        cancel: PATH.into(),
        purpose: FreshFor::RemoveAddress {
            address: email.as_str().to_owned(),
        },
    };
    let proven = match fresh::prove(&signed_in, &form, act).await {
        Ok(proven) => proven,
        Err(answer) => return Ok(answer),
    };
    let outcome = caller
        .context
        .engine
        .remove_address(&proven.login, &email, &caller.visit)
        .await;
    let answer = match outcome {
        Ok(RemoveAddress::Removed) => Ok(Done::Removed.answer()),
        Ok(RemoveAddress::Unknown) => Ok(Done::Nothing.answer()),
        Ok(RemoveAddress::Primary) => refused(&signed_in, AddressesNotice::Refused).await,
        Ok(RemoveAddress::Declared) => refused(&signed_in, AddressesNotice::Declared).await,
        Err(cause) => Err(Failure::not_now(cause).back(PATH)),
    };
    Ok(proven.answer(&signed_in, answer))
}
