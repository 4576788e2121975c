//! `vestibule loadgen` against the built server, short.

use std::process::Output;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use vestibule_e2e::server::{Launch, Server};

const EMAIL: &str = "alice@example.test";
const PASSWORD: &str = "a password with many words";

fn loadgen(server: &Server, url: &str, more: &[&str]) -> anyhow::Result<Output> {
    let arguments = [&["loadgen", url, "--warm-up", "0s"], more].concat();
    vestibule_e2e::server::command(&server.data, arguments, "")
}

fn told(output: &Output) -> anyhow::Result<Value> {
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).with_context(|| format!("no JSON: {errors}"))
}

#[test]
fn the_check_is_measured_with_cookies_in_turns_and_the_server_s_own_time() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let server = launch.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    let mut lines = String::new();
    for _ in 0..2 {
        let mut alice = server.client();
        ensure!(alice.sign_in(EMAIL, PASSWORD)?.status == 303);
        let name = format!("vestibule-{}", server.port);
        let value = alice.cookies.get(&name).context("no cookie")?;
        lines += &name;
        lines.push('=');
        lines += value;
        lines.push('\n');
    }
    let cookies = launch.scratch().join("cookies.txt");
    let report = launch.scratch().join("load.html");
    std::fs::write(&cookies, lines)?;
    let (cookies, report) = (cookies.display().to_string(), report.display().to_string());
    let host = format!("X-Forwarded-Host: localhost:{}", server.port);
    let url = format!("http://127.0.0.1:{}/verify", server.port);
    let forwarded = [
        "--header",
        "X-Forwarded-Method: GET",
        "--header",
        "X-Forwarded-Proto: http",
        "--header",
        "X-Forwarded-Uri: /",
        "--header",
        &host,
        "--requests",
        "500",
        "--connections",
        "4",
        "--json",
    ];
    let whole = [&forwarded[..], &["--cookies", &cookies, "--html", &report]].concat();
    let output = loadgen(&server, &url, &whole)?;
    let figures = told(&output)?;
    ensure!(output.status.code() == Some(0), "{figures:#}");
    ensure!(
        figures["answers"] == 500 && figures["statuses"]["200"] == 500,
        "{figures:#}"
    );
    ensure!(
        figures["server"]["pid"] == server.process.id(),
        "{figures:#}"
    );
    ensure!(
        figures["server"]["cpu_per_answer_us"].as_f64() > Some(0.0),
        "{figures:#}"
    );
    ensure!(
        figures["latency"]["p99.9"].as_f64() > Some(0.0),
        "{figures:#}"
    );
    let page = std::fs::read_to_string(report)?;
    ensure!(page.contains("<svg") && page.contains("p99.9"), "{page}");
    let loads = ["src=", "href=", "url(", "@import", "<script"];
    ensure!(
        !loads.iter().any(|foreign| page.contains(foreign)),
        "{page}"
    );

    // Nobody is signed in: the answer is no.
    let output = loadgen(&server, &url, &forwarded)?;
    let figures = told(&output)?;
    ensure!(output.status.code() == Some(1), "{figures:#}");
    ensure!(figures["statuses"]["401"] == 500, "{figures:#}");
    Ok(())
}

#[test]
fn a_rate_is_kept_and_told_in_a_table() -> anyhow::Result<()> {
    let server = Launch::new()?.start()?;
    let url = format!("http://localhost:{}/healthz", server.port);
    let output = loadgen(&server, &url, &["--rate", "100", "--duration", "1s"])?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.code() == Some(0), "{text}");
    for part in [
        "open, 100 a second",
        "answers\t100\n",
        "p99 from the sending alone\t",
        "status 200\t100\n",
    ] {
        ensure!(text.contains(part), "{part}: {text}");
    }
    ensure!(output.stderr.is_empty(), "in a pipe there is no progress");
    Ok(())
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() -> anyhow::Result<()> {
    let server = Launch::new()?.start()?;
    let here = format!("http://127.0.0.1:{}/healthz", server.port);
    for (url, more, why) in [
        ("http://example.test/", &[][..], "not on loopback"),
        ("http://192.0.2.1:8080/", &[], "not on loopback"),
        ("https://127.0.0.1:8443/", &[], "TLS"),
        ("http://127.0.0.1:1/", &[], "nobody answers"),
        (&here, &["--connections", "100000"], "from 1 to 4096"),
        (&here, &["--duration", "2h"], "at most an hour"),
        (&here, &["--rate", "0"], "more than 0"),
        (&here, &["--header", "Content-Length: 3"], "itself"),
        (&here, &["--pid", "4294967295"], "cannot be looked at"),
    ] {
        let output = loadgen(&server, url, more)?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(2), "{url} {more:?}: {told}");
        ensure!(told.contains(why), "{url} {more:?}: {told}");
    }
    Ok(())
}
