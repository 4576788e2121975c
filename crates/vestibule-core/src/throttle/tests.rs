use std::net::IpAddr;

use super::*;
use crate::id::{DeviceId, SessionId, UserId};

const T0: UnixMillis = UnixMillis(1_800_000_000_000);

fn growing() -> Growing {
    Limits::default().account
}

/// Holds: ASVS 6.3.1, N43
#[test]
fn n43_waits_double_from_half_a_minute_to_the_longest() {
    let waits: Vec<u64> = (1..=9).map(|n| growing().wait(n).as_secs()).collect();
    assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480]);
    assert_eq!(growing().wait(100), Duration::from_hours(4));
    assert_eq!(growing().wait(u32::MAX), Duration::from_hours(4));
}

/// Holds: N40
#[test]
fn n40_a_hundred_failures_take_a_fortnight() {
    let rule = Rule::Growing(growing());
    let (mut tally, mut now) = (Tally::default(), T0);
    for _ in 0..MOST_FAILURES {
        if let Err(Throttled { until }) = rule.judge(tally, now) {
            now = until.unwrap();
        }
        tally = rule.charge(tally, now).unwrap();
    }
    assert_eq!(tally.count, MOST_FAILURES);
    assert!(
        now.since(T0) > Duration::from_hours(14 * 24),
        "{:?}",
        now.since(T0)
    );
    let most = Rule::Most(MOST_FAILURES);
    let full = Tally {
        count: MOST_FAILURES,
        ..Tally::default()
    };
    assert_eq!(most.charge(full, now), Err(Throttled { until: None }));
    assert!(most.charge(full.restarted(), now).is_ok());
}

#[test]
fn a_throttled_try_changes_nothing_and_says_when() {
    let rule = Rule::Growing(growing());
    let mut tally = Tally::default();
    for _ in 0..5 {
        tally = rule.charge(tally, T0).unwrap();
    }
    let until = T0.plus(Duration::from_secs(30));
    assert_eq!(
        rule.charge(tally, T0),
        Err(Throttled { until: Some(until) })
    );
    assert!(rule.charge(tally, until).is_ok());
    let later = until.plus(FORGOTTEN);
    assert_eq!(rule.charge(tally, later).unwrap().count, 1, "forgotten");
}

#[test]
fn a_bucket_refills() {
    let rule = Rule::Refilling(Refilling {
        burst: 3,
        refill: Duration::from_secs(10),
    });
    let mut tally = Tally::default();
    for _ in 0..3 {
        tally = rule.charge(tally, T0).unwrap();
    }
    let until = T0.plus(Duration::from_secs(10));
    assert_eq!(rule.judge(tally, T0), Err(Throttled { until: Some(until) }));
    tally = rule.charge(tally, until).unwrap();
    assert!(rule.judge(tally, until).is_err());
    assert!(
        rule.judge(tally, until.plus(Duration::from_mins(1)))
            .is_ok()
    );
}

/// C23: an attack leaves strangers with fewer tries for a while after it, and not for as long as it was large.
#[test]
fn an_overfull_bucket_is_empty_again_in_due_time() {
    let Refilling { burst, refill } = Limits::default().alarm;
    let rule = Rule::Refilling(Limits::default().alarm);
    let mut tally = Tally::default();
    for _ in 0..burst * 100 {
        tally = rule.forced(tally, T0);
    }
    assert!(rule.judge(tally, T0.plus(refill * burst)).is_err());
    assert!(rule.judge(tally, T0.plus(refill * (burst + 1))).is_ok());
}

/// Holds: N43
#[test]
fn n43_one_reading_of_a_wild_clock_shuts_nobody_out() {
    let limits = Limits::default();
    let wild = T0.plus(Duration::from_hours(300 * 24));
    for rule in [
        Rule::Growing(limits.account),
        Rule::Growing(limits.device),
        Rule::Refilling(limits.network),
        Rule::Refilling(limits.alarm),
    ] {
        let mut tally = Tally::default();
        for _ in 0..limits.alarm.burst {
            tally = rule.forced(tally, wild);
        }
        assert!(rule.judge(tally, wild).is_err(), "{rule:?}");
        assert_eq!(rule.judge(tally, T0), Ok(()), "{rule:?}");
        let after = rule.forced(tally, T0);
        assert!(after.free_at <= T0.plus(FORGOTTEN), "{rule:?}");
        assert_eq!(after.count, tally.count + 1, "{rule:?}");
        assert!(rule.idle_from(tally, T0) <= T0.plus(FORGOTTEN), "{rule:?}");
    }
    // Slow by choice of the operator's: nothing wild about it.
    let slow = Rule::Refilling(Refilling {
        burst: 5,
        refill: Duration::from_hours(3 * 24),
    });
    let full = (0..5).fold(Tally::default(), |tally, _| slow.forced(tally, T0));
    assert!(slow.judge(full, T0).is_err());
}

