//! The JSON API under `/api/v1` (`docs/api.md`): what programs, our own pages' scripts and the commands speak.
//!
//! Requests are read once and strictly ([`request`]); what goes wrong is an RFC 9457 problem ([`problem`]). On the public
//! listener it stands behind the same layer as the pages; [`admin`] is served on the control socket as well, where the peer
//! is an operator.

pub mod admin;
pub mod problem;
pub mod request;
pub mod time;

use std::sync::Arc;

use axum::Router;

use crate::context::Context;

/// Everything under `/api` on the public listener.
pub fn routes() -> Router<Arc<Context>> {
    admin::routes()
}
