//! The accept loop: hyper under bounds of our own, drained at the end.
//!
//! What a stranger may hold open is bounded in number (places), in time (first request, heads, bodies) and in size
//! (heads; bodies are the handlers' to bound).

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::Router;
use axum::body::Body;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::Service as _;

use vestibule_http::{Context, OperatorUid, Peer, edge, probe};

use super::control;
use super::tls::Acceptor;
use crate::traces;

/// A new connection's first request begins within this.
const FIRST_REQUEST: Duration = Duration::from_secs(15);
/// A request's head is whole within this, counted from the end of the one before: so long a connection may idle, too.
const HEAD: Duration = Duration::from_secs(75);
/// A request with a body is answered within this.
const BODY: Duration = Duration::from_secs(30);
/// Most bytes of a request's head: over a hundred cookies of other programs on `localhost` fit.
const HEAD_SIZE: usize = 32 * 1024;
/// Requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 128;
/// An HTTP/2 peer that answers no ping is gone.
const PING: Duration = Duration::from_secs(20);
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections come in.
pub enum Door {
    /// A network's: the public's, or the operators' who watch.
    Network(TcpListener),
    /// A network's, behind TLS.
    Tls(TcpListener, Acceptor),
    /// The operator's.
    Control(UnixListener),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
enum Caller {
    Peer(SocketAddr),
    Operator(u32),
}

/// The connections to one router.
pub struct Connections {
    shared: Shared,
    graceful: Arc<GracefulShutdown>,
    doors: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Who answers.
struct House {
    router: Router,
    at_once: Option<Arc<dyn AtOnce>>,
}

/// What is answered without a way through the router.
pub trait AtOnce: Send + Sync {
    /// The answer; `None` for what the router is for.
    fn answer(&self, peer: Peer, request: &Request<Incoming>) -> Option<Response<Body>>;

    /// Who may say which trace a request belongs to.
    fn context(&self) -> Option<&Context>;
}

impl AtOnce for Context {
    fn answer(&self, peer: Peer, request: &Request<Incoming>) -> Option<Response<Body>> {
        probe::look(self, peer, request);
        edge::answer(self, Some(peer), request)
    }

    fn context(&self) -> Option<&Context> {
        Some(self)
    }
}

#[derive(Clone)]
struct Shared {
    house: Arc<ArcSwapOption<House>>,
    places: Arc<Semaphore>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    hsts: Option<HeaderValue>,
}

impl Connections {
    /// At most `places` at a time; the next ones wait outside.
    pub fn new(places: usize) -> Self {
        Self {
            shared: Shared {
                house: Arc::default(),
                places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
                builder: Arc::new(builder()),
                hsts: None,
            },
            graceful: Arc::new(GracefulShutdown::new()),
            doors: JoinSet::new(),
            stop: watch::Sender::new(false),
        }
    }

    /// Has every answer over TLS say so that came without (ASVS 3.4.1): what no page is, and what comes before there are
    /// pages. For doors that are opened after it.
    pub fn tell_hsts(&mut self, hsts: Option<HeaderValue>) {
        self.shared.hsts = hsts;
    }

    /// Answers by `router` from now on, whatever answered before, which finishes what it has; until the first one everything
    /// is 503. What proxies ask for every request of their applications is answered `at_once`, without a way through the
    /// router.
    pub fn answer_by(&self, router: Router, at_once: Option<Arc<dyn AtOnce>>) {
        let house = House { router, at_once };
        self.shared.house.store(Some(Arc::new(house)));
    }

    /// Begins to accept.
    pub fn open(&mut self, door: Door) {
        let accepting = accept(
            door,
            self.shared.clone(),
            Arc::clone(&self.graceful),
            self.stop.subscribe(),
        );
        self.doors.spawn(accepting);
    }

