//! Time, as it comes in: read once per request and passed down; moved by tests.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use vestibule_core::time::{HighWater, REFUSED_BEHIND, Reading, UnixMillis};

/// The machine's clocks. The binary's reads the operating system.
pub trait Clock: Send + Sync {
    /// Time of day.
    fn wall(&self) -> UnixMillis;

    /// Time since some fixed point; never goes back, runs on while the machine sleeps.
    fn monotonic(&self) -> Duration;
}

/// Effective time: the wall clock, but never below the high-water mark, which the chores move.
pub(crate) struct EffectiveTime {
    floor: AtomicI64,
    stepped: AtomicBool,
    water: Mutex<HighWater>,
}

impl EffectiveTime {
    pub(crate) fn new(water: HighWater) -> Self {
        if water.stepped() {
            tracing::info!(
                "started far from the last time this data has seen: sessions are not swept until the clock has agreed with \
                 itself for ten minutes"
            );
        }
        Self {
            floor: AtomicI64::new(water.mark().0),
            stepped: AtomicBool::new(water.stepped()),
            water: Mutex::new(water),
        }
    }

    /// Lock-free.
    pub(crate) fn now(&self, clock: &dyn Clock) -> UnixMillis {
        clock
            .wall()
            .max(UnixMillis(self.floor.load(Ordering::Acquire)))
    }

    /// The latest time that counts: effective time never falls below it.
    pub(crate) fn mark(&self) -> UnixMillis {
        UnixMillis(self.floor.load(Ordering::Acquire))
    }

    /// Whether the clock was stepped lately: what only time decides waits.
    pub(crate) fn stepped(&self) -> bool {
        self.stepped.load(Ordering::Acquire)
    }

    /// Takes a reading of both clocks, raises the floor and answers the mark to persist. For the chores and the
    /// outbox alone.
    pub(crate) fn read(&self, clock: &dyn Clock) -> (Reading, UnixMillis) {
        let mut water = self.water.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = water.read(clock.wall(), clock.monotonic());
        let mark = water.mark();
        self.floor.fetch_max(mark.0, Ordering::AcqRel);
        let stepped = self.stepped.swap(reading.stepped, Ordering::AcqRel);
        drop(water);
        match (stepped, reading.stepped) {
            (false, true) => tracing::warn!(
                "the clock moved by more than a minute at once: sessions are not swept until it has agreed with itself \
                 for ten minutes; check the time service of this machine"
            ),
            (true, false) if reading.behind > REFUSED_BEHIND => tracing::error!(
                "the clock stays {} minutes behind the latest time this data has seen: until it has caught up, time \
                 stands still and no session runs out; set the clock right, or start again with --accept-clock if it is \
                 right now",
                reading.behind.as_secs() / 60
            ),
            (true, false) => tracing::info!("the clock agrees with itself again: sweeping goes on"),
            _ => {}
        }
        (reading, mark)
    }
}
