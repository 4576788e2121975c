//! `vestibule audit`.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use vestibule_core::time::UnixMillis;
use vestibule_engine::Clock as _;

use super::{Place, output, wait};
use crate::client::{Client, Missing, part};
use crate::os::SystemClock;
use crate::settings::{Settings, parse_duration};

/// Between two looks for new events.
const LOOK: Duration = Duration::from_millis(500);

/// The audit trail
#[derive(Subcommand)]
pub enum Audit {
    /// The latest events
    #[command(after_help = "Examples:\n  \
        vestibule audit tail -n 50\n  \
        vestibule audit tail -f --json | jq 'select(.event == \"login.refused\")'")]
    Tail(Tail),
    /// Events that match, newest first
    #[command(after_help = "Examples:\n  \
        vestibule audit search --event login.refused --since 2h\n  \
        vestibule audit search --user alice@example.test --event session. --json\n  \
        vestibule audit search --since 2026-01-01 --until 2026-02-01 -n 1000")]
    Search(Search),
    /// Is the trail whole? Exits 0 if it is, 1 if it is not
    #[command(after_help = "Example:\n  vestibule audit verify --json")]
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Which events.
#[derive(Args)]
pub struct Tail {
    /// Go on with new events as they come
    #[arg(short, long)]
    follow: bool,
    /// How many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    lines: u16,
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
}

/// Which events to look for.
#[derive(Args)]
pub struct Search {
    /// Of this kind, or with a dot at its end of several (`session.`)
    #[arg(long, value_name = "KIND")]
    event: Option<String>,
    /// That happened to this account, by address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// That were done by these: user:ID, operator:UID, system or visitor
    #[arg(long, value_name = "ACTOR")]
    by: Option<String>,
    /// At this time or later: 2026-01-31, 2026-01-31T12:00:00Z, or so long ago (30m, 2h, 7d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(command: Audit, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        Audit::Tail(tail) => wait(show(settings, &tail)).map(|()| ExitCode::SUCCESS),
        Audit::Search(search) => wait(find(settings, &search)).map(|()| ExitCode::SUCCESS),
        Audit::Verify { json } => {
            let report = wait(Client::with(settings, Missing::Refuse, async |client| {
                client.get("/api/v1/admin/audit/verify").await
            }))?;
            verified(&report, json)
        }
    }
}

async fn find(settings: &Settings, search: &Search) -> Result<()> {
    let now = SystemClock.wall();
    let since = search
        .since
        .as_deref()
        .map(|text| moment("--since", text, now));
    let until = search
        .until
        .as_deref()
        .map(|text| moment("--until", text, now));
    let (since, until) = (since.transpose()?, until.transpose()?);
    let query = [
        ("kind", &search.event),
        ("user", &search.user),
        ("actor", &search.by),
        ("since", &since),
        ("until", &until),
    ];
    let query = query
        .into_iter()
        .filter_map(|(name, value)| Some(format!("&{name}={}", part(value.as_deref()?))));
    let query: String = query.collect();
    Client::with(settings, Missing::Refuse, async |client| {
        let mut left = search.limit;
        let mut before = String::new();
        while left > 0 {
            let limit = left.min(1000);
            let path = format!("/api/v1/admin/audit?limit={limit}{query}{before}");
            let page = client.get(&path).await?;
            for event in page["events"].as_array().into_iter().flatten() {
                print_one(event, search.json)?;
                left = left.saturating_sub(1);
            }
            let Some(next) = page["next"].as_u64() else {
                break;
            };
            before = format!("&before={next}");
        }
        Ok(())
    })
    .await
}

/// A time as somebody writes it, in RFC 3339.
fn moment(option: &str, text: &str, now: UnixMillis) -> Result<String> {
    if let Some(ago) = parse_duration(text) {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        let time = Timestamp::from_millisecond(now.0.saturating_sub(ago));
        return Ok(time
            .with_context(|| format!("{option} {text}: that is too long ago"))?
            .to_string());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.to_string());
    }
    let midnight = format!("{text}T00:00:00Z").parse::<Timestamp>();
    midnight.map(|time| time.to_string()).map_err(|_| {
        anyhow!("{option} {text}: say a day (2026-01-31), a time (2026-01-31T12:00:00Z) or how long ago (30m, 2h, 7d)")
    })
}

