//! How often passwords may be tried (ASVS 6.3.1). None of it can be turned off, and how many wrong ones in a row disable
//! a password (N40) is no setting.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Kind, Row, duration, number, quoted};
use crate::settings::values::show_duration;

const FIRST: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);
/// C23: a hundred wrong passwords in a row take days at the least.
const LONGEST: RangeInclusive<Duration> = Duration::from_hours(1)..=Duration::from_hours(24);
const REFILL: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);
const REFILL_ALLOWED: &str = "a duration such as 5s or 5m, from 1s to 1h";

pub const ROWS: &[Row] = &[
    Row {
        key: "throttle.free_tries",
        kind: Kind::Number,
        default: None,
        meaning: "Wrong passwords for one address, from devices it does not know, before its next try has to wait. Devices known from earlier logins have tries of their own.",
        set: |settings, value, _| {
            settings.limits.account.free = number(value, &(1..=20), "a number from 1 to 20")?;
            Ok(())
        },
        show: |settings| settings.limits.account.free.to_string(),
    },
    Row {
        key: "throttle.first_wait",
        kind: Kind::Text,
        default: None,
        meaning: "The first such wait; each further wrong password doubles it.",
        set: |settings, value, _| {
            let wait = duration(value, &FIRST, "a duration such as 30s, from 1s to 1h")?;
            settings.limits.account.first = wait;
            settings.limits.device.first = wait;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.limits.account.first)),
    },
    Row {
        key: "throttle.longest_wait",
        kind: Kind::Text,
        default: None,
        meaning: "The longest such wait, for a known device at most 1h. The longer, the longer it takes until a hundred wrong passwords in a row disable a password: with 4h, a fortnight.",
        set: |settings, value, _| {
            let wait = duration(value, &LONGEST, "a duration such as 4h, from 1h to 1d")?;
            settings.limits.account.longest = wait;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.limits.account.longest)),
    },
    Row {
        key: "throttle.network_burst",
        kind: Kind::Number,
        default: None,
        meaning: "Wrong passwords from one network (an IPv4 address, a /64 of IPv6), for whatever addresses, before it has to wait. Raise it where many people share one address.",
        set: |settings, value, _| {
            settings.limits.network.burst =
                number(value, &(5..=10_000), "a number from 5 to 10000")?;
            Ok(())
        },
        show: |settings| settings.limits.network.burst.to_string(),
    },
    Row {
        key: "throttle.network_refill",
        kind: Kind::Text,
        default: None,
        meaning: "A network regains one try in so long.",
        set: |settings, value, _| {
            settings.limits.network.refill = duration(value, &REFILL, REFILL_ALLOWED)?;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.limits.network.refill)),
    },
    Row {
        key: "throttle.alarm_burst",
        kind: Kind::Number,
        default: None,
        meaning: "Wrong passwords of everybody together, from devices not known, that are no alarm. Beyond it somebody tries from many places: an address then has one free try from such devices. Raise it with the number of people.",
        set: |settings, value, _| {
            settings.limits.alarm.burst =
                number(value, &(20..=100_000), "a number from 20 to 100000")?;
            Ok(())
        },
        show: |settings| settings.limits.alarm.burst.to_string(),
    },
    Row {
        key: "throttle.alarm_refill",
        kind: Kind::Text,
        default: None,
        meaning: "Everybody together regains one in so long.",
        set: |settings, value, _| {
            settings.limits.alarm.refill = duration(value, &REFILL, REFILL_ALLOWED)?;
            Ok(())
        },
        show: |settings| quoted(&show_duration(settings.limits.alarm.refill)),
    },
];
