//! The console over many: how long each page takes to be answered, what of that is the server's own processor time, and the
//! memory it leaves the server with, over as many users and live sessions as are asked for (a million of each, otherwise).
//!
//! ```text
//! cargo build --release --bin vestibule
//! cargo run --release -p vestibule-e2e --example console -- [USERS SESSIONS] [--write]
//! ```
//!
//! Prints one JSON object; with `--write` it also puts the figures into `docs/measured/console.md`. Every page answers 200, and
//! no page leads to one of the console that is not asked.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the real clock"
)]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

#[path = "console/page.rs"]
mod page;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use vestibule_e2e::checkout;
use vestibule_e2e::http::{Answer, Client};
use vestibule_e2e::server::{Launch, Server};
use vestibule_e2e::statistics::quantile;
use vestibule_e2e::store::Store;
use vestibule_load::process::{Cpu, resident};

const EMAIL: &str = "root@example.test";
const PASSWORD: &str = "seven green doors open";
const MANY: u64 = 1_000_000;
const ROUNDS: usize = 101;

/// How many there are, and what is done with the figures.
struct Asked {
    users: u64,
    sessions: u64,
    writes: bool,
}

/// Of whom and what the pages that name somebody or something are.
struct Named {
    /// An address among the many.
    address: String,
    person: String,
    session: String,
}

fn main() -> anyhow::Result<()> {
    let asked = asked()?;
    // On a file of its own: the seeds are put into it while nobody serves it.
    let launch = Launch::on(Store::Sqlite)?;
    let mut server = launch.start()?;
    administrator(&server)?;
    let empty = kibibytes(&server)?;
    let status = server.process.terminate()?;
    ensure!(status.success(), "{status}");
    drop(server);
    seed(&launch, asked.users, asked.sessions)?;

    let begun = Instant::now();
    let server = launch.start()?;
    let mut client = server.client();
    let answer = client.sign_in(EMAIL, PASSWORD)?;
    ensure!(answer.status == 303, "{}: {}", answer.status, answer.body);
    let started = begun.elapsed();
    furnish(&mut client)?;
    let named = named(&mut client, asked.users)?;
    let filled = kibibytes(&server)?;
    let (mut pages, mut known, mut linked) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (name, path) in all(&named) {
        let (figures, last) = measure(&server, &mut client, name, &path)?;
        pages.push(figures);
        known.insert(shape(&path));
        linked.extend(links(&last));
    }
    let unasked: Vec<_> = linked.difference(&known).collect();
    ensure!(unasked.is_empty(), "not asked for: {unasked:?}");
    let after = kibibytes(&server)?;
    let figures = json!({
        "users": asked.users,
        "sessions": asked.sessions,
        "rounds": ROUNDS,
        "start_to_signed_in_ms": milliseconds(started),
        "resident_kib": { "empty": empty, "before_the_pages": filled, "after_the_pages": after },
        "pages": pages,
    });
    println!("{figures:#}");
    if asked.writes {
        page::write(&figures)?;
    }
    Ok(())
}

fn asked() -> anyhow::Result<Asked> {
    let (options, numbers): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|word| word == "--write");
    let mut numbers = numbers.iter();
    let mut many = || numbers.next().map_or(Ok(MANY), |number| number.parse());
    Ok(Asked {
        users: many()?,
        sessions: many()?,
        writes: !options.is_empty(),
    })
}

/// Every page of the console, with the searches that find much, little and nothing.
fn all(named: &Named) -> Vec<(&'static str, String)> {
    let Named {
        address,
        person,
        session,
    } = named;
    let shop = "/console/applications/shop";
    let (of_person, of_session) = (
        format!("/console/people/{person}"),
        format!("/console/sessions/{session}"),
    );
    [
        ("overview", "/console".to_owned()),
        ("people", "/console/people".to_owned()),
        (
            "people, by address",
            format!("/console/people?text={address}"),
        ),
        ("people, by name", "/console/people?text=user+4".to_owned()),
        ("people, by role", "/console/people?role=admin".to_owned()),
        (
            "people, nothing found",
            "/console/people?text=nobody".to_owned(),
        ),
        ("people, add", "/console/people/add".to_owned()),
        ("a person", of_person.clone()),
        ("a person, sign out", format!("{of_person}/end")),
        ("a person, disable", format!("{of_person}/disable")),
        ("a person, delete", format!("{of_person}/delete")),
        ("a person, recover", format!("{of_person}/recover")),
        ("sessions", "/console/sessions".to_owned()),
        (
            "sessions, by address",
            format!("/console/sessions?text={address}"),
        ),
        (
            "sessions, by browser",
            "/console/sessions?text=iphone".to_owned(),
        ),
        (
            "sessions, by network",
            "/console/sessions?text=10.0.11.".to_owned(),
        ),
        (
            "sessions, kept",
            "/console/sessions?remembered=yes".to_owned(),
        ),
        (
            "sessions, of a person",
            format!("/console/sessions?user={person}"),
        ),
        (
            "sessions, nothing found",
            "/console/sessions?text=nobody".to_owned(),
        ),
        ("a session", of_session),
        (
            "sessions, end one",
            format!("/console/sessions/end?session-{session}=on"),
        ),
        (
            "sessions, end a person's",
            format!("/console/sessions/end-user?user={person}"),
        ),
        ("sessions, end all", "/console/sessions/end-all".to_owned()),
        ("applications", "/console/applications".to_owned()),
        ("applications, add", "/console/applications/add".to_owned()),
        ("an application", shop.to_owned()),
        (
            "an application, connect",
            format!("{shop}/connect?proxy=nginx"),
        ),
        ("an application, secret", format!("{shop}/secret")),
        ("an application, remove", format!("{shop}/remove")),
        ("roles", "/console/roles".to_owned()),
        ("roles, add", "/console/roles/add".to_owned()),
        ("roles, remove", "/console/roles/staff/remove".to_owned()),
        ("audit", "/console/audit".to_owned()),
        (
            "audit, refused logins",
            "/console/audit?kind=login.refused".to_owned(),
        ),
        (
            "audit, one person",
            format!("/console/audit?person={address}example.test"),
        ),
        (
            "audit, from the middle",
            "/console/audit?before=500000".to_owned(),
        ),
        ("audit, save", "/console/audit/export".to_owned()),
        ("settings", "/console/settings".to_owned()),
    ]
    .into()
}

