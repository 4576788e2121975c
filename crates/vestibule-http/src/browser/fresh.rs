//! What needs a fresh login (ASVS 7.5.2, 7.5.3): where it is not fresh, the same form asks for the password besides, so that
//! one step proves and does it.
//!
//! ```text
//! POST, fresh ───────────────────────────────────────────▶ done
//! POST, stale ─▶ 403 page with the same fields ─▶ POST + password ─▶ renewed and done, in one request
//!                        ▲                               │
//!                        └────────── wrong ──────────────┘
//! ```

use std::borrow::Cow;

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use vestibule_core::secret::SessionCookie;
use vestibule_engine::{Busy, FreshLogin, NotNow, ReauthenticateError};

use super::caller::{SignedIn, to_login};
use super::cookies;
use super::form::Checked;
use crate::errors::{self, Failure};
use crate::views::{FreshFault, FreshFor, FreshPage};

/// Name of the form field that proves it.
const PASSWORD: &str = "password";

/// What is asked for, for the page that asks for the password.
pub struct Act {
    /// Where the form posts to.
    pub action: Cow<'static, str>,
    /// Its fields, without token and password.
    pub fields: Vec<(String, String)>,
    /// Where 'cancel' leads.
    pub cancel: Cow<'static, str>,
    /// What will happen.
    pub purpose: FreshFor,
}

/// A fresh login, and the new cookie if it was renewed for this.
pub struct Proven {
    /// The proof.
    pub login: FreshLogin,
    renewed: Option<SessionCookie>,
}

/// Proves that the login is fresh, or answers the page that asks.
pub async fn prove(signed_in: &SignedIn, form: &Checked, act: Act) -> Result<Proven, Response> {
    let (engine, visit) = (&signed_in.caller.context.engine, &signed_in.caller.visit);
    if let Some(login) = engine.fresh(&signed_in.session, visit.now) {
        return Ok(Proven {
            login,
            renewed: None,
        });
    }
    let Some(password) = form.fields.optional(PASSWORD) else {
        return Err(ask(signed_in, act, StatusCode::FORBIDDEN, None));
    };
    match engine
        .reauthenticate(&signed_in.session, password, visit)
        .await
    {
        Ok((cookie, login)) => Ok(Proven {
            login,
            renewed: Some(cookie),
        }),
        Err(ReauthenticateError::Refused) => Err(ask(
            signed_in,
            act,
            StatusCode::FORBIDDEN,
            Some(FreshFault::Wrong),
        )),
        Err(ReauthenticateError::Throttled { retry_after }) => {
            let fault = FreshFault::Throttled { wait: retry_after };
            let page = ask(signed_in, act, StatusCode::TOO_MANY_REQUESTS, Some(fault));
            Err(errors::with_retry_after(page, retry_after))
        }
        Err(ReauthenticateError::NotNow(NotNow::Busy(Busy { retry_after }))) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let page = ask(signed_in, act, status, Some(FreshFault::Busy));
            Err(errors::with_retry_after(page, retry_after))
        }
        Err(ReauthenticateError::Ended) => Err(to_login(&act.cancel).into_response()),
        Err(ReauthenticateError::NotNow(cause)) => {
            Err(Failure::not_now(cause).back(act.cancel).into_response())
        }
    }
}

impl Proven {
    /// The answer, with the new cookie if there is one: the old one is dead, whatever became of the act.
    pub fn answer(&self, signed_in: &SignedIn, answer: Result<Response, Failure>) -> Response {
        let mut response = answer.unwrap_or_else(Failure::into_response);
        if let Some(cookie) = &self.renewed {
            let caller = &signed_in.caller;
            let issuer = &caller.context.site.issuer;
            let set = cookies::set_session(issuer, cookie, self.login.session(), caller.visit.now);
            response.headers_mut().append(header::SET_COOKIE, set);
        }
        response
    }
}

/// The page that says what will happen before it does; where the login is not fresh, it asks for the password at once.
pub fn confirm(signed_in: &SignedIn, act: Act) -> Result<Response, Failure> {
    let visit = &signed_in.caller.visit;
    let fresh = signed_in
        .caller
        .context
        .engine
        .fresh(&signed_in.session, visit.now);
    let page = FreshPage {
        proven: fresh.is_some(),
        ..asking(signed_in, act, None)?
    };
    signed_in.page(StatusCode::OK, &page)
}

fn ask(signed_in: &SignedIn, act: Act, status: StatusCode, fault: Option<FreshFault>) -> Response {
    let page = asking(signed_in, act, fault).and_then(|page| signed_in.page(status, &page));
    page.unwrap_or_else(Failure::into_response)
}

fn asking(signed_in: &SignedIn, act: Act, fault: Option<FreshFault>) -> Result<FreshPage, Failure> {
    Ok(FreshPage {
        csrf: signed_in.token()?,
        action: act.action.into_owned(),
        fields: act.fields,
        cancel: act.cancel.into_owned(),
        purpose: act.purpose,
        proven: false,
        fault,
    })
}
