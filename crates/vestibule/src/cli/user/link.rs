//! `vestibule user invite` and `recover`: a link, by mail where there is mail.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::One;
use crate::cli::{output, wait};
use crate::client::{self, Client, Missing, part};
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
        let link = client.post("/api/v1/admin/invitations", Some(&body));
        Ok((link.await?, client.is_alone()))
    }))?;
    told(settings, &link, "invited", invite.json)
}

pub fn recover(settings: &Settings, one: &One) -> Result<()> {
    let path = format!("/api/v1/admin/users/{}/recover", part(&one.email));
    let link = wait(Client::with(settings, Missing::Refuse, async |client| {
        Ok((client.post(&path, None).await?, client.is_alone()))
    }))?;
    told(settings, &link, "may set a new password", one.json)
}

/// Prints the link or where it went; `alone` is whether no server runs.
fn told(settings: &Settings, (link, alone): &(Value, bool), done: &str, json: bool) -> Result<()> {
    if *alone && settings.issuer.is_none() && link["link"].is_string() {
        let assumed = client::issuer(settings)?;
        // With standard error closed there is nobody to warn.
        let _ = writeln!(
            io::stderr(),
            "no server runs; the link assumes {assumed}: set server.issuer or start the server"
        );
    }
    if json {
        return output::json(link);
    }
    let email = output::harmless(&output::cell(&link["email"]));
    let until = output::cell(&link["expires_at"]);
    let way = if *alone {
        "is in the outbox and goes once a server runs"
    } else {
        "is on its way"
    };
    match (link["link"].as_str(), link["mailbox"].as_str()) {
        (None, Some(mailbox)) => output::line(&format!(
            "{email} {done}: no mail server is set (mail.server), so the mail with the link will be in the mailbox at \
             {mailbox}, good until {until}"
        )),
        (None, None) => output::line(&format!(
            "{email} {done}: a mail with the link {way}, good until {until}"
        )),
        (Some(url), _) => {
            output::line(&format!(
                "{email} {done}. No mail server is set (mail.server), so hand over this link yourself; it is good once, \
                 until {until}:"
            ))?;
            output::line(url)
        }
    }
}
