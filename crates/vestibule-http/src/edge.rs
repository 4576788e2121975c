//! At the edge: a reverse proxy asks, before it lets a request through to an application, who is calling.
//!
//! ```text
//! is the asker a configured proxy? ──no──▶ 403
//!   │ are the parameters known, and has the forwarded request one reading? ──no──▶ 400
//!   │ is it on the issuer's own host, outside our own paths, and is an application allowed there? ──no──▶ 403
//!   │ did the caller present a token? ──yes──▶ 401 (none is issued yet)
//!   │ does the cookie hold? ──unknown until the index is filled──▶ 503
//!   │                       ──no──▶ 302 to sign-in for a page view, 401 for an API caller
//!   │ an unsafe method or a WebSocket: does the request come from the application's own pages? ──no──▶ 403
//!   │ the role, the scope, the assurance that the route asks for? ──no──▶ 403
//!   ▼
//! 200 with the identity headers, every one of them
//! ```
//!
//! `/verify/auth-request` gives the same answers in nginx's dialect, which knows 2xx, 401 and 403 alone.
//!
//! The path to a 200 takes no lock and touches no store; its headers are prepared values. Nothing here ever sets or
//! clears a cookie.

mod answer;
mod forwarded;
mod origin;
mod requirement;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use crate::context::Context;

/// `/verify` and `/verify/auth-request`. To be merged past the layers that pages need: no host check (the asker is a
/// proxy), no span, no page headers.
pub fn routes(context: Arc<Context>) -> Router {
    Router::new()
        .route("/verify", any(verify::plain))
        .route("/verify/auth-request", any(verify::auth_request))
        .with_state(context)
}
