//! When something happened, and how long it took.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use vestibule_engine::Clock as _;

use crate::os::SystemClock;

/// For how long something takes: later less earlier.
pub fn now() -> Duration {
    SystemClock.monotonic()
}

/// The time of day, for people.
pub fn time_of_day() -> String {
    let now = Timestamp::from_millisecond(SystemClock.wall().0).unwrap_or_default();
    now.to_zoned(TimeZone::system())
        .strftime("%H:%M:%S")
        .to_string()
}

/// Milliseconds with as many digits as say something: `0.21`, `3.4`, `120`.
pub fn milliseconds(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1000.0;
    if milliseconds < 1.0 {
        format!("{milliseconds:.2}")
    } else if milliseconds < 100.0 {
        format!("{milliseconds:.1}")
    } else {
        format!("{milliseconds:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_the_digits_that_say_something() {
        for (micros, told) in [(213, "0.21"), (3_449, "3.4"), (119_700, "120"), (0, "0.00")] {
            assert_eq!(milliseconds(Duration::from_micros(micros)), told);
        }
        assert_eq!(time_of_day().len(), 8);
    }
}
