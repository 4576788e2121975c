//! `/metrics`: what is counted, as OpenMetrics text for who asks for it, and in Prometheus' own older form otherwise.

mod classic;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use vestibule_engine::{Engine, Metrics, register_store};
use vestibule_store::figures::Figures;

use super::process::Process;
use crate::context::Context;

/// What is answered from: the registry is put together once, the gauges are read at each request.
pub(super) struct Watched {
    engine: Arc<Engine>,
    process: Process,
    registry: Registry,
}

impl Watched {
    pub(super) fn new(context: &Context) -> Arc<Self> {
        let process = Process::starting(context.engine.now());
        let registry = registry(context.engine.metrics(), &context.figures, &process);
        Arc::new(Self {
            engine: Arc::clone(&context.engine),
            process,
            registry,
        })
    }
}

/// Everything there is to see: of the engine, of the store and of the process.
fn registry(metrics: &Metrics, figures: &Arc<Figures>, process: &Process) -> Registry {
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    register_store(figures, &mut registry);
    process.register(&mut registry);
    let build: Family<Build, Gauge> = Family::default();
    let version = env!("CARGO_PKG_VERSION");
    // ASVS 13.4.6: on the operator's listener alone.
    build.get_or_create(&Build { version }).set(1);
    registry.register(
        "vestibule_build_info",
        "Always 1; which version runs",
        build,
    );
    registry
}

/// The same of an installation in which nothing has happened yet, as `/metrics` would answer it.
pub fn sample(metrics: &Metrics) -> String {
    let mut text = String::new();
    let process = Process::default();
    process.read();
    let registry = registry(metrics, &Arc::default(), &process);
    // A String takes whatever is written.
    let _ = encode(&mut text, &registry);
    text
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// OpenMetrics 1.0, which Prometheus asks for first.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What everybody reads, `promtool check metrics` too.
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn get(State(watched): State<Arc<Watched>>, headers: HeaderMap) -> Response {
    watched.engine.measure();
    watched.process.read();
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &watched.registry) {
        // A String takes whatever is written.
        tracing::error!(%error, "the metrics could not be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if asks_for_open_metrics(&headers) {
        return (StatusCode::OK, [(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response();
    }
    let text = classic::text(&text);
    (StatusCode::OK, [(header::CONTENT_TYPE, CLASSIC)], text).into_response()
}

fn asks_for_open_metrics(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("application/openmetrics-text"))
}
