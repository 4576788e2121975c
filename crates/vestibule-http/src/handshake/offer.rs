//! `GET /vestibule/handshake?origin=…&browser=…&next=…` on the issuer's host: a code for the application's host, from a live
//! session; or sign in first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri};
use vestibule_core::app_session::parse_browser;
use vestibule_core::local_path::LocalPath;
use vestibule_core::origin::Origin;
use vestibule_engine::{AskedHandshake, Doorway, Offer};

use super::PageOfItsOwn;
use crate::browser::caller::{Caller, Visitor, to_login};
use crate::browser::cookies;
use crate::browser::csrf;
use crate::browser::form::{Fields, FieldsError, Query};
use crate::context::Context;
use crate::errors::{Code, Failure};
use crate::views::GoOnPage;

const PATH: &str = "/vestibule/handshake";

/// Offers a code and leads back. 7.6.2, C10: silent for an application that the operator registered, at exactly this origin.
pub async fn get(
    State(context): State<Arc<Context>>,
    Visitor(caller): Visitor,
    _: PageOfItsOwn,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, Failure> {
    let asked = read(&context, &query)?;
    // So that the browser finds which of its cookies is meant; it tells nobody anything.
    let tag = cookies::handshake_tag(query.required("browser")?).to_owned();
    let doorway = Arc::clone(&asked.doorway);
    let Some(session) = caller.live()? else {
        return Ok(sign_in(&uri).into_response());
    };
    let offered = context
        .engine
        .offer_handshake(session, asked, caller.visit.now);
    match offered.await.map_err(Failure::store)? {
        Offer::Offered(code) => {
            let back = format!(
                "{}/vestibule/finish?code={}&browser={tag}",
                doorway.origin(),
                code.encode()
            );
            onward(&caller, &headers, &doorway, back)
        }
        Offer::NotLive => Ok(sign_in(&uri).into_response()),
        Offer::NoSuchOrigin => Err(Failure::of(Code::UnknownApplication)),
    }
}

/// Who comes from our own sign-in form is led on by a page: browsers hold what a form leads to, redirections included, against
/// `form-action 'self'` (CSP 3 §6.3.1), and the application is another origin.
fn onward(
    caller: &Caller,
    headers: &HeaderMap,
    doorway: &Doorway,
    back: String,
) -> Result<Response, Failure> {
    if !csrf::led_by_own_page(headers) {
        return Ok(Redirect::to(&back).into_response());
    }
    let page = GoOnPage {
        title: doorway.application().spec.title().to_owned(),
        back,
    };
    caller.page(StatusCode::OK, &page)
}

fn sign_in(uri: &Uri) -> Redirect {
    let here = uri.path_and_query().map_or(PATH, |here| here.as_str());
    to_login(here)
}

/// R23, R22: an origin is registered exactly as it stands there, or nobody is led anywhere.
fn read(context: &Context, query: &Fields) -> Result<AskedHandshake, Failure> {
    let origin = query.required("origin")?;
    let known = origin.parse::<Origin>().ok();
    // An application on the issuer's own host has the issuer's cookie, and needs no way to it (C24).
    let own = context.site.issuer.as_origin();
    let known = known.filter(|known| known.as_str() == origin && known != own);
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
    let browser = parse_browser(query.required("browser")?);
    let next = LocalPath::parse(query.required("next")?);
    Ok(AskedHandshake {
        doorway,
        browser: browser.ok_or(FieldsError::Malformed)?,
        next: next.ok_or(FieldsError::Malformed)?,
    })
}

/// What people call the application that this path of ours leads to, if it leads to one.
pub fn application_behind(context: &Context, path: &LocalPath) -> Option<String> {
    let query = path.as_str().strip_prefix(PATH)?.strip_prefix('?')?;
    let fields = Fields::parse(query.as_bytes()).ok()?;
    let asked = read(context, &fields).ok()?;
    Some(asked.doorway.application().spec.title().to_owned())
}
