//! What is in memory anyhow, read into its gauges when somebody asks.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use vestibule_core::time::UnixMillis;

use super::Metrics;
use crate::engine::Engine;

type Whole = Gauge<i64, AtomicI64>;
type Seconds = Gauge<f64, AtomicU64>;

/// The gauges.
#[derive(Debug, Default)]
pub(super) struct Measured {
    ready: Whole,
    live_sessions: Whole,
    owed_ends: Whole,
    hashing_memory: Whole,
    hashing_waiting: Whole,
    hashing_threads: Whole,
    hashing_queue: Whole,
    mail_waiting: Whole,
    mail_stuck: Seconds,
    seal_age: Seconds,
    clock_mark: Seconds,
    clock_behind: Seconds,
    clock_stepped: Whole,
    certificate_expires: Seconds,
    mail_moved: Since,
    sealed: Since,
}

impl Measured {
    pub(super) fn register(&self, registry: &mut Registry) {
        self.register_sessions(registry);
        self.register_hashing(registry);
        self.register_mail(registry);
        self.register_clock(registry);
    }

    fn register_sessions(&self, registry: &mut Registry) {
        registry.register(
            "vestibule_ready",
            "1 when sessions can be checked, 0 while what is stored is read at the start",
            self.ready.clone(),
        );
        registry.register(
            "vestibule_live_sessions",
            "Sessions in memory. One that ended may be among them until it is swept",
            self.live_sessions.clone(),
        );
        registry.register(
            "vestibule_owed_ends",
            "Ends of sessions that hold in memory alone, since the store did not take them; it is tried again until it does",
            self.owed_ends.clone(),
        );
    }

    fn register_hashing(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "vestibule_hashing_memory",
            "Memory that password hashing holds; at most passwords.threads times passwords.memory",
            Unit::Bytes,
            self.hashing_memory.clone(),
        );
        registry.register(
            "vestibule_hashing_waiting",
            "Password checks that wait for a thread; at vestibule_hashing_queue the next login is busy",
            self.hashing_waiting.clone(),
        );
        registry.register(
            "vestibule_hashing_queue",
            "Password checks that may wait: passwords.queue",
            self.hashing_queue.clone(),
        );
        registry.register(
            "vestibule_hashing_threads",
            "Password checks at a time: passwords.threads",
            self.hashing_threads.clone(),
        );
    }

    fn register_mail(&self, registry: &mut Registry) {
        registry.register(
            "vestibule_mail_waiting",
            "Errands in the outbox: letters and requests not done yet",
            self.mail_waiting.clone(),
        );
        registry.register_with_unit(
            "vestibule_mail_stuck",
            "How long errands have waited in the outbox without one being done; 0 when none waits",
            Unit::Seconds,
            self.mail_stuck.clone(),
        );
    }

    fn register_clock(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "vestibule_seal_age",
            "How long ago everything in the audit trail was sealed; about a second while all is well",
            Unit::Seconds,
            self.seal_age.clone(),
        );
        registry.register_with_unit(
            "vestibule_clock_mark",
            "The latest time this data has seen, in seconds since 1970: lifetimes never go by an earlier one",
            Unit::Seconds,
            self.clock_mark.clone(),
        );
        registry.register_with_unit(
            "vestibule_clock_behind",
            "How far the clock is behind that mark; while it is, time stands still and no session runs out",
            Unit::Seconds,
            self.clock_behind.clone(),
        );
        registry.register(
            "vestibule_clock_stepped",
            "1 while sessions that ran out are not swept, since the clock moved by over a minute at once",
            self.clock_stepped.clone(),
        );
        registry.register_with_unit(
            "vestibule_certificate_expires",
            "When the certificate of the public listener runs out, in seconds since 1970; 0 where it has none",
            Unit::Seconds,
            self.certificate_expires.clone(),
        );
    }
}

/// A moment by the monotonic clock that something was last well, in milliseconds and one more; 0 before the first.
#[derive(Debug, Default)]
struct Since(AtomicU64);

impl Since {
    /// It is well; or it is not, which counts from the first time that it is asked.
    fn note(&self, well: bool, now: Duration) {
        let now = u64::try_from(now.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        if well {
            self.0.store(now, Ordering::Relaxed);
        } else {
            // Whoever was there first has set it.
            let _ = self
                .0
                .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn age(&self, now: Duration) -> Duration {
        match self.0.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            then => now.saturating_sub(Duration::from_millis(then - 1)),
        }
    }
}

impl Metrics {
    /// So many errands are in the outbox now.
    pub fn mail_waiting(&self, errands: usize, now: Duration) {
        self.measured.mail_waiting.set(whole(errands));
        self.measured.mail_moved.note(errands == 0, now);
    }

    /// An errand of the outbox is done, one way or the other.
    pub fn mail_moved(&self, now: Duration) {
        self.measured.mail_moved.note(true, now);
    }

    /// A round of sealing covered everything, or did not.
    pub fn sealed(&self, everything: bool, now: Duration) {
        self.measured.sealed.note(everything, now);
    }

    /// The certificate of the public listener runs out then.
    pub fn certificate_expires(&self, at: UnixMillis) {
        self.measured.certificate_expires.set(seconds(at));
    }
}

impl Engine {
    /// How long the audit trail has not been sealed whole: about a second while all is well.
    pub fn unsealed_for(&self) -> Duration {
        let measured = &self.metrics().measured;
        measured.sealed.age(self.clock().monotonic())
    }

    /// Reads what is in memory into its gauges: before each answer to who watches.
    pub fn measure(&self) {
        let measured = &self.metrics().measured;
        measured.ready.set(i64::from(self.ready()));
        measured.live_sessions.set(whole(self.index().len()));
        measured.owed_ends.set(whole(self.owed().len()));
        let hasher = self.hasher();
        measured.hashing_memory.set(whole(hasher.memory()));
        measured.hashing_waiting.set(whole(hasher.waiting()));
        measured.hashing_queue.set(whole(hasher.queue()));
        measured.hashing_threads.set(whole(hasher.threads()));

        let (wall, monotonic) = (self.clock().wall(), self.clock().monotonic());
        let mark = self.time().mark();
        let behind = Duration::from_millis(u64::try_from(mark.0 - wall.0).unwrap_or(0));
        measured.clock_mark.set(seconds(mark));
        measured.clock_behind.set(behind.as_secs_f64());
        measured.clock_stepped.set(i64::from(self.time().stepped()));
        measured
            .seal_age
            .set(measured.sealed.age(monotonic).as_secs_f64());
        let stuck = if measured.mail_waiting.get() == 0 {
            Duration::ZERO
        } else {
            measured.mail_moved.age(monotonic)
        };
        measured.mail_stuck.set(stuck.as_secs_f64());
    }
}

/// In seconds, as Prometheus has time.
fn seconds(at: UnixMillis) -> f64 {
    Duration::from_millis(u64::try_from(at.0).unwrap_or(0)).as_secs_f64()
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_well_counts_from_the_first_look() {
        let since = Since::default();
        assert_eq!(since.age(Duration::from_secs(9)), Duration::ZERO);
        since.note(false, Duration::from_secs(10));
        since.note(false, Duration::from_secs(20));
        assert_eq!(since.age(Duration::from_secs(30)), Duration::from_secs(20));
        since.note(true, Duration::from_secs(31));
        since.note(false, Duration::from_secs(32));
        assert_eq!(since.age(Duration::from_secs(33)), Duration::from_secs(2));
    }
}
