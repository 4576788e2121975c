//! Asks Vestibule about every request, as a reverse proxy does: `GET /verify`, with the request's own headers and, in one
//! family, which request it is.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header, request};
use percent_encoding::percent_decode_str;

use crate::demo::house::authority;
use crate::demo::upstream::{Upstream, end_to_end};
use crate::demo::wire::{Asking, Leg, Party, Purpose};

/// `app` has Vestibule hold the host against the application's own; `cookies` has it say which cookies the shop may see.
const QUESTION: &str = "/verify?app=shop&cookies=application";
/// What a client may have made up: our own family is set anew, the other must not be there, and neither is anything else that
/// tells where a request came from.
const NOT_THE_CLIENTS: [HeaderName; 8] = [
    HeaderName::from_static("x-forwarded-method"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-uri"),
    HeaderName::from_static("x-original-method"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-original-uri"),
    HeaderName::from_static("x-forwarded-for"),
];

/// What Vestibule said.
pub enum Verdict {
    /// It may pass.
    Pass(Passed),
    /// The person goes elsewhere.
    Onward(Response),
    /// It may not.
    Refused(StatusCode),
    /// It could not be asked, or could not tell. Nobody passes then.
    Away,
}

/// A request that may pass.
pub struct Passed {
    /// Who is calling, if anybody is signed in.
    pub identity: Option<Identity>,
    /// The cookies that the shop may see.
    pub cookies: String,
}

/// Who is calling, in Vestibule's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `Remote-User`: stable.
    pub user: String,
    /// `Remote-Email`, if it is verified.
    pub email: String,
    /// `Remote-Name`.
    pub name: String,
    /// `Remote-Groups`: roles.
    pub groups: String,
    /// `Remote-Session`: the login.
    pub session: String,
}

/// Asks; answers also what went over the wire for it.
pub async fn ask(
    vestibule: &Upstream,
    origin: &str,
    request: &request::Parts,
) -> (Verdict, Option<Leg>) {
    let Some(question) = question(origin, request) else {
        return (Verdict::Refused(StatusCode::BAD_REQUEST), None);
    };
    let (parts, ()) = question.into_parts();
    let mut asking = Asking::begin(
        Party::Shop,
        Party::Vestibule,
        Purpose::Check,
        origin,
        &parts,
    );
    let verdict = match vestibule.ask(Request::from_parts(parts, ())).await {
        Ok(answer) => {
            let (parts, body) = answer.into_parts();
            let answer = http::Response::from_parts(parts, axum::body::Body::from(body));
            asking.answered(&answer);
            verdict(answer.status(), answer.headers())
        }
        Err(error) => {
            tracing::warn!(%error, "the shop cannot ask Vestibule");
            Verdict::Away
        }
    };
    (verdict, Some(asking.into_leg()))
}

fn question(origin: &str, request: &request::Parts) -> Option<Request<()>> {
    let target = request.uri.path_and_query()?.as_str();
    let mut headers = request.headers.clone();
    end_to_end(&mut headers);
    for name in NOT_THE_CLIENTS
        .iter()
        .chain(&[header::CONTENT_LENGTH, header::EXPECT])
    {
        headers.remove(name);
    }
    let host = HeaderValue::try_from(authority(&request.uri, &request.headers)?).ok()?;
    let scheme = origin.split("://").next().unwrap_or_default();
    let [method, proto, named, uri, ..] = NOT_THE_CLIENTS;
    headers.insert(method, HeaderValue::try_from(request.method.as_str()).ok()?);
    headers.insert(proto, HeaderValue::try_from(scheme).ok()?);
    headers.insert(named, host.clone());
    headers.insert(uri, HeaderValue::try_from(target).ok()?);
    headers.insert(header::HOST, host);
    let mut question = Request::get(QUESTION);
    *question.headers_mut()? = headers;
    question.body(()).ok()
}

fn verdict(status: StatusCode, headers: &HeaderMap) -> Verdict {
    match status {
        StatusCode::OK => Verdict::Pass(Passed {
            identity: identity(headers),
            cookies: text(headers, &header::COOKIE),
        }),
        StatusCode::FOUND | StatusCode::SEE_OTHER => {
            headers
                .get(header::LOCATION)
                .map_or(Verdict::Away, |location| {
                    let location = [(header::LOCATION, location.clone())];
                    Verdict::Onward((StatusCode::SEE_OTHER, location).into_response())
                })
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
            Verdict::Refused(status)
        }
        _ => Verdict::Away,
    }
}

fn identity(headers: &HeaderMap) -> Option<Identity> {
    let named = |name| text(headers, &HeaderName::from_static(name));
    let user = named("remote-user");
    (!user.is_empty()).then(|| Identity {
        user,
        email: named("remote-email"),
        name: percent_decode_str(&named("remote-name"))
            .decode_utf8_lossy()
            .into_owned(),
        groups: named("remote-groups"),
        session: named("remote-session"),
    })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        question("http://shop.localhost:8081", &parts).unwrap()
    }

    #[test]
    fn the_question_tells_of_the_request_in_one_family_whatever_the_client_wrote() {
        let asked = asked(
            "POST",
            "/order?x=1",
            &[
                ("host", "shop.localhost:8081"),
                ("cookie", "vestibule-app-8081=x"),
                ("content-length", "12"),
                ("connection", "close"),
                ("origin", "http://shop.localhost:8081"),
                ("x-forwarded-uri", "/"),
                ("x-forwarded-method", "GET"),
                ("x-original-url", "http://shop.localhost:8081/"),
                ("x-forwarded-for", "192.0.2.1"),
            ],
        );
        assert_eq!(asked.uri(), "/verify?app=shop&cookies=application");
        let mut told: Vec<String> = asked
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        told.sort();
        assert_eq!(
            told,
            [
                "cookie: vestibule-app-8081=x",
                "host: shop.localhost:8081",
                "origin: http://shop.localhost:8081",
                "x-forwarded-host: shop.localhost:8081",
                "x-forwarded-method: POST",
                "x-forwarded-proto: http",
                "x-forwarded-uri: /order?x=1",
            ]
        );
    }

    #[test]
    fn only_a_200_passes() {
        let mut headers = HeaderMap::new();
        headers.insert("remote-user", HeaderValue::from_static("u"));
        headers.insert("remote-name", HeaderValue::from_static("J%C3%BCrgen"));
        let Verdict::Pass(passed) = verdict(StatusCode::OK, &headers) else {
            panic!("no pass");
        };
        assert_eq!(passed.identity.unwrap().name, "Jürgen");
        let Verdict::Pass(nobody) = verdict(StatusCode::OK, &HeaderMap::new()) else {
            panic!("no pass");
        };
        assert_eq!(nobody.identity, None);
        for status in [201, 204, 301, 302, 400, 401, 403, 404, 429, 500, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(
                !matches!(verdict(status, &headers), Verdict::Pass(_)),
                "{status}"
            );
        }
    }
}
