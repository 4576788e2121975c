//! The last day, minute by minute, for whoever looks: from what is counted anyway, in memory alone.
//!
//! Minutes go by the clock that never steps, from the start on; what time of day a minute was is told when it is asked for.
//! So a clock that is set leaves no gap and no minute twice.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use vestibule_core::time::UnixMillis;

use crate::engine::Engine;

/// A day of minutes, the one under way among them.
pub const MINUTES: usize = 24 * 60;

const MINUTE: Duration = Duration::from_mins(1);

/// What happened within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// When it began.
    pub at: UnixMillis,
    /// Logins that hold.
    pub logins: u64,
    /// Logins that were refused or turned away.
    pub refusals: u64,
    /// Sessions that ended, for whatever reason.
    pub ends: u64,
    /// Sessions in memory when it was over, or now.
    pub live: u64,
}

/// What is counted since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    pub(crate) logins: u64,
    pub(crate) refusals: u64,
    pub(crate) ends: u64,
}

/// A ring of minutes.
pub(crate) struct History {
    began: Duration,
    ring: Mutex<Ring>,
}

struct Ring {
    /// One after the other, the latest last.
    closed: VecDeque<Closed>,
    /// Which minute is under way, counted from the start.
    number: u64,
    /// When it began.
    first: Totals,
    /// When it was looked at last.
    latest: Totals,
    live: u64,
}

#[derive(Clone, Copy)]
struct Closed {
    counted: Totals,
    live: u64,
}

impl Totals {
    const fn since(self, first: Self) -> Self {
        Self {
            logins: self.logins.saturating_sub(first.logins),
            refusals: self.refusals.saturating_sub(first.refusals),
            ends: self.ends.saturating_sub(first.ends),
        }
    }
}

impl History {
    /// Begins with this moment of the clock that never steps.
    pub(crate) fn new(began: Duration) -> Self {
        Self {
            began,
            ring: Mutex::new(Ring {
                closed: VecDeque::with_capacity(MINUTES),
                number: 0,
                first: Totals::default(),
                latest: Totals::default(),
                live: 0,
            }),
        }
    }

    /// What is counted by now. Whatever came since the last look is of this minute.
    pub(crate) fn look(&self, monotonic: Duration, totals: Totals, live: u64) {
        let number = monotonic.saturating_sub(self.began).as_secs() / MINUTE.as_secs();
        self.ring().look(number, totals, live);
    }

    /// The minutes since the start, at most a day of them, as of now; the last is under way.
    pub(crate) fn minutes(&self, monotonic: Duration, now: UnixMillis) -> Vec<Minute> {
        let ring = self.ring();
        let open = Closed {
            counted: ring.latest.since(ring.first),
            live: ring.live,
        };
        let since = monotonic.saturating_sub(self.began);
        let counted = u64::try_from(ring.closed.len()).unwrap_or(u64::MAX);
        let minutes = ring.closed.iter().copied().chain([open]);
        let numbered = (ring.number.saturating_sub(counted)..).zip(minutes);
        let told = numbered.map(|(number, minute)| {
            let began = MINUTE.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
            let ago = since.saturating_sub(began);
            let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
            Minute {
                at: UnixMillis(now.0.saturating_sub(ago)),
                logins: minute.counted.logins,
                refusals: minute.counted.refusals,
                ends: minute.counted.ends,
                live: minute.live,
            }
        });
        told.collect()
    }

    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn look(&mut self, number: u64, totals: Totals, live: u64) {
        if number > self.number {
            self.close(self.latest.since(self.first), self.live);
            // Nobody looked in these: what they had is told of the one under way.
            let missed = usize::try_from(number - self.number - 1).unwrap_or(MINUTES);
            for _ in 0..missed.min(MINUTES) {
                self.close(Totals::default(), self.live);
            }
            (self.number, self.first) = (number, self.latest);
        }
        (self.latest, self.live) = (totals, live);
    }

    fn close(&mut self, counted: Totals, live: u64) {
        // With the one under way as many as there is room for.
        if self.closed.len() + 1 >= MINUTES {
            self.closed.pop_front();
        }
        self.closed.push_back(Closed { counted, live });
    }
}

impl Engine {
    /// The last day, minute by minute, or what has passed of it since the start; the last minute is under way. In memory:
    /// a page may ask as often as it likes.
    pub fn history(&self) -> Vec<Minute> {
        self.look_back();
        let monotonic = self.clock().monotonic();
        self.past().minutes(monotonic, self.now())
    }

    /// Takes what is counted into the minute under way.
    pub(crate) fn look_back(&self) {
        let monotonic = self.clock().monotonic();
        let totals = self.metrics().totals();
        self.past().look(monotonic, totals, self.live().sessions);
    }
}

#[cfg(test)]
mod tests;
