//! What went over the wire: requests and answers between browser, shop and Vestibule, grouped by the person's clicks, without
//! secrets. The latest are kept, in memory.

pub mod page;
mod redact;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::request;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use tokio::sync::watch;

use super::moment;
use super::rooms::Places;

pub use redact::Line;

/// Clicks that are kept.
const CLICKS: usize = 40;
/// Requests of one click that are kept.
const LEGS: usize = 40;
/// What the browser does by itself after an answer, it does within this.
const BY_ITSELF: Duration = Duration::from_secs(5);
/// By which the stopwatch's devices are known, which ask hundreds of times a second.
const DEVICE: HeaderName = HeaderName::from_static("x-demo-device");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_USER: HeaderName = HeaderName::from_static("sec-fetch-user");

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The person's.
    Browser,
    /// The application.
    Shop,
    /// The server.
    Vestibule,
}

/// Why a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The browser asks.
    Asked,
    /// The shop asks who is calling.
    Check,
    /// The shop passes on what is Vestibule's on its host.
    Passage,
}

/// A request and its answer, as they are shown.
#[derive(Debug, Clone)]
pub struct Leg {
    /// Who asks.
    pub from: Party,
    /// Who answers.
    pub to: Party,
    /// Why.
    pub purpose: Purpose,
    /// `GET`, …
    pub method: String,
    /// Host and port, path and query.
    pub target: String,
    /// Headers of the request.
    pub sent: Vec<Line>,
    /// Of head and body.
    pub bytes_sent: u64,
    /// `200`, …; 0 where nobody answered.
    pub status: u16,
    /// Headers of the answer.
    pub answered: Vec<Line>,
    /// Of head and body, where the body's end is known from its head.
    pub bytes_answered: Option<u64>,
    /// From the request to the answer's head.
    pub took: Duration,
    /// What was asked on the way to the answer.
    pub behind: Vec<Leg>,
}

/// A request under way.
pub struct Asking {
    leg: Leg,
    begun: Duration,
    is_view: bool,
    by_person: bool,
    is_device: bool,
    url: String,
    origin: String,
}

/// What a person did, and what came of it.
#[derive(Debug, Clone)]
pub struct Click {
    /// Counted from 1.
    pub number: u64,
    /// Time of day.
    pub at: String,
    /// In order.
    pub legs: Vec<Leg>,
    begun: Duration,
    /// Where the last answer sends the browser.
    onward: Option<String>,
}

/// What is kept.
pub struct Wire {
    clicks: Mutex<VecDeque<Click>>,
    device: HeaderValue,
    changed: watch::Sender<u64>,
}

impl Asking {
    /// Begins with a request from `from` to `to`, whose `origin` is this.
    pub fn begin(
        from: Party,
        to: Party,
        purpose: Purpose,
        origin: &str,
        request: &request::Parts,
    ) -> Self {
        let headers = &request.headers;
        let target = request
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str());
        // On the way behind a page, the host is still the page's.
        let authority = match from {
            Party::Browser => Places::authority(origin),
            Party::Shop | Party::Vestibule => "",
        };
        let body = content_length(headers).unwrap_or(0);
        let line = request.method.as_str().len() + target.len() + " HTTP/1.1\r\n ".len();
        let says = |name: &HeaderName, value: &str| {
            headers
                .get(name)
                .is_some_and(|told| told.as_bytes() == value.as_bytes())
        };
        let leg = Leg {
            from,
            to,
            purpose,
            method: request.method.to_string(),
            target: redact::text(&format!("{authority}{target}")),
            sent: redact::lines(headers),
            bytes_sent: head_bytes(line, headers) + body,
            status: 0,
            answered: Vec::new(),
            bytes_answered: None,
            took: Duration::ZERO,
            behind: Vec::new(),
        };
        Self {
            leg,
            begun: moment::now(),
            is_view: says(&FETCH_MODE, "navigate") || !headers.contains_key(&FETCH_MODE),
            by_person: says(&FETCH_USER, "?1") || !headers.contains_key(&FETCH_MODE),
            is_device: headers.contains_key(&DEVICE),
            url: redact::text(&format!("{origin}{target}")),
            origin: origin.to_owned(),
        }
    }

    /// What was asked on the way.
    pub fn behind(&mut self, leg: Leg) {
        self.leg.behind.push(leg);
    }

    /// Ends with an answer.
    pub fn answered<B: hyper::body::Body>(&mut self, answer: &Response<B>) {
        let headers = answer.headers();
        let reason = answer.status().canonical_reason().unwrap_or_default();
        let line = "HTTP/1.1 200 \r\n".len() + reason.len();
        let body = answer
            .body()
            .size_hint()
            .exact()
            .or(content_length(headers));
        self.leg.status = answer.status().as_u16();
        self.leg.answered = redact::lines(headers);
        self.leg.bytes_answered = body.map(|body| head_bytes(line, headers) + body);
        self.leg.took = moment::now().saturating_sub(self.begun);
    }

    /// The leg, for one that asks on behalf of another.
    pub fn into_leg(mut self) -> Leg {
        if self.leg.status == 0 {
            self.leg.took = moment::now().saturating_sub(self.begun);
        }
        self.leg
    }

    fn onward(&self) -> Option<String> {
        let redirects = matches!(self.leg.status, 301..=303 | 307 | 308);
        let location = self
            .leg
            .answered
            .iter()
            .find(|line| line.name == "location");
        let location = location.filter(|_| redirects)?;
        Some(if location.value.starts_with('/') {
            redact::text(&format!("{}{}", self.origin, location.value))
        } else {
            location.value.clone()
        })
    }
}

