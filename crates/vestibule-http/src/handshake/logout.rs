//! `/vestibule/logout` on an application's host: a GET asks and changes nothing (ASVS 3.5.3, 10.6.2), the POST ends the whole
//! login, at the issuer and at every application.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use vestibule_core::csrf::Binding;
use vestibule_engine::{Check, Doorway, LiveAppSession};

use super::start::doorway;
use crate::browser::caller::{Caller, Visitor};
use crate::browser::form::{Posted, Query};
use crate::browser::{cookies, csrf};
use crate::context::Context;
use crate::errors::Failure;
use crate::pages::logout::forget_pages;
use crate::views::{AppLogoutPage, AppSignedOutPage};

const PATH: &str = "/vestibule/logout";
/// Where the form leads once everything is over.
const DONE: &str = "/vestibule/logout?done=1";

/// Asks; or says that it is done; or, where nobody is signed in *here*, that the device may be elsewhere all the same: a cookie
/// of the application dies with the session's secret, and so before the login itself may.
pub async fn get(
    State(context): State<Arc<Context>>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, Failure> {
    let doorway = doorway(&caller)?;
    let title = doorway.application().spec.title().to_owned();
    let Some(session) = live(&context, &caller, doorway, &headers)? else {
        let done = query.optional("done").is_some()
            && csrf::led_by_own_page(&headers)
            && cookies::app_session(&headers, doorway.origin()).is_none();
        if query.optional("elsewhere").is_some() {
            let issuer = context.site.issuer.origin();
            return Ok(Redirect::to(&format!("{issuer}/logout")).into_response());
        }
        return caller.page(StatusCode::OK, &AppSignedOutPage { title, done });
    };
    let page = AppLogoutPage {
        csrf: caller.token(Binding::AppSession(&session.id()))?,
        address: session.profile().email().as_str().to_owned(),
        title,
    };
    caller.page(StatusCode::OK, &page)
}

/// Ends the login that the form belongs to. Of a dead one nothing is left to end, and its cookie stays: a late tab must not
/// erase a new one.
pub async fn post(
    State(context): State<Arc<Context>>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let doorway = doorway(&caller)?;
    let Some(session) = live(&context, &caller, doorway, &headers)? else {
        return Ok(Redirect::to(PATH).into_response());
    };
    posted.check(&context, Some(Binding::AppSession(&session.id())))?;
    let ended = context
        .engine
        .sign_out_everything(&session, &caller.visit)
        .await;
    ended.map_err(|error| Failure::end_unstored(error).back(PATH))?;
    let mut response = Redirect::to(DONE).into_response();
    let clear = cookies::clear_app_session(doorway.origin());
    response.headers_mut().append(header::SET_COOKIE, clear);
    forget_pages(&mut response);
    Ok(response)
}

/// Who is signed in here. While nobody can say, or a restart could bring back what is over, the answer is 503.
fn live(
    context: &Context,
    caller: &Caller,
    doorway: &Doorway,
    headers: &HeaderMap,
) -> Result<Option<LiveAppSession>, Failure> {
    let Some(cookie) = cookies::app_session(headers, doorway.origin()) else {
        return Ok(None);
    };
    match context
        .engine
        .check_app(&cookie, doorway, context.engine.now())
    {
        Check::Live(session) => Ok(Some(session)),
        Check::Dead if context.engine.owes_end_above(&cookie) => {
            Err(Failure::end_unstored(StillOwed).back(PATH))
        }
        Check::Dead => Ok(None),
        Check::NotReady => Err(Failure::not_ready()),
    }
    .inspect_err(
        |_| tracing::debug!(address = ?caller.visit.address, "who is signed in cannot be said"),
    )
}

#[derive(Debug, thiserror::Error)]
#[error("the session's end is enforced, but could not be stored yet")]
struct StillOwed;
