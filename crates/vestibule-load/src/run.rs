//! A run: warm-up, then what counts, then the end.

mod connection;
mod generator;
mod tally;

use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use serde::Serialize;

use self::generator::Generator;
use crate::bounds;
use crate::figures::Percentiles;
use crate::request::Request;

/// How requests come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each connection asks again as soon as it has its answer.
    Closed,
    /// So many a second, each at its moment.
    Open(f64),
}

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to, on loopback: the first that answers.
    pub addresses: Vec<SocketAddr>,
    /// Asked in turns.
    pub requests: Vec<Request>,
    /// At a time.
    pub connections: usize,
    /// How they come.
    pub pace: Pace,
    /// Counts for nothing.
    pub warm_up: Duration,
    /// Counts.
    pub duration: Duration,
    /// Ends it earlier.
    pub most_requests: Option<u64>,
    /// How long an answer may take.
    pub patience: Duration,
    /// Whose time and memory are told.
    pub server: Option<u32>,
}

/// Why a run cannot be, or came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is for one's own machine.
    #[error("{0} is not on loopback: load is for your own server on this machine")]
    NotLoopback(SocketAddr),
    /// Beyond a bound.
    #[error("{0}")]
    Bound(String),
    /// Nobody is there.
    #[error("nobody answers at {0}: is the server running?")]
    Connect(SocketAddr, #[source] io::Error),
    /// No such process, or another user's.
    #[error("process {0} cannot be looked at: run as its user, or leave --pid out")]
    Process(u32, #[source] io::Error),
    /// The system refused something.
    #[error("the system refused what the generator needs")]
    System(#[from] io::Error),
}

/// What the server's process took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServerUse {
    /// Which process.
    pub pid: u32,
    /// Microseconds of processor time for each answer.
    pub cpu_per_answer_us: f64,
    /// Answers for each second of processor time.
    pub answers_per_cpu_second: f64,
    /// How many cores it kept busy.
    pub busy_cores: f64,
    /// Bytes of memory before.
    pub resident_before: u64,
    /// The most that was seen.
    pub resident_most: u64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// `closed`, or `open`.
    pub pace: &'static str,
    /// Requests a second, as asked for.
    pub rate: Option<f64>,
    /// At a time.
    pub connections: usize,
    /// Seconds that counted.
    pub seconds: f64,
    /// Answers.
    pub answers: u64,
    /// Answers a second.
    pub per_second: f64,
    /// Microseconds: from the moment a request was due to its answer.
    pub latency: Percentiles,
    /// In an open loop, microseconds from when a request was really sent: what one sees who leaves out what had to wait.
    pub from_sending: Option<Percentiles>,
    /// Answers by status.
    pub statuses: std::collections::BTreeMap<u16, u64>,
    /// Failures by kind.
    pub errors: std::collections::BTreeMap<&'static str, u64>,
    /// Connections that the server closed and that were opened again.
    pub reopened: u64,
    /// How busy the generator itself was; above 0.95 it may be the one that could do no more.
    pub generator_busy: f64,
    /// What the server took.
    pub server: Option<ServerUse>,
    /// For plots: one of so many took longer, and than so many microseconds.
    pub curve: Vec<(f64, f64)>,
}

impl Outcome {
    /// Whether every request was answered, and none by an error.
    pub fn is_clean(&self) -> bool {
        self.answers > 0
            && self.errors.is_empty()
            && self.statuses.keys().all(|status| *status < 400)
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Since the first request.
    pub elapsed: Duration,
    /// Answers that count.
    pub answers: u64,
}

impl Plan {
    /// Refuses what is not on loopback, and what goes further than [`bounds`] allows.
    fn check(&self) -> Result<(), RunError> {
        let foreign = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
        if let Some(address) = self.addresses.iter().find(foreign) {
            return Err(RunError::NotLoopback(*address));
        }
        let bound = |fits: bool, what: &str| {
            if fits {
                Ok(())
            } else {
                Err(RunError::Bound(what.to_owned()))
            }
        };
        bound(
            !self.addresses.is_empty() && !self.requests.is_empty(),
            "there is nothing to ask",
        )?;
        bound(
            (1..=bounds::MOST_CONNECTIONS).contains(&self.connections),
            &format!("connections: from 1 to {}", bounds::MOST_CONNECTIONS),
        )?;
        bound(
            !self.duration.is_zero()
                && self.warm_up.saturating_add(self.duration) <= bounds::LONGEST,
            "duration: more than nothing, and with the warm-up at most an hour",
        )?;
        bound(
            self.most_requests
                .is_none_or(|most| (1..=bounds::MOST_REQUESTS).contains(&most)),
            &format!("requests: from 1 to {}", bounds::MOST_REQUESTS),
        )?;
        bound(
            match self.pace {
                Pace::Closed => true,
                Pace::Open(rate) => rate > 0.0 && rate <= bounds::MOST_A_SECOND,
            },
            &format!(
                "rate: more than 0 and at most {} a second",
                bounds::MOST_A_SECOND
            ),
        )
    }

    /// Runs it. `look` hears of the progress about ten times a second, and may end it.
    pub fn run(
        &self,
        mut look: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, RunError> {
        self.check()?;
        let mut generator = Generator::start(self)?;
        generator.run(&mut look)?;
        Ok(generator.outcome())
    }
}

#[cfg(test)]
mod tests;
