//! `vestibule session`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Place, ask, output, wait};
use crate::client::{Client, Missing, Refused, part};
use crate::settings::Settings;

/// Who is signed in, and on which devices
#[derive(Subcommand)]
pub enum Session {
    /// Live sessions, newest first
    #[command(after_help = "Example:\n  vestibule session list --user alice@example.test --json")]
    List {
        /// Only this account's
        #[arg(long, value_name = "EMAIL")]
        user: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End sessions: one, an account's, or everybody's
    #[command(after_help = "Examples:\n  \
        vestibule session revoke 0190163d-8694-739b-aea5-966c26f8ad91\n  \
        vestibule session revoke --user alice@example.test --dry-run\n  \
        vestibule session revoke --all --yes")]
    Revoke(Revoke),
}

/// Which sessions to end.
#[derive(Args)]
pub struct Revoke {
    #[command(flatten)]
    which: Which,
    /// Only say what would end
    #[arg(long, conflicts_with = "id")]
    dry_run: bool,
    /// Do not ask before --all
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// One session, by the id that `session list` shows
    id: Option<String>,
    /// Every session of this account
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Every session of everybody
    #[arg(long)]
    all: bool,
}

pub fn run(command: Session, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        Session::List { user, json } => list(&wait(sessions(settings, user.as_deref()))?, json)?,
        Session::Revoke(revoke) => end(settings, &revoke)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn sessions(settings: &Settings, user: Option<&str>) -> Result<Value> {
    let user = user.map_or(String::new(), |user| format!("&user={}", part(user)));
    let path = format!("/api/v1/admin/sessions?limit=1000{user}");
    Client::with(settings, Missing::Refuse, async |client| {
        client.pages(&path, "before", "sessions").await
    })
    .await
}

fn list(sessions: &Value, json: bool) -> Result<()> {
    if json {
        return output::json(sessions);
    }
    let rows: Vec<Vec<String>> = sessions["sessions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|session| {
            vec![
                output::cell(&session["user"]["email"]),
                output::cell(&session["device"]["name"]),
                output::cell(&session["device"]["address"]),
                output::cell(&session["created_at"]),
                output::cell(&session["last_seen"]),
                output::cell(&session["id"]),
            ]
        })
        .collect();
    let headings = ["address", "device", "from", "since", "last seen", "id"];
    output::rows(&headings, &rows, "nobody is signed in")
}

fn end(settings: &Settings, revoke: &Revoke) -> Result<()> {
    let Which { id, user, all } = &revoke.which;
    if revoke.dry_run {
        let live = wait(sessions(settings, user.as_deref()))?;
        return would_end(&live, revoke.json);
    }
    if *all && !revoke.yes {
        confirm(settings)?;
    }
    let path = match (id, user) {
        (Some(id), _) => format!("/api/v1/admin/sessions/{}", part(id)),
        (None, Some(user)) => format!("/api/v1/admin/sessions?user={}", part(user)),
        (None, None) => "/api/v1/admin/sessions?all=true".to_owned(),
    };
    let answer = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.delete(&path).await
    }));
    let answer = match (answer, id) {
        (Err(error), Some(id)) if is_no_such_session(&error) => {
            bail!("no live session has the id {id}: `vestibule session list` shows those that live")
        }
        (answer, _) => answer?,
    };
    // One session's end is answered without a body.
    let ended = answer["ended"].as_u64().unwrap_or(1);
    if revoke.json {
        return output::json(&json!({ "ended": ended }));
    }
    output::line(&format!("{} ended", output::count(ended, "session")))
}

fn is_no_such_session(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(|refused| refused.code == "session_not_found")
}

fn would_end(live: &Value, json: bool) -> Result<()> {
    let ended = live["sessions"].as_array().map_or(0, Vec::len) as u64;
    if json {
        return output::json(&json!({ "would_end": ended }));
    }
    output::line(&format!("{} would end", output::count(ended, "session")))
}

/// Asks before everybody is signed out.
fn confirm(settings: &Settings) -> Result<()> {
    let live = wait(sessions(settings, None))?;
    let ends = live["sessions"].as_array().map_or(0, Vec::len) as u64;
    let question = format!(
        "This ends {}, of everybody.",
        output::count(ends, "session")
    );
    let alone = "--all signs everybody out and nobody is there to be asked";
    ask::confirm(&question, alone, "nothing was ended")
}
