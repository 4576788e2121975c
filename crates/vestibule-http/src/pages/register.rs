//! `/register`: a stranger asks for an account. What comes of it is in the mail, and the answer is the same for every address
//! (ASVS 6.3.8).
//!
//! | outcome | answer |
//! |---|---|
//! | asked | 200, 'look into your mail' |
//! | something is missing or cannot be read | 422, the page again |
//! | asked too often | 429 with `Retry-After`, the page again |
//! | accounts are made by invitation, or by the operators | 403, 404: in words |

use axum::response::Response;
use http::StatusCode;
use vestibule_engine::{AskRegistration, AskRegistrationError, RegistrationMode};

use super::details::{self, Fault};
use super::pre_session;
use super::setup::address_fault;
use crate::browser::caller::{Caller, Visitor};
use crate::browser::form::{Fields, Posted};
use crate::errors::{self, Code, Failure};
use crate::views::{RegisterAskedPage, RegisterPage};

pub mod finish;

/// The form.
pub async fn get(Visitor(caller): Visitor) -> Result<Response, Failure> {
    open(&caller)?;
    let empty = Fields::default();
    form(&caller, StatusCode::OK, filled(&caller, &empty))
}

/// Asks.
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    open(&caller)?;
    let checked = posted.check(&caller.context, pre_session::binding(&caller));
    let fields = checked
        .map_err(|refused| Failure::from(refused).back("/register"))?
        .fields;
    let engine = &caller.context.engine;
    let policy = engine.policy();
    let typed = details::typed(&fields, &policy.registration);
    let ask = AskRegistration {
        email: fields.required("identifier")?,
        name: typed.name,
        answers: &typed.answers,
        terms: typed.terms,
    };
    let error = match engine.ask_registration(ask, &caller.visit).await {
        Ok(()) => {
            let page = RegisterAskedPage {
                address: ask.email.trim().to_owned(),
            };
            return caller.page(StatusCode::OK, &page);
        }
        Err(error) => error,
    };
    let mut page = filled(&caller, &fields);
    let fault = match error {
        AskRegistrationError::Throttled { retry_after } => {
            page.wait = Some(retry_after);
            return form(&caller, StatusCode::TOO_MANY_REQUESTS, page)
                .map(|response| errors::with_retry_after(response, retry_after));
        }
        AskRegistrationError::Closed | AskRegistrationError::NoMail => {
            return Err(Failure::of(Code::RegistrationClosed));
        }
        AskRegistrationError::NotNow(cause) => {
            return Err(Failure::not_now(cause).back("/register"));
        }
        AskRegistrationError::Email(_) => {
            page.identifier_fault = Some(address_fault(&page.identifier));
            return form(&caller, Code::Invalid.status(), page);
        }
        AskRegistrationError::Profile(fault) => Fault::of(fault, typed.name),
        AskRegistrationError::Terms => Fault::Terms,
    };
    page.details = details::faulty(page.details, &fault);
    form(&caller, Code::Invalid.status(), page)
}

/// Whether a stranger may ask, or else why not.
fn open(caller: &Caller) -> Result<(), Failure> {
    let engine = &caller.context.engine;
    let code = match engine.policy().registration.mode {
        RegistrationMode::Open if engine.mails() => return Ok(()),
        RegistrationMode::Invited => Code::RegistrationByInvitation,
        RegistrationMode::Open | RegistrationMode::Off => Code::RegistrationClosed,
    };
    Err(Failure::of(code).back("/login"))
}

fn filled(caller: &Caller, fields: &Fields) -> RegisterPage {
    let policy = &caller.context.engine.policy().registration;
    RegisterPage {
        identifier: fields.optional("identifier").unwrap_or_default().to_owned(),
        details: details::form(caller, &details::typed(fields, policy)),
        ..RegisterPage::default()
    }
}

fn form(caller: &Caller, status: StatusCode, page: RegisterPage) -> Result<Response, Failure> {
    pre_session::page(caller, status, |csrf| RegisterPage { csrf, ..page })
}
