//! `/recover/end-login`: ends the login that a mail told of (ASVS 6.3.5, 7.5.2). The link is the proof, and works without
//! signing in: whoever reads the mail could end it by a recovery as well.
//!
//! The GET changes nothing: mail programs open links by themselves (ASVS 3.5.3).

use axum::response::Response;
use http::StatusCode;
use vestibule_core::ticket::{PlainTicket, Purpose};
use vestibule_store::EndLogin;

use crate::browser::caller::Visitor;
use crate::browser::form::{Posted, Query};
use crate::errors::{Code, Failure};
use crate::pages::pre_session;
use crate::views::{EndLoginPage, LoginEndedPage};

/// The button, if the link is good.
pub async fn get(Visitor(caller): Visitor, Query(query): Query) -> Result<Response, Failure> {
    let token = query.optional("token").unwrap_or_default();
    let ticket = PlainTicket::parse(Purpose::EndLogin, token).ok_or_else(gone)?;
    let engine = &caller.context.engine;
    let found = engine.ticket(&ticket, caller.visit.now).await;
    found.map_err(Failure::store)?.ok_or_else(gone)?;
    let token = token.to_owned();
    pre_session::page(&caller, StatusCode::OK, |csrf| EndLoginPage { csrf, token })
}

/// Ends it.
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    let fields = posted
        .check(&caller.context, pre_session::binding(&caller))?
        .fields;
    let token = fields.required("token")?;
    let ticket = PlainTicket::parse(Purpose::EndLogin, token).ok_or_else(gone)?;
    let ended = caller.context.engine.end_login(&ticket, &caller.visit);
    let already = match ended.await.map_err(Failure::not_now)? {
        EndLogin::Ended { .. } => false,
        EndLogin::NotLive => true,
        EndLogin::Gone => return Err(gone()),
    };
    caller.page(StatusCode::OK, &LoginEndedPage { already })
}

fn gone() -> Failure {
    Failure::of(Code::LinkGone).back("/recover")
}
