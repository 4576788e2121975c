//! P1: what the check on every request costs beside the same HTTP stack doing nothing.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use vestibule_e2e::process::Process;
use vestibule_load::process;
use vestibule_load::report::{Goal, Measured, Value};
use vestibule_load::request::Request;

use super::round::{GENERATOR, Load, Round, SERVER, noise, verify};
use super::served::{self, Ground, Running};

const SESSIONS: u64 = 10_000;
const CONNECTIONS: usize = 64;

pub fn measure(quick: bool) -> anyhow::Result<Measured> {
    let (rounds, seconds) = if quick { (2, 1) } else { (9, 3) };
    let ground = Ground::new()?;
    served::prepare(&ground)?;
    served::seed_users(&ground, SESSIONS / 2, "a dozen red bicycles")?;
    let cookies = served::seed_sessions(&ground, SESSIONS / 2, SESSIONS, SESSIONS)?;
    let server = served::start(&ground)?;
    let requests: Vec<Request> = cookies
        .iter()
        .map(|cookie| verify(server.port, &server.cookie(cookie)))
        .collect::<Result<_, _>>()?;
    let (nothing, port) = nothing(&server, &cookies[0])?;

    let load = |port, pid| Load {
        port,
        pid,
        requests: &requests,
        connections: CONNECTIONS,
        seconds: Duration::from_secs(seconds),
    };
    let (mut checks, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare.push(load(port, nothing.id()).round(200)?);
        checks.push(load(server.port, server.pid()).round(200)?);
    }
    drop((server, nothing));
    let ratios = checks
        .iter()
        .zip(&bare)
        .map(|(check, bare)| check.per_cpu_second() / bare.per_cpu_second());
    let figures = figures(ratios.collect(), &checks, &bare)?;
    Ok(Measured {
        id: "P1".to_owned(),
        title: "GET /verify with a session cookie".to_owned(),
        machine: String::new(),
        method: vec![
            format!(
                "{CONNECTIONS} connections, each asking again as soon as it has its answer, over {SESSIONS} live sessions of {} \
                 people, in no order. The bare stack is the server's own accept loop, compiled from the same file, which \
                 answers the same requests with the same headers, prepared, and looks at nothing.",
                SESSIONS / 2
            ),
            format!(
                "The two take turns, {rounds} rounds of {seconds} s each; a ratio is of two rounds that follow each other. The \
                 server has one core, the generator another. {}",
                noise(checks.iter().chain(&bare))
            ),
            "In-process is everything between the parsed request and the answer's headers, on one thread, over as many \
             sessions, the clock read for each."
                .to_owned(),
        ],
        figures,
        tables: Vec::new(),
        plots: Vec::new(),
    })
}

fn figures(ratios: Vec<f64>, checks: &[Round], bare: &[Round]) -> anyhow::Result<Vec<Value>> {
    let in_process = in_process()?;
    let of = |rounds: &[Round], of: fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let rates = |rounds: &[Round]| rounds.iter().filter_map(Round::rate).collect::<Vec<_>>();
    let figures = [
        Value::new(
            "requests per CPU-second, of the bare stack's",
            "×",
            Some(Goal::AtLeast(0.9)),
            ratios,
        ),
        Value::new(
            "in-process",
            "µs",
            Some(Goal::AtMost(2.0)),
            in_process.iter().map(|nanos| nanos / 1000.0),
        ),
        Value::new(
            "CPU time a check, over HTTP",
            "µs",
            None,
            of(checks, Round::cpu),
        ),
        Value::new(
            "CPU time of a request to the bare stack",
            "µs",
            None,
            of(bare, Round::cpu),
        ),
        Value::new(
            "checks per CPU-second",
            "/s",
            None,
            of(checks, Round::per_cpu_second),
        ),
        Value::new(
            "requests per CPU-second of the bare stack",
            "/s",
            None,
            of(bare, Round::per_cpu_second),
        ),
        Value::new(
            "checks a second on one core (rounds in which it was ≥ 95 % busy)",
            "/s",
            None,
            rates(checks),
        ),
        Value::new(
            "the bare stack's on one core (likewise)",
            "/s",
            None,
            rates(bare),
        ),
        Value::new(
            "p50 of a check at full load",
            "µs",
            None,
            of(checks, |round| round.outcome.latency.p50),
        ),
        Value::new(
            "p99 of a check at full load",
            "µs",
            None,
            of(checks, |round| round.outcome.latency.p99),
        ),
        Value::new(
            "p99 of the bare stack at full load",
            "µs",
            None,
            of(bare, |round| round.outcome.latency.p99),
        ),
    ];
    Ok(figures.into_iter().flatten().collect())
}

/// The bare stack, which answers what the server answers.
fn nothing(server: &Running, cookie: &str) -> anyhow::Result<(Process, u16)> {
    let mut client = server.client();
    client
        .cookies
        .insert(format!("vestibule-{}", server.port), cookie.to_owned());
    let host = format!("localhost:{}", server.port);
    let forwarded = [
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", &host),
        ("X-Forwarded-Uri", "/orders?page=2"),
    ];
    let answer = client.send("GET", "/verify", &forwarded, "")?;
    ensure!(answer.status == 200, "the check answered {}", answer.status);
    // Those that hyper adds by itself it adds to both.
    let own = ["date", "content-length", "connection"];
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value}"));
    let mut command = Command::new(served::example("nothing")?);
    command.args(headers);
    process::pin(SERVER)?;
    let started = Process::start(&mut command);
    process::pin(GENERATOR)?;
    let process = started?;
    let line = process.wait_line("listening on http")?;
    let port = line.rsplit(':').next().and_then(|port| port.parse().ok());
    Ok((process, port.context("no port")?))
}

/// Nanoseconds, of each round but the first, which warms up.
fn in_process() -> anyhow::Result<Vec<f64>> {
    process::pin(SERVER)?;
    let output = Command::new(served::example("verify")?)
        .arg(SESSIONS.to_string())
        .output();
    process::pin(GENERATOR)?;
    let output = output?;
    ensure!(
        output.status.success(),
        "verify: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout)?;
    let rounds = printed.lines().skip(1).map(str::parse);
    Ok(rounds.collect::<Result<_, _>>()?)
}