async fn show(settings: &Settings, tail: &Tail) -> Result<()> {
    if tail.follow {
        // Without a server nothing happens, and waiting for it would keep one from starting.
        return follow(&Client::of_server(settings).await?, tail).await;
    }
    Client::with(settings, Missing::Refuse, async |client| {
        let page = latest(client, tail).await?;
        print(&page, u64::MAX, tail.json)
    })
    .await
}

async fn latest(client: &Client, tail: &Tail) -> Result<Value> {
    let path = format!("/api/v1/admin/audit?limit={}", tail.lines);
    client.get(&path).await
}

async fn follow(client: &Client, tail: &Tail) -> Result<()> {
    // The end of what stays where it is: what is not sealed yet may still move, and is told when it does not any more.
    let after = |last: u64| format!("/api/v1/admin/audit?after={last}&limit=1000");
    let end = client.get(&after(u64::MAX)).await?;
    let mut last = end["next"].as_u64().unwrap_or(0);
    print(&latest(client, tail).await?, last, tail.json)?;
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let page = client.get(&after(last)).await?;
        print(&page, u64::MAX, tail.json)?;
        last = page["next"].as_u64().unwrap_or(last);
    }
}

/// Prints those up to a position.
fn print(page: &Value, last: u64, json: bool) -> Result<()> {
    let mut events: Vec<&Value> = page["events"].as_array().into_iter().flatten().collect();
    // As they came, the latest at the end.
    events.sort_by_key(|event| event["position"].as_u64());
    for event in events {
        if event["position"].as_u64().is_some_and(|at| at <= last) {
            print_one(event, json)?;
        }
    }
    Ok(())
}

fn print_one(event: &Value, json: bool) -> Result<()> {
    output::line(&if json {
        output::ascii_controls(&event.to_string())
    } else {
        told(event)
    })
}

/// One event as a line for a person.
fn told(event: &Value) -> String {
    let mut line = format!(
        "{} {} {}",
        output::cell(&event["position"]),
        output::cell(&event["at"]),
        output::cell(&event["event"])
    );
    for (name, field) in [
        ("reason", "reason"),
        ("by", "actor"),
        ("user", "user"),
        ("address", "email"),
        ("session", "session"),
        ("from", "address"),
    ] {
        let value = output::cell(&event[field]);
        if !value.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(line, " {name}={}", output::harmless(&value));
        }
    }
    line
}

fn verified(report: &Value, json: bool) -> Result<ExitCode> {
    let faults: Vec<&Value> = report["faults"].as_array().into_iter().flatten().collect();
    if json {
        output::json(report)?;
    } else if faults.is_empty() {
        let number = |field: &str| report[field].as_u64().unwrap_or(0);
        output::line(&format!(
            "the trail is whole: {} under {}, {} not sealed yet",
            output::count(number("events"), "event"),
            output::count(number("seals"), "seal"),
            number("unsealed"),
        ))?;
    } else {
        output::line(&format!(
            "the trail is NOT whole: {}",
            output::count(faults.len() as u64, "fault")
        ))?;
        for fault in &faults {
            output::line(&format!(
                "at {}: {}",
                output::cell(&fault["position"]),
                output::harmless(&output::cell(&fault["what"]))
            ))?;
        }
    }
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_a_moment_or_how_long_ago() {
        let now = UnixMillis(1_767_225_600_000);
        for (text, time) in [
            ("2h", "2025-12-31T22:00:00Z"),
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T12:30:00+01:00", "2026-01-31T11:30:00Z"),
        ] {
            assert_eq!(moment("--since", text, now).unwrap(), time);
        }
        let told = moment("--since", "yesterday", now).unwrap_err().to_string();
        assert!(
            told.contains("--since yesterday") && told.contains("7d"),
            "{told}"
        );
    }
}
