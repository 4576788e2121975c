//! `/login`: sign in with address and password.
//!
//! | outcome | answer |
//! |---|---|
//! | signed in | 303 to `next`, the session's cookie, the pre-session ended |
//! | refused (unknown, wrong, disabled: no difference) | 401, the page again |
//! | too many tries | 429 with `Retry-After`, the page again; nothing was judged |
//! | the form's token does not fit | 403, the page again |
//! | no room to check a password | 503 with `Retry-After`, the page again |
//! | the store failed | 503; every cookie stays |
//!
//! A program that prefers JSON gets a problem in place of the page (RFC 9457).

use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use vestibule_core::local_path::LocalPath;
use vestibule_engine::{Busy, NotNow, SignIn, SignInError};

use super::pre_session;
use crate::browser::caller::{Caller, Visitor};
use crate::browser::form::{Fields, Posted, Query};
use crate::errors::{self, Failure};
use crate::handshake::offer::application_behind;
use crate::views::{LoginFault, LoginNotice, LoginPage};

/// Where a login goes on to when nothing else was asked for.
const HOME: &str = "/account";

/// `notice=` after a recovery.
const PASSWORD_SET: &str = "password-set";

/// RFC 9110 §15.5.2 asks for a challenge; a scheme that browsers do not know leaves them with the page.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Cookie realm=\"vestibule\"");

/// The form, or straight on for a person who is signed in.
pub async fn get(Visitor(caller): Visitor, Query(query): Query) -> Result<Response, Failure> {
    let next = next(&query);
    if caller.live()?.is_some() {
        return Ok(onward(next.as_ref()).into_response());
    }
    // Only what our own page leads to is believed: nobody else's link puts words here.
    let told = query
        .optional("notice")
        .filter(|_| caller.led_by_own_page());
    let notice = if told == Some(PASSWORD_SET) {
        Some(LoginNotice::PasswordSet)
    } else {
        caller.has_ended().then_some(LoginNotice::SessionEnded)
    };
    form(
        &caller,
        StatusCode::OK,
        LoginPage {
            notice,
            ..filled(None, next)
        },
    )
}

/// Signs in. Over a live session, that one ends in the same transition.
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    let over = caller.live()?;
    let fields = match posted.check(&caller.context, pre_session::binding(&caller)) {
        Ok(checked) => checked.fields,
        Err(refused) => {
            // 403 is also the answer to a login that is not fresh: what this one is, no status tells.
            if caller.is_program() {
                return Err(refused.into());
            }
            tracing::info!(error.cause = %refused.error, "a sign-in form was refused");
            let page = filled(Some(&refused.fields), next(&refused.fields));
            return form(
                &caller,
                StatusCode::FORBIDDEN,
                LoginPage {
                    fault: Some(LoginFault::Stale),
                    ..page
                },
            );
        }
    };
    let next = next(&fields);
    let attempt = SignIn {
        identifier: fields.required("identifier")?,
        password: fields.required("password")?,
        remember: fields.optional("remember").is_some(),
        over: over.map(AsRef::as_ref),
    };
    match caller.context.engine.sign_in(attempt, &caller.visit).await {
        Ok(signed_in) => {
            let onward = onward(next.as_ref()).into_response();
            Ok(pre_session::sign_in(&caller, &signed_in, onward))
        }
        Err(SignInError::Refused) => {
            let page = LoginPage {
                fault: Some(LoginFault::Mismatch),
                ..filled(Some(&fields), next)
            };
            form(&caller, StatusCode::UNAUTHORIZED, page).map(challenged)
        }
        // No answer tells of what there were too many: the same for every address (ASVS 6.3.8).
        Err(SignInError::Throttled { retry_after, .. }) => {
            let page = LoginPage {
                fault: Some(LoginFault::Throttled { wait: retry_after }),
                ..filled(Some(&fields), next)
            };
            form(&caller, StatusCode::TOO_MANY_REQUESTS, page)
                .map(|response| errors::with_retry_after(response, retry_after))
        }
        Err(SignInError::NotNow(NotNow::Busy(Busy { retry_after }))) => {
            let page = LoginPage {
                fault: Some(LoginFault::Busy),
                ..filled(Some(&fields), next)
            };
            form(&caller, StatusCode::SERVICE_UNAVAILABLE, page)
                .map(|response| errors::with_retry_after(response, retry_after))
        }
        Err(SignInError::NotNow(cause)) => Err(Failure::not_now(cause).back("/login")),
    }
}

fn challenged(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, CHALLENGE);
    response
}

fn form(caller: &Caller, status: StatusCode, page: LoginPage) -> Result<Response, Failure> {
    let engine = &caller.context.engine;
    // Who comes to sign in to an application is told its name.
    let next = page.next.as_deref().and_then(LocalPath::parse);
    let application = next.and_then(|next| application_behind(&caller.context, &next));
    pre_session::page(caller, status, |csrf| LoginPage {
        csrf,
        continue_to: application.or(page.continue_to),
        recovers: engine.mails(),
        registers: engine.mails() && engine.policy().registration.is_open(),
        ..page
    })
}

/// The page with what was typed, but the password.
fn filled(fields: Option<&Fields>, next: Option<LocalPath>) -> LoginPage {
    let next = next.map(|next| next.as_str().to_owned());
    LoginPage {
        identifier: fields
            .and_then(|fields| fields.optional("identifier"))
            .unwrap_or_default()
            .to_owned(),
        remember: fields.is_some_and(|fields| fields.optional("remember").is_some()),
        continue_to: next.clone().filter(|next| !is_own(next)),
        next,
        ..LoginPage::default()
    }
}

/// R23: only a path on this host, and none that would lead round in a circle or out again.
fn next(fields: &Fields) -> Option<LocalPath> {
    let next = LocalPath::parse(fields.optional("next")?)?;
    let path = next.as_str().split('?').next().unwrap_or_default();
    let door = matches!(path, "/" | "/login" | "/logout" | "/setup")
        || path.starts_with("/register")
        || path.starts_with("/recover");
    (!door).then_some(next)
}

/// Our own pages need no introduction.
fn is_own(next: &str) -> bool {
    next.strip_prefix(HOME)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// R24: 303, so that no browser sends the password on.
fn onward(next: Option<&LocalPath>) -> Redirect {
    Redirect::to(next.map_or(HOME, LocalPath::as_str))
}
