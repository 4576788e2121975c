//! P5: password logins beside Argon2id and nothing else.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::encode;
use vestibule_load::address::Target;
use vestibule_load::process;
use vestibule_load::report::{Goal, Measured, Value};
use vestibule_load::request::Request;

use super::round::{GENERATOR, Load, Round, SERVER, noise};
use super::served::{self, Ground, Running};

const PEOPLE: u64 = 40;
const PASSWORD: &str = "a dozen red bicycles";
const CONNECTIONS: usize = 8;
const FLOOD: usize = 512;
const QUEUE: usize = 64;
/// One hash's working memory, in MiB.
const HASH: f64 = 19.0;
/// What a login that waits costs besides: its connection's buffers, its form, its task.
const WAITING: f64 = 64.0 / 1024.0;
/// The store's cache, the audit trail's growth and the allocator's slack.
const REST: f64 = 64.0;

struct Raw {
    per_second: f64,
    per_cpu_second: f64,
}

pub fn measure(quick: bool) -> anyhow::Result<Measured> {
    let (rounds, seconds) = if quick { (2, 2) } else { (7, 4) };
    let queue = QUEUE.to_string();
    let ground = Ground::with(&[
        ("VESTIBULE_PASSWORDS__THREADS", "1"),
        ("VESTIBULE_PASSWORDS__QUEUE", queue.as_str()),
        // Everybody comes from a network of their own, so that no network's tally spares the server the work.
        (
            "VESTIBULE_TRUSTED_PROXIES",
            "[{address = \"127.0.0.1\", headers = \"x-forwarded\"}]",
        ),
    ])?;
    served::prepare(&ground)?;
    served::seed_users(&ground, PEOPLE, PASSWORD)?;
    let server = served::start(&ground)?;
    let rested = mebibytes(process::resident(server.pid())?);
    let requests: Vec<Request> = (0..PEOPLE)
        .map(|person| login(&server, person))
        .collect::<anyhow::Result<_>>()?;
    let load = |connections| Load {
        port: server.port,
        pid: server.pid(),
        requests: &requests,
        connections,
        seconds: Duration::from_secs(seconds),
    };
    let (mut logins, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        raw.push(raw_hashes(seconds)?);
        logins.push(load(CONNECTIONS).round(303)?);
    }
    let before = mebibytes(process::resident(server.pid())?);
    let flood = load(FLOOD).flood()?;
    let told = flood
        .outcome
        .server
        .as_ref()
        .context("the server is gone")?;
    let most = mebibytes(told.resident_most);
    let only_expected = flood
        .outcome
        .statuses
        .keys()
        .all(|status| matches!(status, 303 | 429 | 503));
    ensure!(
        only_expected,
        "the flood was answered {:?}",
        flood.outcome.statuses
    );
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let bound = HASH + FLOOD as f64 * WAITING + REST;

    let figures = figures(&logins, &raw, [most - rested, most - before], bound);
    Ok(Measured {
        id: "P5".to_owned(),
        title: "password logins".to_owned(),
        machine: String::new(),
        method: vec![
            format!(
                "{PEOPLE} people sign in again and again by the page's form, each from a device that is known, {CONNECTIONS} at a \
                 time: throttles, Argon2id (19 MiB, two passes), a session, its audit event, all on the disk before the \
                 answer. Raw is Argon2id at the same cost on the same core with its memory reused, and nothing else. They \
                 take turns, {rounds} rounds of {seconds} s. {}",
                noise(&logins)
            ),
            format!(
                "The flood is {FLOOD} connections that all sign in without a pause for {seconds} s, with a queue of {QUEUE}: \
                 {:?} by status. Its bound is known beforehand: the memory of one hash, 64 KiB for each that waits, and 64 MiB.",
                flood.outcome.statuses
            ),
        ],
        figures,
        tables: Vec::new(),
        plots: Vec::new(),
    })
}

