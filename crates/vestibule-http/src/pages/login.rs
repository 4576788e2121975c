//! `/login`: sign in with address and password.
//!
//! | outcome | answer |
//! |---|---|
//! | signed in | 303 to `next`, the session's cookie, the pre-session ended |
//! | refused (unknown, wrong, disabled: no difference) | 401, the page again |
//! | the form's token does not fit | 403, the page again |
//! | no room to check a password | 503 with `Retry-After`, the page again |
//! | the store failed | 503; every cookie stays |

use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use vestibule_core::local_path::LocalPath;
use vestibule_engine::{Busy, NotNow, SignIn, SignInError};

use super::pre_session::{self, PreSession};
use crate::browser::caller::{Caller, Visitor};
use crate::browser::form::{Fields, Posted, Query};
use crate::errors::{self, Failure};
use crate::views::{LoginFault, LoginNotice, LoginPage};

/// Where a login goes on to when nothing else was asked for.
const HOME: &str = "/account";

/// RFC 9110 §15.5.2 asks for a challenge; a scheme that browsers do not know leaves them with the page.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Cookie realm=\"vestibule\"");

/// The form, or straight on for a person who is signed in.
pub async fn get(Visitor(caller): Visitor, Query(query): Query) -> Result<Response, Failure> {
    let next = next(&query);
    if caller.live()?.is_some() {
        return Ok(onward(next.as_ref()).into_response());
    }
    let notice = caller.has_ended().then_some(LoginNotice::SessionEnded);
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
            let mut response = form(&caller, StatusCode::UNAUTHORIZED, page)?;
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, CHALLENGE);
            Ok(response)
        }
        Err(
            SignInError::Throttled { retry_after, .. }
            | SignInError::NotNow(NotNow::Busy(Busy { retry_after })),
        ) => {
            let page = LoginPage {
                fault: Some(LoginFault::Busy),
                ..filled(Some(&fields), next)
            };
            let mut response = form(&caller, StatusCode::SERVICE_UNAVAILABLE, page)?;
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, errors::retry_after(retry_after));
            Ok(response)
        }
        Err(SignInError::NotNow(cause)) => Err(Failure::not_now(cause).back("/login")),
    }
}

fn form(caller: &Caller, status: StatusCode, page: LoginPage) -> Result<Response, Failure> {
    let pre_session = PreSession::of(caller)?;
    let csrf = pre_session.token(caller)?;
    let response = caller.page(status, &LoginPage { csrf, ..page })?;
    Ok(pre_session.keep(caller, response))
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
    (!matches!(path, "/" | "/login" | "/logout" | "/setup")).then_some(next)
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
