//! Figures from many samples, and from several rounds.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "figures to be told: counts below 2^53, and durations within an hour"
)]

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::bounds::LONGEST;

/// How long answers took.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

/// What is told of them, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them took no longer.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1000.
    #[serde(rename = "p99.9")]
    pub p99_9: f64,
    /// The longest.
    pub max: f64,
    /// On average.
    pub mean: f64,
}

impl Default for Latencies {
    #[expect(clippy::expect_used, reason = "see Unwrap safety")]
    fn default() -> Self {
        // Unwrap safety: three significant figures are within the 0 to 5 that there may be.
        Self(Histogram::new(3).expect("three figures are allowed"))
    }
}

impl Latencies {
    /// One answer took so long.
    pub fn record(&mut self, took: Duration) {
        let nanos = took.min(LONGEST).as_nanos() as u64;
        // Refused only beyond what a histogram that grows can hold.
        let _ = self.0.record(nanos.max(1));
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is told of them.
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| micros(self.0.value_at_quantile(quantile));
        Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            max: micros(self.0.max()),
            mean: self.0.mean() / 1000.0,
        }
    }

    /// How many of a million took longer, and than how many microseconds: for a plot.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        if self.is_empty() {
            return Vec::new();
        }
        let shares = [
            0.5, 0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.0025, 0.001, 0.0005, 0.00025, 0.0001,
        ];
        let told = shares
            .into_iter()
            .filter(|share| share * self.len() as f64 >= 1.0);
        told.map(|share| (1.0 / share, micros(self.0.value_at_quantile(1.0 - share))))
            .collect()
    }
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

/// What several rounds say: the median, and how far they lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// In the middle.
    pub median: f64,
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// Rounds.
    pub rounds: usize,
}

impl Spread {
    /// Of these; `None` of none.
    pub fn of(rounds: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut rounds: Vec<f64> = rounds
            .into_iter()
            .filter(|round| round.is_finite())
            .collect();
        rounds.sort_by(f64::total_cmp);
        let (low, high) = (*rounds.first()?, *rounds.last()?);
        let middle = rounds.len() / 2;
        let median = if rounds.len().is_multiple_of(2) {
            f64::midpoint(rounds[middle - 1], rounds[middle])
        } else {
            rounds[middle]
        };
        Some(Self {
            median,
            low,
            high,
            rounds: rounds.len(),
        })
    }
}

/// By which power of x the points grow, least squares over their logarithms: 0 is flat, 1 is in proportion.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(x, y)| *x > 0.0 && *y > 0.0)
        .map(|(x, y)| (x.ln(), y.ln()))
        .collect();
    let n = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let across: f64 = logs.iter().map(|point| (point.0 - x).powi(2)).sum();
    let along: f64 = logs.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    (logs.len() > 1 && across > 0.0).then(|| along / across)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_thousandth() {
        let mut latencies = Latencies::default();
        for micros in 1..=10_000 {
            latencies.record(Duration::from_micros(micros));
        }
        let told = latencies.percentiles();
        for (found, right) in [
            (told.p50, 5_000.0),
            (told.p90, 9_000.0),
            (told.p99, 9_900.0),
            (told.p99_9, 9_990.0),
            (told.max, 10_000.0),
            (told.mean, 5_000.5),
        ] {
            assert!((found / right - 1.0).abs() < 0.002, "{found} for {right}");
        }
        let curve = latencies.curve();
        assert_eq!(curve.len(), 12);
        assert!(
            curve
                .windows(2)
                .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1)
        );
    }

    #[test]
    fn what_takes_for_ever_is_an_hour_and_no_time_is_a_nanosecond() {
        let mut latencies = Latencies::default();
        latencies.record(Duration::MAX);
        latencies.record(Duration::ZERO);
        assert_eq!(latencies.len(), 2);
        assert!(latencies.percentiles().max >= 3.6e9);
        assert!(Latencies::default().curve().is_empty());
    }

    #[test]
    fn rounds_are_told_by_their_median_and_their_ends() {
        let spread = Spread::of([3.0, 1.0, f64::NAN, 2.0]).unwrap();
        assert_eq!(
            (spread.low, spread.median, spread.high, spread.rounds),
            (1.0, 2.0, 3.0, 3)
        );
        assert!((Spread::of([1.0, 2.0]).unwrap().median - 1.5).abs() < 1e-9);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn the_power_of_growth_is_found() {
        let points = |power: f64| -> Vec<(f64, f64)> {
            let sizes = [1e4, 1e5, 1e6, 1e7];
            sizes
                .iter()
                .map(|x: &f64| (*x, 3.0 * x.powf(power)))
                .collect()
        };
        for power in [0.0, 0.05, 1.0, 2.0] {
            assert!((exponent(&points(power)).unwrap() - power).abs() < 1e-9);
        }
        assert_eq!(exponent(&[(1.0, 1.0)]), None);
        assert_eq!(exponent(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }
}