impl Wire {
    /// With nothing in it. `device` marks requests that are left out unless they are refused.
    pub fn new(device: HeaderValue) -> Self {
        Self {
            clicks: Mutex::default(),
            device,
            changed: watch::Sender::new(0),
        }
    }

    /// What marks the stopwatch's devices.
    pub fn device(&self) -> (HeaderName, HeaderValue) {
        (DEVICE, self.device.clone())
    }

    /// Keeps a request of the browser's, with the click it belongs to.
    pub fn keep(&self, asking: Asking, headers: &HeaderMap) {
        if asking.is_device && headers.get(&DEVICE) == Some(&self.device) {
            return;
        }
        let mut clicks = self.clicks.lock().unwrap_or_else(PoisonError::into_inner);
        let now = moment::now();
        let onward = asking.onward();
        let recent = |click: &Click| now.saturating_sub(click.begun) < BY_ITSELF;
        let place = clicks.iter().position(|click| {
            let led = click.onward.as_deref() == Some(asking.url.as_str());
            led || (!asking.by_person && recent(click))
        });
        let joined = place.and_then(|place| clicks.get_mut(place));
        if let Some(click) = joined.filter(|click| click.legs.len() < LEGS) {
            if asking.is_view {
                click.onward = onward;
                click.begun = now;
            }
            click.legs.push(asking.into_leg());
        } else {
            let number = clicks.front().map_or(1, |click| click.number + 1);
            clicks.push_front(Click {
                number,
                at: moment::time_of_day(),
                begun: now,
                onward,
                legs: vec![asking.into_leg()],
            });
            clicks.truncate(CLICKS);
        }
        drop(clicks);
        self.changed.send_modify(|n| *n += 1);
    }

    /// What is kept, newest first.
    pub fn clicks(&self) -> Vec<Click> {
        let clicks = self.clicks.lock().unwrap_or_else(PoisonError::into_inner);
        clicks.iter().cloned().collect()
    }

    /// Keeps nothing of what was.
    pub fn forget(&self) {
        let mut clicks = self.clicks.lock().unwrap_or_else(PoisonError::into_inner);
        clicks.clear();
        drop(clicks);
        self.changed.send_modify(|n| *n += 1);
    }

    /// Changes whenever there is more.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// A head in HTTP/1.1: its first line, `name: value` and the empty line.
fn head_bytes(line: usize, headers: &HeaderMap) -> u64 {
    let fields = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    let whole = line + fields.sum::<usize>() + 2;
    u64::try_from(whole).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, StatusCode};

    use super::*;

    const SHOP: &str = "http://shop.localhost:8081";
    const ISSUER: &str = "http://localhost:8080";

    fn went(
        wire: &Wire,
        origin: &str,
        path: &str,
        headers: &[(&str, &str)],
        location: Option<&str>,
    ) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let mut asking = Asking::begin(Party::Browser, Party::Shop, Purpose::Asked, origin, &parts);
        let mut answer = Response::new(Body::from("hello"));
        if let Some(location) = location {
            *answer.status_mut() = StatusCode::SEE_OTHER;
            answer
                .headers_mut()
                .insert("location", location.parse().unwrap());
        }
        asking.answered(&answer);
        wire.keep(asking, &parts.headers);
    }

    const CLICKED: [(&str, &str); 2] = [("sec-fetch-mode", "navigate"), ("sec-fetch-user", "?1")];

    #[test]
    fn a_click_is_all_that_came_of_it() {
        let wire = Wire::new(HeaderValue::from_static("mark"));
        let code = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde";
        let finish = format!("/vestibule/finish?code={code}");
        went(
            &wire,
            SHOP,
            "/orders",
            &CLICKED,
            Some("/vestibule/start?next=%2Forders"),
        );
        went(
            &wire,
            SHOP,
            "/vestibule/start?next=%2Forders",
            &CLICKED,
            Some(&format!("{ISSUER}/login")),
        );
        went(
            &wire,
            ISSUER,
            "/login",
            &CLICKED,
            Some(&format!("{SHOP}{finish}")),
        );
        went(&wire, SHOP, &finish, &CLICKED, Some("/orders"));
        went(&wire, SHOP, "/orders", &CLICKED, None);
        went(
            &wire,
            SHOP,
            "/led-by-a-page",
            &[("sec-fetch-mode", "navigate")],
            None,
        );
        went(&wire, SHOP, "/", &CLICKED, None);
        let clicks = wire.clicks();
        let counted: Vec<usize> = clicks.iter().map(|click| click.legs.len()).collect();
        assert_eq!(counted, [1, 6], "newest first");
        assert_eq!(clicks[0].number, 2);
        assert!(!format!("{clicks:?}").contains(&code[4..12]));
        assert!(clicks[0].legs[0].bytes_answered > Some(20));
    }

    #[test]
    fn the_stopwatch_s_devices_are_left_out_and_nobody_else_can_hide() {
        let wire = Wire::new(HeaderValue::from_static("mark"));
        went(&wire, SHOP, "/orders", &[("x-demo-device", "mark")], None);
        assert!(wire.clicks().is_empty());
        went(&wire, SHOP, "/orders", &[("x-demo-device", "guess")], None);
        assert_eq!(wire.clicks().len(), 1);
        wire.forget();
        assert!(wire.clicks().is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let wire = Wire::new(HeaderValue::from_static("mark"));
        for _ in 0..2 * CLICKS {
            went(&wire, SHOP, "/", &CLICKED, None);
        }
        for _ in 0..3 * LEGS {
            went(&wire, SHOP, "/", &[("sec-fetch-mode", "cors")], None);
        }
        let clicks = wire.clicks();
        assert_eq!(clicks.len(), CLICKS);
        assert!(clicks.iter().all(|click| click.legs.len() <= LEGS));
    }
}
