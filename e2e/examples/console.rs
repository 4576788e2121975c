//! The console over many: the time of each page at the median and the memory it leaves the server with, over as many users and
//! live sessions as are asked for (a million of each, otherwise). For a release build:
//! `cargo run --release -p vestibule-e2e --example console [USERS SESSIONS]` beside `cargo build --release --bin vestibule`.
//! Prints one JSON object.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the real clock"
)]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use vestibule_e2e::checkout;
use vestibule_e2e::http::Client;
use vestibule_e2e::server::{Launch, Server};
use vestibule_e2e::statistics::quantile;
use vestibule_e2e::store::Store;

const EMAIL: &str = "root@example.test";
const PASSWORD: &str = "seven green doors open";
const MANY: u64 = 1_000_000;
const ROUNDS: usize = 31;

/// Every page that is there without an id, with the searches that find much, little and nothing.
const PAGES: [(&str, &str); 15] = [
    ("overview", "/console"),
    ("sessions", "/console/sessions"),
    (
        "sessions, by address",
        "/console/sessions?text=user-0765432%40",
    ),
    ("sessions, by browser", "/console/sessions?text=iphone"),
    ("sessions, by network", "/console/sessions?text=10.11.12."),
    ("sessions, kept", "/console/sessions?remembered=yes"),
    ("sessions, nothing found", "/console/sessions?text=nobody"),
    ("sessions, end of all", "/console/sessions/end-all"),
    ("audit", "/console/audit"),
    ("audit, refused logins", "/console/audit?kind=login.refused"),
    (
        "audit, one person",
        "/console/audit?person=user-0765432%40example.test",
    ),
    ("audit, from the middle", "/console/audit?before=500000"),
    ("people", "/console/people"),
    ("people, by address", "/console/people?text=user-0765432%40"),
    ("people, nothing found", "/console/people?text=nobody"),
];

fn main() -> anyhow::Result<()> {
    let mut asked = std::env::args().skip(1);
    let mut many = || asked.next().map_or(Ok(MANY), |number| number.parse());
    let (users, sessions) = (many()?, many()?);
    // On a file of its own: the seeds are put into it while nobody serves it.
    let launch = Launch::on(Store::Sqlite)?;
    let mut server = launch.start()?;
    administrator(&server)?;
    let empty = resident(&server)?;
    let status = server.process.terminate()?;
    ensure!(status.success(), "{status}");
    drop(server);
    seed(&launch, users, sessions)?;

    let begun = Instant::now();
    let server = launch.start()?;
    let mut client = server.client();
    let answer = client.sign_in(EMAIL, PASSWORD)?;
    ensure!(answer.status == 303, "{}: {}", answer.status, answer.body);
    let started = begun.elapsed();
    let filled = resident(&server)?;
    let mut pages = Vec::new();
    for (name, path) in PAGES {
        pages.push(measure(&mut client, name, path)?);
    }
    let after = resident(&server)?;
    let figures = json!({
        "users": users,
        "sessions": sessions,
        "start_to_signed_in_ms": milliseconds(started),
        "resident_kib": { "empty": empty, "filled": filled, "after_the_pages": after },
        "pages": pages,
    });
    println!("{figures:#}");
    Ok(())
}

fn administrator(server: &Server) -> anyhow::Result<()> {
    let (path, mut client) = (server.setup_path()?, server.client());
    let page = client.get(&path)?;
    let (csrf, token) = (page.hidden("csrf")?, page.hidden("token")?);
    let fields = [
        ("csrf", &*csrf),
        ("token", &*token),
        ("identifier", EMAIL),
        ("name", "Root"),
        ("password", PASSWORD),
    ];
    let answer = client.post("/setup", &fields)?;
    ensure!(answer.status == 303, "{}: {}", answer.status, answer.body);
    Ok(())
}

fn seed(launch: &Launch, users: u64, sessions: u64) -> anyhow::Result<()> {
    let status = Command::new("python3")
        .arg(checkout().join("e2e/console/seed.py"))
        .arg(launch.data_directory().join("vestibule.db"))
        .args([users.to_string(), sessions.to_string()])
        .status()
        .context("could not run python3")?;
    ensure!(status.success(), "the seeds could not be put in");
    Ok(())
}

/// The page again and again over loopback, a connection each.
fn measure(client: &mut Client, name: &str, path: &str) -> anyhow::Result<serde_json::Value> {
    let mut times = Vec::new();
    let mut bytes = 0;
    // The first warms up, and does not count.
    for round in 0..=ROUNDS {
        let begun = Instant::now();
        let answer = client.get(path)?;
        if round > 0 {
            times.push(begun.elapsed());
        }
        // A room that is not built yet is told as such, and measures nothing.
        ensure!(
            [200, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        if answer.status == 404 {
            return Ok(json!({ "page": name, "path": path, "status": 404 }));
        }
        bytes = answer.body.len();
    }
    times.sort_unstable();
    Ok(json!({
        "page": name,
        "path": path,
        "bytes": bytes,
        "p50_ms": milliseconds(quantile(&times, 0.5)),
        "p95_ms": milliseconds(quantile(&times, 0.95)),
    }))
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Resident memory in KiB, as the system tells it.
fn resident(server: &Server) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("no VmRSS")?.parse()?)
}
