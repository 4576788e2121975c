//! Rounds: one closed loop each, and what else the machine did meanwhile.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use vestibule_load::address::Target;
use vestibule_load::process;
use vestibule_load::request::Request;
use vestibule_load::run::{Outcome, Pace, Plan};

/// The server's core, and that of what asks it.
pub const SERVER: usize = 0;
pub const GENERATOR: usize = 1;

/// A rate is one of the server only if it was the server that could do no more.
const BUSY: f64 = 0.95;

/// What one round told.
pub struct Round {
    pub outcome: Outcome,
    /// Cores that others kept busy, or that the machine's own host took away.
    pub others: f64,
}

impl Round {
    /// Microseconds of the server's processor time an answer.
    pub fn cpu(&self) -> f64 {
        self.server(|server| server.cpu_per_answer_us)
    }

    /// Answers a second of the server's processor time.
    pub fn per_cpu_second(&self) -> f64 {
        self.server(|server| server.answers_per_cpu_second)
    }

    /// Answers a second, where the server's core was busy.
    pub fn rate(&self) -> Option<f64> {
        let busy = self.server(|server| server.busy_cores);
        (busy >= BUSY).then_some(self.outcome.per_second)
    }

    fn server(&self, of: impl Fn(&vestibule_load::run::ServerUse) -> f64) -> f64 {
        self.outcome.server.as_ref().map_or(f64::NAN, of)
    }
}

/// What is asked of whom.
pub struct Load<'a> {
    pub port: u16,
    pub pid: u32,
    pub requests: &'a [Request],
    pub connections: usize,
    pub seconds: Duration,
}

impl Load<'_> {
    /// One round; any answer but `status` is a failure of the benchmark.
    pub fn round(&self, status: u16) -> anyhow::Result<Round> {
        let round = self.flood()?;
        let outcome = &round.outcome;
        ensure!(
            outcome.errors.is_empty() && outcome.statuses.keys().all(|told| *told == status),
            "not every answer was {status}: {:?} {:?}",
            outcome.statuses,
            outcome.errors
        );
        Ok(round)
    }

    /// One round, whatever is answered.
    pub fn flood(&self) -> anyhow::Result<Round> {
        process::pin(GENERATOR).context("cannot choose a core")?;
        let plan = Plan {
            addresses: vec![SocketAddr::from(([127, 0, 0, 1], self.port))],
            requests: self.requests.to_vec(),
            connections: self.connections,
            pace: Pace::Closed,
            warm_up: self.seconds / 4,
            duration: self.seconds,
            most_requests: None,
            patience: Duration::from_mins(1),
            server: Some(self.pid),
        };
        let mut before = None;
        let outcome = plan.run(|progress| {
            if progress.elapsed >= plan.warm_up && before.is_none() {
                before = Some(busy());
            }
            ControlFlow::Continue(())
        })?;
        let all = busy() - before.unwrap_or_default();
        let ours = outcome
            .server
            .as_ref()
            .map_or(0.0, |server| server.busy_cores);
        let others = all / outcome.seconds - ours - outcome.generator_busy;
        Ok(Round {
            others: others.max(0.0),
            outcome,
        })
    }
}

/// Seconds of processor time that anybody took, or that the host withheld, since the machine was started.
fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal
    let taken = ticks.iter().take(8).enumerate();
    taken
        .filter(|(at, _)| !matches!(at, 3 | 4))
        .map(|(_, ticks)| ticks)
        .sum::<f64>()
        / 100.0
}

/// `GET /verify` for a page of an application on the issuer's own host, as a proxy asks it, with this cookie.
pub fn verify(port: u16, cookie: &str) -> anyhow::Result<Request> {
    let target = Target::parse(&format!("http://127.0.0.1:{port}/verify"))?;
    let headers = [
        ("host", format!("localhost:{port}")),
        ("user-agent", "nginx".to_owned()),
        ("accept", "text/html".to_owned()),
        ("x-forwarded-method", "GET".to_owned()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-forwarded-host", format!("localhost:{port}")),
        ("x-forwarded-uri", "/orders?page=2".to_owned()),
        ("cookie", cookie.to_owned()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    Ok(Request::new("GET", &target, &headers, b"")?)
}

/// What the others did, for the method's last sentence.
pub fn noise<'a>(rounds: impl IntoIterator<Item = &'a Round>) -> String {
    let others = rounds.into_iter().map(|round| round.others);
    let Some(others) = vestibule_load::figures::Spread::of(others) else {
        return String::new();
    };
    format!(
        "Meanwhile other programs and the machine's own host took {:.2} of its cores at the median, {:.2} at most.",
        others.median, others.high
    )
}
