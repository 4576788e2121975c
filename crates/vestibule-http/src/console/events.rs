//! `/console/events`: what a page of the console shows, told again as it changes (server-sent events, HTML standard §9.2).
//!
//! ```text
//! every second: still an administrator? ── no ──▶ event: over     the page is loaded anew, and leads to where it now leads
//!                        │ yes
//!               can it be gone on? ── no ───▶ event: anew     the page is loaded anew: it may have missed something
//!                        │ yes
//!                  has it changed? ── yes ──▶ event: put, data: {"into": ID, "html": …}
//!                        │ no
//!                  silent for long? ── yes ──▶ a comment, so that nobody on the way takes it for dead
//! ```
//!
//! What is told of the trail carries its position as `id`; whoever was cut off says it as `Last-Event-ID`, and goes on behind it.
//!
//! A stream tells nothing that its page does not show, in the words and the language of the page. The session is judged at
//! each step, without moving its idle clock: a tab that stays open keeps nobody signed in.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use serde::Serialize;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::streams::Place;
use super::{Administrator, audit, overview};
use crate::browser::form::Query;
use crate::errors::{Code, Failure};

/// Between two steps.
const STEP: Duration = Duration::from_secs(1);
/// Steps of silence before a comment is sent.
const SILENCE: u32 = 10;
/// How long nobody may take anything.
const STUCK: Duration = Duration::from_secs(30);
/// Events that may wait for whoever reads.
const AHEAD: usize = 2;
/// A reverse proxy that gathers answers before it passes them on is to let this one through (nginx's word for it).
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Where whoever was cut off goes on from (HTML standard §9.2.4).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Something to be put into a page.
#[derive(Serialize)]
pub(super) struct Put {
    /// The id of the element.
    pub(super) into: &'static str,
    /// What its content becomes, or begins with.
    pub(super) html: String,
    /// Whether the content that is there stays, below.
    pub(super) above: bool,
}

/// What has changed since it was told last.
pub(super) enum News {
    /// Nothing that the page shows.
    None,
    /// This has, up to `id` if it is gone on from there.
    Put { puts: Vec<Put>, id: Option<u64> },
    /// Nothing that the page shows, up to here: whoever is cut off need not have it looked through again.
    Past(u64),
    /// More than can be told: the page is loaded anew.
    Anew,
}

/// What a stream tells of.
enum Told {
    Figures(overview::Figures),
    Trail(audit::Follow),
}

/// Lives in the answer's body: the place that it takes comes back the moment that nobody reads any more.
struct Listened {
    place: Arc<Place>,
    teller: AbortHandle,
}

/// Opens a stream: of the overview, or with `trail=POSITION` of the audit trail after that position, or the one that was told
/// last.
pub async fn get(
    by: Administrator,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let last = headers.get(LAST_EVENT_ID);
    let told = match audit::Follow::asked(&by, &query, last).await? {
        Some(trail) => Told::Trail(trail),
        None => Told::Figures(overview::Figures::default()),
    };
    let streams = &by.context().streams;
    let place = streams.place(by.0.session.id());
    let place = place.ok_or_else(|| Failure::of(Code::TooManyRequests).retry_after(STUCK))?;
    let place = Arc::new(place);
    let (sender, events) = Channel::<Bytes>::new(AHEAD);
    let teller = tokio::spawn(tell(by, told, Arc::clone(&place), sender));
    let listened = Listened {
        place,
        teller: teller.abort_handle(),
    };
    let events = events.map_frame(move |frame| {
        let _held = &listened;
        frame
    });
    let mut response = Body::new(events).into_response();
    let headers = response.headers_mut();
    let events = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, events);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

impl Drop for Listened {
    fn drop(&mut self) {
        self.place.leave();
        self.teller.abort();
    }
}

async fn tell(by: Administrator, told: Told, place: Arc<Place>, to: Sender<Bytes>) {
    tell_until_over(by, told, &place, to).await;
    // The body may still stand there, with nobody who takes it.
    place.leave();
}

async fn tell_until_over(by: Administrator, mut told: Told, place: &Place, mut to: Sender<Bytes>) {
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = 0;
    loop {
        tokio::select! {
            // The server stops, and the browser will ask the next one.
            () = place.closed() => return,
            _ = steps.tick() => {}
        }
        let (text, over) = match step(&by, &mut told).await {
            Step::Last(text) => (Bytes::from_static(text), true),
            Step::Tell(text) => (Bytes::from(text), false),
            Step::Nothing if silent < SILENCE => {
                silent += 1;
                continue;
            }
            Step::Nothing => (Bytes::from_static(b":\n\n"), false),
        };
        silent = 0;
        // Whoever reads may be gone, or stuck.
        let sent = timeout(STUCK, to.send_data(text)).await;
        if over || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

enum Step {
    /// Nothing is told after this.
    Last(&'static [u8]),
    Tell(String),
    Nothing,
}

/// Nobody may be told anything any more.
const OVER: Step = Step::Last(b"event: over\ndata:\n\n");

async fn step(by: &Administrator, told: &mut Told) -> Step {
    // ASVS 7.4.1, 8.3.2
    if !by.still() {
        return OVER;
    }
    let news = match told {
        Told::Figures(figures) => figures.step(by).await,
        Told::Trail(trail) => trail.step(by).await,
    };
    // The role may have been taken away while the store was asked.
    if !by.still() {
        return OVER;
    }
    match news {
        News::None => Step::Nothing,
        News::Past(id) => Step::Tell(format!("id: {id}\n\n")),
        News::Anew => Step::Last(b"event: anew\ndata:\n\n"),
        News::Put { puts, id } => Step::Tell(events(&puts, id)),
    }
}

fn events(puts: &[Put], id: Option<u64>) -> String {
    let mut text = String::new();
    for put in puts {
        // JSON has no line breaks of its own: one line of data is the whole of it.
        let Ok(json) = serde_json::to_string(put) else {
            continue;
        };
        // Writing to a `String` does not fail.
        let _ = match id {
            Some(id) => write!(text, "event: put\nid: {id}\ndata: {json}\n\n"),
            None => write!(text, "event: put\ndata: {json}\n\n"),
        };
    }
    text
}
