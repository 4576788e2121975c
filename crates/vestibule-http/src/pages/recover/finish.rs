//! `/recover/finish`: the mailed link sets a new password, once (H04), in the browser that asked, or elsewhere with the code
//! that the asking page shows. It signs nobody in (C13, ASVS 6.3.6).
//!
//! The GET changes nothing; the link burns on the successful POST.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::{StatusCode, header};
use vestibule_core::email::EmailAddress;
use vestibule_core::ticket::{PlainTicket, Purpose};
use vestibule_engine::{Busy, FinishRecovery, FinishRecoveryError, NotNow, Recoverable};

use crate::browser::caller::{Caller, Visitor};
use crate::browser::cookies;
use crate::browser::form::{Posted, Query};
use crate::errors::{self, Code, Failure};
use crate::pages::pre_session;
use crate::pages::setup::password_fault;
use crate::views::{CodeFault, FinishRecoverPage, RecoveredPage};

/// A link that is good.
struct Good {
    ticket: PlainTicket,
    email: EmailAddress,
    asks_code: bool,
}

/// The form, if the link is good.
pub async fn get(Visitor(caller): Visitor, Query(query): Query) -> Result<Response, Failure> {
    let token = query.optional("token").unwrap_or_default();
    let good = good(&caller, token).await?;
    form(&caller, StatusCode::OK, page(token, &good))
}

/// Sets the password. Every login of the account ends; then one signs in.
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    let fields = posted
        .check(&caller.context, pre_session::binding(&caller))?
        .fields;
    let token = fields.required("token")?;
    let good = good(&caller, token).await?;
    let code = fields.optional("code").map(str::trim);
    let finish = FinishRecovery {
        ticket: &good.ticket,
        browser: pre_session::browser(&caller),
        code: code.filter(|code| !code.is_empty()),
        password: fields.required("password")?,
    };
    let mut page = page(token, &good);
    let engine = &caller.context.engine;
    match engine.finish_recovery(finish, &caller.visit).await {
        Ok(recovered) => {
            let set = cookies::set_device(&caller.context.site.issuer, &recovered.device);
            // Signed in with this account: no longer. With another: the sign-in page would lead on, and tell nothing.
            let answer = if matches!(caller.still_live(), Ok(Some(_))) {
                let address = page.address;
                caller.page(StatusCode::OK, &RecoveredPage { address })?
            } else {
                Redirect::to("/login?notice=password-set").into_response()
            };
            return Ok(([(header::SET_COOKIE, set)], answer).into_response());
        }
        Err(FinishRecoveryError::Gone) => return Err(gone()),
        Err(FinishRecoveryError::NotNow(NotNow::Busy(Busy { retry_after }))) => {
            page.busy = true;
            return form(&caller, StatusCode::SERVICE_UNAVAILABLE, page)
                .map(|response| errors::with_retry_after(response, retry_after));
        }
        Err(FinishRecoveryError::NotNow(cause)) => return Err(Failure::not_now(cause)),
        Err(FinishRecoveryError::CodeNeeded) => {
            page.asks_code = true;
            page.code_fault = Some(CodeFault::Missing);
        }
        Err(FinishRecoveryError::WrongCode) => page.code_fault = Some(CodeFault::Wrong),
        Err(FinishRecoveryError::Password(error)) => {
            page.password_fault = Some(password_fault(error));
        }
    }
    form(&caller, Code::Invalid.status(), page)
}

async fn good(caller: &Caller, token: &str) -> Result<Good, Failure> {
    let ticket = PlainTicket::parse(Purpose::Recover, token).ok_or_else(gone)?;
    let browser = pre_session::browser(caller);
    let engine = &caller.context.engine;
    let found = engine.recovery(&ticket, browser, caller.visit.now).await;
    let (email, asks_code) = match found.map_err(Failure::store)? {
        Recoverable::Here { email } => (email, false),
        Recoverable::OtherBrowser { email } => (email, true),
        Recoverable::Gone => return Err(gone()),
    };
    Ok(Good {
        ticket,
        email,
        asks_code,
    })
}

fn gone() -> Failure {
    Failure::of(Code::LinkGone).back("/recover")
}

fn page(token: &str, good: &Good) -> FinishRecoverPage {
    FinishRecoverPage {
        token: token.to_owned(),
        address: good.email.as_str().to_owned(),
        asks_code: good.asks_code,
        ..FinishRecoverPage::default()
    }
}

fn form(caller: &Caller, status: StatusCode, page: FinishRecoverPage) -> Result<Response, Failure> {
    pre_session::page(caller, status, |csrf| FinishRecoverPage { csrf, ..page })
}
