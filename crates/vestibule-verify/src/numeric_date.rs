//! `NumericDate` (RFC 7519 §2): seconds since 1970-01-01T00:00:00Z, with a fraction perhaps, range-checked before any cast.

use serde_json::{Number, Value};

/// The last second of the year 9999: what is later is milliseconds by mistake, or worse.
const LATEST: i64 = 253_402_300_799;

/// A point in time, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(i64);

impl NumericDate {
    /// So many seconds since 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// So many milliseconds since 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// So many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// From a claim: a number within the years 1970 to 9999, and nothing else (no string, no null).
    pub fn from_json(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else {
            return None;
        };
        Self::from_number(number)
    }

    fn from_number(number: &Number) -> Option<Self> {
        if let Some(seconds) = number.as_i64() {
            return (1..=LATEST)
                .contains(&seconds)
                .then(|| Self::from_seconds(seconds));
        }
        let seconds = number.as_f64()?;
        // A comparison with NaN is false.
        if !(1.0..=253_402_300_799.0).contains(&seconds) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "within the years 1970 to 9999 by the check above"
        )]
        let millis = (seconds * 1000.0) as i64;
        Some(Self(millis))
    }
}
