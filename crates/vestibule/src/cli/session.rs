//! `vestibule session`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Place, ask, output, wait};
use crate::client::{Client, Missing, Refused, part};
use crate::progress;
use crate::settings::Settings;

/// Who is signed in, and on which devices
#[derive(Subcommand)]
pub enum Session {
    /// Live sessions, newest first
    #[command(after_help = "Examples:\n  \
        vestibule session list --user alice@example.test --json\n  \
        vestibule session list --search firefox --remembered")]
    List(List),
    /// One live session, with the applications that are signed in to through it
    #[command(
        after_help = "Example:\n  vestibule session show 0190163d-8694-739b-aea5-966c26f8ad91"
    )]
    Show(One),
    /// End sessions: some, an account's, or everybody's
    #[command(after_help = "Examples:\n  \
        vestibule session revoke 0190163d-8694-739b-aea5-966c26f8ad91\n  \
        vestibule session revoke --user alice@example.test --dry-run\n  \
        vestibule session revoke --all --yes")]
    Revoke(Revoke),
}

/// Which sessions to list.
#[derive(Args)]
pub struct List {
    /// Only this account's
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// With this in the owner's address, the network address or the browser's name
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those with 'remember me', or with =false those without
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    remembered: Option<bool>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One session.
#[derive(Args)]
pub struct One {
    /// Its id, as `session list` shows it
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which sessions to end.
#[derive(Args)]
pub struct Revoke {
    #[command(flatten)]
    which: Which,
    /// Only say what would end
    #[arg(long)]
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
    /// These sessions, by the ids that `session list` shows
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Every session of this account
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Every session of everybody
    #[arg(long)]
    all: bool,
}

const ROUTE: &str = "/api/v1/admin/sessions";
/// Sessions in one request.
const BATCH: usize = 200;

pub fn run(command: Session, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        Session::List(which) => list(settings, &which)?,
        Session::Show(one) => show(settings, &one)?,
        Session::Revoke(revoke) => end(settings, &revoke)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(settings: &Settings, which: &List) -> Result<()> {
    let remembered = which.remembered.map(|remembered| remembered.to_string());
    let query = [
        ("user", &which.user),
        ("text", &which.search),
        ("remembered", &remembered),
    ];
    let query = query
        .into_iter()
        .filter_map(|(name, value)| Some(format!("&{name}={}", part(value.as_deref()?))));
    let path = format!("{ROUTE}?limit=1000{}", query.collect::<String>());
    let sessions = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.pages(&path, "before", "sessions").await
    }))?;
    if which.json {
        return output::json(&sessions);
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

fn show(settings: &Settings, one: &One) -> Result<()> {
    let path = format!("{ROUTE}/{}", part(&one.id));
    let session = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.get(&path).await
    }));
    let session = told_of(session, &one.id)?;
    if one.json {
        return output::json(&session);
    }
    let cell = |field: &str| output::cell(&session[field]);
    let mut facts = vec![
        ("address", output::cell(&session["user"]["email"])),
        ("device", output::cell(&session["device"]["name"])),
        ("from", output::cell(&session["device"]["address"])),
        ("since", cell("created_at")),
        ("signed in at", cell("auth_time")),
        ("last seen", cell("last_seen")),
        ("idle until", cell("idle_expires_at")),
        ("ends at", cell("expires_at")),
        ("remembered", output::yes(&session["remembered"])),
        ("acr", cell("acr")),
    ];
    for application in session["applications"].as_array().into_iter().flatten() {
        let (title, origin) = (&application["title"], &application["origin"]);
        let since = output::cell(&application["since"]);
        facts.push((
            "application",
            format!(
                "{} ({}) since {since}",
                output::cell(title),
                output::cell(origin)
            ),
        ));
    }
    facts.push(("id", cell("id")));
    output::facts(&facts)
}

fn end(settings: &Settings, revoke: &Revoke) -> Result<()> {
    let Which { ids, user, all } = &revoke.which;
    if *all && !revoke.dry_run && !revoke.yes {
        confirm(settings)?;
    }
    let dry = if revoke.dry_run { "&dry_run=true" } else { "" };
    let answer = match (ids.as_slice(), user) {
        ([id], _) => {
            let query = dry.replace('&', "?");
            let path = format!("{ROUTE}/{}{query}", part(id));
            let ended = told_of(wait(delete(settings, &path)), id)?;
            // One session's end is answered without a body.
            if ended.is_null() {
                json!({ "ended": 1 })
            } else {
                ended
            }
        }
        ([], Some(user)) => {
            let path = format!("{ROUTE}?user={}{dry}", part(user));
            wait(delete(settings, &path))?
        }
        ([], None) => wait(delete(settings, &format!("{ROUTE}?all=true{dry}")))?,
        (ids, _) => wait(end_these(settings, ids, revoke.dry_run))?,
    };
    if revoke.json {
        return output::json(&answer);
    }
    if revoke.dry_run {
        return output::line(&format!(
            "{} would end",
            output::reach(&answer["would_end"])
        ));
    }
    let ended = answer["ended"].as_u64().unwrap_or(0);
    output::line(&format!("{} ended", output::count(ended, "session")))
}

async fn delete(settings: &Settings, path: &str) -> Result<Value> {
    Client::with(settings, Missing::Refuse, async |client| {
        client.delete(path).await
    })
    .await
}

/// Those that are not live any more count for nothing.
async fn end_these(settings: &Settings, ids: &[String], dry_run: bool) -> Result<Value> {
    Client::with(settings, Missing::Refuse, async |client| {
        // Named twice it is one session, and an application that two batches reach is one.
        let ids: Vec<&String> = ids.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let bar = progress::items("ending", ids.len() as u64);
        let mut sums = [0; 3];
        let mut applications = BTreeSet::new();
        for batch in ids.chunks(BATCH) {
            let body = json!({ "sessions": batch, "dry_run": dry_run });
            let answer = client.post(&format!("{ROUTE}/end"), Some(&body)).await?;
            let would = &answer["would_end"];
            let counts = [&answer["ended"], &would["sessions"], &would["app_sessions"]];
            let at = answer["client_ids"].as_array().into_iter().flatten();
            applications.extend(at.map(Value::to_string));
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count.as_u64().unwrap_or(0);
            }
            bar.inc(batch.len() as u64);
        }
        bar.finish_and_clear();
        let [ended, sessions, app_sessions] = sums;
        let applications = applications.len();
        Ok(if dry_run {
            json!({ "ended": 0, "would_end": {
                "sessions": sessions, "applications": applications, "app_sessions": app_sessions,
            } })
        } else {
            json!({ "ended": ended })
        })
    })
    .await
}

fn told_of(answer: Result<Value>, id: &str) -> Result<Value> {
    match answer {
        Err(error) if is_no_such_session(&error) => {
            let id = output::harmless(id);
            bail!("no live session has the id {id}: `vestibule session list` shows those that live")
        }
        answer => answer,
    }
}

fn is_no_such_session(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(|refused| refused.code == "session_not_found")
}

/// Asks before everybody is signed out.
fn confirm(settings: &Settings) -> Result<()> {
    let would = wait(delete(settings, &format!("{ROUTE}?all=true&dry_run=true")))?;
    let question = format!(
        "This ends {}, of everybody.",
        output::reach(&would["would_end"])
    );
    let alone = "--all signs everybody out and nobody is there to be asked";
    ask::confirm(&question, alone, "nothing was ended")
}
