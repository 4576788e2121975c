//! What was acknowledged survives: `kill -9` in a storm.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::Client;
use vestibule_e2e::server::{Launch, Server};

const PEOPLE: usize = 8;

/// What one person was told so far.
struct Person {
    email: String,
    /// The password that is good as far as was acknowledged, and one that may be by now.
    password: String,
    attempted: Option<String>,
    /// Logged in, acknowledged, and nothing done to it since.
    live: Vec<Client>,
    /// Logged out, acknowledged.
    dead: Vec<Client>,
}

/// Holds: ASVS 7.4.1, ASVS 2.3.3
#[test]
fn kill_dash_nine() -> anyhow::Result<()> {
    let rounds: u32 = std::env::var("VESTIBULE_SOAK_ROUNDS")
        .ok()
        .map_or(Ok(5), |text| text.parse())?;
    let launch = Launch::new()?;
    let mut server = launch.start()?;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let email = format!("person{n}@example.test");
        let password = format!("the first password of {n}");
        server.add_user(&email, &password)?;
        people.push(Mutex::new(Person {
            email,
            password,
            attempted: None,
            live: Vec::new(),
            dead: Vec::new(),
        }));
    }

    let (mut logins, mut logouts, mut changes) = (0, 0, 0);
    for round in 0..rounds {
        let storm = Storm::default();
        // The storm is killed in full flight, later each round, so that the kill lands at ever other moments.
        let enough = 24 + 7 * u64::from(round % 8);
        std::thread::scope(|scope| -> anyhow::Result<()> {
            let workers: Vec<_> = people
                .iter()
                .map(|person| {
                    scope.spawn(|| storm.rage(server.port, &mut person.lock().unwrap(), round))
                })
                .collect();
            while storm.acknowledged() < enough
                && !workers
                    .iter()
                    .all(std::thread::ScopedJoinHandle::is_finished)
            {
                std::thread::yield_now();
            }
            server.process.kill()?;
            storm.over.store(true, Ordering::SeqCst);
            for worker in workers {
                worker
                    .join()
                    .map_err(|_| anyhow::anyhow!("a worker of the storm panicked"))?;
            }
            Ok(())
        })?;
        ensure!(
            storm.acknowledged() >= enough,
            "the storm died down by itself: {}",
            storm.fault()
        );
        logins += storm.logins.load(Ordering::SeqCst);
        logouts += storm.logouts.load(Ordering::SeqCst);
        changes += storm.changes.load(Ordering::SeqCst);

        server = launch.start()?;
        for person in &people {
            judge(&server, &mut person.lock().unwrap())
                .with_context(|| format!("round {round}"))?;
        }
        let verified = server.command(["audit", "verify"], "")?;
        ensure!(
            verified.status.success(),
            "audit verify: {}",
            String::from_utf8_lossy(&verified.stdout)
        );
    }
    println!(
        "soak: rounds={rounds} logins={logins} logouts={logouts} changes={changes} lost=0 revived=0"
    );
    ensure!(
        logins > 0 && logouts > 0 && changes > 0,
        "the storm did not do all three"
    );
    Ok(())
}

#[derive(Default)]
struct Storm {
    over: AtomicBool,
    logins: AtomicU64,
    logouts: AtomicU64,
    changes: AtomicU64,
    fault: Mutex<String>,
}

impl Storm {
    fn acknowledged(&self) -> u64 {
        [&self.logins, &self.logouts, &self.changes]
            .iter()
            .map(|count| count.load(Ordering::SeqCst))
            .sum()
    }

    fn fault(&self) -> String {
        self.fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Logs in, out and changes the password until the server is gone.
    fn rage(&self, port: u16, person: &mut Person, round: u32) {
        for turn in 0..10_000 {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            if let Err(error) = self.turn(port, person, round, turn) {
                // The kill cuts requests off; before it, nothing may.
                *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = format!("{error:#}");
                return;
            }
        }
    }

    fn turn(&self, port: u16, person: &mut Person, round: u32, turn: u32) -> anyhow::Result<()> {
        let mut client = Client::new(port, format!("localhost:{port}"));
        let answer = client.sign_in(&person.email, &person.password)?;
        ensure!(answer.status == 303, "login answered {}", answer.status);
        self.logins.fetch_add(1, Ordering::SeqCst);
        match turn % 3 {
            0 => person.live.push(client),
            1 => {
                let before = client.clone();
                let answer = client.submit("/logout", "/logout", &[])?;
                ensure!(
                    matches!(answer.status, 200 | 303),
                    "logout answered {}",
                    answer.status
                );
                self.logouts.fetch_add(1, Ordering::SeqCst);
                person.dead.push(before);
            }
            _ => {
                let next = format!("password {round} {turn} of {}", person.email);
                person.attempted = Some(next.clone());
                // From here on the others may be dead already: only the answer tells.
                let others = std::mem::take(&mut person.live);
                let before = client.clone();
                let fields = [
                    ("current_password", person.password.as_str()),
                    ("new_password", next.as_str()),
                ];
                let answer = client.submit("/account/security", "/account/security", &fields)?;
                ensure!(
                    matches!(answer.status, 200 | 303),
                    "change answered {}",
                    answer.status
                );
                self.changes.fetch_add(1, Ordering::SeqCst);
                person.password = next;
                person.attempted = None;
                person.dead.extend(others);
                person.dead.push(before);
                person.live.push(client);
            }
        }
        Ok(())
    }
}

/// Every acknowledged login is alive, every acknowledged logout is dead, and one password is good.
fn judge(server: &Server, person: &mut Person) -> anyhow::Result<()> {
    for client in &person.live {
        let mut here = moved(client, server).context("a login left no cookie")?;
        ensure!(
            here.signed_in()?,
            "{}: an acknowledged login was lost",
            person.email
        );
    }
    for client in &person.dead {
        let mut here = moved(client, server).context("a login left no cookie")?;
        ensure!(
            !here.signed_in()?,
            "{}: an acknowledged logout was undone",
            person.email
        );
    }
    if let Some(attempted) = person.attempted.take() {
        // Cut off in flight: it happened or it did not, and just one of the two passwords is good.
        let new = server.client().sign_in(&person.email, &attempted)?.status == 303;
        let old = server
            .client()
            .sign_in(&person.email, &person.password)?
            .status
            == 303;
        ensure!(
            new != old,
            "{}: new password good: {new}, old password good: {old}",
            person.email
        );
        if new {
            person.password = attempted;
        }
    }
    person.live.clear();
    person.dead.clear();
    Ok(())
}

/// The same session's cookie for the server as it is now: on another port, and so under another name.
fn moved(client: &Client, server: &Server) -> Option<Client> {
    let session = |name: &str| name.starts_with("vestibule-") && !name.ends_with("-form");
    let value = client
        .cookies
        .iter()
        .find(|(name, _)| session(name))?
        .1
        .clone();
    let mut here = server.client();
    here.cookies
        .insert(format!("vestibule-{}", server.port), value);
    Some(here)
}
