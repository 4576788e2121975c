//! What the operating system provides and everything else takes as an input: time and randomness.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use rustix::time::{DynamicClockId, clock_gettime_dynamic};

use vestibule_core::time::UnixMillis;
use vestibule_engine::{Clock, Entropy, EntropyError};

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else takes as an input"
    )]
    fn wall(&self) -> UnixMillis {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Runs through suspend, unlike `CLOCK_MONOTONIC`: a laptop's night is not a step of the wall clock.
    fn monotonic(&self) -> Duration {
        // Only a kernel before 2.6.39 has no such clock; the wall clock's steps then go unseen.
        clock_gettime_dynamic(DynamicClockId::Boottime)
            .ok()
            .and_then(|time| Duration::try_from(time).ok())
            .unwrap_or_default()
    }
}

/// The operating system's generator by way of aws-lc-rs (ASVS 11.5.1, N09).
#[derive(Debug, Clone)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the entropy that everything else takes as an input"
    )]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(out).map_err(|_| EntropyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_run() {
        let clock = SystemClock;
        assert!(clock.wall() > UnixMillis(1_700_000_000_000));
        let first = clock.monotonic();
        assert!(first > Duration::ZERO);
        assert!(clock.monotonic() >= first);
    }

    /// Holds: ASVS 11.5.1, N09
    #[test]
    fn entropy_does_not_repeat() {
        let entropy = SystemEntropy::new();
        let (mut one, mut two) = ([0; 32], [0; 32]);
        entropy.fill(&mut one).unwrap();
        entropy.fill(&mut two).unwrap();
        assert_ne!(one, two);
    }
}
