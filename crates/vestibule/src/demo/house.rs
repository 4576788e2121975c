//! The demo's own pages and the shop, told apart by the name they are asked for by.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use futures_util::stream;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header, request};
use tokio::sync::watch;

use super::frame::{Frame, Texts, asset_at, dress, plain, see_other, texts};
use super::people::Person;
use super::rooms::Places;
use super::shop::Shop;
use super::stopwatch::{self, Stopwatch};
use super::upstream::{Upstream, end_to_end};
use super::wire::Wire;
use super::{start, wire};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Everything that answers.
pub struct House {
    /// What everything is called.
    pub places: Arc<Places>,
    /// Who can sign in.
    pub people: Vec<Person>,
    /// The server.
    pub vestibule: Arc<Upstream>,
    /// What went over the wire.
    pub wire: Arc<Wire>,
    /// The sample devices.
    pub stopwatch: Stopwatch,
    texts: Arc<Texts>,
    shop: Shop,
    stop: watch::Sender<bool>,
}

impl House {
    /// Beside a server that listens there.
    pub fn new(places: Places, vestibule: SocketAddr, people: Vec<Person>) -> Self {
        let places = Arc::new(places);
        let vestibule = Arc::new(Upstream::new(vestibule));
        let wire = Arc::new(Wire::new(stopwatch::mark()));
        let texts = Arc::new(texts());
        Self {
            shop: Shop::new(
                Arc::clone(&places),
                Arc::clone(&vestibule),
                Arc::clone(&wire),
                Arc::clone(&texts),
            ),
            stopwatch: Stopwatch::new(Arc::clone(&places), wire.device()),
            places,
            people,
            vestibule,
            wire,
            texts,
            stop: watch::Sender::new(false),
        }
    }

    /// Whom a newcomer is told to sign in as.
    pub fn customer(&self) -> &Person {
        let customer = self.people.iter().find(|one| !one.is_administrator);
        customer.unwrap_or(&self.people[0])
    }

    /// Ends what would go on for ever.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// For a browser that sent these headers.
    pub fn frame(&self, headers: &HeaderMap) -> Frame<'_> {
        Frame::new(&self.texts, &self.places, headers)
    }
}

/// Answers by the name that was asked for: another than ours meets no one, so that DNS rebinding finds no passwords.
pub async fn answer(State(house): State<Arc<House>>, request: Request<Body>) -> Response {
    let named = authority(request.uri(), request.headers());
    let (shop, demo) = (
        Places::authority(&house.places.shop),
        Places::authority(&house.places.demo),
    );
    let mut answer = match named {
        Some(named) if named == shop => return house.shop.answer(request).await,
        Some(named) if named == demo => own_page(&house, request).await,
        _ => plain(
            StatusCode::MISDIRECTED_REQUEST,
            "This demo is not known by that name: open the address that its terminal shows.\n",
        ),
    };
    dress(answer.headers_mut());
    answer
}

async fn own_page(house: &Arc<House>, request: Request<Body>) -> Response {
    let (parts, _) = request.into_parts();
    let (headers, path) = (&parts.headers, parts.uri.path());
    match parts.method {
        Method::GET | Method::HEAD => match path {
            "/" => start::page(house, headers),
            "/wire" => wire::page::page(house, headers),
            "/wire/events" => events(house, house.wire.changed()),
            "/stopwatch" => stopwatch::page::page(house, headers),
            _ => asset_at(path)
                .unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "There is nothing here.\n")),
        },
        // Nothing here asks who is calling, so what changes something comes from our own pages (N12).
        Method::POST if !comes_from_own_page(&house.places.demo, headers) => plain(
            StatusCode::FORBIDDEN,
            "This was not sent by a page of the demo.\n",
        ),
        Method::POST => match path {
            "/wire/forget" => {
                house.wire.forget();
                see_other("/wire")
            }
            "/stopwatch/devices" => {
                house.stopwatch.sign_in(house.customer()).await;
                see_other("/stopwatch")
            }
            "/stopwatch/end" => {
                house.stopwatch.end_everywhere(house.customer()).await;
                see_other("/stopwatch")
            }
            _ => plain(StatusCode::NOT_FOUND, "There is nothing here.\n"),
        },
        _ => plain(StatusCode::METHOD_NOT_ALLOWED, "Not by this method.\n"),
    }
}

