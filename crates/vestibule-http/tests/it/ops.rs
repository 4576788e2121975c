//! `/healthz`, `/readyz`, and, off the public listener, `/metrics`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use vestibule_http::Peer;

use crate::browser::headers::assert_dressed;
use crate::edge::asker::Street;
use crate::edge::not_ready::starting;
use crate::house::{House, send};

fn operators(house: &House) -> Router {
    vestibule_http::ops(Arc::clone(&house.context))
}

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

/// Holds: ASVS 13.4.5
#[tokio::test]
async fn asvs_13_4_5_metrics_are_not_public_and_pages_are_not_the_watchers() {
    let house = House::new().await;
    let public = house.browser().get("/metrics").await;
    assert_eq!(public.status, StatusCode::NOT_FOUND);
    assert!(!public.body.contains("vestibule_logins"), "{}", public.body);

    let router = operators(&house);
    for path in ["/login", "/account", "/verify", "/api/v1/users", "/"] {
        let answer = send(&router, probe(path)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains("/metrics"), "{}", answer.body);
        assert_dressed(&answer, path);
    }
    for path in ["/healthz", "/readyz"] {
        let answer = send(&router, probe(path)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_dressed(&answer, path);
    }
}

// A name that leads to 127.0.0.1 for a moment (DNS rebinding) makes a page of anybody's our reader.
/// Holds: ASVS 13.4.5
#[tokio::test]
async fn asvs_13_4_5_on_this_machine_the_watchers_are_asked_by_address_or_as_localhost() {
    let house = House::new().await;
    let router = operators(&house);
    let ask = async |peer: &str, host: Option<&str>| {
        let mut request = probe("/metrics");
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }
        let peer = Peer(peer.parse().unwrap());
        request.extensions_mut().insert(peer);
        send(&router, request).await
    };
    let (here, there) = ("127.0.0.1:50000", "10.0.0.7:50000");
    for host in [
        "evil.test",
        "evil.test:9090",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "",
    ] {
        for peer in [here, "[::1]:50000", "[::ffff:127.0.0.1]:50000"] {
            let answer = ask(peer, Some(host)).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
            assert!(!answer.body.contains("vestibule_"), "{host}");
            assert_dressed(&answer, host);
        }
        if !host.is_empty() {
            assert_eq!(ask(there, Some(host)).await.status, StatusCode::OK);
        }
    }
    for host in [
        "localhost:9090",
        "LOCALHOST",
        "127.0.0.1:9090",
        "[::1]:9090",
        "[::1]",
        "10.0.0.5:9090",
    ] {
        assert_eq!(ask(here, Some(host)).await.status, StatusCode::OK, "{host}");
    }
    assert_eq!(ask(here, None).await.status, StatusCode::OK);
}

// What a browser shows of it stays in that browser too.
/// Holds: ASVS 3.4.4, ASVS 14.3.2
#[tokio::test]
async fn metrics_are_open_metrics_text_with_every_header_of_the_set() {
    let house = House::new().await;
    let router = operators(&house);
    let mut request = probe("/metrics");
    // What Prometheus itself says.
    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    request
        .headers_mut()
        .insert("accept", accept.parse().unwrap());
    let answer = send(&router, request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_dressed(&answer, "/metrics");
    assert!(answer.body.ends_with("# EOF\n"), "{}", answer.body);
    for line in answer.body.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let known = ["vestibule_", "process_"];
        assert!(known.iter().any(|name| series.starts_with(name)), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    let mut request = probe("/metrics");
    *request.method_mut() = Method::POST;
    let answer = send(&router, request).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_dressed(&answer, "POST /metrics");
}

#[tokio::test]
async fn who_asks_for_nothing_gets_what_every_reader_knows() {
    let house = House::new().await;
    let router = operators(&house);
    for accept in [None, Some("*/*"), Some("text/plain;version=0.0.4")] {
        let mut request = probe("/metrics");
        if let Some(accept) = accept {
            let accept = accept.parse().unwrap();
            request.headers_mut().insert("accept", accept);
        }
        let answer = send(&router, request).await;
        assert_eq!(
            answer.header("content-type"),
            "text/plain; version=0.0.4; charset=utf-8"
        );
        assert_dressed(&answer, "/metrics");
        for part in [
            "# TYPE vestibule_logins_total counter\n",
            "# TYPE vestibule_store_seconds histogram\n",
            "vestibule_store_seconds_bucket{le=\"+Inf\",work=\"read\"} ",
            "vestibule_build_info{version=",
        ] {
            assert!(answer.body.contains(part), "no {part} in\n{}", answer.body);
        }
        assert!(!answer.body.contains("# EOF"), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_proxies_and_people_asked_for_is_counted_by_its_answer() {
    let street = Street::new().await;
    let house = &street.house;
    street.ask("/app").send().await;
    street.ask("/app").query("role=staff").send().await;
    street.ask("/app").of_nobody().send().await;
    street.ask("/app").of_unknown_peer().send().await;
    house.browser().get("/login").await;
    house.browser().get("/nowhere").await;
    let text = send(&operators(house), probe("/metrics")).await.body;
    let value = |series: &str| -> f64 {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in\n{text}"))
            .parse()
            .unwrap()
    };
    for answer in ["passed", "role", "no_session", "misasked"] {
        let series = format!("vestibule_checks_total{{answer=\"{answer}\"}}");
        assert!((value(&series) - 1.0).abs() < 0.1, "{answer}\n{text}");
    }
    assert!(
        value("vestibule_check_seconds_count") >= 1.0,
        "the first is timed"
    );
    assert!((value("vestibule_pages_total{status=\"4xx\"}") - 1.0).abs() < 0.1);
    assert!(value("vestibule_pages_total{status=\"2xx\"}") >= 1.0);
    assert!(value("vestibule_page_seconds_count") >= 2.0);
    assert!(value("vestibule_store_seconds_count{work=\"transition\"}") >= 2.0);
    assert!(value("vestibule_store_commits_total") >= 1.0);
    assert!((value("vestibule_ready") - 1.0).abs() < 0.1);
}

// Who watches sees how much of what, and nobody's name.
/// Holds: ASVS 16.2.5
#[tokio::test]
async fn asvs_16_2_5_what_people_did_is_counted_and_nothing_they_wrote_is_shown() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let router = operators(&house);
    house.signed_in("alice@example.test").await;
    let stranger = house.browser();
    stranger
        .sign_in("mallory@example.test", "no such password")
        .await;
    let text = send(&router, probe("/metrics")).await.body;
    for series in [
        "vestibule_logins_total{outcome=\"succeeded\"} 1",
        "vestibule_logins_total{outcome=\"refused\"} 1",
        "vestibule_live_sessions 1",
    ] {
        assert!(
            text.lines().any(|line| line == series),
            "no {series} in\n{text}"
        );
    }
    for word in ["alice", "mallory", "example.test", "192.0.2", "Firefox"] {
        assert!(!text.contains(word), "{word} in\n{text}");
    }
}
