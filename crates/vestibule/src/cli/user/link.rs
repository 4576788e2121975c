//! `vestibule user invite` and `recover`: a link, by mail where there is mail.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::One;
use crate::cli::{output, wait};
use crate::client::{Client, Missing, part};
use crate::settings::Settings;

/// Whom to invite.
#[derive(Args)]
pub struct Invite {
    /// The address
    email: String,
    /// What people call them
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// A role, again for more; `admin` administers Vestibule
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Of the mail: en or de
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn invite(settings: &Settings, invite: &Invite) -> Result<()> {
    let body = json!({
        "email": invite.email, "name": invite.name, "roles": invite.roles, "language": invite.language,
    });
    let link = wait(Client::with(settings, Missing::Make, async |client| {
        client.post("/api/v1/admin/invitations", Some(&body)).await
    }))?;
    told(&link, "invited", invite.json)
}

pub fn recover(settings: &Settings, one: &One) -> Result<()> {
    let path = format!("/api/v1/admin/users/{}/recover", part(&one.email));
    let link = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.post(&path, None).await
    }))?;
    told(&link, "may set a new password", one.json)
}

fn told(link: &Value, done: &str, json: bool) -> Result<()> {
    if json {
        return output::json(link);
    }
    let email = output::harmless(&output::cell(&link["email"]));
    let until = output::cell(&link["expires_at"]);
    match link["link"].as_str() {
        None => output::line(&format!(
            "{email} {done}: a mail with the link is on its way, good until {until}"
        )),
        Some(url) => {
            output::line(&format!(
                "{email} {done}. No mail server is set (mail.server), so hand over this link yourself; it is good once, \
                 until {until}:"
            ))?;
            output::line(url)
        }
    }
}