/// Tells by server-sent events whenever there is more, until the end.
fn events(house: &House, changed: watch::Receiver<u64>) -> Response {
    let stop = house.stop.subscribe();
    let events = stream::unfold((changed, stop), |(mut changed, mut stop)| async move {
        tokio::select! {
            more = changed.changed() => more.ok()?,
            _ = stop.wait_for(|stop| *stop) => return None,
        }
        let number = *changed.borrow_and_update();
        let event = Bytes::from(format!("data: {number}\n\n"));
        Some((Ok::<_, Infallible>(event), (changed, stop)))
    });
    let mut answer = Response::new(Body::from_stream(events));
    let kind = HeaderValue::from_static("text/event-stream");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn comes_from_own_page(origin: &str, headers: &HeaderMap) -> bool {
    let says = |name: &HeaderName, value: &str| {
        let mut told = headers.get_all(name).iter();
        match (told.next(), told.next()) {
            (Some(one), None) => Some(one.as_bytes() == value.as_bytes()),
            (None, _) => None,
            (Some(_), Some(_)) => Some(false),
        }
    };
    let site = says(&FETCH_SITE, "same-origin");
    let origin = says(&header::ORIGIN, origin);
    match (site, origin) {
        (Some(site), None | Some(true)) => site,
        (None, Some(origin)) => origin,
        _ => false,
    }
}

/// The one name that a request is for.
pub fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (uri.authority(), hosts.next(), hosts.next()) {
        (Some(authority), None, _) => Some(authority.as_str()),
        (None, Some(host), None) => host.to_str().ok(),
        (Some(authority), Some(host), None) if authority.as_str() == host => {
            Some(authority.as_str())
        }
        _ => None,
    }
}

/// A request as it goes on to Vestibule: the same, on another connection.
pub fn onward(mut parts: request::Parts, body: Body) -> Option<Request<Body>> {
    let named = authority(&parts.uri, &parts.headers)?;
    let host = HeaderValue::try_from(named).ok()?;
    let target = parts.uri.path_and_query().cloned();
    let target = target.unwrap_or(PathAndQuery::from_static("/"));
    end_to_end(&mut parts.headers);
    parts.headers.insert(header::HOST, host);
    let mut request = Request::builder()
        .method(parts.method)
        .uri(Uri::from(target));
    *request.headers_mut()? = parts.headers;
    request.body(body).ok()
}

#[cfg(test)]
pub mod tests {
    use zeroize::Zeroizing;

    use super::*;

    pub fn house() -> House {
        let places = Places {
            issuer: "http://localhost:8080".to_owned(),
            shop: "http://shop.localhost:8081".to_owned(),
            demo: "http://localhost:8081".to_owned(),
            issuer_at: "127.0.0.1:1".parse().unwrap(),
            shop_at: "127.0.0.1:1".parse().unwrap(),
        };
        let person = |email, is_administrator, password: &str| Person {
            email,
            name: "Somebody",
            is_administrator,
            password: Zeroizing::new(password.to_owned()),
        };
        let people = vec![
            person("grace@example.test", true, "gigogu-gigogu-gigogu-gigogu"),
            person("alice@example.test", false, "lolilu-lolilu-lolilu-lolilu"),
        ];
        House::new(places, "127.0.0.1:1".parse().unwrap(), people)
    }

    async fn asked(method: &str, path: &str, host: &str, headers: &[(&str, &str)]) -> StatusCode {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        answer(State(Arc::new(house())), request).await.status()
    }

    #[tokio::test]
    async fn another_name_meets_no_one() {
        assert_eq!(asked("GET", "/", "localhost:8081", &[]).await, 200);
        for foreign in [
            "evil.test:8081",
            "localhost",
            "127.0.0.1:8081",
            "localhost:8081.evil.test",
            "",
        ] {
            assert_eq!(asked("GET", "/", foreign, &[]).await, 421, "{foreign}");
        }
        let two = [("host", "localhost:8081")];
        assert_eq!(asked("GET", "/", "localhost:8081", &two).await, 421);
    }

    /// Holds: N12
    #[tokio::test]
    async fn n12_only_the_demo_s_own_pages_change_something() {
        let own = ("origin", "http://localhost:8081");
        let post = |headers: &'static [(&str, &str)]| {
            asked("POST", "/wire/forget", "localhost:8081", headers)
        };
        assert_eq!(
            asked("POST", "/wire/forget", "localhost:8081", &[own]).await,
            303
        );
        assert_eq!(post(&[("sec-fetch-site", "same-origin")]).await, 303);
        assert_eq!(post(&[]).await, 403);
        for headers in [
            &[("origin", "http://localhost:8080")][..],
            &[("origin", "null")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[
                ("origin", "http://localhost:8081"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[
                ("origin", "http://evil.test"),
                ("sec-fetch-site", "same-origin"),
            ],
        ] {
            assert_eq!(post(headers).await, 403, "{headers:?}");
        }
    }

    #[tokio::test]
    async fn where_vestibule_is_away_the_shop_lets_nobody_in() {
        for path in ["/", "/orders", "/order"] {
            assert_eq!(
                asked("GET", path, "shop.localhost:8081", &[]).await,
                503,
                "{path}"
            );
        }
        assert_eq!(
            asked("GET", "/vestibule/start", "shop.localhost:8081", &[]).await,
            503
        );
    }
}
