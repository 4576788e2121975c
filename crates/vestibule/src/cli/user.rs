//! `vestibule user`.

mod delete;
mod export;
mod import;
mod link;
mod list;
mod records;
mod roles;

use std::io::{self, Read as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Place, output, wait};
use crate::client::{Client, Missing, part};

/// Longest password that is read; the server's own bound is far below.
const LONGEST: u64 = 16 * 1024;

/// Accounts
#[derive(Subcommand)]
pub enum User {
    /// Make an account
    #[command(after_help = "Examples:\n  \
        vestibule user add alice@example.test --name Alice --role admin --password-stdin < password.txt\n  \
        vestibule user add bob@example.test --verified --json")]
    Add(Add),
    /// Invite somebody to make an account, by mail. Without a mail server the link is printed; in development it is at
    /// /dev/mail
    #[command(after_help = "Examples:\n  \
        vestibule user invite bob@example.test --name Bob --role staff\n  \
        vestibule user invite carla@example.test --language de --json")]
    Invite(link::Invite),
    /// Every account, or those that are looked for
    #[command(after_help = "Examples:\n  \
        vestibule user list --search alice\n  \
        vestibule user list --role admin --status active --json")]
    List(list::List),
    /// One account, with what is signed in to it
    #[command(after_help = "Example:\n  vestibule user show alice@example.test")]
    Show(One),
    /// Give somebody exactly these roles, in force at their next request
    #[command(after_help = "Examples:\n  \
        vestibule user set-roles bob@example.test staff editors\n  \
        vestibule user set-roles bob@example.test --none")]
    SetRoles(roles::SetRoles),
    /// Shut an account: every session ends, and no new login
    #[command(after_help = "Example:\n  vestibule user disable bob@example.test")]
    Disable(One),
    /// Open an account again; what ended stays ended
    #[command(after_help = "Example:\n  vestibule user enable bob@example.test")]
    Enable(One),
    /// Let somebody set a new password, by mail. Without a mail server the link is printed; in development it is at
    /// /dev/mail
    #[command(after_help = "Example:\n  vestibule user recover alice@example.test")]
    Recover(One),
    /// Delete an account and what is personal of it; asks first
    #[command(
        after_help = "Examples:\n  vestibule user delete bob@example.test --dry-run\n  vestibule user delete bob@example.test --yes"
    )]
    Delete(delete::Delete),
    /// Make accounts from a file that is checked whole before anything is done: JSON lines, or CSV with the columns email, name,
    /// roles, verified, disabled, language; never passwords
    #[command(after_help = "Examples:\n  \
        vestibule user import people.csv --dry-run\n  \
        vestibule user import people.csv\n  \
        vestibule user import people.jsonl --update --json\n\n\
        A line of JSON: {\"email\":\"bob@example.test\",\"name\":\"Bob\",\"roles\":[\"staff\"]}")]
    Import(import::Import),
    /// Every account, as `user import` reads it
    #[command(after_help = "Examples:\n  \
        vestibule user export > people.jsonl\n  \
        vestibule user export --output people.csv")]
    Export(export::Export),
}

/// An account to make.
#[derive(Args)]
pub struct Add {
    /// The address
    email: String,
    /// What people call them
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// A role, again for more; `admin` administers Vestibule
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// The address is known to be theirs
    #[arg(long)]
    verified: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One account.
#[derive(Args)]
pub struct One {
    /// The address, or the id
    #[arg(value_name = "USER")]
    email: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: User, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        User::Add(new) => {
            let password = new.password_stdin.then(password).transpose()?;
            let user = wait(Client::with(settings, Missing::Make, async |client| {
                let body = json!({
                    "email": new.email, "name": new.name, "roles": new.roles, "verified": new.verified,
                    "password": password.as_ref().map(|password| password.as_str()),
                });
                client.post("/api/v1/admin/users", Some(&body)).await
            }))?;
            if new.json {
                output::json(&user)?;
            } else {
                output::line(&added(&user, password.is_some()))?;
            }
        }
        User::List(list) => list::list(settings, &list)?,
        User::Show(one) => list::show(settings, &one)?,
        User::SetRoles(set) => roles::run(settings, &set)?,
        User::Disable(one) => set(
            &one,
            &wait(change(settings, &one.email, "disable"))?,
            "disabled",
        )?,
        User::Enable(one) => set(
            &one,
            &wait(change(settings, &one.email, "enable"))?,
            "enabled",
        )?,
        User::Invite(invite) => link::invite(settings, &invite)?,
        User::Recover(one) => link::recover(settings, &one)?,
        User::Delete(delete) => delete::run(settings, &delete)?,
        User::Import(import) => return import::run(settings, &import),
        User::Export(export) => export::run(settings, &export)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(settings: &crate::settings::Settings, email: &str, what: &str) -> Result<Value> {
    let path = format!("/api/v1/admin/users/{}/{what}", part(email));
    Client::with(settings, Missing::Refuse, async |client| {
        client.post(&path, None).await
    })
    .await
}

/// The password on standard input: all of it but the line's end.
fn password() -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    io::stdin()
        .lock()
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .context(
            "--password-stdin: the password on standard input cannot be read; it must be UTF-8",
        )?;
    if text.len() as u64 > LONGEST {
        bail!("--password-stdin: standard input holds more than a password");
    }
    let whole = text.strip_suffix('\n').map_or(text.as_str(), |text| {
        text.strip_suffix('\r').unwrap_or(text)
    });
    if whole.is_empty() {
        bail!(
            "--password-stdin: standard input is empty; leave the option out to make an account without a password"
        );
    }
    Ok(Zeroizing::new(whole.to_owned()))
}

fn added(user: &Value, has_password: bool) -> String {
    let email = output::cell(&user["email"]);
    let without = if has_password {
        ""
    } else {
        "; it has no password and cannot sign in yet: `vestibule user recover` lets its owner set one (--password-stdin would have)"
    };
    format!("{email} added, id {}{without}", output::cell(&user["id"]))
}

fn set(one: &One, answer: &Value, done: &str) -> Result<()> {
    if one.json {
        return output::json(answer);
    }
    let email = output::cell(&answer["user"]["email"]);
    if answer["changed"] == false {
        return output::line(&format!("{email} was {done} already"));
    }
    let ended = match answer["ended_sessions"].as_u64().unwrap_or(0) {
        0 => String::new(),
        ended => format!("; {} ended", output::count(ended, "session")),
    };
    output::line(&format!("{email} {done}{ended}"))
}
