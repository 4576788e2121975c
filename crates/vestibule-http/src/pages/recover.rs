//! `/recover`: asks for a link to set a new password. What comes of it is in the mail, and the answer is the same for every
//! address but for its code (ASVS 6.3.8).
//!
//! | outcome | answer |
//! |---|---|
//! | asked | 200, 'look into your mail', and the code for another browser |
//! | no address | 422, the page again |
//! | asked too often | 429 with `Retry-After`, the page again |
//! | no mail can be sent | 404, in words |

use axum::response::Response;
use http::StatusCode;
use vestibule_engine::AskRecoveryError;

use super::pre_session;
use super::setup::address_fault;
use crate::browser::caller::{Caller, Visitor};
use crate::browser::form::Posted;
use crate::errors::{self, Code, Failure};
use crate::views::{RecoverAskedPage, RecoverPage};

pub mod end_login;
pub mod finish;

/// The form.
pub async fn get(Visitor(caller): Visitor) -> Result<Response, Failure> {
    if !caller.context.engine.mails() {
        return Err(closed());
    }
    form(&caller, StatusCode::OK, RecoverPage::default())
}

/// Asks, and binds what comes of it to this browser's pre-session (ASVS 6.6.2).
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    let checked = posted.check(&caller.context, pre_session::binding(&caller));
    let fields = checked
        .map_err(|refused| Failure::from(refused).back("/recover"))?
        .fields;
    let email = fields.required("identifier")?;
    let browser = pre_session::browser(&caller);
    let engine = &caller.context.engine;
    let mut page = RecoverPage {
        identifier: email.to_owned(),
        ..RecoverPage::default()
    };
    match engine.ask_recovery(email, browser, &caller.visit).await {
        Ok(code) => {
            let page = RecoverAskedPage {
                address: email.trim().to_owned(),
                code: code.shown(),
            };
            caller.page(StatusCode::OK, &page)
        }
        Err(AskRecoveryError::NoMail) => Err(closed()),
        Err(AskRecoveryError::Email(_)) => {
            page.identifier_fault = Some(address_fault(email));
            form(&caller, Code::Invalid.status(), page)
        }
        Err(AskRecoveryError::Throttled { retry_after }) => {
            page.wait = Some(retry_after);
            form(&caller, StatusCode::TOO_MANY_REQUESTS, page)
                .map(|response| errors::with_retry_after(response, retry_after))
        }
        Err(AskRecoveryError::NotNow(cause)) => Err(Failure::not_now(cause).back("/recover")),
    }
}

fn closed() -> Failure {
    Failure::of(Code::RecoveryClosed).back("/login")
}

fn form(caller: &Caller, status: StatusCode, page: RecoverPage) -> Result<Response, Failure> {
    pre_session::page(caller, status, |csrf| RecoverPage { csrf, ..page })
}