fn administrator(server: &Server) -> anyhow::Result<()> {
    let (path, mut client) = (server.setup_path()?, server.client());
    let page = client.get(&path)?;
    let (csrf, token) = (page.hidden("csrf")?, page.hidden("token")?);
    let fields = [
        ("csrf", &*csrf),
        ("token", &*token),
        ("identifier", EMAIL),
        ("name", "Root"),
        ("password", PASSWORD),
    ];
    let answer = client.post("/setup", &fields)?;
    ensure!(answer.status == 303, "{}: {}", answer.status, answer.body);
    Ok(())
}

fn seed(launch: &Launch, users: u64, sessions: u64) -> anyhow::Result<()> {
    let status = Command::new("python3")
        .arg(checkout().join("e2e/console/seed.py"))
        .arg(launch.data_directory().join("vestibule.db"))
        .args([users.to_string(), sessions.to_string()])
        .status()
        .context("could not run python3")?;
    ensure!(status.success(), "the seeds could not be put in");
    Ok(())
}

/// An application and a role, made known as an administrator does it.
fn furnish(client: &mut Client) -> anyhow::Result<()> {
    let application = [
        ("title", "The shop"),
        ("name", "shop"),
        ("origins", "https://shop.example.com"),
        ("who", "anyone"),
        ("roles", ""),
        ("proxy", "nginx"),
    ];
    let role = [
        ("name", "staff"),
        ("description", "Whoever works here"),
        ("permissions", "orders:read"),
    ];
    for (path, fields) in [
        ("/console/applications/add", &application[..]),
        ("/console/roles/add", &role[..]),
    ] {
        let answer = client.submit(path, path, fields)?;
        ensure!(
            answer.status == 303,
            "{path}: {}: {}",
            answer.status,
            answer.body
        );
    }
    Ok(())
}

fn named(client: &mut Client, users: u64) -> anyhow::Result<Named> {
    // As it goes into an address of a page: `user-0750000@`.
    let address = format!("user-{:07}%40", users * 3 / 4);
    let people = client.get(&format!("/console/people?text={address}"))?;
    let sessions = client.get("/console/sessions")?;
    let first = |page: &Answer, list: &str| {
        let marker = format!("href=\"{list}/");
        let ids = page.body.split(&*marker).skip(1);
        let mut ids = ids.filter_map(|rest| rest.split('"').next());
        let id = ids.find(|id| id.len() == 36 && !id.contains('/'));
        id.map(ToOwned::to_owned)
            .with_context(|| format!("{list} leads to none"))
    };
    Ok(Named {
        person: first(&people, "/console/people")?,
        session: first(&sessions, "/console/sessions")?,
        address,
    })
}

/// The page again and again over loopback, a connection each, and its last answer.
fn measure(
    server: &Server,
    client: &mut Client,
    name: &str,
    path: &str,
) -> anyhow::Result<(Value, Answer)> {
    let pid = server.process.id();
    let ask = |client: &mut Client| {
        let answer = client.get(path)?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(answer)
    };
    // The first warms up, and does not count.
    let mut last = ask(client)?;
    let before = kibibytes(server)?;
    let cpu = Cpu::of(pid)?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        last = ask(client)?;
        times.push(begun.elapsed());
    }
    let spent = Cpu::of(pid)?.since(&cpu);
    times.sort_unstable();
    let each = spent / u32::try_from(ROUNDS)?;
    let figures = json!({
        "page": name,
        "path": path,
        "bytes": last.body.len(),
        "p50_ms": milliseconds(quantile(&times, 0.5)),
        "p99_ms": milliseconds(quantile(&times, 0.99)),
        "server_cpu_ms": milliseconds(each),
        "resident_kib": [before, kibibytes(server)?],
    });
    Ok((figures, last))
}

/// The pages of the console that a page leads to.
fn links(page: &Answer) -> BTreeSet<String> {
    let links = page.body.split("href=\"/console").skip(1);
    let links = links.filter_map(|rest| rest.split('"').next());
    links
        .map(|rest| shape(&format!("/console{rest}")))
        .collect()
}

/// A path without what it names or asks.
fn shape(path: &str) -> String {
    let path = path.split(['?', '&', '#']).next().unwrap_or_default();
    let parts = path.split('/').map(|part| match part {
        "shop" | "staff" => "NAME",
        id if id.len() == 36 => "ID",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Resident memory.
fn kibibytes(server: &Server) -> anyhow::Result<u64> {
    Ok(resident(server.process.id())? / 1024)
}
