//! `/account/security`: change the password (ASVS 6.2.2, 6.2.3, 7.4.3).

use axum::response::{IntoResponse as _, Redirect, Response};
use http::{StatusCode, header};
use vestibule_engine::{Busy, ChangePasswordError, NotNow};

use crate::browser::caller::{SignedIn, to_login};
use crate::browser::cookies;
use crate::browser::form::{Posted, Query};
use crate::errors::{self, Code, Failure};
use crate::pages::setup::password_fault;
use crate::views::{CurrentPasswordFault, PasswordFault, SecurityPage};

const PATH: &str = "/account/security";

/// The form.
pub async fn get(signed_in: SignedIn, Query(query): Query) -> Result<Response, Failure> {
    let changed = query
        .optional("changed")
        .filter(|_| signed_in.caller.led_by_own_page());
    let changed = changed.and_then(|count| count.parse().ok());
    form(
        &signed_in,
        StatusCode::OK,
        SecurityPage {
            changed,
            ..SecurityPage::default()
        },
    )
    .await
}

/// Changes it. Asks for the current one, and so needs no fresh login besides; every other device is signed out, and this one
/// goes on under a new secret (ASVS 7.2.4, 7.4.3).
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form_of = signed_in.check(posted)?;
    let current = form_of.fields.required("current_password")?;
    let new = form_of.fields.required("new_password")?;
    let faulty = |current_fault, new_fault| SecurityPage {
        current_fault,
        new_fault,
        ..SecurityPage::default()
    };
    if current.is_empty() {
        let page = faulty(Some(CurrentPasswordFault::Missing), None);
        return form(&signed_in, Code::Invalid.status(), page).await;
    }
    if current == new {
        let page = faulty(None, Some(PasswordFault::Unchanged));
        return form(&signed_in, Code::Invalid.status(), page).await;
    }
    let outcome = caller
        .context
        .engine
        .change_password(&signed_in.session, current, new, &caller.visit)
        .await;
    match outcome {
        Ok(changed) => {
            let set = cookies::set_session(
                &caller.context.site.issuer,
                &changed.cookie,
                &changed.session,
                caller.visit.now,
            );
            let onward = Redirect::to(&format!("{PATH}?changed={}", changed.ended));
            Ok(([(header::SET_COOKIE, set)], onward).into_response())
        }
        Err(ChangePasswordError::Policy(error)) => {
            form(
                &signed_in,
                Code::Invalid.status(),
                faulty(None, Some(password_fault(error))),
            )
            .await
        }
        Err(ChangePasswordError::Refused) => {
            let page = faulty(Some(CurrentPasswordFault::Wrong), None);
            form(&signed_in, StatusCode::FORBIDDEN, page).await
        }
        Err(ChangePasswordError::Throttled { retry_after }) => {
            let fault = CurrentPasswordFault::Throttled { wait: retry_after };
            let status = StatusCode::TOO_MANY_REQUESTS;
            form(&signed_in, status, faulty(Some(fault), None))
                .await
                .map(|response| errors::with_retry_after(response, retry_after))
        }
        Err(ChangePasswordError::NotNow(NotNow::Busy(Busy { retry_after }))) => {
            let page = faulty(Some(CurrentPasswordFault::Busy), None);
            form(&signed_in, StatusCode::SERVICE_UNAVAILABLE, page)
                .await
                .map(|response| errors::with_retry_after(response, retry_after))
        }
        Err(ChangePasswordError::Ended) => Ok(to_login(PATH).into_response()),
        Err(ChangePasswordError::NotNow(cause)) => Err(Failure::not_now(cause).back(PATH)),
    }
}

async fn form(
    signed_in: &SignedIn,
    status: StatusCode,
    page: SecurityPage,
) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let devices = caller
        .context
        .engine
        .devices(&signed_in.session, caller.visit.now)
        .await;
    let others = devices.map_err(Failure::store)?.len().saturating_sub(1);
    signed_in.page(
        status,
        &SecurityPage {
            csrf: signed_in.token()?,
            others,
            ..page
        },
    )
}
