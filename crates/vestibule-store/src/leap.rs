//! Going back in the trail to a time long past, without a look at all that came since.

use vestibule_core::filter::{EventFilter, OUT_OF_ORDER};
use vestibule_core::time::UnixMillis;

/// So many events are as well looked at as leapt over.
const NEAR: u64 = 1_000;

/// A search for where to begin: a store is asked for the last event before one position after the other.
#[derive(Debug)]
pub struct Leap<'a> {
    filter: &'a EventFilter,
    before: u64,
    /// What is looked for may be behind `low`, and is before `high`.
    low: u64,
    high: u64,
    seen: Vec<(u64, UnixMillis)>,
    over: bool,
}

impl<'a> Leap<'a> {
    /// From a position backwards. Where a user's events are looked for there are few to leap over.
    pub const fn new(filter: &'a EventFilter, before: u64) -> Self {
        Self {
            filter,
            before,
            low: 0,
            high: before,
            seen: Vec::new(),
            over: filter.until.is_none() || filter.user.is_some(),
        }
    }

    /// Before which position to look next; `None`: where to begin is known.
    pub const fn probe(&self) -> Option<u64> {
        if self.over {
            return None;
        }
        if self.seen.is_empty() {
            return Some(self.before);
        }
        if self.high.saturating_sub(self.low) <= NEAR {
            return None;
        }
        Some(self.low.midpoint(self.high))
    }

    /// The last event before `probe`, if there is one: its position and its time.
    pub fn saw(&mut self, probe: u64, found: Option<(u64, UnixMillis)>) {
        let Some((position, at)) = found else {
            self.over = self.seen.is_empty();
            self.low = probe;
            return;
        };
        if self.filter.begins_before(at) {
            self.high = position;
        } else {
            self.over = self.seen.is_empty();
            self.low = probe;
        }
        self.seen.push((position, at));
    }

    /// Before which position to begin. Where times do not go up with positions, as after a clock that was set back, nothing
    /// is leapt over.
    pub fn landing(mut self) -> u64 {
        self.seen.sort_unstable();
        let in_order = |two: &[(u64, UnixMillis)]| match two {
            [(_, one), (_, next)] => *one <= next.plus(OUT_OF_ORDER),
            _ => true,
        };
        if self.seen.windows(2).all(in_order) {
            self.high
        } else {
            self.before
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// Where a search for what came before `until` begins, among events a second apart, and how many were asked for.
    fn leapt(events: u64, until: i64, at: impl Fn(u64) -> i64) -> (u64, usize) {
        let filter = EventFilter {
            until: Some(UnixMillis(until)),
            ..EventFilter::default()
        };
        let mut leap = Leap::new(&filter, events + 1);
        let mut probes = 0;
        while let Some(probe) = leap.probe() {
            let last = probe - 1;
            leap.saw(probe, (last > 0).then(|| (last, UnixMillis(at(last)))));
            probes += 1;
        }
        (leap.landing(), probes)
    }

    fn second(position: u64) -> i64 {
        i64::try_from(position).unwrap() * 1_000
    }

    #[test]
    fn what_is_later_is_leapt_over() {
        for until in [0, 1, 20_000, 5_000_000, 9_999_999] {
            let (landed, probes) = leapt(10_000_000, second(until), second);
            let last = until.saturating_sub(1).max(1);
            assert!(landed > last, "nothing that matches is leapt over");
            assert!(landed <= until + 3_600 + NEAR + 1, "{landed} for {until}");
            assert!(probes < 20);
        }
    }

    #[test]
    fn what_is_asked_of_now_costs_one_look() {
        assert_eq!(
            leapt(10_000_000, second(10_000_000), second),
            (10_000_001, 1)
        );
        assert_eq!(leapt(0, 0, second), (1, 1));
    }

    #[test]
    fn nothing_is_leapt_over_where_a_clock_was_set_back() {
        // The clock ran a year ahead for a while, and was set right.
        let wild = |position| match position {
            400_000..600_000 => second(position) + 365 * 24 * HOUR,
            _ => second(position),
        };
        assert_eq!(
            leapt(1_000_000, second(700_000), wild),
            (1_000_001, leapt(1_000_000, second(700_000), wild).1)
        );
    }

    #[test]
    fn times_a_little_out_of_order_are_in_order() {
        let jittery =
            |position: u64| second(position) - i64::try_from(position % 7).unwrap() * HOUR / 7;
        let (landed, _) = leapt(1_000_000, second(500_000), jittery);
        assert!((500_000..510_000).contains(&landed), "{landed}");
    }
}
