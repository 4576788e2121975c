//! `GET /vestibule/finish?code=…` on an application's host: code and browser together become an app session.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, header};
use vestibule_core::app_session::PlainHandshakeCode;
use vestibule_engine::Finish;

use super::PageOfItsOwn;
use super::start::doorway;
use crate::browser::caller::Visitor;
use crate::browser::cookies;
use crate::browser::form::Query;
use crate::context::Context;
use crate::errors::{Code, Failure};

/// Where the pages about what went wrong lead to: once more from the beginning.
const START: &str = "/vestibule/start?next=/";

/// Redeems. The code is spent, whatever comes of it (H04).
pub async fn get(
    State(context): State<Arc<Context>>,
    Visitor(caller): Visitor,
    _: PageOfItsOwn,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, Failure> {
    let doorway = doorway(&caller)?;
    let refused = |code| Failure::of(code).back(START);
    let code = query.optional("code").and_then(PlainHandshakeCode::parse);
    let code = code.ok_or_else(|| refused(Code::HandshakeGone))?;
    let tag = query.optional("browser").unwrap_or_default();
    let browser = cookies::handshake(&headers, doorway.origin(), tag);
    let finished = context
        .engine
        .finish_handshake(&code, browser.as_ref(), doorway, &caller.visit);
    match finished.await.map_err(Failure::store)? {
        Finish::Opened { cookie, next } => {
            let set = cookies::set_app_session(doorway.origin(), &cookie);
            Ok(([(header::SET_COOKIE, set)], Redirect::to(next.as_str())).into_response())
        }
        // The other tab's answer brings the cookie that is good.
        Finish::Overtaken { next } => Ok(Redirect::to(next.as_str()).into_response()),
        // One that has nothing either keeps no cookies, or is not the browser that asked: nobody can tell, so the page says both.
        Finish::OtherBrowser => {
            let been_here = cookies::any_handshake(&headers, doorway.origin()).is_some();
            Err(refused(if been_here {
                Code::HandshakeElsewhere
            } else {
                Code::NoCookieKept
            }))
        }
        Finish::Gone => Err(refused(Code::HandshakeGone)),
    }
}
