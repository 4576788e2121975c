//! `GET /verify[?app=NAME][&role=R][&acr=A][&scope=S][&cookies=application]` and `GET /verify/auth-request`: may this request
//! pass, and whose is it?

use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use vestibule_engine::{CheckAnswer, Doorways};

use super::answer::{Dialect, Forbidden, Refusal, pass};
use super::forwarded::Forwarded;
use super::origin::{comes_from, comes_from_one_of, is_preflight, must_be_own};
use super::place::Place;
use super::requirement::Requirement;
use super::who::Who;
use crate::browser::cookies;
use crate::context::{Context, Peer};

/// The answer to a question at one of the two paths; `None` at any other.
pub fn answer<B>(context: &Context, peer: Option<Peer>, request: &Request<B>) -> Option<Response> {
    let dialect = match request.uri().path() {
        "/verify" => Dialect::Plain,
        "/verify/auth-request" => Dialect::AuthRequest,
        _ => return None,
    };
    let metrics = context.engine.metrics();
    let begun = metrics.begin_check();
    let doorways = context.engine.doorways();
    let (mut answer, counted) = match judge(context, &doorways, peer, request) {
        Ok(Passed { who, cookies }) => pass(who.as_ref(), cookies).map_or_else(
            |_| {
                tracing::error!(user.id = ?who.map(|who| who.profile.id()), "an identity does not fit into a header");
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
    /// `None` where nobody has to be signed in, and nobody is.
    who: Option<Who>,
    /// Those that the application may see, where the proxy asks for them.
    cookies: Option<HeaderValue>,
}

/// The checks in their order.
fn judge<'a, B>(
    context: &Context,
    doorways: &'a Doorways,
    peer: Option<Peer>,
    request: &'a Request<B>,
) -> Result<Passed, Refusal<'a>> {
    let headers = request.headers();
    let proxy = peer
        .and_then(|Peer(address)| context.site.proxy(address.ip()))
        .ok_or(Refusal::Peer)?;
    let requirement = Requirement::read(request.uri().query()).map_err(Refusal::Requirement)?;
    let forwarded = Forwarded::read(headers, proxy).map_err(Refusal::Forwarded)?;
    // Envoy's ext_authz asks by the method it asks about, without the body.
    if !matches!(*request.method(), Method::GET | Method::HEAD)
        && request.method().as_str() != forwarded.method
    {
        return Err(Refusal::Method);
    }
    // RFC 9110 §9.3.8: the application would answer with what it was sent, who asks among it.
    if matches!(forwarded.method, "TRACE" | "TRACK") {
        return Err(Refusal::Trace);
    }
    let place = Place::of(context, doorways, &forwarded)?;
    place.is_of(requirement.app)?;
    let passed = |who| {
        let cookies = requirement.cookies.then(|| cookies::not_ours(headers));
        Ok(Passed { who, cookies })
    };
    let demands = place.demands(&forwarded);
    if is_preflight(forwarded.method, headers) && demands.all(|demand| demand.preflight) {
        return passed(None);
    }
    let public = demands.all(|demand| demand.public) && !requirement.asks_for_login();
    // A token that was presented is judged, and never passed over for a cookie beside it. Where anybody may pass, it is the
    // application's business, and no cookie speaks for its bearer.
    if presents_token(headers) {
        return if public {
            passed(None)
        } else {
            Err(Refusal::Token)
        };
    }
    let Some(who) = place.who(context, headers)? else {
        return if public {
            passed(None)
        } else {
            Err(Refusal::Nobody(place.onward(&forwarded, headers)))
        };
    };
    let own = !must_be_own(forwarded.method, headers)
        || comes_from(place.origin(&context.site), headers)
        || demands.all(|demand| demand.cross_site || comes_from_one_of(&demand.origins, headers));
    if public {
        // Another site's page sends nothing in this person's name.
        return passed(own.then_some(who));
    }
    let forbidden = |why| Refusal::Forbidden {
        user: who.profile.id(),
        application: place.name(),
        why,
    };
    if !own {
        return Err(forbidden(Forbidden::ForeignOrigin));
    }
    demands
        .iter()
        .try_for_each(|demand| who.meets(demand))
        .and_then(|()| who.fulfils(&requirement))
        .map_err(forbidden)?;
    passed(Some(who))
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

#[cfg(test)]
mod tests {
    use super::super::place::RESERVED;

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
