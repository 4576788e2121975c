//! `/account/addresses/add`: asks for another address.
//!
//! The answer names the address as it was understood, and is the same whether or not another account has it: the mail tells
//! its reader (ASVS 6.3.8).

use axum::response::Response;
use http::{StatusCode, header};
use vestibule_core::email::EmailAddress;
use vestibule_engine::AddAddressError;

use super::{PATH, list, own};
use crate::browser::caller::SignedIn;
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::errors::{self, Code, Failure};
use crate::pages::setup::address_fault;
use crate::views::{AddressesNotice, AddressesPage, FreshFor, NewAddressFault};

/// Mails the link. What can be seen to be wrong is said before a password is asked for.
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let typed = form.fields.required("email")?;
    let Ok(email) = EmailAddress::parse(typed) else {
        return unusable(&signed_in, typed).await;
    };
    if own(&signed_in).await?.iter().any(|one| one.email == email) {
        return owned(&signed_in, typed).await;
    }
    let act = Act {
        action: "/account/addresses/add".into(),
        fields: vec![("email".to_owned(), typed.to_owned())],
        cancel: PATH.into(),
        purpose: FreshFor::AddAddress {
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
        .add_address(&proven.login, typed, &caller.visit)
        .await;
    let answer = match outcome {
        Ok(email) => asked(&signed_in, &email).await,
        Err(AddAddressError::Email(_)) => unusable(&signed_in, typed).await,
        Err(AddAddressError::Own) => owned(&signed_in, typed).await,
        Err(error) => not_asked(&signed_in, typed, error).await,
    };
    Ok(proven.answer(&signed_in, answer))
}

pub(super) async fn asked(signed_in: &SignedIn, email: &EmailAddress) -> Result<Response, Failure> {
    let notice = AddressesNotice::Asked {
        address: email.as_str().to_owned(),
    };
    let page = AddressesPage {
        notice: Some(notice),
        ..AddressesPage::default()
    };
    list(signed_in, StatusCode::OK, page).await
}

/// Whatever does not lie in the address itself.
pub(super) async fn not_asked(
    signed_in: &SignedIn,
    typed: &str,
    error: AddAddressError,
) -> Result<Response, Failure> {
    let page = AddressesPage {
        typed: typed.to_owned(),
        ..AddressesPage::default()
    };
    match error {
        AddAddressError::Throttled { retry_after: wait } => {
            let notice = Some(AddressesNotice::Throttled { wait });
            let page = AddressesPage { notice, ..page };
            // RFC 6585 §4
            let mut response = list(signed_in, StatusCode::TOO_MANY_REQUESTS, page).await?;
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, errors::retry_after(wait));
            Ok(response)
        }
        AddAddressError::NotNow(cause) => Err(Failure::not_now(cause).back(PATH)),
        // The page itself says which, in place of the form.
        AddAddressError::TooMany
        | AddAddressError::NoMail
        | AddAddressError::Own
        | AddAddressError::Email(_) => list(signed_in, StatusCode::CONFLICT, page).await,
    }
}

async fn unusable(signed_in: &SignedIn, typed: &str) -> Result<Response, Failure> {
    faulty(
        signed_in,
        typed,
        NewAddressFault::Address(address_fault(typed)),
    )
    .await
}

async fn owned(signed_in: &SignedIn, typed: &str) -> Result<Response, Failure> {
    faulty(signed_in, typed, NewAddressFault::Own).await
}

async fn faulty(
    signed_in: &SignedIn,
    typed: &str,
    fault: NewAddressFault,
) -> Result<Response, Failure> {
    let page = AddressesPage {
        typed: typed.to_owned(),
        fault: Some(fault),
        ..AddressesPage::default()
    };
    list(signed_in, Code::Invalid.status(), page).await
}
