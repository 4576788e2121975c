//! `vestibule audit`.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::{Place, output, wait};
use crate::client::{Client, Missing};
use crate::settings::Settings;

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

pub fn run(command: Audit, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        Audit::Tail(tail) => wait(show(settings, &tail)).map(|()| ExitCode::SUCCESS),
        Audit::Verify { json } => {
            let report = wait(Client::with(settings, Missing::Refuse, async |client| {
                client.get("/api/v1/admin/audit/verify").await
            }))?;
            verified(&report, json)
        }
    }
}

async fn show(settings: &Settings, tail: &Tail) -> Result<()> {
    if tail.follow {
        // Without a server nothing happens, and waiting for it would keep one from starting.
        return follow(&Client::of_server(settings).await?, tail).await;
    }
    Client::with(settings, Missing::Refuse, async |client| {
        latest(client, tail).await.map(|_| ())
    })
    .await
}

/// Prints the latest events, and answers the position of the last.
async fn latest(client: &Client, tail: &Tail) -> Result<u64> {
    let page = client
        .get(&format!("/api/v1/admin/audit?latest={}", tail.lines))
        .await?;
    print(&page, tail.json)
}

async fn follow(client: &Client, tail: &Tail) -> Result<()> {
    let mut last = latest(client, tail).await?;
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let page = client
            .get(&format!("/api/v1/admin/audit?after={last}&limit=1000"))
            .await?;
        last = last.max(print(&page, tail.json)?);
    }
}

fn print(page: &Value, json: bool) -> Result<u64> {
    let mut events: Vec<&Value> = page["events"].as_array().into_iter().flatten().collect();
    // As they came, the latest at the end.
    events.sort_by_key(|event| event["position"].as_u64());
    let mut last = 0;
    for event in events {
        last = event["position"].as_u64().unwrap_or(last);
        let line = if json { event.to_string() } else { told(event) };
        output::line(&line)?;
    }
    Ok(last)
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
