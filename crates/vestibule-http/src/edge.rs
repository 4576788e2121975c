//! At the edge: a reverse proxy asks, before it lets a request through to an application, who is calling.
//!
//! ```text
//! is the asker a configured proxy? ──no──▶ 403
//!   │ are the parameters known, and has the forwarded request one reading? ──no──▶ 400
//!   │ is it on an application's host, outside our own paths? ──no──▶ 403
//!   │ a CORS preflight that the application's rule lets pass? ──yes──▶ 200, every identity header empty
//!   │ did the caller present a token? ──yes──▶ 401 (none is issued yet)
//!   │ does the cookie hold here? ──unknown until the index is filled──▶ 503
//!   │                            ──no──▶ 302 to sign-in for a page view, 303 to a clear page for a form that was sent,
//!   │                                    401 for an API caller
//!   │ an unsafe method or a WebSocket: does the request come from the application's own pages? ──no──▶ 403
//!   │ a role, the scope, the assurance that the rule or the route asks for? ──no──▶ 403
//!   ▼
//! 200 with the identity headers, every one of them
//! ```
//!
//! `/verify/auth-request` gives the same answers in nginx's dialect, which knows 2xx, 401 and 403 alone.
//!
//! The path to a 200 takes no lock and touches no store; its headers are prepared values. Nothing here ever sets or
//! clears a cookie.

mod answer;
pub(crate) mod forwarded;
mod origin;
mod place;
mod requirement;
mod verify;
mod who;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http::{Request, StatusCode};

pub(crate) use self::who::meets;
use crate::context::{Context, Peer};

pub use place::RESERVED;
pub use verify::answer;

/// `/verify` and `/verify/auth-request`. To be merged past the layers that pages need: no host check (the asker is a
/// proxy), no span, no page headers. The accept loop calls [`answer`] itself and so spares these questions the router.
pub fn routes(context: Arc<Context>) -> Router {
    Router::new()
        .route("/verify", any(ask))
        .route("/verify/auth-request", any(ask))
        .with_state(context)
}

async fn ask(State(context): State<Arc<Context>>, request: Request<Body>) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    answer(&context, peer, &request).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}
