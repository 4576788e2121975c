//! Asks Vestibule over HTTP/1.1, as any program on this machine may.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes};
use http::{HeaderMap, HeaderName, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Connections kept for the next question.
const KEPT: usize = 16;
/// Headers of one connection alone (RFC 9110 §7.6.1), and those that hyper sets itself.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
];

/// Nobody answers there.
#[derive(Debug, thiserror::Error)]
#[error("no answer from {at}")]
pub struct Away {
    at: SocketAddr,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// A way to one listener.
pub struct Upstream {
    at: SocketAddr,
    kept: Mutex<Vec<SendRequest<Body>>>,
}

impl Upstream {
    /// To whoever listens there.
    pub const fn new(at: SocketAddr) -> Self {
        Self {
            at,
            kept: Mutex::new(Vec::new()),
        }
    }

    /// Sends a request on a connection of its own; the answer's body comes as it comes.
    pub async fn pass_on(&self, request: Request<Body>) -> Result<Response<Incoming>, Away> {
        let mut sender = self.connect().await?;
        sender
            .send_request(request)
            .await
            .map_err(|error| self.away(error))
    }

    /// Asks something that changes nothing, on a connection that is kept, and waits for the whole answer.
    pub async fn ask(&self, question: Request<()>) -> Result<Response<Bytes>, Away> {
        let (parts, ()) = question.into_parts();
        let question = || Request::from_parts(parts.clone(), Body::empty());
        let kept = self.take();
        if let Some(mut sender) = kept
            && let Ok(answer) = sender.send_request(question()).await
            && let Ok(answer) = whole(answer).await
        {
            self.keep(sender);
            return Ok(answer);
        }
        // The kept one may have been closed while it waited.
        let mut sender = self.connect().await?;
        let answer = sender.send_request(question()).await;
        let answer = whole(answer.map_err(|error| self.away(error))?).await;
        let answer = answer.map_err(|error| self.away(error))?;
        self.keep(sender);
        Ok(answer)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, Away> {
        let stream = TcpStream::connect(self.at)
            .await
            .map_err(|error| self.away(error))?;
        // Without it a small request waits for an acknowledgement; without success it is slower.
        let _ = stream.set_nodelay(true);
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.away(error))?;
        // What is wrong with it is told by the request's own outcome.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn away(&self, source: impl std::error::Error + Send + Sync + 'static) -> Away {
        Away {
            at: self.at,
            source: Box::new(source),
        }
    }

    fn take(&self) -> Option<SendRequest<Body>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(sender) = kept.pop() {
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn keep(&self, sender: SendRequest<Body>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT && !sender.is_closed() {
            kept.push(sender);
        }
    }
}

async fn whole(answer: Response<Incoming>) -> Result<Response<Bytes>, hyper::Error> {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    Ok(Response::from_parts(parts, bytes))
}

/// Takes out what concerns one connection alone, and what such headers name.
pub fn end_to_end(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_stays_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, x-secret"),
            ("x-secret", "1"),
            ("upgrade", "h2c"),
            ("te", "trailers"),
            ("cookie", "a=b"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        end_to_end(&mut headers);
        assert_eq!(headers.len(), 1);
        assert!(headers.contains_key("cookie"));
    }
}
