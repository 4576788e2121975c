//! `vestibule mail`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{Place, output, wait};
use crate::client::{Client, Missing};

/// Mail
#[derive(Subcommand)]
pub enum Mail {
    /// Send a letter now. Exits 0 if the mail server took it, 1 with the reason if it did not
    #[command(after_help = "Example:\n  vestibule mail test alice@example.test")]
    Test {
        /// Where it is to arrive
        email: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Can mail be sent, and how much of it waits?
    #[command(after_help = "Example:\n  vestibule mail status --json")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: &Mail, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        Mail::Test { email, json } => {
            let body = json!({ "email": email });
            let tested = wait(Client::with(settings, Missing::Refuse, async |client| {
                client.post("/api/v1/admin/mail/test", Some(&body)).await
            }))?;
            test(&tested, *json)
        }
        Mail::Status { json } => {
            let status = wait(Client::with(settings, Missing::Refuse, async |client| {
                client.get("/api/v1/admin/mail").await
            }))?;
            if *json {
                output::json(&status)?;
            } else {
                output::line(&told(&status))?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn test(tested: &Value, json: bool) -> Result<ExitCode> {
    let sent = tested["sent"] == true;
    let email = output::harmless(&output::cell(&tested["email"]));
    if json {
        output::json(tested)?;
    } else if let (true, Some(mailbox)) = (sent, tested["mailbox"].as_str()) {
        output::line(&format!(
            "no mail server is set (mail.server): the letter to {email} is in the mailbox at {mailbox}"
        ))?;
    } else if sent {
        output::line(&format!(
            "the mail server took a letter to {email}: see whether it arrives"
        ))?;
    } else {
        let reason = output::harmless(&output::cell(&tested["reason"]));
        output::line(&format!("no letter went to {email}: {reason}"))?;
    }
    Ok(if sent {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(status: &Value) -> String {
    let waiting = match status["waiting"].as_u64().unwrap_or(0) {
        0 => "nothing waits".to_owned(),
        1 => "1 mail waits; if it still does in a minute, the log says why".to_owned(),
        waiting => {
            format!("{waiting} mails wait; if they still do in a minute, the log says why")
        }
    };
    if let Some(mailbox) = status["mailbox"].as_str() {
        format!(
            "no mail server is set (mail.server): mails go to the mailbox at {mailbox}; {waiting}"
        )
    } else if status["mails"] == true {
        format!("mail can be sent; {waiting}")
    } else {
        format!("no mail can be sent: set mail.server; {waiting}")
    }
}
