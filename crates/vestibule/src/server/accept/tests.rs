use axum::Extension;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;

/// A server of `router` on a free port.
async fn server(router: Router, places: usize) -> (Connections, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut connections = Connections::new(places);
    connections.answer_by(router, None);
    connections.open(Door::Network(listener));
    (connections, address)
}

async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn handlers_learn_who_is_at_the_other_end() {
    let router = Router::new().route(
        "/",
        get(|Extension(Peer(peer)): Extension<Peer>| async move { peer.ip().to_string() }),
    );
    let (connections, address) = server(router, 8).await;
    assert!(exchange(address, GET).await.ends_with("127.0.0.1"));
    connections.drain(DRAIN).await;
}

const DRAIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn before_the_engine_is_there_it_is_alive_and_not_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut connections = Connections::new(8);
    connections.open(Door::Network(listener));
    let answer = exchange(address, GET).await;
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"),
        "{answer}"
    );
    assert!(!answer.contains("set-cookie"), "{answer}");
    assert!(answer.contains("frame-ancestors 'none'"), "{answer}");
    let health = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(exchange(address, health).await.starts_with("HTTP/1.1 200"));
    connections.answer_by(Router::new().route("/", get(|| async { "ready" })), None);
    assert!(exchange(address, GET).await.ends_with("ready"));
}

#[tokio::test]
async fn another_house_answers_the_next_request_and_the_one_under_way_ends_in_its_own() {
    let (arrived, arrival) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let once = Arc::new(std::sync::Mutex::new(Some((arrived, released))));
    let slow = get(move || {
        let (arrived, released) = once.lock().unwrap().take().unwrap();
        async move {
            arrived.send(()).unwrap();
            released.await.unwrap();
            "before"
        }
    });
    let before = Router::new()
        .route("/slow", slow)
        .route("/", get(|| async { "before" }));
    let (connections, address) = server(before, 8).await;
    let mut kept = TcpStream::connect(address).await.unwrap();
    let mut answer = [0; 1024];
    kept.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let read = kept.read(&mut answer).await.unwrap();
    assert!(answer[..read].ends_with(b"before"));
    let under_way = tokio::spawn(exchange(
        address,
        b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ));
    arrival.await.unwrap();

    connections.answer_by(Router::new().route("/", get(|| async { "after" })), None);
    kept.write_all(GET).await.unwrap();
    let mut answer = String::new();
    kept.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("after"), "on a kept connection: {answer}");
    release.send(()).unwrap();
    assert!(under_way.await.unwrap().ends_with("before"));
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn an_oversized_head_is_refused() {
    let (_connections, address) = server(Router::new().route("/", get(|| async { "" })), 8).await;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n",
        "c".repeat(HEAD_SIZE + 1)
    );
    // The refusal may come before all of it is sent.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(request.as_bytes()).await;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 431");
}

/// Holds: ASVS 15.2.2
#[tokio::test(start_paused = true)]
async fn who_does_not_speak_loses_the_place() {
    let (_connections, address) =
        server(Router::new().route("/", get(|| async { "here" })), 1).await;
    for opening in [&b""[..], b"PRI * HT", b"GET / HT"] {
        let mut silent = TcpStream::connect(address).await.unwrap();
        silent.write_all(opening).await.unwrap();
        let mut answer = Vec::new();
        // Ends by our closing it, whatever was said.
        let closed = timeout(FIRST_REQUEST * 2, silent.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "{opening:?} still holds its place");
    }
    assert!(exchange(address, GET).await.ends_with("here"));
}

/// Holds: ASVS 15.2.2
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let router = Router::new().route("/", post(|body: String| async move { body }));
    let (_connections, address) = server(router, 8).await;
    let answer = exchange(
        address,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn draining_waits_for_the_request_under_way_and_takes_no_other() {
    let (arrived, arrival) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let once = Arc::new(std::sync::Mutex::new(Some((arrived, released))));
    let router = Router::new().route(
        "/",
        get(move || {
            let (arrived, released) = once.lock().unwrap().take().unwrap();
            async move {
                arrived.send(()).unwrap();
                released.await.unwrap();
                "finished"
            }
        }),
    );
    let (connections, address) = server(router, 8).await;
    let request = tokio::spawn(exchange(address, GET));
    arrival.await.unwrap();
    let idle = TcpStream::connect(address).await.unwrap();

    let draining = tokio::spawn(connections.drain(DRAIN));
    // The listener closes before the request is let go.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!draining.is_finished());
    release.send(()).unwrap();
    assert!(request.await.unwrap().ends_with("finished"));
    draining.await.unwrap();
    drop(idle);
}

#[tokio::test(start_paused = true)]
async fn draining_has_an_end() {
    let (arrived, arrival) = oneshot::channel();
    let once = Arc::new(std::sync::Mutex::new(Some(arrived)));
    let router = Router::new().route(
        "/",
        get(move || {
            once.lock().unwrap().take().unwrap().send(()).unwrap();
            std::future::pending::<&str>()
        }),
    );
    let (connections, address) = server(router, 8).await;
    let request = tokio::spawn(exchange(address, GET));
    arrival.await.unwrap();
    connections.drain(DRAIN).await;
    request.abort();
}
