//! `/setup`: the one-time link makes the administrator (H04: exactly one, however many try).
//!
//! The link's token is in the query of the first GET and in the form after it. It goes to no log, and to no other page:
//! `Referrer-Policy` is `no-referrer`. The GET changes nothing; the token burns on the successful POST.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::password::NewPasswordError;
use vestibule_core::secret::PlainSetupSecret;
use vestibule_engine::{Busy, NotNow, Setup, SetupError};

use super::pre_session;
use crate::browser::caller::{Caller, Visitor};
use crate::browser::form::{Posted, Query};
use crate::errors::{self, Code, Failure};
use crate::views::{AddressFault, NameFault, PasswordFault, SetupPage};

/// The form, if the link is good.
pub async fn get(Visitor(caller): Visitor, Query(query): Query) -> Result<Response, Failure> {
    let token = query.optional("token").unwrap_or_default();
    let Some(secret) = PlainSetupSecret::parse(token) else {
        return Err(gone(&caller).await);
    };
    let offered = caller
        .context
        .engine
        .setup_offered(&secret, caller.visit.now)
        .await;
    if !offered.map_err(Failure::store)? {
        return Err(gone(&caller).await);
    }
    form(
        &caller,
        StatusCode::OK,
        SetupPage {
            token: token.to_owned(),
            ..SetupPage::default()
        },
    )
}

/// Makes the administrator, who is signed in at once.
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    let fields = posted
        .check(&caller.context, pre_session::binding(&caller))?
        .fields;
    let token = fields.required("token")?;
    let Some(secret) = PlainSetupSecret::parse(token) else {
        return Err(gone(&caller).await);
    };
    let (email, password) = (fields.required("identifier")?, fields.required("password")?);
    let name = fields.optional("name").unwrap_or_default();
    let setup = Setup {
        secret: &secret,
        email,
        name,
        password,
    };
    let error = match caller
        .context
        .engine
        .complete_setup(setup, &caller.visit)
        .await
    {
        Ok(signed_in) => {
            if let Ok(Some(over)) = caller.live() {
                // The browser loses this one's cookie to the new one. Should the store fail now, the end is owed.
                let _ = caller.context.engine.sign_out(over, &caller.visit).await;
            }
            let onward = Redirect::to("/account").into_response();
            return Ok(pre_session::sign_in(&caller, &signed_in, onward));
        }
        Err(error) => error,
    };
    let mut page = SetupPage {
        token: token.to_owned(),
        identifier: email.to_owned(),
        name: name.to_owned(),
        ..SetupPage::default()
    };
    match error {
        SetupError::Gone => return Err(gone(&caller).await),
        SetupError::NotNow(NotNow::Busy(Busy { retry_after })) => {
            page.busy = true;
            return form(&caller, StatusCode::SERVICE_UNAVAILABLE, page)
                .map(|response| errors::with_retry_after(response, retry_after));
        }
        SetupError::NotNow(cause) => return Err(Failure::not_now(cause)),
        SetupError::Email(_) => page.identifier_fault = Some(address_fault(email)),
        SetupError::AddressTaken => page.identifier_fault = Some(AddressFault::Taken),
        SetupError::Name(_) => page.name_fault = Some(name_fault(name)),
        SetupError::Password(error) => page.password_fault = Some(password_fault(error)),
    }
    form(&caller, Code::Invalid.status(), page)
}

fn form(caller: &Caller, status: StatusCode, page: SetupPage) -> Result<Response, Failure> {
    pre_session::page(caller, status, |csrf| SetupPage { csrf, ..page })
}

/// Why the link is no good: there is an administrator, or it is too old.
async fn gone(caller: &Caller) -> Failure {
    match caller.context.engine.is_set_up().await {
        Ok(true) => Failure::of(Code::SetupUsed).back("/login"),
        Ok(false) => Failure::of(Code::SetupExpired),
        Err(error) => Failure::store(error),
    }
}

pub(super) fn address_fault(text: &str) -> AddressFault {
    if text.trim().is_empty() {
        AddressFault::Missing
    } else {
        AddressFault::Malformed
    }
}

pub(crate) fn name_fault(text: &str) -> NameFault {
    if text.trim().chars().count() > 200 {
        NameFault::TooLong
    } else {
        NameFault::Malformed
    }
}

/// N28: what is wrong with a password, in the page's words.
pub(crate) fn password_fault(error: NewPasswordError) -> PasswordFault {
    match error {
        NewPasswordError::TooShort(0) => PasswordFault::Missing,
        NewPasswordError::TooShort(length) => PasswordFault::TooShort { length },
        NewPasswordError::TooLong => PasswordFault::TooLong,
        NewPasswordError::IsAddress | NewPasswordError::IsName => PasswordFault::Guessable,
        NewPasswordError::SiteWord => PasswordFault::SiteWord,
        NewPasswordError::Common => PasswordFault::Common,
    }
}