fn figures(logins: &[Round], raw: &[Raw], [grown, grown_warm]: [f64; 2], bound: f64) -> Vec<Value> {
    let ratios = logins
        .iter()
        .zip(raw)
        .map(|(login, raw)| login.per_cpu_second() / raw.per_cpu_second);
    let of = |of: fn(&Round) -> f64| logins.iter().map(of).collect::<Vec<_>>();
    let millis = |rounds: Vec<f64>| rounds.into_iter().map(|micros| micros / 1000.0);
    let figures = [
        Value::new(
            "logins per CPU-second, of raw Argon2id's",
            "×",
            Some(Goal::AtLeast(0.95)),
            ratios,
        ),
        Value::new(
            "memory in a flood, above that of a server that nobody has asked yet",
            "MiB",
            Some(Goal::AtMost(bound)),
            [grown],
        ),
        Value::new(
            "of that, above what it had after the rounds of logins",
            "MiB",
            None,
            [grown_warm],
        ),
        Value::new("CPU time a login", "ms", None, millis(of(Round::cpu))),
        Value::new(
            "CPU time a raw hash",
            "ms",
            None,
            raw.iter().map(|raw| 1000.0 / raw.per_cpu_second),
        ),
        Value::new(
            "logins a second on one core (rounds in which it was ≥ 95 % busy)",
            "/s",
            None,
            logins.iter().filter_map(Round::rate),
        ),
        Value::new(
            "raw hashes a second on one core",
            "/s",
            None,
            raw.iter().map(|raw| raw.per_second),
        ),
        Value::new(
            "p50 of a login",
            "ms",
            None,
            millis(of(|round| round.outcome.latency.p50)),
        ),
        Value::new(
            "p99 of a login",
            "ms",
            None,
            millis(of(|round| round.outcome.latency.p99)),
        ),
    ];
    figures.into_iter().flatten().collect()
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be told")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// The form of somebody who has signed in here before, as bytes. Its token is bound to the cookie of its page, and both hold
/// as long as the server runs.
fn login(server: &Running, person: u64) -> anyhow::Result<Request> {
    let email = format!("user{person:08}@example.test");
    let address = format!("10.{}.{}.7", person / 250, person % 250);
    let forwarded = [
        ("X-Forwarded-For".to_owned(), address),
        ("X-Forwarded-Proto".to_owned(), "http".to_owned()),
        (
            "X-Forwarded-Host".to_owned(),
            format!("localhost:{}", server.port),
        ),
    ];
    let mut client = server.client();
    client.headers.extend(forwarded.clone());
    let answer = client.sign_in(&email, PASSWORD)?;
    ensure!(
        answer.status == 303,
        "{email}: {}\n{}",
        answer.status,
        answer.body
    );
    // Signed out, the device stays known.
    client.cookies.remove(&format!("vestibule-{}", server.port));
    let csrf = client.get("/login")?.hidden("csrf")?;
    let body = encode(&[
        ("csrf", &csrf),
        ("identifier", &email),
        ("password", PASSWORD),
    ]);
    let cookies: Vec<String> = client
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let browser = [
        ("host", format!("localhost:{}", server.port)),
        ("accept", "text/html".to_owned()),
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
        ("origin", client.origin()),
        ("sec-fetch-mode", "navigate".to_owned()),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("cookie", cookies.join("; ")),
    ];
    let browser = browser.map(|(name, value)| (name.to_owned(), value));
    let same = client.headers.iter().cloned();
    let headers: Vec<_> = browser.into_iter().chain(same).collect();
    let target = Target::parse(&format!("http://127.0.0.1:{}/login", server.port))?;
    Ok(Request::new("POST", &target, &headers, body.as_bytes())?)
}

fn raw_hashes(seconds: u64) -> anyhow::Result<Raw> {
    process::pin(SERVER)?;
    let output = Command::new(served::example("raw_argon2")?)
        .arg(seconds.to_string())
        .output();
    process::pin(GENERATOR)?;
    let printed = String::from_utf8(output?.stdout)?;
    let figure = |name: &str| {
        let mut pairs = printed
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='));
        let value = pairs.find(|(told, _)| *told == name);
        let value = value.and_then(|(_, value)| value.parse::<f64>().ok());
        value.with_context(|| format!("no {name} in {printed:?}"))
    };
    let hashes = figure("hashes")?;
    Ok(Raw {
        per_second: hashes / figure("seconds")?,
        per_cpu_second: hashes / figure("cpu")?,
    })
}
