//! P7: what a session costs when there are many.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use vestibule_load::figures::{Spread, exponent};
use vestibule_load::process;
use vestibule_load::report::{
    Axis, Goal, Limit, Measured, Plot, Point, Scale, Series, Table, Value, told,
};
use vestibule_load::request::Request;

use super::round::{Load, Round, noise, verify};
use super::served::{self, Ground, Running};

const CONNECTIONS: usize = 64;
/// More would be the generator's own memory that is measured.
const MOST_COOKIES: u64 = 200_000;
/// The least that says something beside the caches of a process.
const LARGE: u64 = 1_000_000;

/// A server and what is asked of it.
struct Sized {
    sessions: u64,
    ground: Ground,
    server: Running,
    requests: Vec<Request>,
    bytes_a_user: f64,
    bytes_a_session: f64,
    resident: u64,
}

/// What is kept of one, when it is gone.
struct Step {
    sessions: f64,
    rounds: Vec<Round>,
    /// CPU of each round, of that of the round before it at the smallest size.
    ratios: Vec<f64>,
    bytes_a_user: f64,
    bytes_a_session: f64,
    resident: u64,
    ready: Duration,
    ready_cpu: Duration,
    /// The same with nothing of the file in the system's memory.
    cold: Duration,
    refused: usize,
}

pub fn measure(quick: bool) -> anyhow::Result<Measured> {
    let (sizes, rounds, seconds): (&[u64], _, _) = if quick {
        (&[10_000, 100_000], 2, 1)
    } else {
        (&[10_000, 100_000, 1_000_000, 10_000_000], 7, 2)
    };
    let empty = empty()?;
    let small = build(sizes[0], empty)?;
    let mut steps = Vec::new();
    for size in sizes {
        let load = |sized: &Sized| {
            Load {
                port: sized.server.port,
                pid: sized.server.pid(),
                requests: &sized.requests,
                connections: CONNECTIONS,
                seconds: Duration::from_secs(seconds),
            }
            .round(200)
        };
        // The smallest is measured against itself as well: how far that is from 1 is the noise.
        let mut built = build(*size, empty)?;
        let mut step = Step {
            sessions: count(built.sessions),
            rounds: Vec::new(),
            ratios: Vec::new(),
            bytes_a_user: built.bytes_a_user,
            bytes_a_session: built.bytes_a_session,
            resident: built.resident,
            ready: built.server.ready_after,
            ready_cpu: built.server.ready_cpu,
            cold: Duration::ZERO,
            refused: built.server.refused,
        };
        for _ in 0..rounds {
            let (least, round) = (load(&small)?, load(&built)?);
            step.ratios.push(round.cpu() / least.cpu());
            step.rounds.push(round);
        }
        built.server.process.terminate()?;
        step.cold = served::start_cold(&built.ground)?.ready_after;
        steps.push(step);
    }
    drop(small);
    told_of(&steps, rounds, seconds)
}

/// Resident memory over an empty store.
fn empty() -> anyhow::Result<u64> {
    let ground = Ground::new()?;
    served::prepare(&ground)?;
    let server = served::start(&ground)?;
    Ok(process::resident(server.pid())?)
}

