//! Times in the reader's words, with the exact one beside them for machines. UTC, and saying so where a clock time stands, since
//! nothing tells the reader's zone.

use std::borrow::Cow;
use std::time::Duration;

use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::texts::{Arg, Msg, Tongue, msg};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time for a `<time>` element.
pub(super) struct When<'a> {
    /// For `datetime`: RFC 3339 in UTC, to the second.
    pub(super) iso: String,
    /// For the reader.
    pub(super) text: Cow<'a, str>,
}

/// A day and, while it is near, its clock time: 'today 09:12 UTC', '3 November'. The sentence has the variable `when`.
pub(super) fn day<'a>(tongue: Tongue<'a>, sentence: &'static str, at: i64, now: i64) -> When<'a> {
    let (then, today) = (zoned(at), zoned(now));
    let date = near(tongue, &then, &today).unwrap_or_else(|| date(tongue, &then, &today));
    complete(tongue, sentence, at, date)
}

/// A day and its clock time, always: '3 November, 09:12 UTC'.
pub(super) fn moment(tongue: Tongue<'_>, at: i64, now: i64) -> When<'_> {
    let (then, today) = (zoned(at), zoned(now));
    let text = near(tongue, &then, &today).unwrap_or_else(|| {
        let date = date(tongue, &then, &today);
        tongue.text_with(
            "date-moment",
            &[("date", Arg::Phrase(date)), ("time", clock(&then).into())],
        )
    });
    When { iso: iso(at), text }
}

/// The whole date and its clock time, for what is read who knows when: '20 November 2026, 14:00 UTC'.
pub(crate) fn in_full(tongue: Tongue<'_>, at: i64) -> Cow<'_, str> {
    let then = zoned(at);
    let args = [
        ("date", Arg::Phrase(with_year(tongue, &then))),
        ("time", clock(&then).into()),
    ];
    tongue.text_with("date-moment", &args)
}

/// How long ago: '2 hours ago'. The sentence has the variable `when`.
pub(super) fn ago<'a>(tongue: Tongue<'a>, sentence: &'static str, at: i64, now: i64) -> When<'a> {
    let words = (
        msg("date-minutes-ago"),
        msg("date-hours-ago"),
        msg("date-days-ago"),
    );
    let text = distance(tongue, words, now.saturating_sub(at));
    complete(tongue, sentence, at, text)
}

/// How long until: 'in 5 days'. The sentence has the variable `when`.
pub(super) fn until<'a>(tongue: Tongue<'a>, sentence: &'static str, at: i64, now: i64) -> When<'a> {
    let words = (
        msg("date-in-minutes"),
        msg("date-in-hours"),
        msg("date-in-days"),
    );
    let text = distance(tongue, words, at.saturating_sub(now));
    complete(tongue, sentence, at, text)
}

/// When to try again: 'in 5 minutes', rounded up so that it is not too early. The sentence has the variable `when`.
pub(super) fn wait<'a>(tongue: Tongue<'a>, sentence: &'static str, wait: Duration) -> Cow<'a, str> {
    let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let unit = match millis {
        ..HOUR => MINUTE,
        HOUR..DAY => HOUR,
        _ => DAY,
    };
    let words = (
        msg("date-in-minutes"),
        msg("date-in-hours"),
        msg("date-in-days"),
    );
    let when = distance(tongue, words, millis.saturating_add(unit - 1) / unit * unit);
    tongue.text_with(sentence, &[("when", Arg::Phrase(when))])
}

fn complete<'a>(
    tongue: Tongue<'a>,
    sentence: &'static str,
    at: i64,
    when: Cow<'_, str>,
) -> When<'a> {
    When {
        iso: iso(at),
        text: tongue.text_with(sentence, &[("when", Arg::Phrase(when))]),
    }
}

fn distance(
    tongue: Tongue<'_>,
    (minutes, hours, days): (Msg, Msg, Msg),
    millis: i64,
) -> Cow<'_, str> {
    match millis {
        ..HOUR => tongue.text_with(minutes, &[("count", (millis / MINUTE).max(1).into())]),
        HOUR..DAY => tongue.text_with(hours, &[("count", (millis / HOUR).into())]),
        _ => tongue.text_with(days, &[("count", (millis / DAY).into())]),
    }
}

/// Today and yesterday have names.
fn near<'a>(tongue: Tongue<'a>, then: &Zoned, today: &Zoned) -> Option<Cow<'a, str>> {
    let yesterday = today.date().yesterday().ok();
    let id = if then.date() == today.date() {
        msg("date-today")
    } else if Some(then.date()) == yesterday {
        msg("date-yesterday")
    } else {
        return None;
    };
    Some(tongue.text_with(id, &[("time", clock(then).into())]))
}

/// The year only where it is another one.
fn date<'a>(tongue: Tongue<'a>, then: &Zoned, today: &Zoned) -> Cow<'a, str> {
    if then.year() != today.year() {
        return with_year(tongue, then);
    }
    let day = i64::from(then.day());
    tongue.text_with(
        "date-day",
        &[
            ("day", day.into()),
            ("month", Arg::Phrase(month(tongue, then))),
        ],
    )
}

fn with_year<'a>(tongue: Tongue<'a>, then: &Zoned) -> Cow<'a, str> {
    // As text: a year is no quantity, and is not to be grouped as one.
    let year = then.year().to_string();
    tongue.text_with(
        "date-day-year",
        &[
            ("day", i64::from(then.day()).into()),
            ("month", Arg::Phrase(month(tongue, then))),
            ("year", year.into()),
        ],
    )
}

fn month<'a>(tongue: Tongue<'a>, then: &Zoned) -> Cow<'a, str> {
    tongue.text_with("date-month", &[("month", i64::from(then.month()).into())])
}

fn clock(then: &Zoned) -> String {
    then.strftime("%H:%M").to_string()
}

fn iso(millis: i64) -> String {
    zoned(millis).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time that no calendar holds (far outside any clock) is shown as the epoch rather than failing a page.
fn zoned(millis: i64) -> Zoned {
    Timestamp::from_millisecond(millis)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned(TimeZone::UTC)
}
