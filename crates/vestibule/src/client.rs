//! How a command reaches the engine: over the running server's control socket, or, when none runs, by the same routes in
//! this process, holding the server's lock.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use axum::Router;
use axum::body::Body;
use http::response::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::UnixStream;
use tower::ServiceExt as _;

use vestibule_http::{Issuer, OperatorUid};
use vestibule_sqlite::OpenError;

use crate::mail::Reader;
use crate::server::CONTROL_SOCKET;
use crate::settings::{Settings, issuer_on};
use crate::wiring::{self, WireError, Wired};

/// What to do where there is no data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make one.
    Make,
    /// Say so.
    Refuse,
}

/// A way to the control routes.
pub struct Client(Way);

enum Way {
    Server(PathBuf),
    InProcess(Router),
}

/// What may stand in a path segment or a query value as it is (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `text` as one segment of a path or one value of a query.
pub fn part(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

impl Client {
    /// Does `work` with whichever way there is.
    pub async fn with<T>(
        settings: &Settings,
        missing: Missing,
        work: impl AsyncFnOnce(&Self) -> Result<T>,
    ) -> Result<T> {
        // A server answers only in a directory that is its owner's alone; what does in another is not to be told a password.
        match wiring::check_directory(&settings.data) {
            Err(WireError::NoData(_)) if missing == Missing::Make => {}
            other => other?,
        }
        let socket = settings.data.join(CONTROL_SOCKET);
        if is_answered(&socket).await? {
            return work(&Self(Way::Server(socket))).await;
        }
        let issuer = issuer(settings)?;
        let wired = match alone(settings, &issuer).await {
            // Starting, it may have begun to listen since.
            Err(WireError::Open(OpenError::Locked { .. })) if is_answered(&socket).await? => {
                return work(&Self(Way::Server(socket))).await;
            }
            Err(WireError::Open(locked @ OpenError::Locked { .. })) => {
                return Err(anyhow!(
                    "{locked}; it does not answer on {}: it is starting or stopping, try again",
                    socket.display()
                ));
            }
            other => other?,
        };
        // `vestibule config show` reads the settings itself.
        let context = wiring::context(&wired, settings, issuer, Vec::new());
        let router = vestibule_http::control(context);
        let outcome = work(&Self(Way::InProcess(router))).await;
        wired.close().await;
        outcome
    }

    /// The way to the running server, and no other.
    pub async fn of_server(settings: &Settings) -> Result<Self> {
        wiring::check_directory(&settings.data)?;
        let socket = settings.data.join(CONTROL_SOCKET);
        if is_answered(&socket).await? {
            return Ok(Self(Way::Server(socket)));
        }
        bail!(
            "no server runs on {}, so nothing new will come: start `vestibule serve`, or leave out -f",
            settings.data.display()
        )
    }

    /// The way to the running server, if there is one whose directory is its owner's alone.
    pub async fn running(settings: &Settings) -> Result<Option<Self>> {
        let socket = settings.data.join(CONTROL_SOCKET);
        let is_private = wiring::check_directory(&settings.data).is_ok();
        let runs = is_private && is_answered(&socket).await?;
        Ok(runs.then(|| Self(Way::Server(socket))))
    }

    /// The way to these routes, for a test of what asks them.
    #[cfg(test)]
    pub const fn asking(router: Router) -> Self {
        Self(Way::InProcess(router))
    }

    /// Whether no server runs: what is for one to do waits until one does.
    pub const fn is_alone(&self) -> bool {
        matches!(self.0, Way::InProcess(_))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        self.call(Method::POST, path, body).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Result<Value> {
        self.call(Method::DELETE, path, None).await
    }

    /// `POST`, answered by bytes that come for as long as there are any.
    pub async fn stream(&self, path: &str) -> Result<Body> {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .body(Body::empty())?;
        let answer = match &self.0 {
            Way::Server(socket) => streamed(socket, request).await?,
            Way::InProcess(router) => answered(router.clone(), request).await?,
        };
        let (head, body) = answer.into_parts();
        if head.status.is_success() {
            return Ok(body);
        }
        let bytes = body.collect().await?.to_bytes();
        Err(refused(&head, &bytes).into())
    }

    /// Every page of a list, as one: `field` whole, `next` gone.
    pub async fn pages(&self, path: &str, cursor: &str, field: &str) -> Result<Value> {
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = next.as_deref().map_or_else(
                || path.to_owned(),
                |next| format!("{path}&{cursor}={}", part(next)),
            );
            let mut page = self.get(&page).await?;
            if let Value::Array(items) = page[field].take() {
                all.extend(items);
            }
            match page["next"].take() {
                Value::String(more) => next = Some(more),
                _ => return Ok(serde_json::json!({ field: all })),
            }
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost");
        let body = match body {
            None => Body::empty(),
            Some(value) => {
                let json = HeaderValue::from_static("application/json");
                request = request.header(header::CONTENT_TYPE, json);
                Body::from(serde_json::to_vec(value)?)
            }
        };
        let request = request.body(body)?;
        let answer = match &self.0 {
            Way::Server(socket) => over(socket, request).await?,
            Way::InProcess(router) => in_process(router.clone(), request).await?,
        };
        let (head, bytes) = answer.into_parts();
        if head.status.is_success() {
            return Ok(match bytes.as_slice() {
                [] => Value::Null,
                body => serde_json::from_slice(body)?,
            });
        }
        Err(refused(&head, &bytes).into())
    }
}

/// The answer is a problem (RFC 9457).
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub struct Refused {
    /// Stable; empty when the answer names none.
    pub code: String,
    /// When it is worth asking again, where the answer says so.
    pub retry_after: Option<Duration>,
    said: String,
}

fn refused(head: &Parts, body: &[u8]) -> Refused {
    let status = head.status;
    let wait = head.headers.get(header::RETRY_AFTER);
    let wait = wait.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| problem[name].as_str();
    Refused {
        code: field("code").unwrap_or_default().to_owned(),
        retry_after: wait.map(Duration::from_secs),
        // What is wrong, and what to do.
        said: match (field("title"), field("detail")) {
            (Some(title), Some(detail)) => format!("{title}. {detail}"),
            (Some(said), None) | (None, Some(said)) => said.to_owned(),
            (None, None) if status == StatusCode::SERVICE_UNAVAILABLE => {
                "the server is starting or stopping: try again".to_owned()
            }
            (None, None) => format!("the server answered {status}"),
        },
    }
}

/// Whether a server accepts on the socket.
async fn is_answered(socket: &Path) -> Result<bool> {
    match UnixStream::connect(socket).await {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(false)
        }
        // No server listens on what cannot be an address, and what is to be served can have no such path.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error).with_context(|| {
            format!(
                "the path {} is too long for a socket: choose a shorter data directory with --data (setting server.data), \
                 perhaps a relative one",
                socket.display()
            )
        }),
        Err(error) => Err(error).with_context(|| {
            format!(
                "cannot speak to the server over {}; are you its user?",
                socket.display()
            )
        }),
    }
}

