//! The operator's listener: metrics and probes, off the public one.

use std::net::TcpListener;

use crate::browser::{Browser, request, status};
use crate::process::{Data, Done, OPS, Process, program};

/// Where a server says its metrics are.
fn port(process: &mut Process) -> u16 {
    let line = process.line("metrics are at http://127.0.0.1:");
    let (_, rest) = line.split_once("metrics are at http://127.0.0.1:").unwrap();
    let (port, _) = rest.split_once("/metrics").unwrap();
    port.parse().unwrap()
}

/// Holds: ASVS 13.4.5
#[test]
fn asvs_13_4_5_metrics_are_on_a_listener_of_their_own() {
    let data = Data::new();
    data.add_user("alice@example.test");
    let mut server = data.serve_with(&[], &[(OPS, "127.0.0.1:0")]);
    let ops = port(&mut server.process);
    Browser::sign_in(server.port, "alice@example.test");

    // By whatever name: a monitoring system asks by address.
    for host in ["localhost", "10.0.0.5"] {
        for path in ["/metrics", "/readyz", "/healthz"] {
            assert_eq!(status(ops, host, path), "HTTP/1.1 200 OK", "{path}");
        }
        assert_eq!(status(ops, host, "/login"), "HTTP/1.1 404 Not Found");
    }
    let text = request(ops, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n", "");
    for line in [
        "vestibule_logins_total{outcome=\"succeeded\"} 1",
        "vestibule_live_sessions 1",
        "vestibule_ready 1",
    ] {
        assert!(text.lines().any(|one| one == line), "no {line} in\n{text}");
    }
    assert!(!text.contains("alice"), "{text}");

    let host = format!("localhost:{}", server.port);
    let public = status(server.port, &host, "/metrics");
    assert_eq!(public, "HTTP/1.1 404 Not Found");
    server.stop();
}

#[test]
fn an_address_for_metrics_that_was_set_and_cannot_be_had_is_told() {
    let data = Data::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program(&["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data.path)
        .env(OPS, &address)
        .output()
        .unwrap();
    Done::from(output).failed(&[&address, "ops.listen", OPS, "in use", "off"]);
    // It let go of the data.
    data.serve().stop();
}

#[test]
fn a_default_for_metrics_that_is_taken_stops_no_start() {
    // Whoever holds it: this test, or another program on the machine.
    let _taken = TcpListener::bind("127.0.0.1:9464");
    let data = Data::new();
    let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(&data.path).env_remove(OPS);
    let mut process = Process::start(&mut command);
    process.line("stop with Ctrl-C");
    let warning = process.line("no metrics: cannot listen on 127.0.0.1:9464");
    assert!(warning.contains("ops.listen"), "{warning}");
}
