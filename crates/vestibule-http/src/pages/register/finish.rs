//! `/register/finish`: the mailed link makes the account, once (H04). Whoever reads the mail chooses the password, so nobody
//! can have prepared the account for them.
//!
//! The GET changes nothing; the link burns on the successful POST.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::ticket::{Grant, PlainTicket, Purpose, Ticket};
use vestibule_engine::{Busy, FinishRegistration, FinishRegistrationError, NotNow};

use crate::browser::caller::{Caller, Visitor};
use crate::browser::form::{Posted, Query};
use crate::errors::{self, Code, Failure};
use crate::pages::details::{self, Fault, Typed};
use crate::pages::pre_session;
use crate::pages::setup::password_fault;
use crate::views::FinishRegisterPage;

/// The form, if the link is good.
pub async fn get(Visitor(caller): Visitor, Query(query): Query) -> Result<Response, Failure> {
    let token = query.optional("token").unwrap_or_default();
    let (_, ticket) = good(&caller, token).await?;
    let page = known(&caller, token, &ticket);
    form(&caller, StatusCode::OK, page)
}

/// Makes the account, whose owner is signed in at once.
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    let over = caller.live()?;
    let fields = posted
        .check(&caller.context, pre_session::binding(&caller))?
        .fields;
    let token = fields.required("token")?;
    let (plain, ticket) = good(&caller, token).await?;
    let engine = &caller.context.engine;
    let policy = engine.policy();
    let typed = details::typed(&fields, &policy.registration);
    let finish = FinishRegistration {
        ticket: &plain,
        name: typed.name,
        answers: &typed.answers,
        terms: typed.terms,
        password: fields.required("password")?,
    };
    let over = over.map(AsRef::as_ref);
    let error = match engine
        .finish_registration(finish, over, &caller.visit)
        .await
    {
        Ok(signed_in) => {
            let onward = Redirect::to("/account").into_response();
            return Ok(pre_session::sign_in(&caller, &signed_in, onward));
        }
        Err(error) => error,
    };
    let mut page = FinishRegisterPage {
        details: details::form(&caller, &typed),
        ..known(&caller, token, &ticket)
    };
    let fault = match error {
        FinishRegistrationError::Gone => return Err(gone(&caller)),
        FinishRegistrationError::AddressTaken => {
            return Err(Failure::of(Code::AddressTaken).back("/login"));
        }
        FinishRegistrationError::NotNow(NotNow::Busy(Busy { retry_after })) => {
            page.busy = true;
            return form(&caller, StatusCode::SERVICE_UNAVAILABLE, page)
                .map(|response| errors::with_retry_after(response, retry_after));
        }
        FinishRegistrationError::NotNow(cause) => return Err(Failure::not_now(cause)),
        FinishRegistrationError::Password(error) => {
            page.password_fault = Some(password_fault(error));
            return form(&caller, Code::Invalid.status(), page);
        }
        FinishRegistrationError::Profile(fault) => Fault::of(fault, typed.name),
        FinishRegistrationError::Terms => Fault::Terms,
    };
    page.details = details::faulty(page.details, &fault);
    form(&caller, Code::Invalid.status(), page)
}

/// The link's ticket, if it is good for this.
async fn good(caller: &Caller, token: &str) -> Result<(PlainTicket, Ticket), Failure> {
    let plain = PlainTicket::parse(Purpose::Register, token).ok_or_else(|| gone(caller))?;
    let ticket = caller
        .context
        .engine
        .ticket(&plain, caller.visit.now)
        .await
        .map_err(Failure::store)?;
    let ticket = ticket.ok_or_else(|| gone(caller))?;
    Ok((plain, ticket))
}

fn gone(caller: &Caller) -> Failure {
    let open = caller.context.engine.policy().registration.is_open();
    Failure::of(Code::LinkGone).back(if open { "/register" } else { "/login" })
}

/// The page with what is known from when it was asked for. Terms are accepted by whoever makes the account, here.
fn known(caller: &Caller, token: &str, ticket: &Ticket) -> FinishRegisterPage {
    let (details, invited) = match &ticket.grant {
        Grant::Register {
            name,
            particulars,
            invited,
            ..
        } => {
            let typed = Typed {
                name: name.as_str(),
                answers: particulars.details.iter().collect(),
                terms: false,
            };
            (details::form(caller, &typed), *invited)
        }
        _ => Default::default(),
    };
    FinishRegisterPage {
        token: token.to_owned(),
        address: ticket.email.as_str().to_owned(),
        invited,
        details,
        ..FinishRegisterPage::default()
    }
}

fn form(
    caller: &Caller,
    status: StatusCode,
    page: FinishRegisterPage,
) -> Result<Response, Failure> {
    pre_session::page(caller, status, |csrf| FinishRegisterPage { csrf, ..page })
}
