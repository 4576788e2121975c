//! Times as the reader sees them.

use crate::{
    texts::{Texts, Tongue},
    views::{
        dates,
        samples::{DAY, HOUR, MINUTE, NOW},
    },
};

#[test]
fn times_read_as_people_say_them() {
    let texts = Texts::embedded();
    let [english, german]: [Tongue<'_>; 2] = texts
        .all()
        .collect::<Vec<_>>()
        .try_into()
        .ok()
        .expect("two languages");
    let day = |at| {
        dates::day(english, "devices-signed-in", at, NOW)
            .text
            .into_owned()
    };
    assert_eq!(day(NOW - 5 * HOUR), "signed in today 09:00 UTC");
    assert_eq!(day(NOW - 15 * HOUR), "signed in yesterday 23:00 UTC");
    assert_eq!(day(NOW - 17 * DAY), "signed in 3 November");
    assert_eq!(day(NOW - 400 * DAY), "signed in 16 October 2025");
    assert_eq!(
        dates::day(german, "devices-signed-in", NOW - 17 * DAY, NOW).text,
        "angemeldet 3. November"
    );
    assert_eq!(
        dates::moment(english, NOW - 17 * DAY, NOW).text,
        "3 November, 14:00 UTC"
    );
    assert_eq!(dates::moment(english, NOW, NOW).iso, "2026-11-20T14:00:00Z");
    let ago = |millis| {
        dates::ago(english, "devices-active", NOW - millis, NOW)
            .text
            .into_owned()
    };
    assert_eq!(ago(-HOUR), "last active 1 minute ago");
    assert_eq!(ago(59 * MINUTE), "last active 59 minutes ago");
    assert_eq!(ago(HOUR), "last active 1 hour ago");
    assert_eq!(ago(9 * DAY), "last active 9 days ago");
    let until = |millis| {
        dates::until(german, "devices-ends", NOW + millis, NOW)
            .text
            .into_owned()
    };
    assert_eq!(until(5 * DAY), "endet von selbst in 5 Tagen");
    assert_eq!(until(30 * MINUTE), "endet von selbst in 30 Minuten");
}

#[test]
fn a_wait_is_never_said_to_be_shorter_than_it_is() {
    let texts = Texts::embedded();
    let english = texts.of("en");
    let wait = |seconds| {
        let wait = std::time::Duration::from_secs(seconds);
        dates::wait(english, "mail-fault-throttled", wait).into_owned()
    };
    for (seconds, when) in [
        (0, "in 1 minute."),
        (30, "in 1 minute."),
        (61, "in 2 minutes."),
        (3_599, "in 1 hour."),
        (3_601, "in 2 hours."),
        (86_401, "in 2 days."),
    ] {
        assert!(
            wait(seconds).ends_with(when),
            "{seconds}: {}",
            wait(seconds)
        );
    }
}

#[test]
fn a_time_no_calendar_holds_fails_no_page() {
    let texts = Texts::embedded();
    for tongue in texts.all() {
        for at in [i64::MIN, i64::MAX] {
            assert!(!dates::moment(tongue, at, NOW).text.is_empty());
            assert!(!dates::in_full(tongue, at).is_empty());
            assert!(
                !dates::ago(tongue, "devices-active", at, NOW)
                    .text
                    .is_empty()
            );
            assert!(
                !dates::until(tongue, "devices-ends", at, NOW)
                    .text
                    .is_empty()
            );
        }
    }
}
