//! `/console/events`: what a page of the console shows, told again as it changes (server-sent events, HTML standard §9.2).
//!
//! ```text
//! every second: still an administrator? ── no ──▶ event: over     the page is loaded anew, and leads to where it now leads
//!                        │ yes
//!                  has it changed? ── yes ──▶ event: put, data: {"into": ID, "html": …}
//!                        │ no
//!                  silent for long? ── yes ──▶ a comment, so that nobody on the way takes it for dead
//! ```
//!
//! A stream tells nothing that its page does not show, in the words and the language of the page. The session is judged at
//! each step, without moving its idle clock: a tab that stays open keeps nobody signed in.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, header};
use http_body_util::channel::{Channel, Sender};
use serde::Serialize;
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

/// What a stream tells of.
pub(super) enum Told {
    Figures(overview::Figures),
    Trail(audit::Follow),
}

/// Opens a stream: of the overview, or with `trail=POSITION` of the audit trail after that position.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let told = match audit::Follow::asked(&by, &query).await? {
        Some(trail) => Told::Trail(trail),
        None => Told::Figures(overview::Figures::default()),
    };
    let streams = &by.context().streams;
    let place = streams.place(by.0.session.id());
    let place = place.ok_or_else(|| Failure::of(Code::TooManyRequests).retry_after(STUCK))?;
    let (sender, body) = Channel::new(AHEAD);
    tokio::spawn(tell(by, told, place, sender));
    let mut response = Body::new(body).into_response();
    let headers = response.headers_mut();
    let events = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, events);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

async fn tell(by: Administrator, mut told: Told, place: Place, mut to: Sender<Bytes, Infallible>) {
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = 0;
    loop {
        tokio::select! {
            // The server stops, and the browser will ask the next one.
            () = place.closed() => return,
            _ = steps.tick() => {}
        }
        let text = match step(&by, &mut told).await {
            Step::Over => {
                // Whoever reads may be gone too.
                let _ = timeout(
                    STUCK,
                    to.send_data(Bytes::from_static(b"event: over\ndata:\n\n")),
                )
                .await;
                return;
            }
            Step::Put(text) => Bytes::from(text),
            Step::Nothing if silent < SILENCE => {
                silent += 1;
                continue;
            }
            Step::Nothing => Bytes::from_static(b":\n\n"),
        };
        silent = 0;
        if !matches!(timeout(STUCK, to.send_data(text)).await, Ok(Ok(()))) {
            return;
        }
    }
}

enum Step {
    /// Nobody may be told anything any more.
    Over,
    Put(String),
    Nothing,
}

async fn step(by: &Administrator, told: &mut Told) -> Step {
    // ASVS 7.4.1, 8.3.2
    if !by.still() {
        return Step::Over;
    }
    let put = match told {
        Told::Figures(figures) => figures.step(by).await,
        Told::Trail(trail) => trail.step(by).await,
    };
    // The role may have been taken away while the store was asked.
    if !by.still() {
        return Step::Over;
    }
    // JSON has no line breaks of its own: one line of data is the whole of it.
    let put = put.and_then(|put| serde_json::to_string(&put).ok());
    put.map_or(Step::Nothing, |json| {
        Step::Put(format!("event: put\ndata: {json}\n\n"))
    })
}
