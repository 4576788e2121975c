//! `/healthz` and `/readyz`.

use axum::body::Body;
use http::{Method, Request, StatusCode};

use crate::browser::headers::assert_dressed;
use crate::edge::not_ready::starting;
use crate::house::{House, send};

fn probe(path: &str) -> Request<Body> {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_process_lives_before_it_is_ready() {
    let house = House::new().await;
    let router = starting(&house).await;
    assert_eq!(
        send(&router, probe("/healthz")).await.status,
        StatusCode::OK
    );
    let answer = send(&router, probe("/readyz")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("cache-control"), "no-store");

    let answer = send(&house.router, probe("/readyz")).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "ready\n"));
}

// A load balancer asks by address, so there may be any `Host`, or none.
/// Holds: ASVS 3.4.1, ASVS 3.4.6
#[tokio::test]
async fn a_probe_needs_no_name_and_gets_no_more_than_it_asked() {
    let house = House::new().await;
    for path in ["/healthz", "/readyz"] {
        for host in ["10.0.0.5:8080", "evil.test"] {
            let mut request = probe(path);
            request.headers_mut().insert("host", host.parse().unwrap());
            let answer = send(&house.router, request).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.set_cookies().is_empty());
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert_dressed(&answer, path);
        }
        let mut request = probe(path);
        *request.method_mut() = Method::POST;
        let answer = send(&house.router, request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}
