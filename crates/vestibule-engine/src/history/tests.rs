use super::*;

const NOON: UnixMillis = UnixMillis(1_800_000_000_000);
const BEGAN: Duration = Duration::from_secs(1_000);

fn after(seconds: u64) -> Duration {
    BEGAN + Duration::from_secs(seconds)
}

fn logins(logins: u64) -> Totals {
    Totals {
        logins,
        ..Totals::default()
    }
}

fn counted(minutes: &[Minute]) -> Vec<u64> {
    minutes.iter().map(|minute| minute.logins).collect()
}

#[test]
fn each_minute_tells_what_came_in_it() {
    let history = History::new(BEGAN);
    assert_eq!(history.minutes(BEGAN, NOON).len(), 1, "the one under way");
    history.look(after(1), logins(2), 2);
    history.look(after(59), logins(3), 3);
    history.look(after(60), logins(3), 3);
    history.look(after(61), logins(7), 6);
    let minutes = history.minutes(after(90), NOON);
    assert_eq!(counted(&minutes), [3, 4]);
    assert_eq!(minutes[0].at, UnixMillis(NOON.0 - 90_000));
    assert_eq!(minutes[1].at, UnixMillis(NOON.0 - 30_000));
    assert_eq!((minutes[0].live, minutes[1].live), (3, 6));
}

#[test]
fn minutes_that_nobody_looked_in_are_there() {
    let history = History::new(BEGAN);
    history.look(after(10), logins(1), 1);
    history.look(after(4 * 60), logins(6), 5);
    let minutes = history.minutes(after(4 * 60), NOON);
    assert_eq!(counted(&minutes), [1, 0, 0, 0, 5]);
    assert_eq!(minutes[1].live, 1, "as it was last seen");
    let apart = minutes
        .windows(2)
        .all(|two| two[1].at.0 - two[0].at.0 == 60_000);
    assert!(apart);
}

#[test]
fn a_day_is_kept_and_no_more() {
    let history = History::new(BEGAN);
    for minute in 0..3_000 {
        history.look(after(minute * 60), logins(minute), minute);
    }
    let minutes = history.minutes(after(2_999 * 60), NOON);
    assert_eq!(minutes.len(), MINUTES);
    assert_eq!(minutes[MINUTES - 1].at, NOON);
    assert_eq!(minutes[0].at.0, NOON.0 - (24 * 60 - 1) * 60_000);
    assert!(counted(&minutes).iter().all(|logins| *logins == 1));
    // After a week in which nobody looked.
    history.look(after(10_000_000), logins(3_001), 1);
    let minutes = history.minutes(after(10_000_000), NOON);
    assert_eq!(minutes.len(), MINUTES);
    assert_eq!(counted(&minutes).iter().sum::<u64>(), 2);
    assert!(history.ring().closed.capacity() < 2 * MINUTES, "bounded");
}

#[test]
fn a_clock_that_is_set_leaves_no_gap_and_no_minute_twice() {
    let history = History::new(BEGAN);
    for minute in 0..10 {
        history.look(after(minute * 60), logins(minute), 1);
    }
    for now in [
        NOON,
        UnixMillis(NOON.0 - 3_600_000),
        UnixMillis(NOON.0 + 3_600_000),
    ] {
        let minutes = history.minutes(after(9 * 60), now);
        assert_eq!(minutes.len(), 10);
        assert_eq!(minutes[9].at, now);
        assert!(
            minutes
                .windows(2)
                .all(|two| two[1].at.0 - two[0].at.0 == 60_000)
        );
    }
}
