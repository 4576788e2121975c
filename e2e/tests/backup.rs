//! Backups under load, restored elsewhere; and an installation that moves between the stores.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::Client;
use vestibule_e2e::server::{Launch, Server, command, run};
use vestibule_e2e::store::{Database, Store};

const PEOPLE: usize = 4;
/// Where a command reads which file has the database's password.
const PASSWORD: &str = "VESTIBULE_STORE__PASSWORD_FILE";

/// What was acknowledged of one person.
#[derive(Clone)]
struct Person {
    email: String,
    password: String,
    /// Signed in, and left alone since.
    live: Vec<Client>,
    /// Signed out.
    dead: Vec<Client>,
}

#[derive(Default)]
struct Storm {
    over: AtomicBool,
    acknowledged: AtomicU64,
    accounts: Mutex<BTreeSet<String>>,
    fault: Mutex<Option<anyhow::Error>>,
}

impl Storm {
    /// Does `turn` until the storm is over.
    fn rage(&self, turn: impl Fn(u64) -> anyhow::Result<()>) {
        for number in 0.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            if let Err(error) = turn(number) {
                let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
                fault.get_or_insert(error);
                return;
            }
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn wait_for(&self, more: u64) -> anyhow::Result<()> {
        let enough = self.acknowledged.load(Ordering::SeqCst) + more;
        while self.acknowledged.load(Ordering::SeqCst) < enough {
            let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(fault) = &*fault {
                anyhow::bail!("{fault:#}");
            }
            drop(fault);
            std::thread::yield_now();
        }
        Ok(())
    }
}

/// Live logins of one person, at most: well below the number beyond which a login would end the one seen longest ago.
const MOST_LIVE: usize = 40;

/// Signs in; every other time out again.
fn come_and_go(server: &Server, person: &Mutex<Person>, number: u64) -> anyhow::Result<()> {
    let mut person = person.lock().unwrap_or_else(PoisonError::into_inner);
    let mut client = server.client();
    let answer = client.sign_in(&person.email, &person.password)?;
    ensure!(answer.status == 303, "login answered {}", answer.status);
    if number.is_multiple_of(2) && person.live.len() < MOST_LIVE {
        person.live.push(client);
        return Ok(());
    }
    let before = client.clone();
    let answer = client.submit("/logout", "/logout", &[])?;
    ensure!(
        matches!(answer.status, 200 | 303),
        "logout answered {}",
        answer.status
    );
    person.dead.push(before);
    Ok(())
}

/// Holds: ASVS 7.4.1
#[test]
fn a_backup_under_load_holds_all_that_was_acknowledged() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let server = launch.start()?;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let (email, password) = (
            format!("person{n}@example.test"),
            format!("the first password of {n}"),
        );
        server.add_user(&email, &password)?;
        people.push(Mutex::new(Person {
            email,
            password,
            live: Vec::new(),
            dead: Vec::new(),
        }));
    }
    let path = |name: &str| launch.scratch().join(name).display().to_string();
    let (file, key) = (path("monday.backup"), path("backup.key"));
    let (file, key) = (file.as_str(), key.as_str());
    done(&server.command(["backup", "--new-key", key], "")?)?;

    let storm = Storm::default();
    let (before, accounts) = std::thread::scope(|scope| -> anyhow::Result<_> {
        for person in &people {
            scope.spawn(|| storm.rage(|number| come_and_go(&server, person, number)));
        }
        scope.spawn(|| {
            storm.rage(|number| {
                let email = format!("late{number}@example.test");
                server.add_user(&email, "a password of some length")?;
                let mut accounts = storm
                    .accounts
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                accounts.insert(email);
                Ok(())
            });
        });
        let taken = (|| {
            storm.wait_for(40)?;
            let before: Vec<Person> = people
                .iter()
                .map(|person| {
                    person
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone()
                })
                .collect();
            let accounts = storm
                .accounts
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let told = done(&server.command(["backup", file, "--key-file", key, "--json"], "")?)?;
            ensure!(told.contains("\"verified\": {"), "{told}");
            storm.wait_for(10)?;
            Ok((before, accounts))
        })();
        storm.over.store(true, Ordering::SeqCst);
        taken
    })?;
    let sessions: usize = before.iter().map(|person| person.live.len()).sum();
    ensure!(
        sessions > 0 && !accounts.is_empty(),
        "the storm did not do both"
    );
    let sealed = std::fs::read(file)?;
    for person in &before {
        let shown = sealed
            .windows(person.email.len())
            .any(|bytes| bytes == person.email.as_bytes());
        ensure!(!shown, "an address can be read in the file");
    }

    let ended = restored(&["restore", file, "--key-file", key, "--yes"])?;
    judge(&ended, &before, &accounts, false)?;
    let kept = restored(&["restore", file, "--key-file", key, "--yes", "--keep-logins"])?;
    judge(&kept, &before, &accounts, true)?;
    println!(
        "backup: sessions={sessions} accounts={} bytes={} missing=0 revived=0",
        accounts.len() + PEOPLE,
        sealed.len()
    );
    Ok(())
}

/// Restores into a fresh place, and starts a server there.
fn restored(arguments: &[&str]) -> anyhow::Result<Server> {
    let launch = Launch::new()?;
    let data = launch.data_directory();
    match launch.database() {
        None => done(&command(data, arguments, "")?)?,
        Some(database) => {
            let (address, password) = with_password_file(database, launch.scratch())?;
            let arguments = [arguments, &["--store", &address]].concat();
            done(&run(data, &[(PASSWORD, &password)], arguments, "")?)?
        }
    };
    launch.start()
}

