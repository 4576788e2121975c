//! What a supervisor or a load balancer asks: does the process live, and may it be sent requests?

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::context::Context;

/// `/healthz` and `/readyz`. Asked by address and not by name, so past the host check.
pub fn routes(context: Arc<Context>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(context)
}

/// The process lives.
async fn healthz() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// The index is filled: sessions can be checked.
async fn readyz(State(context): State<Arc<Context>>) -> Response {
    if context.engine.ready() {
        return plain(StatusCode::OK, "ready\n");
    }
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "starting\n");
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, HEADERS, text).into_response()
}
