//! A binary without traces: nothing is traced, and nothing of it is paid for.

use std::future::Ready;
use std::net::SocketAddr;

use anyhow::Result;
use http::HeaderMap;
use tracing_subscriber::layer::Identity;

use vestibule_http::Context;

use super::Endpoint;

/// None, ever.
pub enum Traces {}

impl Traces {
    /// None: the settings refuse an endpoint.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "where traces are built in, they may not start"
    )]
    pub const fn start(_: Option<&Endpoint>) -> Result<Option<Self>> {
        Ok(None)
    }

    /// What would see spans.
    pub const fn layer(&self) -> Identity {
        match *self {}
    }

    /// Would hand over what is left.
    pub const fn finish(self) -> Ready<()> {
        match self {}
    }
}

/// None.
pub struct Parent;

/// What others began is not continued.
pub const fn parent(_: Option<&Context>, _: Option<SocketAddr>, _: &HeaderMap) -> Parent {
    Parent
}

/// Nothing is added.
pub fn within<F: Future>(_: Parent, answering: F) -> F {
    answering
}
