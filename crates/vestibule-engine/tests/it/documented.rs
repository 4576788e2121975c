//! What docs/accounts.md and docs/applications.md say of the limits is what they are.

use std::time::Duration;

use vestibule_core::application::Application;
use vestibule_core::session_data::{MOST_KEYS, MOST_PER_APPLICATION, MOST_PER_KEY};
use vestibule_core::throttle::{Growing, Limits, MOST_FAILURES, Refilling};
use vestibule_engine::MailLimits;

const ACCOUNTS: &str = include_str!("../../../../docs/accounts.md");
const APPLICATIONS: &str = include_str!("../../../../docs/applications.md");

/// As the page writes it: `30 s`, `5 min`, `4 h`.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        _ if seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

fn said(duration: Duration) -> String {
    match duration.as_secs() {
        60 => "a minute".to_owned(),
        3600 => "an hour".to_owned(),
        _ => written(duration),
    }
}

/// The row about `what`: how much is free, and what then.
fn row(what: &str) -> (&'static str, &'static str) {
    let start = format!("| {what}");
    let mut rows = ACCOUNTS.lines().filter(|line| line.starts_with(&start));
    let row = rows.next().unwrap_or_else(|| panic!("no row on {what}"));
    assert_eq!(rows.next(), None, "two rows on {what}");
    let cells: Vec<_> = row.split('|').map(str::trim).collect();
    (cells[2], cells[3])
}

/// Holds: ASVS 6.3.1
#[test]
fn asvs_6_3_1_the_page_gives_the_limits_that_are_live() {
    let limits = Limits::default();
    let growing = |rule: Growing| {
        let (first, longest) = (written(rule.first), written(rule.longest));
        let then = format!("waits of {first}, doubling, up to {longest}");
        (rule.free.to_string(), then)
    };
    for (what, rule) in [
        ("an address, from devices", limits.account),
        ("a device that has signed in", limits.device),
    ] {
        let (free, then) = growing(rule);
        assert_eq!(row(what), (free.as_str(), then.as_str()), "{what}");
    }
    let free = limits.device.free.to_string();
    assert_eq!(row("a session's re-auth"), (free.as_str(), "the same"));

    let (free, then) = row("an account's password");
    assert_eq!(free, (MOST_FAILURES - 1).to_string());
    assert_eq!(MOST_FAILURES, 100, "the page says it in words");
    assert!(then.starts_with("the hundredth disables it"), "{then}");

    let refilling = |rule: Refilling| (rule.burst.to_string(), written(rule.refill));
    for (what, rule) in [
        ("a network (", limits.network),
        ("everybody's failures", limits.alarm),
    ] {
        let ((free, then), (burst, refill)) = (row(what), refilling(rule));
        assert_eq!(free, burst, "{what}");
        assert!(then.starts_with(&format!("one every {refill};")), "{then}");
    }
    let (_, then) = row("everybody's failures");
    assert_eq!((limits.free_under_alarm, limits.account.free), (1, 5));
    assert!(then.ends_with("an address has one free try instead of five"));
}

/// Holds: ASVS 6.3.1, ASVS 2.4.1
#[test]
fn asvs_6_3_1_the_page_gives_the_limits_on_mails_that_are_live() {
    let limits = MailLimits::default();
    let text = ACCOUNTS.split_whitespace().collect::<Vec<_>>().join(" ");
    let Growing {
        free,
        first,
        longest,
    } = limits.pair;
    let (first, longest) = (said(first), said(longest));
    for said in [
        format!("To one address from one network {free}, then waits from {first} to {longest};"),
        format!(
            "to one address {}, then one every {};",
            limits.address.burst,
            written(limits.address.refill)
        ),
        format!(
            "from one network {}, then one every {} (ASVS 2.4.1)",
            limits.network.burst,
            written(limits.network.refill)
        ),
    ] {
        assert!(text.contains(&said), "{said}");
    }
}

/// Holds: ASVS 15.2.2
#[test]
fn asvs_15_2_2_the_page_gives_how_much_an_application_may_keep() {
    let kib = |bytes: usize| format!("at most {} KiB", bytes / 1024);
    for said in [
        format!("| keys | 1 to 64 of `A-Za-z0-9._-`, at most {MOST_KEYS} |"),
        format!("| a value | {} |", kib(MOST_PER_KEY)),
        format!("under one session | {},", kib(MOST_PER_APPLICATION)),
    ] {
        assert!(APPLICATIONS.contains(&said), "{said}");
    }
    assert_eq!(Application::MOST_SECRETS, 2, "the page says it in words");
}
