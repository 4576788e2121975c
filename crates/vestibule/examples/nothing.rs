//! The same HTTP stack doing nothing: this crate's own accept loop, answering each request at once with headers that were
//! prepared. What `GET /verify` is held against (`cargo xtask bench p1`).
//!
//! `nothing 'Name: value' …` listens on a free port of the loopback, prints it, and answers 200 with these headers until it
//! is ended.

#[expect(
    dead_code,
    reason = "the binary's accept loop as it is, of which TLS, the control socket and the drain are not needed here"
)]
#[path = "../src/server/accept.rs"]
mod accept;

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use vestibule_http::{Context, Peer};

/// There are no operators here.
mod control {
    use tokio::net::UnixStream;

    pub const fn operator(_: &UnixStream) -> Option<u32> {
        None
    }
}

/// There is no TLS here.
mod tls {
    use std::future::{Ready, ready};

    use tokio::net::TcpStream;

    #[derive(Clone)]
    pub struct Acceptor;

    impl Acceptor {
        #[expect(
            clippy::unused_self,
            reason = "the accept loop calls it as it calls the real one"
        )]
        pub fn shake(self, _: TcpStream) -> Ready<Option<TcpStream>> {
            ready(None)
        }
    }
}

/// There are no traces here.
mod traces {
    use std::net::SocketAddr;

    use http::HeaderMap;
    use vestibule_http::Context;

    pub struct Parent;

    pub const fn parent(_: Option<&Context>, _: Option<SocketAddr>, _: &HeaderMap) -> Parent {
        Parent
    }

    pub fn within<F: Future>(_: Parent, answering: F) -> F {
        answering
    }
}

/// What everybody is answered.
struct Nothing(HeaderMap);

impl accept::AtOnce for Nothing {
    fn answer(&self, _: Peer, _: &Request<Incoming>) -> Option<Response<Body>> {
        let mut answer = Response::new(Body::empty());
        answer.headers_mut().clone_from(&self.0);
        Some(answer)
    }

    fn context(&self) -> Option<&Context> {
        None
    }
}

fn main() -> Result<()> {
    let headers = std::env::args().skip(1).map(|line| {
        let (name, value) = line
            .split_once(": ")
            .context("write headers as 'Name: value'")?;
        Ok((name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?))
    });
    let nothing = Nothing(headers.collect::<Result<_>>()?);
    // As the server's own.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let mut connections = accept::Connections::new(4096);
        connections.answer_by(Router::new(), Some(Arc::new(nothing)));
        connections.open(accept::Door::Network(listener));
        writeln!(std::io::stdout(), "listening on http://127.0.0.1:{port}")?;
        std::future::pending::<()>().await;
        Ok(())
    })
}
