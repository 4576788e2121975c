//! Whether a stranger can tell an address that has an account from one that has none, at each of the three doors: by what is
//! said, which fails the test, and by how long it takes, which is measured and printed.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "how long an answer takes is what is measured here, and printed for the report"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use vestibule_e2e::http::Answer;
use vestibule_e2e::server::Launch;
use vestibule_e2e::smtp::Smtp;
use vestibule_e2e::statistics::{apart, quantile};

/// Tries of one address: one more than are free of any wait.
const TRIES: usize = 6;

struct Door {
    name: &'static str,
    path: &'static str,
    /// What is posted besides the address.
    fields: &'static [(&'static str, &'static str)],
    tries: usize,
    status: u16,
    /// After as many tries as are free.
    then: Option<u16>,
}

const DOORS: [Door; 3] = [
    Door {
        name: "sign-in",
        path: "/login",
        fields: &[],
        tries: TRIES,
        status: 401,
        then: Some(429),
    },
    Door {
        name: "registration",
        path: "/register",
        fields: &[("name", "Somebody")],
        tries: 1,
        status: 200,
        then: None,
    },
    Door {
        name: "recovery",
        path: "/recover",
        fields: &[],
        tries: 1,
        status: 200,
        then: None,
    },
];

/// Holds: ASVS 6.3.8, H01
#[test]
fn asvs_6_3_8_no_door_tells_which_addresses_have_accounts() -> anyhow::Result<()> {
    let people: usize = std::env::var("VESTIBULE_ORACLE_PEOPLE")
        .ok()
        .map_or(Ok(12), |text| text.parse())?;
    let smtp = Arc::new(Smtp::start()?);
    let launch = Launch::new()?
        .environment("VESTIBULE_REGISTRATION__MODE", "open")
        .environment("VESTIBULE_MAIL__SERVER", smtp.url())
        .environment("VESTIBULE_MAIL__FROM", "vestibule@example.test")
        // Each try comes from another network, so that no network's tally gets between; nor the alarm of all together.
        .environment(
            "VESTIBULE_TRUSTED_PROXIES",
            "[{address = \"127.0.0.1\", headers = \"x-forwarded\"}]",
        )
        .environment("VESTIBULE_THROTTLE__ALARM_BURST", "100000")
        // Nobody's wait is over before the last question.
        .environment("VESTIBULE_THROTTLE__FIRST_WAIT", "1h");
    let server = launch.start()?;
    for n in 0..people {
        server.add_user(&address(n, true), "a password that nobody tries")?;
    }

    let mut network = 0_u32;
    for door in DOORS {
        let mut client = server.client();
        let csrf = client.get(door.path)?.hidden("csrf")?;
        let mut said = [BTreeSet::new(), BTreeSet::new()];
        let mut took = [Vec::new(), Vec::new()];
        for (n, known) in shuffled(people, door.tries) {
            network += 1;
            let email = address(n, known);
            // Never the same one twice: that would be a spraying, which is answered otherwise, and alike as well.
            let password = format!("not the password {network:06} of anybody");
            let mut fields = vec![
                ("csrf", csrf.as_str()),
                ("identifier", email.as_str()),
                ("password", password.as_str()),
            ];
            fields.extend_from_slice(door.fields);
            client.headers.truncate(1);
            let [_, a, b, c] = network.to_be_bytes();
            client
                .headers
                .push(("X-Forwarded-For".to_owned(), format!("10.{a}.{b}.{c}")));
            let started = Instant::now();
            let answer = client.post(door.path, &fields)?;
            let elapsed = started.elapsed();
            if answer.status == door.status {
                took[usize::from(known)].push(elapsed);
            }
            ensure!(
                answer.status == door.status || Some(answer.status) == door.then,
                "{} answered {}: {}",
                door.name,
                answer.status,
                answer.body
            );
            said[usize::from(known)].insert(masked(&answer, &email));
        }
        let answers = 1 + usize::from(door.then.is_some());
        ensure!(
            said[0] == said[1] && said[0].len() == answers,
            "{} says different things of addresses without accounts:\n{}\n═══ and with:\n{}",
            door.name,
            said[0].iter().cloned().collect::<Vec<_>>().join("\n────\n"),
            said[1].iter().cloned().collect::<Vec<_>>().join("\n────\n")
        );
        report(&door, &mut took);
    }
    Ok(())
}

fn address(n: usize, known: bool) -> String {
    // Of one length and shape, so that nothing but the account differs.
    format!(
        "{}{n:04}@example.test",
        if known { "person" } else { "nobody" }
    )
}

/// Every address as often as the door allows, in an order that mixes both kinds.
fn shuffled(people: usize, tries: usize) -> Vec<(usize, bool)> {
    let mut all: Vec<(usize, bool)> = (0..people)
        .flat_map(|n| [(n, true), (n, false)])
        .flat_map(|pair| std::iter::repeat_n(pair, tries))
        .collect();
    // A fixed order, without a pattern (Knuth's linear congruence).
    let mut state = 1_u64;
    for at in (1..all.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let to = usize::try_from(state >> 33).unwrap_or(0) % (at + 1);
        all.swap(at, to);
    }
    all
}

/// What was said, without what differs for every caller: the form's token, the address typed, the code of this request.
fn masked(answer: &Answer, email: &str) -> String {
    let mut text = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        // A cookie by its name alone: its value is the caller's own.
        let value = if name == "set-cookie" {
            value.split('=').next().unwrap_or_default()
        } else {
            value
        };
        // How long is left of a wait is the request's own.
        if !matches!(name.as_str(), "date" | "retry-after") {
            let _ = writeln!(text, "{name}: {value}");
        }
    }
    let mut body = answer.body.replace(email, "ADDRESS");
    if let Ok(csrf) = answer.hidden("csrf") {
        body = body.replace(&csrf, "TOKEN");
    }
    if answer.status == 429 {
        body.retain(|c| !c.is_ascii_digit());
    }
    for digits in codes(&body) {
        body = body.replace(&digits, "CODE");
    }
    text + &body
}

/// Two groups of four digits: the code that the recovery page shows.
fn codes(body: &str) -> Vec<String> {
    let characters: Vec<char> = body.chars().collect();
    characters
        .windows(9)
        .filter(|window| {
            window[..4].iter().all(char::is_ascii_digit)
                && (window[4] == ' ' || window[4] == '\u{a0}')
                && window[5..].iter().all(char::is_ascii_digit)
        })
        .map(|window| window.iter().collect())
        .collect()
}

fn report(door: &Door, took: &mut [Vec<Duration>; 2]) {
    let told = apart(&took[1], &took[0]);
    for group in took.iter_mut() {
        group.sort_unstable();
    }
    let micros = |group: &[Duration], q| quantile(group, q).as_micros();
    println!(
        "oracle: door={} tries={} known_p50_us={} unknown_p50_us={} known_p95_us={} unknown_p95_us={} chance={:.3} z={:.2}",
        door.name,
        took[0].len() + took[1].len(),
        micros(&took[1], 0.5),
        micros(&took[0], 0.5),
        micros(&took[1], 0.95),
        micros(&took[0], 0.95),
        told.chance,
        told.z,
    );
}

#[test]
fn masks_hide_what_differs_for_every_caller_and_nothing_else() {
    let answer = |body: &str| Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: body.to_owned(),
    };
    let one = masked(&answer("a@b.test 1234 5678"), "a@b.test");
    assert_eq!(one, masked(&answer("c@d.test 8765 4321"), "c@d.test"));
    assert_ne!(one, masked(&answer("c@d.test 8765 4321!"), "c@d.test"));
}
