//! Spans to a collector, a few seconds' worth at a time, on a thread of their own.

mod sender;

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::context::FutureExt as _;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::{Layer, Registry};

use vestibule_http::Context;

pub use opentelemetry::Context as Parent;

use self::sender::Sender;
use super::{Endpoint, TARGET};

/// What collects spans and hands them over.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins, on the runtime that this is called in, where the settings name a collector.
    pub fn start(endpoint: Option<&Endpoint>) -> Result<Option<Self>> {
        let Some(endpoint) = endpoint else {
            return Ok(None);
        };
        let sender = Sender::new(Handle::current(), &endpoint.url)
            .context("telemetry.otlp_endpoint cannot be used")?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sender)
            .with_endpoint(endpoint.to_string())
            .build()
            .context("telemetry.otlp_endpoint cannot be used")?;
        let resource = Resource::builder_empty()
            .with_service_name("vestibule")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Some(Self(provider)))
    }

    /// What makes spans of ours into theirs. It sees our spans alone, and no line of the log.
    pub fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("vestibule"))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let ours = Targets::new().with_target(TARGET, Level::INFO);
        Box::new(layer.with_filter(ours))
    }

    /// Hands over what is left.
    pub async fn finish(self) {
        let Self(provider) = self;
        // It waits for its own thread, which needs this runtime to send.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::debug!(%error, "the last spans may not have arrived");
        }
    }
}

/// The trace that a trusted proxy began (W3C Trace Context); whoever else says that there is one is not believed.
pub fn parent(edge: Option<&Context>, peer: Option<SocketAddr>, headers: &HeaderMap) -> Parent {
    let trusted = edge
        .zip(peer)
        .is_some_and(|(context, peer)| context.site.proxy(peer.ip()).is_some());
    if trusted {
        TraceContextPropagator::new().extract_with_context(&Parent::new(), &Told(headers))
    } else {
        Parent::new()
    }
}

/// Answers a request within it.
pub fn within<F: Future>(parent: Parent, answering: F) -> impl Future<Output = F::Output> {
    answering.with_context(parent)
}

/// What a proxy tells of its trace. A header that is there twice tells nothing.
struct Told<'a>(&'a HeaderMap);

impl Extractor for Told<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let mut values = self.0.get_all(key).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
