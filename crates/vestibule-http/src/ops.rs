//! What a supervisor or a load balancer asks: does the process live, and may it be sent requests? And, on a listener of
//! its own, what a monitoring system asks: how is it doing?

pub mod metrics;
mod process;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::browser::headers;
use crate::context::{Context, Peer};
use vestibule_core::origin::is_loopback_host;

use self::metrics::Watched;

/// `/healthz` and `/readyz`. Asked by address and not by name, so past the host check.
pub fn routes(context: Arc<Context>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(context)
}

/// Everything on the operator's listener: the same, and `/metrics`, which the public one does not have (ASVS 13.4.5).
pub fn operators(context: Arc<Context>) -> Router {
    let watched = Watched::new(&context);
    Router::new()
        .route("/metrics", get(metrics::get))
        .with_state(watched)
        .merge(routes(Arc::clone(&context)))
        .fallback(nothing)
        .layer(from_fn_with_state(context, dressed))
}

async fn nothing() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "here are /metrics, /healthz and /readyz\n",
    )
}

/// Whoever can reach the listener may open it in a browser too: the whole set of headers on every answer.
async fn dressed(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let mut response = if is_rebound(&request) {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "ask by address, or as localhost\n",
        )
            .into_response()
    } else {
        next.run(request).await
    };
    headers::dress(&context.site, response.headers_mut());
    response
}

/// On this machine a browser may be made to ask by any name that leads to loopback (DNS rebinding), and read the answer: a
/// name other than `localhost` is nobody's here (RFC 9110 §15.5.20). An address cannot be rebound, and a probe in HTTP/1.0 may
/// have no `Host`.
fn is_rebound(request: &Request) -> bool {
    let peer = request.extensions().get::<Peer>();
    let here = peer.is_none_or(|peer| peer.0.ip().to_canonical().is_loopback());
    let hosts = request.headers().get_all(header::HOST).iter();
    let hosts = hosts.map(|host| host.to_str().unwrap_or_default());
    let authority = request.uri().authority().map(Authority::as_str);
    here && hosts.chain(authority).any(|host| !is_own_name(host))
}

fn is_own_name(host: &str) -> bool {
    let is_address = host.parse::<SocketAddr>().is_ok()
        || host.parse::<Ipv4Addr>().is_ok()
        || host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
    is_address || is_loopback_host(host)
}

/// The process lives.
async fn healthz(State(context): State<Arc<Context>>) -> Response {
    plain(&context, StatusCode::OK, "ok\n")
}

/// The index is filled: sessions can be checked.
async fn readyz(State(context): State<Arc<Context>>) -> Response {
    if context.engine.ready() {
        return plain(&context, StatusCode::OK, "ready\n");
    }
    let mut response = plain(&context, StatusCode::SERVICE_UNAVAILABLE, "starting\n");
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A browser may ask too, so the whole set is on it (ASVS 3.4.1, 3.4.6).
fn plain(context: &Context, status: StatusCode, text: &'static str) -> Response {
    const TYPE: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut response = (status, TYPE, text).into_response();
    headers::dress(&context.site, response.headers_mut());
    response
}
