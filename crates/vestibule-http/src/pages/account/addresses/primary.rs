//! `/account/addresses/primary`: lets another address name the account.

use axum::response::Response;
use vestibule_store::MakePrimary;

use super::{Done, PATH, named, refused};
use crate::browser::caller::SignedIn;
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::errors::Failure;
use crate::views::{AddressesNotice, FreshFor};

/// Makes it so, and both are told by mail. One that is not this account's is nothing to change, whoever has it (ASVS 8.2.2).
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let Some(address) = named(&signed_in, &form)
        .await?
        .filter(|address| !address.primary)
    else {
        return Ok(Done::Nothing.answer());
    };
    let email = address.email;
    let act = Act {
        action: "/account/addresses/primary".into(),
        fields: vec![("address".to_owned(), email.as_str().to_owned())],
        cancel: PATH.into(),
        purpose: FreshFor::MakePrimary {
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
        .make_primary(&proven.login, &email, &caller.visit)
        .await;
    let answer = match outcome {
        Ok(MakePrimary::Changed { .. }) => Ok(Done::Primary.answer()),
        Ok(MakePrimary::Already | MakePrimary::Unknown) => Ok(Done::Nothing.answer()),
        Ok(MakePrimary::Unverified) => refused(&signed_in, AddressesNotice::Refused).await,
        Ok(MakePrimary::Declared) => refused(&signed_in, AddressesNotice::Declared).await,
        Err(cause) => Err(Failure::not_now(cause).back(PATH)),
    };
    Ok(proven.answer(&signed_in, answer))
}
