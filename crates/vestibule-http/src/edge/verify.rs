//! `GET /verify[?role=R][&acr=A][&scope=S][&cookies=application]` and `GET /verify/auth-request`: may this request pass,
//! and whose is it?

use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use percent_encoding::percent_decode_str;
use vestibule_engine::{Check, CheckAnswer, LiveSession};

use super::answer::{Dialect, Forbidden, Refusal, pass};
use super::forwarded::Forwarded;
use super::origin::{comes_from, is_page_view, must_be_own};
use super::requirement::Requirement;
use crate::browser::cookies;
use crate::context::{Context, Peer};
use crate::site::Site;

/// First segments of the paths on the issuer's own host that no application there may have.
pub const RESERVED: [&str; 17] = [
    "login",
    "logout",
    "setup",
    "register",
    "recover",
    "account",
    "console",
    "device",
    "assets",
    "verify",
    "api",
    "oauth",
    "revocations",
    "vestibule",
    ".well-known",
    "docs",
    "dev",
];

/// The answer to a question at one of the two paths; `None` at any other.
pub fn answer<B>(context: &Context, peer: Option<Peer>, request: &Request<B>) -> Option<Response> {
    let dialect = match request.uri().path() {
        "/verify" => Dialect::Plain,
        "/verify/auth-request" => Dialect::AuthRequest,
        _ => return None,
    };
    let metrics = context.engine.metrics();
    let begun = metrics.begin_check();
    let (mut answer, counted) = match judge(context, peer, request) {
        Ok(Passed { session, cookies }) => pass(&session, cookies).map_or_else(
            |_| {
                tracing::error!(user.id = %session.user_id(), "an identity does not fit into a header");
                let answer = StatusCode::INTERNAL_SERVER_ERROR.into_response();
                (answer, CheckAnswer::Failed)
            },
            |answer| (answer, CheckAnswer::Passed),
        ),
        Err(refusal) => {
            refusal.log();
            let answer = refusal.into_response(dialect, &context.site.issuer);
            (answer, refusal.counted())
        }
    };
    metrics.check(begun, counted);
    // RFC 9110 §9.3.2: no content, but its length. Over HTTP/2, hyper would send it.
    if *request.method() == Method::HEAD
        && let Some(length) = answer.body().size_hint().exact()
    {
        answer
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
        *answer.body_mut() = Body::empty();
    }
    Some(answer)
}

/// What a 200 tells.
struct Passed {
    session: LiveSession,
    /// Those that the application may see, where the proxy asks for them.
    cookies: Option<HeaderValue>,
}

/// The checks in their order.
fn judge<'a, B>(
    context: &Context,
    peer: Option<Peer>,
    request: &'a Request<B>,
) -> Result<Passed, Refusal<'a>> {
    let (site, headers) = (&context.site, request.headers());
    let proxy = peer
        .and_then(|Peer(address)| site.proxy(address.ip()))
        .ok_or(Refusal::Peer)?;
    let requirement = Requirement::read(request.uri().query()).map_err(Refusal::Requirement)?;
    let forwarded = Forwarded::read(headers, proxy).map_err(Refusal::Forwarded)?;
    // Envoy's ext_authz asks by the method it asks about, without the body.
    if !matches!(*request.method(), Method::GET | Method::HEAD)
        && request.method().as_str() != forwarded.method
    {
        return Err(Refusal::Method);
    }
    is_on_own_host(site, &forwarded)?;
    // A token that was presented is judged, and never passed over for a cookie beside it.
    if presents_token(headers) {
        return Err(Refusal::Token);
    }
    let session = session_of(context, headers, &forwarded)?;
    let forbidden = |why| Refusal::Forbidden {
        user: session.user_id(),
        why,
    };
    if must_be_own(forwarded.method, headers) && !comes_from(site.issuer.origin(), headers) {
        return Err(forbidden(Forbidden::ForeignOrigin));
    }
    requirement.is_met_by(&session).map_err(forbidden)?;
    let cookies = requirement.cookies.then(|| cookies::not_ours(headers));
    Ok(Passed { session, cookies })
}

/// The one application there can be: on the issuer's own host, where an operator allows it (C24).
fn is_on_own_host(site: &Site, forwarded: &Forwarded<'_>) -> Result<(), Refusal<'static>> {
    let issuer = &site.issuer;
    if !issuer.is_named_by(forwarded.host) {
        return Err(Refusal::ForeignHost);
    }
    // R36: no plain http beside an https issuer.
    if forwarded.https != issuer.https() {
        return Err(Refusal::Scheme);
    }
    if !site.own_host_application && !issuer.is_loopback() {
        return Err(Refusal::NoApplicationHere);
    }
    if is_reserved(forwarded.path()) {
        return Err(Refusal::OwnPath);
    }
    Ok(())
}

/// Whether the path is one of Vestibule's own, also behind escapes.
fn is_reserved(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    RESERVED
        .iter()
        .any(|name| percent_decode_str(first).eq(name.bytes()))
}

/// `Basic` and the like are the application's own business.
fn presents_token(headers: &HeaderMap) -> bool {
    headers.get_all(header::AUTHORIZATION).iter().any(|value| {
        let scheme = value
            .as_bytes()
            .trim_ascii()
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"bearer") || scheme.eq_ignore_ascii_case(b"dpop")
    })
}

fn session_of<'a>(
    context: &Context,
    headers: &HeaderMap,
    forwarded: &Forwarded<'a>,
) -> Result<LiveSession, Refusal<'a>> {
    let nobody = || Refusal::Nobody {
        page: is_page_view(forwarded.method, headers).then_some(forwarded.target),
    };
    let cookie = cookies::session(headers, &context.site.issuer).ok_or_else(nobody)?;
    match context.engine.check(&cookie, context.engine.now()) {
        Check::Live(session) => Ok(session),
        Check::Dead => Err(nobody()),
        // ASVS 16.5.3: neither let in nor sent away.
        Check::NotReady => Err(Refusal::NotReady),
    }
}

impl Requirement<'_> {
    fn is_met_by(&self, session: &LiveSession) -> Result<(), Forbidden> {
        if let Some(role) = &self.role
            && !session.profile().roles().any(|has| has == role)
        {
            return Err(Forbidden::Role);
        }
        // Scopes are granted to tokens; a session's cookie carries none.
        if self.scope.is_some() {
            return Err(Forbidden::Scope);
        }
        if self.acr.is_some_and(|least| session.acr() < least) {
            return Err(Forbidden::Acr);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: C24
    #[test]
    fn c24_the_book_s_nginx_gives_the_application_none_of_our_paths() {
        let snippet = include_str!("../../../../docs/snippets/nginx-one-host.conf");
        let (_, list) = snippet.split_once("location ~ ^/(login|").unwrap();
        let (list, _) = list.split_once(")(/|$)").unwrap();
        let list = list.replace('\\', "");
        // `/verify` has locations of its own.
        let mut theirs: Vec<_> = list.split('|').chain(["login", "verify"]).collect();
        let mut ours = RESERVED.to_vec();
        theirs.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, theirs);
    }
}
