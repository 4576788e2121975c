//! `vestibule user set-roles`.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use crate::cli::{output, wait};
use crate::client::{Client, Missing, part};
use crate::settings::Settings;

/// Which roles somebody has from now on.
#[derive(Args)]
pub struct SetRoles {
    /// The address
    email: String,
    /// Exactly these; `admin` administers Vestibule
    #[arg(value_name = "ROLE")]
    roles: Vec<String>,
    /// No role at all
    #[arg(long, conflicts_with = "roles")]
    none: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(settings: &Settings, set: &SetRoles) -> Result<()> {
    if set.roles.is_empty() && !set.none {
        bail!("which roles? Name them after the address, or say --none to take all of them away");
    }
    let path = format!("/api/v1/admin/users/{}/roles", part(&set.email));
    let body = json!({ "roles": set.roles });
    let answer = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.put(&path, &body).await
    }))?;
    if set.json {
        return output::json(&answer);
    }
    let user = &answer["user"];
    let roles = match output::cell(&user["roles"]) {
        none if none.is_empty() => "no role".to_owned(),
        roles => roles.replace(',', ", "),
    };
    let already = if answer["changed"] == false {
        " already"
    } else {
        ""
    };
    output::line(&format!(
        "{} has {roles}{already}",
        output::cell(&user["email"])
    ))
}
