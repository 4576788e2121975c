//! `GET /vestibule/start?next=PATH` on an application's host: to the issuer, with a challenge: the hash of what this browser
//! keeps, vouched for by us for ten seconds.
//!
//! Several tabs may be under way at once: they share the browser's secret, which is made once and kept. Tabs that begin before
//! there is one make one each, side by side.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, PercentEncode, utf8_percent_encode};
use vestibule_core::app_session::PlainBrowserSecret;
use vestibule_core::local_path::LocalPath;
use vestibule_core::secret::sha256;
use vestibule_engine::{Check, Doorway};
use zeroize::Zeroize as _;

use super::PageOrItsHead;
use crate::browser::caller::{Caller, Visitor};
use crate::browser::cookies;
use crate::browser::form::{Fields, Query};
use crate::context::Context;
use crate::errors::{Code, Failure};

/// What a value in a query must not hold as it is. Little, so that a long path stays below [`LocalPath::MAX_LEN`].
const QUERY_VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'\'')
    .add(b'`');

/// How often sign-in may lead to one page within seconds: a browser gives up at twenty redirections, two a round.
const MOST_ROUNDS: u8 = 5;

/// On to the issuer; or straight on to the page for a browser that is signed in here.
pub async fn get(
    State(context): State<Arc<Context>>,
    Visitor(caller): Visitor,
    opened: PageOrItsHead,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, Failure> {
    let doorway = doorway(&caller)?;
    let next = next(&query);
    let origin = doorway.origin();
    if opened == PageOrItsHead::Head {
        return head(&context, &caller, &headers, &next);
    }
    if let Some(cookie) = cookies::app_session(&headers, origin) {
        match context.engine.check_app(&cookie, doorway, caller.visit.now) {
            Check::Live(_) => return again(&headers, doorway, &next),
            Check::Dead => {}
            Check::NotReady => return Err(Failure::not_ready()),
        }
    }
    let kept = cookies::any_handshake(&headers, origin);
    let new = kept.is_none();
    let browser = kept.map_or_else(|| secret(&context), Ok)?;
    let challenges = context.engine.challenges();
    let challenge = challenges.challenge(origin, browser.hashed(), caller.visit.now);
    let round = round(&query);
    let target = target(
        &context,
        doorway,
        &format!("browser={challenge}&round={round}"),
        &next,
    );
    let mut response = Redirect::to(&target).into_response();
    if new {
        let set = cookies::set_handshake(origin, &browser);
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    Ok(response)
}

/// A HEAD changes nothing, so it leads nobody to sign in.
fn head(
    context: &Context,
    caller: &Caller,
    headers: &HeaderMap,
    next: &LocalPath,
) -> Result<Response, Failure> {
    let doorway = doorway(caller)?;
    let cookie = cookies::app_session(headers, doorway.origin());
    let check = cookie.map(|cookie| context.engine.check_app(&cookie, doorway, caller.visit.now));
    match check {
        Some(Check::Live(_)) => Ok(Redirect::to(next.as_str()).into_response()),
        Some(Check::NotReady) => Err(Failure::not_ready()),
        Some(Check::Dead) | None => {
            // RFC 9110 §15.5.2: a 401 has a challenge.
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"vestibule\"")];
            Ok((StatusCode::UNAUTHORIZED, challenge).into_response())
        }
    }
}

fn secret(context: &Context) -> Result<PlainBrowserSecret, Failure> {
    let mut bytes = context.engine.random().map_err(Failure::no_entropy)?;
    let browser = PlainBrowserSecret::new(bytes);
    bytes.zeroize();
    Ok(browser)
}

/// Signed in here already. If that happens again and again for one page, the proxy keeps the cookie from `/verify`.
fn again(headers: &HeaderMap, doorway: &Doorway, next: &LocalPath) -> Result<Response, Failure> {
    let mark = URL_SAFE_NO_PAD.encode(&sha256(next.as_str().as_bytes())[..9]);
    let rounds = cookies::rounds(headers, doorway.origin(), &mark).saturating_add(1);
    if rounds > MOST_ROUNDS {
        return Err(Failure::of(Code::SignInLoop).because(Loop).back("/"));
    }
    let set = cookies::set_rounds(doorway.origin(), rounds, &mark);
    Ok(([(header::SET_COOKIE, set)], Redirect::to(next.as_str())).into_response())
}

#[derive(Debug, thiserror::Error)]
#[error(
    "a browser is signed in to the application but its proxy's questions do not show it: the proxy must pass the Cookie header \
     on when it asks /verify"
)]
struct Loop;

fn target(context: &Context, doorway: &Doorway, browser: &str, next: &LocalPath) -> String {
    let issuer = context.site.issuer.origin();
    let origin = in_a_query(doorway.origin().as_str());
    let path = format!("/vestibule/handshake?origin={origin}");
    // What sign-in would not carry is not asked of it: the page without its query, or the application's first page.
    let page = next.as_str().split('?').next().unwrap_or_default();
    let fits = |page: &&str| {
        let whole = format!("{path}&next={}", in_a_query(page));
        LocalPath::parse(&whole).is_some()
    };
    let next = [next.as_str(), page].into_iter().find(fits).unwrap_or("/");
    format!("{issuer}{path}&{browser}&next={}", in_a_query(next))
}

/// As little escaped as may be.
pub(super) fn in_a_query(value: &str) -> PercentEncode<'_> {
    utf8_percent_encode(value, QUERY_VALUE)
}

/// How often the issuer has sent this browser back already.
pub(super) fn round(query: &Fields) -> u8 {
    let told = query.optional("round").and_then(|told| told.parse().ok());
    told.unwrap_or(0)
}

/// R23: only a path on this host, and none of ours, which would lead round in a circle.
pub(super) fn next(query: &Fields) -> LocalPath {
    let asked = query.optional("next").and_then(LocalPath::parse);
    let asked = asked.filter(|next| !is_ours(next));
    asked.unwrap_or_else(LocalPath::root)
}

fn is_ours(next: &LocalPath) -> bool {
    let first = next.as_str().split(['/', '?']).nth(1).unwrap_or_default();
    percent_encoding::percent_decode_str(first).eq(*b"vestibule")
}

/// The application on whose host this was asked.
pub(super) fn doorway(caller: &Caller) -> Result<&Arc<Doorway>, Failure> {
    // Past the host check, so there is one.
    caller.doorway().ok_or(Failure::of(Code::NotFound))
}
