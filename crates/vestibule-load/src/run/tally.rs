//! What is counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::connection::Asked;
use super::{RunError, ServerUse};
use crate::figures::Latencies;
use crate::process::{self, Cpu};

#[derive(Default)]
pub(super) struct Tally {
    pub(super) latency: Latencies,
    pub(super) from_sending: Latencies,
    pub(super) answers: u64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) errors: BTreeMap<&'static str, u64>,
    pub(super) reopened: u64,
    begun: Option<Instant>,
    last_answer: Option<Instant>,
    ended: Option<Instant>,
    server: Option<(Cpu, u64)>,
    server_after: Option<Cpu>,
    resident_most: u64,
    own: Option<Cpu>,
    own_after: Option<Cpu>,
}

impl Tally {
    /// From here on it counts.
    pub(super) fn begin(&mut self, at: Instant, server: Option<u32>) -> Result<(), RunError> {
        *self = Self {
            begun: Some(at),
            own: own_cpu(),
            ..Self::default()
        };
        if let Some(pid) = server {
            let told = |error| RunError::Process(pid, error);
            let resident = process::resident(pid).map_err(told)?;
            self.resident_most = resident;
            self.server = Some((Cpu::of(pid).map_err(told)?, resident));
        }
        Ok(())
    }

    /// A look at the server's memory.
    pub(super) fn look(&mut self, server: Option<u32>) {
        let resident = server.and_then(|pid| process::resident(pid).ok());
        self.resident_most = self.resident_most.max(resident.unwrap_or(0));
    }

    pub(super) fn end(&mut self, at: Instant, server: Option<u32>) {
        self.ended = Some(at);
        // A server that is gone has no time to tell.
        self.server_after = server.and_then(|pid| Cpu::of(pid).ok());
        self.own_after = own_cpu();
        self.look(server);
    }

    pub(super) fn answer(&mut self, asked: Asked, status: u16, at: Instant, counts: bool) {
        if !counts {
            return;
        }
        self.answers += 1;
        self.last_answer = Some(at);
        *self.statuses.entry(status).or_default() += 1;
        self.latency.record(at.saturating_duration_since(asked.due));
        self.from_sending
            .record(at.saturating_duration_since(asked.sent));
    }

    pub(super) fn error(&mut self, kind: &'static str) {
        *self.errors.entry(kind).or_default() += 1;
    }

    /// It waited so long, and no answer came: to leave that out would make a server look better the longer it stalls.
    pub(super) fn unanswered(&mut self, kind: &'static str, so_far: Duration) {
        self.error(kind);
        self.latency.record(so_far);
    }

    pub(super) fn seconds(&self) -> f64 {
        match (self.begun, self.ended) {
            (Some(begun), Some(ended)) => (ended - begun).as_secs_f64(),
            _ => 0.0,
        }
    }

    /// Answers a second. An open loop goes on after its time to wait for what was asked in it: where that never comes, those
    /// who were answered were not answered the slower.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    pub(super) fn per_second(&self, planned: Duration) -> f64 {
        let answered = match (self.begun, self.last_answer) {
            (Some(begun), Some(last)) => last.saturating_duration_since(begun),
            _ => Duration::ZERO,
        };
        let seconds = self.seconds().min(answered.max(planned).as_secs_f64());
        if seconds > 0.0 {
            self.answers as f64 / seconds
        } else {
            0.0
        }
    }

    pub(super) fn generator_busy(&self) -> f64 {
        match (&self.own, &self.own_after) {
            (Some(before), Some(after)) if self.seconds() > 0.0 => {
                after.since(before).as_secs_f64() / self.seconds()
            }
            _ => 0.0,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    pub(super) fn server_use(&self, pid: Option<u32>) -> Option<ServerUse> {
        let (before, resident_before) = self.server.as_ref()?;
        let cpu = self.server_after.as_ref()?.since(before).as_secs_f64();
        let answers = self.answers as f64;
        let of = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        Some(ServerUse {
            pid: pid?,
            cpu_per_answer_us: of(cpu * 1e6, answers),
            answers_per_cpu_second: of(answers, cpu),
            busy_cores: of(cpu, self.seconds()),
            resident_before: *resident_before,
            resident_most: self.resident_most,
        })
    }
}

/// Processor time of this process.
fn own_cpu() -> Option<Cpu> {
    Cpu::of(std::process::id()).ok()
}
