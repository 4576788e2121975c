//! `/console/audit/export`: the events that are looked for as JSON lines, each as the administration interface has it. It takes
//! addresses out of this server, so it needs a fresh login (ASVS 7.5.3), stands in the trail before its first byte, and is one of
//! a few at a time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use http_body_util::channel::{Channel, Sender};
use tokio::time::timeout;
use vestibule_core::audit::EventKind;
use vestibule_core::filter::EventFilter;
use vestibule_store::StoreError;

use super::{ACTOR, Asked, KIND, PATH, PERSON, SINCE, UNTIL};
use crate::api::admin::audit::EventBody;
use crate::browser::form::{Fields, Posted, Query};
use crate::browser::fresh::Act;
use crate::console::{Acting, Administrator, Browse};
use crate::errors::{Code, Failure};
use crate::exports::AGAIN;
use crate::views::{ConsoleAct, FreshFor};

/// Most events of one file.
const MOST: usize = 100_000;
/// Events that are read at a time.
const PAGE: usize = 500;
/// Pages that may wait for whoever reads.
const AHEAD: usize = 2;
/// How long one may hold its turn, however slowly it is read.
const LONGEST: Duration = Duration::from_mins(5);
/// How long nobody may take anything.
const STUCK: Duration = Duration::from_mins(1);

/// Says what would be saved.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    asked(&by, &query).await?;
    by.confirm(act(&query))
}

/// Saves it.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let filter = asked(&by, &form.fields).await?;
    let acting = match by.act(&form, act(&form.fields)).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    // ASVS 15.2.2
    let Some(turn) = by.context().exports.begin() else {
        let busy = Failure::of(Code::ExportsRunning).retry_after(AGAIN);
        return Ok(acting.answer(&by, Err(busy.back(PATH))));
    };
    let engine = &by.context().engine;
    let begun = engine.begin_export(EventKind::TrailExported, &acting.operator);
    if let Err(error) = begun.await {
        return Ok(acting.answer(&by, Err(Failure::store(error).back(PATH))));
    }
    let (sender, body) = Channel::new(AHEAD);
    let mut response = Body::new(body).into_response();
    let answer = acting.answer(&by, {
        let headers = response.headers_mut();
        let lines = HeaderValue::from_static("application/jsonl");
        headers.insert(header::CONTENT_TYPE, lines);
        let file = HeaderValue::from_static("attachment; filename=\"vestibule-audit.jsonl\"");
        headers.insert(header::CONTENT_DISPOSITION, file);
        Ok(response)
    });
    tokio::spawn(async move {
        let _turn = turn;
        within(LONGEST, sender, async move |to| {
            send(by, acting, filter, to).await
        })
        .await;
    });
    Ok(answer)
}

async fn asked(by: &Administrator, fields: &Fields) -> Result<EventFilter, Failure> {
    let asked = Asked::read(by, &mut Browse::new(PATH, fields)).await?;
    if asked.unknown.is_some() {
        return Err(Failure::of(Code::BadRequest).back(PATH));
    }
    Ok(asked.filter)
}

fn act(fields: &Fields) -> Act {
    let filters = [KIND, PERSON, ACTOR, SINCE, UNTIL]
        .into_iter()
        .filter_map(|name| {
            let value = fields.optional(name)?;
            (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        });
    Act {
        action: "/console/audit/export".into(),
        fields: filters.collect(),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::ExportTrail {
            most: u64::try_from(MOST).unwrap_or(u64::MAX),
        }),
    }
}

/// Has one sent, for so long at most. What breaks off before its end ends in an error, so that nobody takes it for the whole: the
/// store may be away, the login over, or nobody reads.
async fn within(
    longest: Duration,
    mut to: Sender<Bytes, StoreError>,
    send: impl AsyncFnOnce(&mut Sender<Bytes, StoreError>) -> Result<(), StoreError>,
) {
    let whole = timeout(longest, send(&mut to)).await;
    if let Err(error) = whole.unwrap_or_else(|_| Err(broken_off("it took too long"))) {
        to.abort(error);
    }
}

fn broken_off(why: &'static str) -> StoreError {
    StoreError::Failed(why.into())
}

async fn send(
    by: Administrator,
    acting: Acting,
    filter: EventFilter,
    to: &mut Sender<Bytes, StoreError>,
) -> Result<(), StoreError> {
    let (mut sent, mut before) = (0, None);
    while sent < MOST {
        if !acting.still(&by) {
            return Err(broken_off("the login that asked for it is over"));
        }
        let engine = &by.context().engine;
        let page = match engine
            .events(filter.clone(), before, PAGE.min(MOST - sent))
            .await
        {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(
                    error = %vestibule_engine::causes(&error),
                    "the store failed while the audit trail was saved; it is broken off"
                );
                return Err(error);
            }
        };
        sent += page.events.len();
        let lines = lines(&page.events);
        if !lines.is_empty() && !matches!(timeout(STUCK, to.send_data(lines)).await, Ok(Ok(()))) {
            return Err(broken_off("nobody read on"));
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(())
}

fn lines(events: &[vestibule_core::audit::StoredEvent]) -> Bytes {
    let mut lines = Vec::with_capacity(events.len() * 384);
    for event in events {
        // Strings and numbers: nothing in it fails to become JSON.
        if serde_json::to_writer(&mut lines, &EventBody::from(event)).is_ok() {
            lines.push(b'\n');
        }
    }
    Bytes::from(lines)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// Holds: ASVS 15.2.2
    #[tokio::test]
    async fn asvs_15_2_2_one_that_takes_too_long_gives_its_turn_back_and_is_no_whole() {
        let (sender, body) = Channel::new(AHEAD);
        let sending = within(Duration::ZERO, sender, async |to| {
            let _ = to.send_data(Bytes::from_static(b"{}\n")).await;
            std::future::pending().await
        });
        sending.await;
        assert!(body.collect().await.is_err());

        let (sender, body) = Channel::new(AHEAD);
        let sending = within(LONGEST, sender, async |to| {
            let _ = to.send_data(Bytes::from_static(b"{}\n")).await;
            Ok(())
        });
        sending.await;
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{}\n");
    }
}
