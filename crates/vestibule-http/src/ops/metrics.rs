//! `/metrics`: what is counted, in OpenMetrics text.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use vestibule_engine::Engine;

/// What is answered from: the registry is put together once, the gauges are read at each request.
pub(super) struct Watched {
    engine: Arc<Engine>,
    registry: Registry,
}

impl Watched {
    pub(super) fn new(engine: Arc<Engine>) -> Arc<Self> {
        let mut registry = Registry::default();
        engine.metrics().register(&mut registry);
        Arc::new(Self { engine, registry })
    }
}

/// OpenMetrics 1.0, which Prometheus asks for first.
const TYPE: [(HeaderName, &str); 1] = [(
    header::CONTENT_TYPE,
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
)];

pub(super) async fn get(State(watched): State<Arc<Watched>>) -> Response {
    watched.engine.measure();
    let mut text = String::new();
    match encode(&mut text, &watched.registry) {
        Ok(()) => (StatusCode::OK, TYPE, text).into_response(),
        // A String takes whatever is written.
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
