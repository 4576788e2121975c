//! `/logout`: a GET asks and changes nothing (ASVS 3.5.3), the POST ends the session.
//!
//! Where the store fails, the session is dead in memory all the same, the answer is 503, and the cookie stays, so that the
//! browser can ask again. It hears 503 until the end is stored: nobody is told that it is done before it is.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use vestibule_core::csrf::Binding;
use vestibule_engine::LiveSession;

use crate::browser::caller::{Caller, Visitor};
use crate::browser::cookies;
use crate::browser::csrf::CsrfChecked;
use crate::browser::form::Posted;
use crate::errors::Failure;
use crate::views::{LogoutPage, SignedOutPage};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// ASVS 14.3.1. Not `"cookies"`: that would take an application's on this host, and every subdomain's, along.
const CACHE_AND_STORAGE: HeaderValue = HeaderValue::from_static("\"cache\", \"storage\"");

/// Asks; or says that nobody is signed in.
pub async fn get(Visitor(caller): Visitor) -> Result<Response, Failure> {
    let Some(session) = caller.live()? else {
        caller.surely_ended()?;
        return caller.page(
            StatusCode::OK,
            &SignedOutPage {
                login: "/login".to_owned(),
            },
        );
    };
    let csrf = caller.token(Binding::Session(&session.id()))?;
    caller.page_for(session, StatusCode::OK, &LogoutPage { csrf })
}

/// Ends the session that the form belongs to. Of a dead one nothing is left to end, and its cookie stays: a late tab must not
/// erase a new login.
pub async fn post(Visitor(caller): Visitor, posted: Posted) -> Result<Response, Failure> {
    let Some(session) = caller.still_live()? else {
        caller.surely_ended()?;
        return Ok(Redirect::to("/logout").into_response());
    };
    let checked = posted.check(&caller.context, Some(Binding::Session(&session.id())))?;
    end(&caller, &session, &checked.proof).await
}

/// Ends the caller's own session (ASVS 7.4.1, N10).
pub(super) async fn end(
    caller: &Caller,
    session: &LiveSession,
    _: &CsrfChecked,
) -> Result<Response, Failure> {
    let ended = caller.context.engine.sign_out(session, &caller.visit).await;
    ended.map_err(Failure::end_unstored)?;
    Ok(signed_out(caller))
}

/// The answer to a browser whose own session was just ended by its own doing.
pub(crate) fn signed_out(caller: &Caller) -> Response {
    let mut response = Redirect::to("/logout").into_response();
    forget(caller, &mut response);
    response
}

/// Lets the browser forget the session, and what it kept of its pages.
pub(crate) fn forget(caller: &Caller, response: &mut Response) {
    let clear = cookies::clear_session(&caller.context.site.issuer);
    response.headers_mut().append(header::SET_COOKIE, clear);
    forget_pages(response);
}

/// Lets the browser forget what it kept of this host's pages.
pub fn forget_pages(response: &mut Response) {
    response
        .headers_mut()
        .insert(CLEAR_SITE_DATA, CACHE_AND_STORAGE);
}
