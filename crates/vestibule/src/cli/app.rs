//! `vestibule app`.

mod described;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::described::Described;
use super::{Place, ask, output, wait};
use crate::client::{Client, Missing, part};
use crate::settings::Settings;

const ROUTE: &str = "/api/v1/admin/applications";

/// Applications
#[derive(Subcommand)]
pub enum App {
    /// Make an application known, whose proxy asks Vestibule before each request
    #[command(after_help = "Examples:\n  \
        vestibule app add shop --origin https://shop.example.com --role staff\n  \
        vestibule app add wiki --origin http://wiki.localhost:8081 --public --json\n  \
        vestibule app add shop --from shop.json      with rules by path and method")]
    Add(Put),
    /// Every application
    #[command(after_help = "Example:\n  vestibule app list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// One application, with its rules
    #[command(after_help = "Example:\n  vestibule app show shop --json > shop.json")]
    Show(One),
    /// Change an application; what is not named stays
    #[command(after_help = "Examples:\n  \
        vestibule app set shop --title 'The shop' --role staff --role partners\n  \
        vestibule app set shop --from shop.json      all of it, with rules, as `app show --json` prints it\n\n\
        Without --from it reads the application and writes it back: of two at a time the later one counts.")]
    Set(Put),
    /// Give an application a new secret, shown this once; asks first, since the one before is worth nothing from then on
    #[command(after_help = "Examples:\n  \
        vestibule app rotate-secret shop --keep-previous    both are good until the next rotation\n  \
        vestibule app rotate-secret shop --yes --json | jq -r .client_secret")]
    RotateSecret(RotateSecret),
    /// Remove an application: its cookies are worth nothing any more; asks first
    #[command(after_help = "Examples:\n  \
        vestibule app remove shop --dry-run\n  \
        vestibule app remove shop --yes")]
    Remove(Remove),
}

