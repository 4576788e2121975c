//! `vestibule user list` and `show`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::One;
use crate::cli::{output, wait};
use crate::client::{Client, Missing, part};
use crate::settings::Settings;

/// Which accounts.
#[derive(Args)]
pub struct Filter {
    /// With this in the address or the name
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Who may sign in, or who may not
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// With this role
    #[arg(long)]
    role: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    Active,
    Disabled,
}

impl Filter {
    /// As the end of a query.
    pub fn query(&self) -> String {
        let status = self.status.map(|status| match status {
            Status::Active => "active",
            Status::Disabled => "disabled",
        });
        let parts = [
            ("text", self.search.as_deref()),
            ("status", status),
            ("role", self.role.as_deref()),
        ];
        let parts = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("&{name}={}", part(value?))));
        parts.collect()
    }
}

/// What to list.
#[derive(Args)]
pub struct List {
    #[command(flatten)]
    filter: Filter,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn list(settings: &Settings, list: &List) -> Result<()> {
    let path = format!("/api/v1/admin/users?limit=1000{}", list.filter.query());
    let users = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.pages(&path, "after", "users").await
    }))?;
    if list.json {
        return output::json(&users);
    }
    let rows: Vec<Vec<String>> = users["users"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|user| {
            vec![
                output::cell(&user["email"]),
                output::cell(&user["name"]),
                output::cell(&user["roles"]),
                output::cell(&user["status"]),
                output::yes(&user["email_verified"]),
                output::cell(&user["created_at"]),
                output::cell(&user["id"]),
            ]
        })
        .collect();
    let headings = [
        "address", "name", "roles", "status", "verified", "since", "id",
    ];
    output::rows(
        &headings,
        &rows,
        "no such account: `vestibule user add EMAIL` makes one",
    )
}

pub fn show(settings: &Settings, one: &One) -> Result<()> {
    let path = format!("/api/v1/admin/users/{}", part(&one.email));
    let user = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.get(&path).await
    }))?;
    if one.json {
        return output::json(&user);
    }
    let cell = |field: &str| output::cell(&user[field]);
    let rows = [
        ("address", cell("email")),
        ("verified", output::yes(&user["email_verified"])),
        ("addresses", cell("addresses")),
        ("name", cell("name")),
        ("roles", cell("roles")),
        ("status", cell("status")),
        ("password", password(&user)),
        ("language", cell("language")),
        ("since", cell("created_at")),
        ("last login", cell("last_login")),
        ("signed in", output::reach(&user["live"])),
        ("id", cell("id")),
    ];
    output::facts(&rows)
}

fn password(user: &Value) -> String {
    if user["has_password"] == true {
        "set".to_owned()
    } else {
        "none: `vestibule user recover` lets its owner set one".to_owned()
    }
}