    /// Takes no more connections, and waits for the requests under way, but not longer than `bound`.
    pub async fn drain(mut self, bound: Duration) {
        self.stop.send_replace(true);
        let drained = async {
            while self.doors.join_next().await.is_some() {}
            // Only the accept loops shared it, and they have ended.
            if let Some(graceful) = Arc::into_inner(self.graceful) {
                graceful.shutdown().await;
            }
        };
        if timeout(bound, drained).await.is_err() {
            tracing::warn!(
                "requests were still under way after {} s; their connections are closed",
                bound.as_secs()
            );
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_SIZE)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_SIZE).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

async fn accept(
    door: Door,
    shared: Shared,
    graceful: Arc<GracefulShutdown>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::clone(&shared.places);
    loop {
        let next = async {
            // A place first: a connection without one stays in the system's queue.
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((place, door.next().await))
        };
        let accepted = tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => return,
            accepted = next => accepted,
        };
        let (place, connection) = match accepted {
            None => return,
            Some((place, Ok(connection))) => (place, connection),
            Some((_, Err(error))) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // The same again at once would only fill the log.
                let _ = timeout(PAUSE, told_to_stop(&mut stop)).await;
                continue;
            }
        };
        let (mut shared, watcher) = (shared.clone(), graceful.watcher());
        let mut stop = stop.clone();
        tokio::spawn(async move {
            match connection {
                Some(Accepted::Tcp(stream, peer)) => {
                    shared.hsts = None;
                    talk(stream, Caller::Peer(peer), shared, watcher).await;
                }
                Some(Accepted::Tls(stream, acceptor, peer)) => {
                    // Here, and not before the next one is accepted: a slow handshake is its own matter.
                    let shaken = tokio::select! {
                        () = told_to_stop(&mut stop) => None,
                        shaken = acceptor.shake(stream) => shaken,
                    };
                    if let Some(stream) = shaken {
                        talk(stream, Caller::Peer(peer), shared, watcher).await;
                    }
                }
                Some(Accepted::Unix(stream, uid)) => {
                    talk(stream, Caller::Operator(uid), shared, watcher).await;
                }
                None => {}
            }
            drop(place);
        });
    }
}

async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

enum Accepted {
    Tcp(tokio::net::TcpStream, SocketAddr),
    Tls(tokio::net::TcpStream, Acceptor, SocketAddr),
    Unix(tokio::net::UnixStream, u32),
}

impl Door {
    /// The next connection; `None` when its caller is turned away.
    async fn next(&self) -> io::Result<Option<Accepted>> {
        match self {
            Self::Network(listener) => {
                let (stream, peer) = at_once(listener).await?;
                Ok(Some(Accepted::Tcp(stream, peer)))
            }
            Self::Tls(listener, acceptor) => {
                let (stream, peer) = at_once(listener).await?;
                Ok(Some(Accepted::Tls(stream, acceptor.clone(), peer)))
            }
            Self::Control(listener) => {
                let (stream, _) = listener.accept().await?;
                let operator = control::operator(&stream);
                if operator.is_none() {
                    tracing::warn!(
                        "another user's connection to the control socket was turned away"
                    );
                }
                Ok(operator.map(|uid| Accepted::Unix(stream, uid)))
            }
        }
    }
}

/// The next connection, which sends what it has at once.
async fn at_once(listener: &TcpListener) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept().await?;
    // Without it the second of two small writes waits for an acknowledgement; without success it is slower.
    let _ = stream.set_nodelay(true);
    Ok((stream, peer))
}

/// Serves one connection to its end.
async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    caller: Caller,
    shared: Shared,
    watcher: Watcher,
) {
    let begun = Arc::new(Begun::default());
    let service = service_fn({
        let begun = Arc::clone(&begun);
        let (house, hsts) = (shared.house, shared.hsts);
        move |request| {
            begun.tell();
            let (answer, hsts) = (answer(Arc::clone(&house), caller, request), hsts.clone());
            async move {
                let mut answer = answer.await;
                if let (Ok(answer), Some(hsts)) = (&mut answer, hsts) {
                    let headers = answer.headers_mut();
                    headers
                        .entry(header::STRICT_TRANSPORT_SECURITY)
                        .or_insert(hsts);
                }
                answer
            }
        }
    });
    let connection = shared
        .builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let mut connection = pin!(watcher.watch(connection));
    let opening = async {
        tokio::select! {
            ended = &mut connection => Some(ended),
            () = begun.told.notified() => None,
        }
    };
    let ended = match timeout(FIRST_REQUEST, opening).await {
        // Nobody spoke: the place is for somebody who does.
        Err(_) => return,
        Ok(Some(ended)) => ended,
        Ok(None) => connection.await,
    };
    if let Err(error) = ended {
        // A peer's doing, and no failure of ours.
        tracing::debug!(error, "a connection ended early");
    }
}

/// Whether a connection's first request has come.
#[derive(Default)]
struct Begun {
    already: AtomicBool,
    told: Notify,
}

impl Begun {
    fn tell(&self) {
        if !self.already.load(Ordering::Relaxed) && !self.already.swap(true, Ordering::Relaxed) {
            self.told.notify_one();
        }
    }
}

async fn answer(
    house: Arc<ArcSwapOption<House>>,
    caller: Caller,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    // One house for the whole of this request.
    let house = house.load();
    let Some(House { router, at_once }) = house.as_deref() else {
        return Ok(starting(request.uri().path()));
    };
    if let (Some(at_once), Caller::Peer(peer)) = (at_once, caller)
        && let Some(answer) = at_once.answer(Peer(peer), &request)
    {
        return Ok(answer);
    }
    let mut router = router.clone();
    match caller {
        Caller::Peer(peer) => drop(request.extensions_mut().insert(Peer(peer))),
        Caller::Operator(uid) => drop(request.extensions_mut().insert(OperatorUid(uid))),
    }
    let has_body = !request.body().is_end_stream();
    let peer = match caller {
        Caller::Peer(peer) => Some(peer),
        Caller::Operator(_) => None,
    };
    let context = at_once.as_deref().and_then(AtOnce::context);
    let parent = traces::parent(context, peer, request.headers());
    let answering = traces::within(parent, router.call(request.map(Body::new)));
    drop(house);
    if !has_body {
        return answering.await;
    }
    match timeout(BODY, answering).await {
        Ok(answer) => answer,
        Err(_) => Ok(bare(StatusCode::REQUEST_TIMEOUT, "")),
    }
}

/// The answer before there is anything to answer by: alive, not ready, try again. It touches no cookie.
fn starting(path: &str) -> Response<Body> {
    if path == "/healthz" {
        return bare(StatusCode::OK, "ok\n");
    }
    let mut answer = bare(
        StatusCode::SERVICE_UNAVAILABLE,
        "starting, try again in a moment\n",
    );
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

fn bare(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    answer
}

// By its path: `examples/nothing.rs` takes this file in, too.
#[cfg(test)]
#[path = "accept/tests.rs"]
mod tests;
