//! Everything that is stored, as a stream of records (`vestibule_store::archive`). The command that asks encrypts it; here it
//! leaves by the control socket alone.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use http_body_util::channel::{Channel, Sender};
use serde::Deserialize;
use tokio::time::timeout;
use vestibule_engine::causes;
use vestibule_store::StoreError;
use vestibule_store::archive::{Begin, Meter, Source, encode_begin, encode_end};

use crate::api::problem::Problem;
use crate::api::request::{Asked, Given};
use crate::context::Context;

/// Records that may wait for whoever reads.
const AHEAD: usize = 2;
/// How long nobody may take anything: a log that grows and a snapshot that holds are not for whoever went to sleep.
const STUCK: Duration = Duration::from_mins(1);

/// `post` takes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Takes a backup. A stream that stops without its last record is none.
pub async fn post(
    State(context): State<Arc<Context>>,
    Given(operator): Given,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Response, Problem> {
    let taken = context.engine.take_backup(&operator).await;
    let (begin, rows) = taken.map_err(|error| Problem::store(&error))?;
    let (sender, body) = Channel::new(AHEAD);
    tokio::spawn(send(begin, rows, sender));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((StatusCode::OK, headers, Body::new(body)).into_response())
}

async fn send(begin: Begin, mut rows: Box<dyn Source>, mut to: Sender<Bytes, StoreError>) {
    let mut meter = Meter::default();
    let mut record = encode_begin(&begin);
    // Whoever asked may go: then there is nothing more to do.
    loop {
        match timeout(STUCK, to.send_data(record.into())).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                tracing::warn!(
                    "nobody took anything of a backup for {} s; it is broken off",
                    STUCK.as_secs()
                );
                to.abort(StoreError::Failed(
                    "nobody took anything of the backup".into(),
                ));
                return;
            }
        }
        match rows.next().await {
            Ok(Some(chunk)) => record = meter.encode(&chunk),
            Ok(None) => {
                let _gone = to.send_data(encode_end(&meter.end()).into()).await;
                return;
            }
            Err(error) => {
                tracing::error!(error = %causes(&error), "the store failed under a backup; it is broken off");
                to.abort(error);
                return;
            }
        }
    }
}