fn build(sessions: u64, empty: u64) -> anyhow::Result<Sized> {
    let users = sessions / 2;
    let ground = Ground::new()?;
    served::prepare(&ground)?;
    served::seed_users(&ground, users, "a dozen red bicycles")?;
    let people = {
        let mut server = served::start(&ground)?;
        let resident = process::resident(server.pid())?;
        server.process.terminate()?;
        resident
    };
    let cookies = served::seed_sessions(&ground, users, sessions, sessions.min(MOST_COOKIES))?;
    let server = served::start(&ground)?;
    let resident = process::resident(server.pid())?;
    let requests = cookies
        .iter()
        .map(|cookie| verify(server.port, &server.cookie(cookie)))
        .collect::<Result<_, _>>()?;
    let each = |after: u64, before: u64, of: u64| count(after.saturating_sub(before)) / count(of);
    Ok(Sized {
        sessions,
        ground,
        bytes_a_user: each(people, empty, users),
        bytes_a_session: each(resident, people, sessions),
        resident,
        server,
        requests,
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn count(number: u64) -> f64 {
    number as f64
}

fn told_of(steps: &[Step], rounds: usize, seconds: u64) -> anyhow::Result<Measured> {
    let last = steps.last().context("nothing was measured")?;
    ensure!(
        last.sessions < count(LARGE) || last.refused > 0,
        "nobody saw it refuse checks before it was ready"
    );
    Ok(Measured {
        id: "P7".to_owned(),
        title: "live sessions, two a user".to_owned(),
        machine: String::new(),
        method: vec![
            format!(
                "People and sessions are written into the server's SQLite file while it is away; each session belongs to some \
                 person, in no order. Then it is started, and {CONNECTIONS} connections check sessions out of all of them \
                 ({MOST_COOKIES} cookies at most), by turns with a server that has 10\u{202f}000: {rounds} rounds of {seconds} s each, a \
                 ratio is of two rounds that follow each other. The server has one core, the generator another. {}",
                noise(steps.iter().flat_map(|step| &step.rounds))
            ),
            "Bytes are differences of resident memory after the start: with people and sessions, with people alone, with \
             nobody. At small sizes the caches of the store and the allocator outweigh them. Ready is the first 200 of \
             /readyz, from the start of the process; until then /readyz and /verify were asked again and again, and answered \
             503. For 'cold' it was ended and started again after the system had been told to drop the file from its cache \
             (posix_fadvise); otherwise the file was in it."
                .to_owned(),
        ],
        figures: figures(steps, last),
        tables: vec![table(steps)],
        plots: plots(steps),
    })
}

fn cpu(step: &Step) -> Option<Spread> {
    Spread::of(step.rounds.iter().map(Round::cpu))
}

fn figures(steps: &[Step], last: &Step) -> Vec<Value> {
    let ratios: Vec<(f64, f64)> = steps
        .iter()
        .filter_map(|step| {
            Some((
                step.sessions,
                Spread::of(step.ratios.iter().copied())?.median,
            ))
        })
        .collect();
    let at = told(last.sessions);
    let figures = [
        Value::new(
            &format!("CPU time a check at {at} sessions, of that at 10\u{202f}000"),
            "×",
            Some(Goal::AtMost(1.25)),
            last.ratios.iter().copied(),
        ),
        Value::new(
            "resident bytes a session",
            "B",
            Some(Goal::AtMost(160.0)),
            [last.bytes_a_session],
        ),
        Value::new(
            "resident bytes a user",
            "B",
            Some(Goal::AtMost(256.0)),
            [last.bytes_a_user],
        ),
        Value::new(
            "restart to ready",
            "s",
            Some(Goal::AtMost(30.0)),
            [last.ready.as_secs_f64()],
        ),
        Value::new(
            "restart to ready, the file's cache cold",
            "s",
            Some(Goal::AtMost(30.0)),
            [last.cold.as_secs_f64()],
        ),
        Value::new(
            "processor time of that start, which is what it takes where nobody else wants the core",
            "s",
            None,
            [last.ready_cpu.as_secs_f64()],
        ),
        Value::new(
            "checks asked before it was ready, every one answered 503",
            "",
            None,
            [count(last.refused as u64)],
        ),
        Value::new(
            "resident memory in all",
            "MiB",
            None,
            [count(last.resident) / 1_048_576.0],
        ),
        Value::new(
            "growth of CPU time a check with the sessions, as a power",
            "",
            None,
            exponent(&ratios),
        ),
        Value::new(
            "growth of the time to ready, as a power",
            "",
            None,
            exponent(
                &steps
                    .iter()
                    .map(|step| (step.sessions, step.ready.as_secs_f64()))
                    .collect::<Vec<_>>(),
            ),
        ),
    ];
    figures.into_iter().flatten().collect()
}

fn plots(steps: &[Step]) -> Vec<Plot> {
    let limit = steps.first().and_then(cpu).map(|least| Limit {
        y: least.median * 1.25,
        name: "1.25 × the smallest".to_owned(),
    });
    vec![
        plot(
            "CPU time a check over HTTP",
            "µs",
            Scale::Linear,
            steps.iter().filter_map(|step| {
                let cpu = cpu(step)?;
                Some(Point {
                    x: step.sessions,
                    y: cpu.median,
                    ends: Some((cpu.low, cpu.high)),
                })
            }),
            limit,
        ),
        plot(
            "CPU time a check, of that at 10\u{202f}000 sessions in the round before",
            "×",
            Scale::Linear,
            steps.iter().filter_map(|step| {
                let ratio = Spread::of(step.ratios.iter().copied())?;
                Some(Point {
                    x: step.sessions,
                    y: ratio.median,
                    ends: Some((ratio.low, ratio.high)),
                })
            }),
            Some(Limit {
                y: 1.25,
                name: "goal: 1.25".to_owned(),
            }),
        ),
        plot(
            "Resident memory",
            "MiB",
            Scale::Log,
            steps.iter().map(|step| Point {
                x: step.sessions,
                y: count(step.resident) / 1_048_576.0,
                ends: None,
            }),
            None,
        ),
        plot(
            "Restart to ready",
            "s",
            Scale::Log,
            steps.iter().map(|step| Point {
                x: step.sessions,
                y: step.ready.as_secs_f64(),
                ends: None,
            }),
            Some(Limit {
                y: 30.0,
                name: "goal: 30 s".to_owned(),
            }),
        ),
    ]
}

fn plot(
    title: &str,
    unit: &str,
    scale: Scale,
    points: impl Iterator<Item = Point>,
    limit: Option<Limit>,
) -> Plot {
    Plot {
        title: title.to_owned(),
        x: Axis {
            label: "live sessions".to_owned(),
            scale: Scale::Log,
        },
        y: Axis {
            label: unit.to_owned(),
            scale,
        },
        series: vec![Series {
            name: title.to_owned(),
            points: points.collect(),
        }],
        limits: limit.into_iter().collect(),
    }
}

fn table(steps: &[Step]) -> Table {
    let headings = [
        "sessions",
        "CPU a check",
        "of that at 10 000",
        "p99 at full load",
        "bytes a session",
        "bytes a user",
        "resident",
        "ready after",
        "of CPU time",
        "cold",
    ];
    let row = |step: &Step| {
        let median = |of: fn(&Round) -> f64| {
            Spread::of(step.rounds.iter().map(of)).map_or(f64::NAN, |spread| spread.median)
        };
        let ratio =
            Spread::of(step.ratios.iter().copied()).map_or(f64::NAN, |spread| spread.median);
        vec![
            told(step.sessions),
            format!("{} µs", told(median(Round::cpu))),
            format!("{} ×", told(ratio)),
            format!("{} µs", told(median(|round| round.outcome.latency.p99))),
            told(step.bytes_a_session),
            told(step.bytes_a_user),
            format!("{} MiB", told(count(step.resident) / 1_048_576.0)),
            format!("{} s", told(step.ready.as_secs_f64())),
            format!("{} s", told(step.ready_cpu.as_secs_f64())),
            format!("{} s", told(step.cold.as_secs_f64())),
        ]
    };
    Table {
        headings: headings.map(str::to_owned).to_vec(),
        rows: steps.iter().map(row).collect(),
    }
}
