//! `vestibule user delete`.

use anyhow::Result;
use clap::Args;

use crate::cli::{ask, output, wait};
use crate::client::{Client, Missing, part};
use crate::settings::Settings;

/// Which account to delete.
#[derive(Args)]
pub struct Delete {
    /// The address, or the id
    user: String,
    /// Only say what would end
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(settings: &Settings, delete: &Delete) -> Result<()> {
    let path = format!("/api/v1/admin/users/{}", part(&delete.user));
    let send = async |query: &str| {
        let path = format!("{path}{query}");
        Client::with(settings, Missing::Refuse, async |client| {
            client.delete(&path).await
        })
        .await
    };
    if delete.dry_run {
        let would = wait(send("?dry_run=true"))?;
        if delete.json {
            return output::json(&would);
        }
        return output::line(&format!(
            "{} would be deleted; {} would end",
            output::harmless(&output::cell(&would["email"])),
            output::reach(&would["would_end"])
        ));
    }
    if !delete.yes {
        let would = wait(send("?dry_run=true"))?;
        let email = output::harmless(&output::cell(&would["email"]));
        let question = format!(
            "This deletes {email} for good: {} and what is personal of the account is erased. The audit trail keeps what \
             happened, without names and addresses.",
            match would["would_end"]["sessions"].as_u64() {
                Some(0) | None => "nobody is signed in to it,".to_owned(),
                Some(_) => format!("it ends {},", output::reach(&would["would_end"])),
            }
        );
        let alone = format!("deleting {email} cannot be undone and nobody is there to be asked");
        ask::confirm(&question, &alone, "nothing was deleted")?;
    }
    let deleted = wait(send(""))?;
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
