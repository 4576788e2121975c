//! `vestibule user delete`.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::cli::{ask, output, wait};
use crate::client::{Client, Missing, part};
use crate::settings::Settings;

/// Which account to delete.
#[derive(Args)]
pub struct Delete {
    /// The address
    email: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(settings: &Settings, delete: &Delete) -> Result<()> {
    let email = output::harmless(&delete.email);
    if !delete.yes {
        let ends = wait(live_sessions(settings, &delete.email))?;
        let question = format!(
            "This deletes {email} for good: {} and what is personal of the account is erased. The audit trail keeps what \
             happened, without names and addresses.",
            match ends {
                0 => "nobody is signed in to it,".to_owned(),
                ends => format!("it ends {},", output::count(ends, "session")),
            }
        );
        let alone = format!("deleting {email} cannot be undone and nobody is there to be asked");
        ask::confirm(&question, &alone, "nothing was deleted")?;
    }
    let path = format!("/api/v1/admin/users/{}", part(&delete.email));
    let deleted = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.delete(&path).await
    }))?;
    if delete.json {
        return output::json(&deleted);
    }
    let ended = match deleted["ended_sessions"].as_u64().unwrap_or(0) {
        0 => String::new(),
        ended => format!("; {} ended", output::count(ended, "session")),
    };
    let email = output::harmless(&output::cell(&deleted["email"]));
    output::line(&format!("{email} deleted{ended}"))
}

/// How many sessions the account has; fails where there is no such account.
async fn live_sessions(settings: &Settings, email: &str) -> Result<u64> {
    let path = format!("/api/v1/admin/sessions?limit=1000&user={}", part(email));
    let live: Value = Client::with(settings, Missing::Refuse, async |client| {
        client.pages(&path, "before", "sessions").await
    })
    .await?;
    Ok(live["sessions"].as_array().map_or(0, Vec::len) as u64)
}
