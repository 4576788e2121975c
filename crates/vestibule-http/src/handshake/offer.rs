//! `GET /vestibule/handshake?origin=…&browser=CHALLENGE&next=…` on the issuer's host: a code for the application's host, from a
//! live session; or sign in first. Without a challenge that is good, back to the application's host for another.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode};
use vestibule_core::local_path::LocalPath;
use vestibule_core::origin::Origin;
use vestibule_engine::{AskedHandshake, Doorway, Offer};

use super::PageOfItsOwn;
use super::start::{in_a_query, round};
use crate::browser::caller::{Caller, Visitor, to_login};
use crate::browser::cookies;
use crate::browser::csrf;
use crate::browser::form::{Fields, FieldsError, Query};
use crate::context::Context;
use crate::errors::{Code, Failure};
use crate::views::GoOnPage;

const PATH: &str = "/vestibule/handshake";

/// How often a browser is sent back for another challenge: it gives up at twenty redirections, two a round.
const MOST_ROUNDS: u8 = 5;

/// What was asked, less the browser's challenge, which is good for redirections alone and not carried through sign-in.
struct Asked {
    doorway: Arc<Doorway>,
    next: LocalPath,
    round: u8,
}

/// Offers a code and leads back. 7.6.2, C10: silent for an application that the operator registered, at exactly this origin.
pub async fn get(
    State(context): State<Arc<Context>>,
    Visitor(caller): Visitor,
    _: PageOfItsOwn,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, Failure> {
    let asked = read(&context, &query)?;
    let Some(session) = caller.live()? else {
        return Ok(asked.sign_in().into_response());
    };
    let told = query.optional("browser").unwrap_or_default();
    let (origin, now) = (asked.doorway.origin(), caller.visit.now);
    let browser = context.engine.challenges().vouched_for(origin, told, now);
    // Who comes from our own sign-in form is led on by a page, and no code stands in a page's text.
    let Some(browser) = browser.filter(|_| !csrf::led_by_own_page(&headers)) else {
        return begin_anew(&caller, &headers, &asked);
    };
    // So that the browser finds which of its cookies is meant; it tells nobody anything.
    let tag = cookies::handshake_tag(told);
    let handshake = AskedHandshake {
        doorway: Arc::clone(&asked.doorway),
        browser,
        next: asked.next.clone(),
    };
    let offered = context.engine.offer_handshake(session, handshake, now);
    match offered.await.map_err(Failure::store)? {
        Offer::Offered(code) => {
            let code = code.encode();
            let back = format!("{origin}/vestibule/finish?code={code}&browser={tag}");
            Ok(Redirect::to(&back).into_response())
        }
        Offer::NotLive => Ok(asked.sign_in().into_response()),
        Offer::NoSuchOrigin => Err(Failure::of(Code::UnknownApplication)),
    }
}

impl Asked {
    /// R23: the way to sign in, and from there here again.
    fn sign_in(&self) -> Redirect {
        let origin = in_a_query(self.doorway.origin().as_str());
        let next = in_a_query(self.next.as_str());
        to_login(&format!("{PATH}?origin={origin}&next={next}"))
    }
}

/// H03: for a challenge that is missing, late, foreign or made up, all alike, the browser itself is asked for another.
///
/// Who comes from our own sign-in form is led there by a page: browsers hold what a form leads to, redirections included,
/// against `form-action 'self'` (CSP 3 §6.3.1), and the application is another origin.
fn begin_anew(caller: &Caller, headers: &HeaderMap, asked: &Asked) -> Result<Response, Failure> {
    if asked.round >= MOST_ROUNDS {
        return Err(Failure::of(Code::HandshakeGone).because(Slow));
    }
    let start = format!(
        "{}/vestibule/start?round={}&next={}",
        asked.doorway.origin(),
        asked.round.saturating_add(1),
        in_a_query(asked.next.as_str()),
    );
    if !csrf::led_by_own_page(headers) {
        return Ok(Redirect::to(&start).into_response());
    }
    let page = GoOnPage {
        title: asked.doorway.application().spec.title().to_owned(),
        back: start,
    };
    caller.page(StatusCode::OK, &page)
}

#[derive(Debug, thiserror::Error)]
#[error(
    "a browser came from an application's host again and again without a challenge that is good: what is between them must \
     leave the URL as it is, and take less than ten seconds"
)]
struct Slow;

/// R23, R22: an origin is registered exactly as it stands there, or nobody is led anywhere.
fn read(context: &Context, query: &Fields) -> Result<Asked, Failure> {
    let origin = query.required("origin")?;
    let known = origin.parse::<Origin>().ok();
    // An application on the issuer's own host has the issuer's cookie, and needs no way to it (C24).
    let (site, own) = (&context.site, context.site.issuer.as_origin());
    let known =
        known.filter(|known| known.as_str() == origin && known != own && site.admits(known));
    let doorways = context.engine.doorways();
    let doorway = known.and_then(|known| doorways.reached_at(&known).map(Arc::clone));
    let Some(doorway) = doorway else {
        // While the applications are being read, nobody knows.
        return Err(if context.engine.ready() {
            Failure::of(Code::UnknownApplication)
        } else {
            Failure::not_ready()
        });
    };
    let next = LocalPath::parse(query.required("next")?);
    Ok(Asked {
        doorway,
        next: next.ok_or(FieldsError::Malformed)?,
        round: round(query),
    })
}

/// What people call the application that this path of ours leads to, if it leads to one.
pub fn application_behind(context: &Context, path: &LocalPath) -> Option<String> {
    let query = path.as_str().strip_prefix(PATH)?.strip_prefix('?')?;
    let fields = Fields::parse(query.as_bytes()).ok()?;
    let asked = read(context, &fields).ok()?;
    Some(asked.doorway.application().spec.title().to_owned())
}