async fn alone(settings: &Settings, issuer: &Issuer) -> Result<Wired, WireError> {
    let opened = wiring::open(settings).await?;
    // A mailbox in this process's memory would go with it: what cannot be mailed is printed.
    let started = opened.start(settings, issuer, Reader::Nobody, None).await;
    let wired = started?;
    match wired.filled().await {
        Ok(()) => Ok(wired),
        Err(error) => {
            wired.close().await;
            Err(error)
        }
    }
}

/// As whom a server would start, or a command acts while none runs: links that it prints begin with it.
pub fn issuer(settings: &Settings) -> Result<Issuer> {
    let port = settings
        .listen
        .iter()
        .map(SocketAddr::port)
        .find(|port| *port != 0);
    let followed = || issuer_on(port.unwrap_or(8080), &settings.tls);
    let issuer = settings.issuer.clone().unwrap_or_else(followed);
    Ok(Issuer::parse(&issuer)?)
}

async fn over(socket: &Path, request: Request<Body>) -> Result<Response<Vec<u8>>> {
    let lost = || {
        format!(
            "the server on {} went away before it answered",
            socket.display()
        )
    };
    let stream = UnixStream::connect(socket).await.with_context(lost)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .with_context(lost)?;
    let driven = tokio::spawn(connection);
    let answer = sender.send_request(request).await.with_context(lost)?;
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.with_context(lost)?.to_bytes();
    drop(sender);
    // What is wrong with the connection now, after a whole answer, concerns nobody.
    let _ = driven.await;
    Ok(Response::from_parts(head, bytes.to_vec()))
}

/// The same, with the answer's body still to come.
async fn streamed(socket: &Path, request: Request<Body>) -> Result<Response<Body>> {
    let lost = || {
        format!(
            "the server on {} went away before it answered",
            socket.display()
        )
    };
    let stream = UnixStream::connect(socket).await.with_context(lost)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .with_context(lost)?;
    // What is wrong with the connection is told by the body.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.with_context(lost)?;
    Ok(answer.map(Body::new))
}

async fn in_process(router: Router, request: Request<Body>) -> Result<Response<Vec<u8>>> {
    let (head, body) = answered(router, request).await?.into_parts();
    let bytes = body.collect().await?.to_bytes();
    Ok(Response::from_parts(head, bytes.to_vec()))
}

async fn answered(router: Router, mut request: Request<Body>) -> Result<Response<Body>> {
    let uid = rustix::process::getuid().as_raw();
    request.extensions_mut().insert(OperatorUid(uid));
    Ok(router.oneshot(request).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_segment() {
        assert_eq!(
            part("o'brien+x/y@example.test"),
            "o%27brien%2Bx%2Fy%40example.test"
        );
        assert_eq!(part("a-b.c_d~e"), "a-b.c_d~e");
    }
}