/// An application to be made known or changed.
#[derive(Args)]
pub struct Put {
    /// Its name
    name: String,
    #[command(flatten)]
    described: Described,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One application.
#[derive(Args)]
pub struct One {
    /// Its name
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One to be given a new secret.
#[derive(Args)]
pub struct RotateSecret {
    /// Its name
    name: String,
    /// The secret before it stays good until the next rotation, so that nothing fails meanwhile
    #[arg(long)]
    keep_previous: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One to be removed.
#[derive(Args)]
pub struct Remove {
    /// Its name
    name: String,
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

pub fn run(command: App, place: &Place) -> Result<ExitCode> {
    let in_force = place.settings()?;
    let settings = &in_force.settings;
    match command {
        App::Add(put) => add(settings, &put)?,
        App::List { json } => {
            let all = wait(get(settings, ROUTE))?;
            list(&all, json)?;
        }
        App::Show(one) => {
            let application = wait(get(settings, &route(&one.name)))?;
            if one.json {
                output::json(&application)?;
            } else {
                show(&application)?;
            }
        }
        App::Set(put) => set(settings, &put)?,
        App::RotateSecret(rotate) => rotate_secret(settings, &rotate)?,
        App::Remove(remove) => self::remove(settings, &remove)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn route(name: &str) -> String {
    format!("{ROUTE}/{}", part(name))
}

async fn get(settings: &Settings, path: &str) -> Result<Value> {
    Client::with(settings, Missing::Refuse, async |client| {
        client.get(path).await
    })
    .await
}

fn add(settings: &Settings, put: &Put) -> Result<()> {
    let body = put.described.whole(&put.name)?;
    let added = wait(Client::with(settings, Missing::Make, async |client| {
        client.post(ROUTE, Some(&body)).await
    }))?;
    if put.json {
        return output::json(&added);
    }
    let name = output::cell(&added["name"]);
    output::line(&format!(
        "{name} added, client_id {}",
        output::cell(&added["client_id"])
    ))?;
    output::line("")?;
    output::line(
        "Its proxy asks Vestibule before each request: docs/behind-a-proxy.md leads to the page with the text for yours \
         (nginx: docs/behind-nginx.md). Put in:",
    )?;
    let origins = added["origins"].as_array().into_iter().flatten();
    for origin in origins {
        let origin = output::cell(origin);
        let host = origin
            .split_once("://")
            .map_or(origin.as_str(), |(_, host)| host);
        output::line(&format!("  the application's host    {host}"))?;
    }
    let listens = settings.listen.iter().find(|address| address.port() != 0);
    if let Some(listens) = listens {
        output::line(&format!("  where Vestibule listens   {listens}"))?;
    }
    output::line(&format!(
        "  where people sign in      {}",
        output::cell(&added["issuer"])
    ))
}

fn rotate_secret(settings: &Settings, rotate: &RotateSecret) -> Result<()> {
    if !rotate.yes && !rotate.keep_previous {
        let name = output::harmless(&rotate.name);
        let question =
            format!("The secret that {name} has now, if it has one, is worth nothing then.");
        let alone = format!(
            "a new secret for {name} ends the one before, and nobody is there to be asked (--keep-previous keeps it)"
        );
        ask::confirm(&question, &alone, "nothing was changed")?;
    }
    let path = format!("{}/secret", route(&rotate.name));
    let body = json!({ "keep_previous": rotate.keep_previous });
    let made = wait(Client::with(settings, Missing::Refuse, async |client| {
        client.post(&path, Some(&body)).await
    }))?;
    if rotate.json {
        return output::json(&made);
    }
    output::note(&format!(
        "the new secret of {}, shown this once; the one before {}:",
        output::cell(&made["name"]),
        if made["previous_kept"] == true {
            "is good until the next rotation"
        } else {
            "is worth nothing any more"
        }
    ))?;
    output::line(&output::cell(&made["client_secret"]))
}

fn set(settings: &Settings, put: &Put) -> Result<()> {
    let path = route(&put.name);
    let changed = wait(Client::with(settings, Missing::Refuse, async |client| {
        let body = match put.described.file(&put.name)? {
            Some(whole) => whole,
            None => put.described.over(client.get(&path).await?)?,
        };
        client.put(&path, &body).await
    }))?;
    if put.json {
        return output::json(&changed);
    }
    output::line(&format!("{} is so now:", output::cell(&changed["name"])))?;
    show(&changed)
}

fn remove(settings: &Settings, remove: &Remove) -> Result<()> {
    let path = route(&remove.name);
    let send = async |query: &str| {
        let path = format!("{path}{query}");
        Client::with(settings, Missing::Refuse, async |client| {
            client.delete(&path).await
        })
        .await
    };
    if remove.dry_run {
        let would = wait(send("?dry_run=true"))?;
        if remove.json {
            return output::json(&would);
        }
        return output::line(&format!(
            "{} would be removed; {} would end there",
            output::cell(&would["name"]),
            sign_ins(&would["would_end"]["app_sessions"]),
        ));
    }
    if !remove.yes {
        let application = wait(get(settings, &path))?;
        let would = wait(send("?dry_run=true"))?;
        let name = output::cell(&application["name"]);
        let question = format!(
            "This removes the application {name} at {}: {} there end, and its proxy is refused.",
            output::cell(&application["origins"]),
            sign_ins(&would["would_end"]["app_sessions"]),
        );
        let alone = format!("removing {name} cannot be undone and nobody is there to be asked");
        ask::confirm(&question, &alone, "nothing was removed")?;
    }
    let removed = wait(send(""))?;
    if remove.json {
        return output::json(&removed);
    }
    output::line(&format!(
        "{} removed; {} ended there, and none of its cookies is worth anything any more",
        output::cell(&removed["name"]),
        sign_ins(&removed["ended_app_sessions"]),
    ))
}

fn sign_ins(count: &Value) -> String {
    output::count(count.as_u64().unwrap_or(0), "sign-in")
}

fn list(all: &Value, json: bool) -> Result<()> {
    if json {
        return output::json(all);
    }
    let rows: Vec<Vec<String>> = all["applications"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let rules = one["rules"].as_array().map_or(0, Vec::len);
            let declared = if one["declared"] == true {
                "settings"
            } else {
                "commands"
            };
            vec![
                output::cell(&one["name"]),
                output::cell(&one["title"]),
                output::cell(&one["origins"]),
                asks(one),
                rules.to_string(),
                declared.to_owned(),
                output::cell(&one["client_id"]),
            ]
        })
        .collect();
    let headings = [
        "name",
        "title",
        "origins",
        "asks",
        "rules",
        "managed by",
        "client_id",
    ];
    output::rows(
        &headings,
        &rows,
        "no applications yet: `vestibule app add NAME --origin URL` makes one known",
    )
}

fn show(one: &Value) -> Result<()> {
    let declared = if one["declared"] == true {
        "the settings file"
    } else {
        "commands"
    };
    let mut rows = vec![
        ("name", output::cell(&one["name"])),
        ("client_id", output::cell(&one["client_id"])),
        ("title", output::cell(&one["title"])),
        ("kind", output::cell(&one["kind"])),
        ("origins", output::cell(&one["origins"])),
        ("asks", asks(one)),
    ];
    for rule in one["rules"].as_array().into_iter().flatten() {
        let or = |value: &Value, none: &str| match output::cell(value) {
            text if text.is_empty() => none.to_owned(),
            text => text,
        };
        let what = format!(
            "{} {}: {}",
            or(&rule["methods"], "any method"),
            or(&rule["paths"], "any path"),
            asks(rule)
        );
        rows.push(("rule", what));
    }
    rows.push(("managed by", declared.to_owned()));
    rows.push(("since", output::cell(&one["created_at"])));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(what, text)| vec![what.to_owned(), text])
        .collect();
    output::rows(&["what", "is"], &rows, "")
}

/// What is asked, in words.
fn asks(demand: &Value) -> String {
    let roles = output::cell(&demand["roles"]);
    let mut words = vec![match (demand["public"] == true, roles.as_str()) {
        (true, _) => "nothing".to_owned(),
        (false, "") => "a login".to_owned(),
        (false, roles) => format!("a login with {}", roles.replace(',', " or ")),
    }];
    if let Some(acr) = demand["acr"].as_str() {
        words.push(format!("at least {acr}"));
    }
    if demand["cross_site"] == true {
        words.push("any site's pages may send".to_owned());
    }
    let allowed = output::cell(&demand["allowed_origins"]);
    if !allowed.is_empty() {
        words.push(format!("{allowed} may send"));
    }
    if demand["preflight"] == true {
        words.push("preflights pass".to_owned());
    }
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_asked_is_told_in_words() {
        let demand = json!({ "roles": ["a", "b"], "acr": "aal2", "preflight": true });
        assert_eq!(
            asks(&demand),
            "a login with a or b; at least aal2; preflights pass"
        );
        assert_eq!(asks(&json!({ "public": true })), "nothing");
        assert_eq!(
            asks(&json!({ "cross_site": true })),
            "a login; any site's pages may send"
        );
    }
}