/// What a command is told of a database: its address, and a file with the password.
fn with_password_file(database: &Database, scratch: &Path) -> anyhow::Result<(String, String)> {
    let (address, password) = database.address()?;
    let file = scratch.join("database-password");
    std::fs::write(&file, password)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
    Ok((address, file.display().to_string()))
}

/// Nothing acknowledged before the backup began is missing, and no login is alive that should not be.
fn judge(
    server: &Server,
    before: &[Person],
    accounts: &BTreeSet<String>,
    kept: bool,
) -> anyhow::Result<()> {
    done(&server.command(["audit", "verify"], "")?)?;
    let told = done(&server.command(["audit", "tail", "-n", "1000"], "")?)?;
    for event in ["backup.taken", "installation.restored"] {
        ensure!(told.contains(event), "{event} is not in the trail");
    }
    let listed = done(&server.command(["user", "list"], "")?)?;
    for email in accounts
        .iter()
        .chain(before.iter().map(|person| &person.email))
    {
        ensure!(listed.contains(email.as_str()), "{email} is missing");
    }
    for person in before {
        for client in &person.live {
            let mut here = moved(client, server)?;
            let alive = here.signed_in()?;
            ensure!(alive == kept, "{}: a login is alive: {alive}", person.email);
        }
        for client in &person.dead {
            let mut here = moved(client, server)?;
            ensure!(!here.signed_in()?, "{}: a logout was undone", person.email);
        }
        let answer = server.client().sign_in(&person.email, &person.password)?;
        ensure!(
            answer.status == 303,
            "{} cannot sign in: {}",
            person.email,
            answer.status
        );
    }
    Ok(())
}

/// SQLite to PostgreSQL and back, compared record by record each time; the same browser stays signed in.
#[test]
fn an_installation_moves_between_the_stores_with_its_logins() -> anyhow::Result<()> {
    if Store::of_this_run()? == Store::Sqlite {
        println!("moved by the run on PostgreSQL, which has a database to move to");
        return Ok(());
    }
    let database = Database::create()?;
    let launch = Launch::on(Store::Sqlite)?;
    let mut server = launch.start()?;
    server.add_user("alice@example.test", "the first password of alice")?;
    let mut browser = server.client();
    browser.sign_in("alice@example.test", "the first password of alice")?;
    let gone = browser.clone();
    browser = server.client();
    browser.sign_in("alice@example.test", "the first password of alice")?;
    let mut ended = moved(&gone, &server)?;
    ended.submit("/logout", "/logout", &[])?;

    let data = launch.data_directory();
    let (address, password) = with_password_file(&database, launch.scratch())?;
    let migrate = |arguments: &[&str]| {
        let whole = [&["migrate"], arguments].concat();
        run(data, &[(PASSWORD, &password)], whole, "")
    };
    let told = command(data, ["migrate", "--to", &database.url], "")?;
    ensure!(
        told.status.code() == Some(2) && said(&told).contains("holds a password"),
        "an argument tells the password: {}",
        said(&told)
    );
    let to = ["--to", &address];
    let told = migrate(&to)?;
    ensure!(
        told.status.code() == Some(2) && said(&told).contains("no server runs"),
        "a server runs: {}",
        said(&told)
    );
    server.process.terminate()?;
    let told = done(&migrate(&to)?)?;
    ensure!(told.contains("each is the same"), "{told}");

    let there = Launch::on(Store::Sqlite)?
        .data(data.to_owned())
        .environment("VESTIBULE_STORE__URL", database.url.as_str());
    let mut server = there.start()?;
    ensure!(moved(&browser, &server)?.signed_in()?, "a login was lost");
    ensure!(!moved(&gone, &server)?.signed_in()?, "a logout was undone");
    let mut late = server.client();
    late.sign_in("alice@example.test", "the first password of alice")?;
    server.process.terminate()?;

    let back = ["--from", &address, "--to", "sqlite:"];
    let told = migrate(&back)?;
    ensure!(
        told.status.code() == Some(2) && said(&told).contains("move it away first"),
        "the old database is in the way: {}",
        said(&told)
    );
    std::fs::rename(
        data.join("vestibule.db"),
        launch.scratch().join("before.db"),
    )?;
    done(&migrate(&back)?)?;
    let server = launch.start()?;
    for client in [&browser, &late] {
        ensure!(moved(client, &server)?.signed_in()?, "a login was lost");
    }
    ensure!(!moved(&gone, &server)?.signed_in()?, "a logout was undone");
    done(&server.command(["audit", "verify"], "")?)?;
    let told = done(&server.command(["audit", "tail"], "")?)?;
    ensure!(told.matches("installation.migrated").count() == 2, "{told}");
    ensure!(Path::new(data).exists());
    Ok(())
}

/// What a command printed, if it did what it was asked.
fn done(output: &std::process::Output) -> anyhow::Result<String> {
    ensure!(output.status.success(), "{}", said(output));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn said(output: &std::process::Output) -> String {
    [&output.stdout[..], &output.stderr]
        .map(String::from_utf8_lossy)
        .concat()
}

/// The same session's cookie for the server as it is now: on another port, and so under another name.
fn moved(client: &Client, server: &Server) -> anyhow::Result<Client> {
    let session = |name: &str| {
        name.strip_prefix("vestibule-")
            .is_some_and(|port| port.bytes().all(|c| c.is_ascii_digit()))
    };
    let kept = client.cookies.iter().find(|(name, _)| session(name));
    let (_, value) = kept.context("a login left no cookie")?;
    let mut here = server.client();
    here.cookies
        .insert(format!("vestibule-{}", server.port), value.clone());
    Ok(here)
}
