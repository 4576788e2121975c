//! Time as an input, and the mark below which it never falls.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Lifetimes are judged by it; order never is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This instant and `duration`, saturating (ASVS 1.4.2: no overflow).
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A wall clock that moved against the monotonic one by more than this has been stepped.
pub const STEP: Duration = Duration::from_mins(1);
/// How long a stepped clock must agree with itself before the mark follows it.
pub const AGREEMENT: Duration = Duration::from_mins(10);
/// A start this far behind the mark is refused.
pub const REFUSED_BEHIND: Duration = Duration::from_hours(1);

/// What a reading of the clocks says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The time to judge by: the wall clock, but never below the mark.
    pub now: UnixMillis,
    /// The clock was stepped lately: what only time decides (sweeping) waits.
    pub stepped: bool,
    /// How far the wall clock is behind the mark: for so long time stands still.
    pub behind: Duration,
}

/// The persisted high-water mark of time: effective time never falls below it, and it adopts no jump before the clock
/// has agreed with itself for a while, so that one wild reading ends no session for good.
///
/// When a clock is set back, effective time stands still at the mark until the wall clock has caught up: lives are longer
/// by that much of real time, as those who rely on the clock are wrong by that much. Across a start this is an hour at
/// most ([`REFUSED_BEHIND`]).
///
/// A start far ahead of the mark may come after a night off or from a wild clock; nothing here can tell which, so it
/// counts as a step.
///
/// ```text
/// start ──(wall > mark + STEP)────────────────────┐
/// start ──▶ steady ──(wall moved > STEP against monotonic)──▶ stepped ──(AGREEMENT without another step)──▶ steady
/// ```
#[derive(Debug, Clone)]
pub struct HighWater {
    mark: UnixMillis,
    last_wall: UnixMillis,
    last_monotonic: Duration,
    agreed_since: Option<Duration>,
}

impl HighWater {
    /// Starts from the persisted `mark`. `Err` carries how far the wall clock is behind it, when that is too far to be
    /// believed.
    pub fn start(
        mark: UnixMillis,
        wall: UnixMillis,
        monotonic: Duration,
    ) -> Result<Self, Duration> {
        let behind = mark.since(wall);
        if behind > REFUSED_BEHIND {
            return Err(behind);
        }
        Ok(Self {
            mark,
            last_wall: wall,
            last_monotonic: monotonic,
            // A mark of zero: nothing is kept yet that a wild clock could end.
            agreed_since: (mark != UnixMillis(0) && wall.since(mark) > STEP).then_some(monotonic),
        })
    }

    /// Starts from a clock behind the mark that an operator says is right. It counts as a step all the same: were they
    /// mistaken, no login that lies ahead is ended for good before somebody sees it.
    pub const fn accepted(wall: UnixMillis, monotonic: Duration) -> Self {
        Self {
            mark: wall,
            last_wall: wall,
            last_monotonic: monotonic,
            agreed_since: Some(monotonic),
        }
    }

    /// Takes a reading of both clocks.
    pub fn read(&mut self, wall: UnixMillis, monotonic: Duration) -> Reading {
        let expected = self
            .last_wall
            .plus(monotonic.saturating_sub(self.last_monotonic));
        let moved = wall.since(expected).max(expected.since(wall));
        self.last_wall = wall;
        self.last_monotonic = monotonic;
        if moved > STEP {
            self.agreed_since = Some(monotonic);
        }
        if self
            .agreed_since
            .is_some_and(|since| monotonic.saturating_sub(since) >= AGREEMENT)
        {
            self.agreed_since = None;
        }
        let stepped = self.stepped();
        if !stepped {
            self.mark = self.mark.max(wall);
        }
        Reading {
            now: wall.max(self.mark),
            stepped,
            behind: self.mark.since(wall),
        }
    }

    /// Whether the clock was stepped lately, or the start was far ahead of the mark or accepted behind it.
    pub const fn stepped(&self) -> bool {
        self.agreed_since.is_some()
    }

    /// The mark to persist.
    pub const fn mark(&self) -> UnixMillis {
        self.mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn started() -> HighWater {
        HighWater::start(UnixMillis(1_000_000), UnixMillis(1_000_000), secs(0)).unwrap()
    }

    #[test]
    fn time_never_falls_below_the_mark() {
        let mut clock = started();
        assert_eq!(
            clock.read(UnixMillis(1_010_000), secs(10)).now,
            UnixMillis(1_010_000)
        );
        assert_eq!(
            clock.read(UnixMillis(900_000), secs(11)).now,
            UnixMillis(1_010_000)
        );
    }

    #[test]
    fn a_jump_ahead_is_not_adopted_until_the_clock_has_agreed() {
        let mut clock = started();
        let jumped = clock.read(UnixMillis(100_000_000), secs(1));
        assert!(jumped.stepped);
        assert_eq!(clock.mark(), UnixMillis(1_000_000));
        let back = clock.read(UnixMillis(1_002_000), secs(2));
        assert_eq!(
            back.now,
            UnixMillis(1_002_000),
            "the wild reading left no trace"
        );
        assert!(back.stepped, "going back is a step as well");
        assert!(!clock.read(UnixMillis(1_602_000), secs(602)).stepped);
        assert_eq!(clock.mark(), UnixMillis(1_602_000));
    }

    #[test]
    fn a_start_far_ahead_of_the_mark_is_a_step_until_the_clock_has_agreed() {
        let mark = UnixMillis(1_000_000);
        let ahead = UnixMillis(100_000_000);
        let mut clock = HighWater::start(mark, ahead, secs(5)).unwrap();
        assert!(clock.stepped());
        let reading = clock.read(ahead, secs(5));
        assert_eq!((reading.now, reading.stepped), (ahead, true));
        assert!(clock.read(UnixMillis(100_599_999), secs(604)).stepped);
        assert_eq!(clock.mark(), mark, "not to be written either");
        assert!(!clock.read(UnixMillis(100_600_000), secs(605)).stepped);
        assert_eq!(clock.mark(), UnixMillis(100_600_000));

        let near = UnixMillis(mark.0 + 60_000);
        assert!(!HighWater::start(mark, near, secs(0)).unwrap().stepped());
        let first = HighWater::start(UnixMillis(0), ahead, secs(0)).unwrap();
        assert!(!first.stepped(), "there is no mark yet");
    }

    #[test]
    fn a_clock_set_back_stands_still_until_the_wall_has_caught_up() {
        let mut clock = started();
        clock.read(UnixMillis(1_010_000), secs(10));
        for second in 0..30 {
            let reading = clock.read(
                UnixMillis(980_000 + second * 1000),
                secs(10 + second.unsigned_abs()),
            );
            assert_eq!(reading.now, UnixMillis(1_010_000));
            let left = 30 - second.unsigned_abs();
            assert_eq!(reading.behind, secs(left), "of standing still");
        }
        let caught_up = clock.read(UnixMillis(1_011_000), secs(41));
        assert_eq!(caught_up.now, UnixMillis(1_011_000));
        assert_eq!(caught_up.behind, secs(0));
    }

    #[test]
    fn a_start_far_behind_the_mark_is_refused() {
        let mark = UnixMillis(10_000_000);
        assert_eq!(
            HighWater::start(mark, UnixMillis(6_000_000), secs(0)).err(),
            Some(secs(4000))
        );
        assert!(HighWater::start(mark, UnixMillis(7_000_000), secs(0)).is_ok());
    }
}
