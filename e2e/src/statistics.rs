//! Figures from many tries: for reports, never for passing or failing.

use std::time::Duration;

/// The value that a share `q` of the (sorted) samples do not exceed.
pub fn quantile(sorted: &[Duration], q: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index among some thousands, from 0 to `last`"
    )]
    let at = (q.clamp(0.0, 1.0) * last as f64).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// How well one measurement tells two groups apart, by the test of Mann and Whitney.
#[derive(Debug, Clone, Copy)]
pub struct Apart {
    /// The chance that one of the first group takes longer than one of the second: a half when nothing can be told.
    pub chance: f64,
    /// By how many standard deviations that is from a half; within two, nothing was found.
    pub z: f64,
}

/// Compares two groups of samples, in any order.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of some thousands are exact"
)]
pub fn apart(first: &[Duration], second: &[Duration]) -> Apart {
    let mut wins = 0.0;
    for one in first {
        for other in second {
            wins += match one.cmp(other) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    let (m, n) = (first.len() as f64, second.len() as f64);
    let pairs = m * n;
    let spread = (pairs * (m + n + 1.0) / 12.0).sqrt();
    Apart {
        chance: wins / pairs,
        z: (wins - pairs / 2.0) / spread,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(range: std::ops::Range<u64>) -> Vec<Duration> {
        range.map(Duration::from_millis).collect()
    }

    #[test]
    fn groups_that_differ_are_told_apart_and_equal_ones_are_not() {
        let (low, high) = (millis(0..100), millis(50..150));
        let told = apart(&high, &low);
        assert!(told.chance > 0.8 && told.z > 5.0, "{told:?}");
        let same = apart(&low, &low);
        assert!(
            (same.chance - 0.5).abs() < 1e-9 && same.z.abs() < 1e-9,
            "{same:?}"
        );
    }

    #[test]
    fn a_quantile_is_one_of_the_samples() {
        let samples = millis(1..101);
        assert_eq!(quantile(&samples, 0.5), Duration::from_millis(51));
        assert_eq!(quantile(&samples, 1.0), Duration::from_millis(100));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }
}
