//! `/dev/mail`: letters that were not sent. Only where the binary made a mailbox (loopback issuer, no mail server), only for a
//! caller on this machine without a proxy between, and only for an administrator or with the key from the terminal.
//!
//! The key is in the query of one GET, which puts it into a cookie and leads on without it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use vestibule_core::user::Role;

use crate::browser::caller::{Caller, Visitor, to_login};
use crate::browser::cookies;
use crate::browser::form::Query;
use crate::browser::headers::ContentSecurityPolicy;
use crate::dev_mail::{DevMail, DevMailbox};
use crate::errors::{Code, Failure};
use crate::views::{DevLetter, DevLetterPage, DevMailPage, Page, TextPart};

/// A letter's own HTML: inline styles, and nothing else at all. It keeps our origin so that its links lead on as a click on a
/// page of ours would.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-same-origin; form-action 'none'; \
     frame-ancestors 'none'; base-uri 'none'";

/// The list.
pub async fn get(
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, Failure> {
    let mailbox = mailbox(&caller, &headers)?;
    if let Some(key) = query.optional("key") {
        if !mailbox.opens(key.as_bytes()) {
            return Err(Failure::of(Code::NotFound));
        }
        let set = cookies::set_dev_mail(&caller.context.site.issuer, key);
        return Ok(([(header::SET_COOKIE, set)], Redirect::to("/dev/mail")).into_response());
    }
    if !admitted(&caller, mailbox, &headers)? {
        return Ok(to_login("/dev/mail").into_response());
    }
    let letters = mailbox.letters().iter().map(listed).collect();
    page(&caller, &DevMailPage { letters })
}

/// One letter, as text.
pub async fn letter(
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let letter = found(&caller, &headers, &id)?;
    let origin = caller.context.site.issuer.origin();
    let parts = TextPart::cut(&letter.written.text, origin);
    page(
        &caller,
        &DevLetterPage {
            letter: listed(&letter),
            parts,
        },
    )
}

/// The same as its HTML.
pub async fn html(
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let letter = found(&caller, &headers, &id)?;
    let mut response = Response::new(Body::from(letter.written.html));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    let policy = ContentSecurityPolicy(LETTER_POLICY);
    response.extensions_mut().insert(policy);
    Ok(response)
}

/// Whoever may not see it is told that nothing is here.
fn found(caller: &Caller, headers: &HeaderMap, id: &str) -> Result<DevMail, Failure> {
    let mailbox = mailbox(caller, headers)?;
    let id = id.parse().ok().filter(|_: &u64| id.len() < 20);
    let admitted = admitted(caller, mailbox, headers)?;
    id.filter(|_| admitted)
        .and_then(|id| mailbox.letter(id))
        .ok_or_else(|| Failure::of(Code::NotFound))
}

/// The mailbox, for a caller on this machine who came straight to us.
fn mailbox<'a>(caller: &'a Caller, headers: &HeaderMap) -> Result<&'a Arc<DevMailbox>, Failure> {
    let site = &caller.context.site;
    let here = caller.visit.address.is_some_and(|peer| peer.is_loopback());
    let forwarded = headers.keys().any(|name| {
        let name = name.as_str();
        name == "forwarded"
            || name == "via"
            || name == "x-real-ip"
            || name.starts_with("x-forwarded")
            || name.starts_with("x-original")
    });
    let mailbox = caller.context.mailbox.as_ref();
    mailbox
        .filter(|_| site.issuer.is_loopback() && here && !forwarded)
        .ok_or_else(|| Failure::of(Code::NotFound))
}

fn admitted(caller: &Caller, mailbox: &DevMailbox, headers: &HeaderMap) -> Result<bool, Failure> {
    let key = cookies::dev_mail(headers, &caller.context.site.issuer);
    if key.is_some_and(|key| mailbox.opens(key)) {
        return Ok(true);
    }
    let live = caller.live()?;
    let is_admin = |role| role == Role::ADMIN;
    Ok(live.is_some_and(|session| session.profile().roles().any(is_admin)))
}

fn listed(letter: &DevMail) -> DevLetter {
    DevLetter {
        id: letter.id,
        at: letter.at.0,
        to: letter.to.as_str().to_owned(),
        subject: letter.written.subject.clone(),
    }
}

fn page(caller: &Caller, page: &impl Page) -> Result<Response, Failure> {
    match caller.live()? {
        Some(session) => caller.page_for(session, StatusCode::OK, page),
        None => caller.page(StatusCode::OK, page),
    }
}
