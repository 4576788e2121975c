//! `vestibule role`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Place, output, wait};
use crate::client::{Client, Missing, part};

const ROUTE: &str = "/api/v1/admin/roles";

/// Roles
#[derive(Subcommand)]
pub enum Role {
    /// Describe a role, anew or otherwise. People may hold roles that nobody described
    #[command(after_help = "Example:\n  \
        vestibule role add staff --description 'Whoever works here' --permission orders:read --permission orders:write")]
    Add(Add),
    /// Every role that is described or held
    #[command(after_help = "Example:\n  vestibule role list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a role's description away, if nobody holds it
    #[command(after_help = "Example:\n  vestibule role remove staff")]
    Remove(Remove),
}

/// A role to describe.
#[derive(Args)]
pub struct Add {
    /// Its name
    name: String,
    /// What it allows, in an application's words; again for more
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// What it is for
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A role that needs no description.
#[derive(Args)]
pub struct Remove {
    /// Its name
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: Role, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        Role::Add(add) => {
            let body = json!({ "description": add.description, "permissions": add.permissions });
            let path = format!("{ROUTE}/{}", part(&add.name));
            let put = wait(Client::with(settings, Missing::Make, async |client| {
                client.put(&path, &body).await
            }))?;
            if add.json {
                output::json(&put)?;
            } else {
                let done = if put["changed"] == true {
                    "described"
                } else {
                    "was so already"
                };
                output::line(&format!("{} {done}", output::cell(&put["name"])))?;
            }
        }
        Role::List { json } => {
            let roles = wait(Client::with(settings, Missing::Refuse, async |client| {
                client.get(ROUTE).await
            }))?;
            list(&roles, json)?;
        }
        Role::Remove(remove) => {
            let path = format!("{ROUTE}/{}", part(&remove.name));
            let removed = wait(Client::with(settings, Missing::Refuse, async |client| {
                client.delete(&path).await
            }))?;
            if remove.json {
                output::json(&removed)?;
            } else {
                output::line(&format!("{} removed", output::cell(&removed["name"])))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(roles: &Value, json: bool) -> Result<()> {
    if json {
        return output::json(roles);
    }
    let rows: Vec<Vec<String>> = roles["roles"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|role| {
            let managed = match (role["described"] == true, role["declared"] == true) {
                (_, true) => "settings",
                (true, false) => "commands",
                (false, false) => "nobody: held only",
            };
            vec![
                output::cell(&role["name"]),
                output::cell(&role["description"]),
                output::cell(&role["permissions"]),
                output::cell(&role["holders"]),
                managed.to_owned(),
            ]
        })
        .collect();
    output::rows(
        &[
            "name",
            "description",
            "permissions",
            "held by",
            "described by",
        ],
        &rows,
        "no roles yet",
    )
}
