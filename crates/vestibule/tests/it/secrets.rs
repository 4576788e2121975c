//! What never reaches a log.

use std::fs;

use serde_json::Value;

use crate::browser::{Browser, request};
use crate::process::{Data, PASSWORD};

/// Holds: ASVS 16.2.2, ASVS 16.2.4, ASVS 16.2.5
#[test]
fn asvs_16_2_5_no_secret_reaches_the_log_even_at_trace() {
    let data = Data::new();
    let server = data.serve_with(&[], &[("VESTIBULE_LOG__LEVEL", "trace")]);
    let link = fs::read_to_string(data.file("setup-link")).unwrap();
    let token = link.trim().rsplit('=').next().unwrap().to_owned();
    let host = format!("localhost:{}", server.port);
    request(
        server.port,
        &format!("GET /setup?token={token} HTTP/1.1\r\nHost: {host}\r\n"),
        "",
    );
    data.add_user("alice@example.test");
    let browser = Browser::sign_in(server.port, "alice@example.test");
    assert!(browser.is_signed_in());
    data.run(&["session", "list"]).good();
    let key = fs::read_to_string(data.file("master.key")).unwrap();
    let said = server.stop();

    let cookie = browser.cookie.split('=').nth(1).unwrap().to_owned();
    for (what, secret) in [
        ("the set-up token", token.as_str()),
        ("the password", PASSWORD),
        (
            "the password as a form sends it",
            &PASSWORD.replace(' ', "+"),
        ),
        ("the cookie", &cookie),
        ("the cookie's secret", &cookie[22..]),
        ("the master key", key.trim()),
    ] {
        let leaked: Vec<_> = said.iter().filter(|line| line.contains(secret)).collect();
        assert!(leaked.is_empty(), "{what}: {leaked:?}");
    }
    // ASVS 16.2.4: without a terminal the log is a JSON object a line, after the lines for the operator.
    let logged = &said[4..];
    assert!(!logged.is_empty());
    for line in logged {
        let entry: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            entry["timestamp"].as_str().unwrap().ends_with('Z'),
            "{line}"
        );
        assert!(
            entry["target"].is_string() && entry["level"].is_string(),
            "{line}"
        );
    }
}