/// Holds: C23
#[test]
fn c23_what_is_closed_for_long_is_not_opened_by_the_next_failure() {
    let network = Limits::default().network;
    let day = Duration::from_hours(24);
    let closing = Rule::Refilling(Refilling {
        refill: day + network.refill * (network.burst - 1),
        ..network
    });
    let rule = Rule::Refilling(network);
    let closed = closing.forced(Tally::default(), T0);
    let until = Throttled {
        until: Some(T0.plus(day)),
    };
    assert_eq!(rule.judge(closed, T0), Err(until));
    let failed = rule.forced(closed, T0);
    assert_eq!(rule.judge(failed, T0), Err(until));
}

#[test]
fn what_is_taken_back_from_a_bucket_makes_room_for_another() {
    let rule = Rule::Refilling(Refilling {
        burst: 3,
        refill: Duration::from_secs(10),
    });
    let charge = |before: Tally| Charged {
        scope: Scope::Network,
        key: Keyer::new(&[1; 32]).everyone(),
        before,
        after: rule.charge(before, T0).unwrap(),
    };
    let first = charge(Tally::default());
    let full = charge(charge(first.after).after).after;
    assert!(rule.judge(full, T0).is_err());
    let room = first.taken_back(full, rule);
    assert_eq!(room.count, 2);
    let again = charge(room).after;
    assert_eq!(again, full, "one more, and no more than one");
}

#[test]
fn an_idle_tally_says_no_more_than_none() {
    let limits = Limits::default();
    for rule in [
        Rule::Growing(limits.account),
        Rule::Growing(limits.device),
        Rule::Refilling(limits.network),
    ] {
        let mut tally = Tally::default();
        assert_eq!(rule.idle_from(tally, T0), T0);
        for n in 1..80 {
            tally = rule.forced(tally, T0);
            let idle = rule.idle_from(tally, T0);
            let (kept, dropped) = (
                rule.forced(tally, idle),
                rule.forced(Tally::default(), idle),
            );
            assert_eq!(kept.free_at, dropped.free_at, "{rule:?} after {n}");
            if matches!(rule, Rule::Growing(_)) {
                assert_eq!(kept, dropped);
            }
            let before = UnixMillis(idle.0 - 1);
            assert_ne!(
                rule.forced(tally, before),
                rule.forced(Tally::default(), before)
            );
        }
    }
}

#[test]
fn keys_differ_by_what_they_are_of() {
    let keyer = Keyer::new(&[1; 32]);
    let (user, device) = (UserId::new(T0, [1; 10]), DeviceId::new(T0, [1; 10]));
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let keys = [
        keyer.account("alice@example.test"),
        keyer.account("bob@example.test"),
        keyer.no_password("alice@example.test"),
        keyer.strangers(user),
        keyer.no_strangers("alice@example.test"),
        keyer.device(device, user),
        keyer.session(SessionId::new(T0, [1; 10])),
        keyer.password(user),
        keyer.network(address),
        keyer.nowhere(),
        keyer.everyone(),
        keyer.mail("alice@example.test", Some(address)),
        keyer.mail("alice@example.test", None),
        keyer.mail_to("alice@example.test"),
        keyer.mail_from(Some(address)),
        Keyer::new(&[2; 32]).account("alice@example.test"),
    ];
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
    let of = |text: &str| keyer.network(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"), "one /64");
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
}

#[test]
fn under_alarm_strangers_have_fewer_tries() {
    let limits = Limits::default();
    let mut everyone = Tally::default();
    let alarm = Rule::Refilling(limits.alarm);
    for _ in 0..=limits.alarm.burst {
        assert!(!limits.alarmed(everyone, T0) || everyone.count == limits.alarm.burst);
        everyone = alarm.forced(everyone, T0);
    }
    assert!(limits.alarmed(everyone, T0));
    let Rule::Growing(rule) = limits.account(everyone, T0) else {
        panic!("it grows")
    };
    assert_eq!(rule.free, limits.free_under_alarm);
}
