//! PostgreSQL goes away in the middle of the work and comes back: no wrong answer meanwhile, a quick 503 where the store is
//! needed, checks that go on from memory, and afterwards no rush. Run with PostgreSQL alone, whatever store the run is about.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "how long an answer takes is what is measured here and printed, and waits are bounded by the real clock"
)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::{Answer, Client};
use vestibule_e2e::link::Link;
use vestibule_e2e::postgres::Postgres;
use vestibule_e2e::process::PATIENCE;
use vestibule_e2e::server::{Launch, Server};
use vestibule_e2e::store::Store;

const PEOPLE: usize = 4;

/// Within this a caller is told that the store is away: what the server waits at most for one answer of PostgreSQL (3 s to
/// connect, 2 s for a free connection, 3 s for the statement), and as long again as a busy machine may take for the rest.
const QUICK: Duration = Duration::from_secs(3 + 2 + 3 + 4);

/// Within this all is well again once the store is back.
const SOON: Duration = Duration::from_secs(20);

/// More connections than a server of these settings may have at any time.
const CONNECTIONS: usize = 32;

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_restart_of_postgresql_ends_and_revives_nobody() -> anyhow::Result<()> {
    let mut stage = Stage::open()?;
    stage.outage(
        |stage| stage.postgres.stop(),
        |stage| stage.postgres.restart(),
    )
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_crash_of_postgresql_ends_and_revives_nobody() -> anyhow::Result<()> {
    let mut stage = Stage::open()?;
    stage.outage(
        |stage| stage.postgres.crash(),
        |stage| stage.postgres.restart(),
    )
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_postgresql_that_stands_still_keeps_nobody_waiting() -> anyhow::Result<()> {
    let mut stage = Stage::open()?;
    stage.outage(
        |stage| stage.postgres.freeze(),
        |stage| stage.postgres.thaw(),
    )
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_postgresql_that_is_cut_off_is_found_again() -> anyhow::Result<()> {
    let mut stage = Stage::open()?;
    stage.outage(
        |stage| {
            stage.link.cut();
            Ok(())
        },
        |stage| {
            stage.link.mend();
            Ok(())
        },
    )
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_network_that_swallows_what_is_sent_keeps_nobody_waiting() -> anyhow::Result<()> {
    let mut stage = Stage::open()?;
    stage.outage(
        |stage| {
            stage.link.silence();
            Ok(())
        },
        |stage| {
            stage.link.mend();
            Ok(())
        },
    )
}

/// A server whose way to its database can be broken, and people who come and go all the while.
struct Stage {
    people: Vec<Mutex<Person>>,
    server: Server,
    launch: Launch,
    link: Link,
    postgres: Postgres,
}

/// What one person was told so far.
struct Person {
    email: String,
    password: String,
    /// Signed in before anything happened, and never signed out.
    standing: Client,
    /// Signed in since, acknowledged.
    live: Vec<Client>,
    /// Signed out, acknowledged.
    dead: Vec<Client>,
    /// Signed out, answered that it could not be written down.
    owed: Vec<Client>,
}

impl Stage {
    fn open() -> anyhow::Result<Self> {
        let postgres = Postgres::start()?;
        let link = Link::to(postgres.port)?;
        let launch =
            Launch::on(Store::Sqlite)?.environment("VESTIBULE_STORE__URL", postgres.url(link.port));
        let server = launch.start()?;
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            let email = format!("person{n}@example.test");
            let password = format!("the only password of {n}");
            server.add_user(&email, &password)?;
            let mut standing = server.client();
            ensure!(standing.sign_in(&email, &password)?.status == 303);
            people.push(Mutex::new(Person {
                email,
                password,
                standing,
                live: Vec::new(),
                dead: Vec::new(),
                owed: Vec::new(),
            }));
        }
        Ok(Self {
            people,
            server,
            launch,
            link,
            postgres,
        })
    }

    /// Breaks what `broken` breaks while people come and go, and mends it once many were refused.
    fn outage(
        &mut self,
        broken: impl FnOnce(&mut Self) -> anyhow::Result<()>,
        mended: impl FnOnce(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let load = Load::default();
        let people = std::mem::take(&mut self.people);
        let port = self.server.port;
        let mut recovery = Duration::ZERO;
        std::thread::scope(|scope| -> anyhow::Result<()> {
            let over = Over(&load);
            let load = over.0;
            for person in &people {
                scope.spawn(move || {
                    let mut person = person.lock().unwrap_or_else(PoisonError::into_inner);
                    load.go_on(port, &mut person);
                });
            }
            load.wait("the work begins", || load.entered() >= 4 * PEOPLE as u64)?;
            load.away.store(true, Ordering::SeqCst);
            broken(self)?;
            let (refused, checked) = (load.refused(), load.checked());
            load.wait("the store is missed", || {
                load.refused() >= refused + 2 * PEOPLE as u64
                    && load.checked() >= checked + 8 * PEOPLE as u64
            })?;
            mended(self)?;
            let back = Instant::now();
            let entered = load.entered();
            load.wait("the work goes on", || {
                load.entered() >= entered + 4 * PEOPLE as u64
            })?;
            recovery = back.elapsed();
            load.away.store(false, Ordering::SeqCst);
            let (refused, entered) = (load.refused(), load.entered());
            load.wait("the work goes on as before", || {
                load.entered() >= entered + 4 * PEOPLE as u64
            })?;
            ensure!(
                load.refused() <= refused + PEOPLE as u64,
                "logins are refused still"
            );
            Ok(())
        })
        .with_context(|| self.server.process.said())?;
        ensure!(load.wrong().is_empty(), "{}", load.wrong());
        self.people = people;

        let slowest = load.slowest();
        println!(
            "outage: entered={} left={} refused={} checked={} slowest_503_ms={} recovered_after_ms={} connections_asked={} connections_most={}",
            load.entered(),
            load.left.load(Ordering::SeqCst),
            load.refused(),
            load.checked(),
            slowest.as_millis(),
            recovery.as_millis(),
            self.link.asked(),
            self.link.most(),
        );
        ensure!(slowest < QUICK, "a 503 took {slowest:?}");
        ensure!(recovery < SOON, "all was well again after {recovery:?}");
        ensure!(
            self.link.most() <= CONNECTIONS,
            "{} connections at once",
            self.link.most()
        );
        self.judge_all()?;
        // What another server finds in the store is what was acknowledged.
        ensure!(self.server.process.terminate()?.success());
        self.server = self.launch.start()?;
        self.judge_all()?;
        let verified = self.server.command(["audit", "verify"], "")?;
        ensure!(
            verified.status.success(),
            "audit verify: {}",
            String::from_utf8_lossy(&verified.stdout)
        );
        Ok(())
    }

    fn judge_all(&self) -> anyhow::Result<()> {
        for person in &self.people {
            let person = person.lock().unwrap_or_else(PoisonError::into_inner);
            let clients = std::iter::once(&person.standing)
                .chain(&person.live)
                .map(|client| (client, 200))
                .chain(
                    person
                        .dead
                        .iter()
                        .chain(&person.owed)
                        .map(|client| (client, 401)),
                );
            for (client, wanted) in clients {
                let mut here = moved(client, &self.server).context("a login left no cookie")?;
                let answer = check(&mut here)?;
                ensure!(
                    answer.status == wanted,
                    "{}: a check answers {}, {wanted} was right",
                    person.email,
                    answer.status
                );
            }
        }
        Ok(())
    }
}

/// What is going on.
#[derive(Default)]
struct Load {
    over: AtomicBool,
    /// A 503 is right.
    away: AtomicBool,
    entered: AtomicU64,
    left: AtomicU64,
    refused: AtomicU64,
    checked: AtomicU64,
    slowest: Mutex<Duration>,
    wrong: Mutex<String>,
}

/// Ends the load with the test, however that ends.
struct Over<'a>(&'a Load);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

impl Load {
    fn entered(&self) -> u64 {
        self.entered.load(Ordering::SeqCst)
    }

    fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    fn checked(&self) -> u64 {
        self.checked.load(Ordering::SeqCst)
    }

    fn slowest(&self) -> Duration {
        *self.slowest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrong(&self) -> String {
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn wait(&self, what: &str, happened: impl Fn() -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !happened() {
            ensure!(self.wrong().is_empty(), "{}", self.wrong());
            ensure!(
                Instant::now() < deadline,
                "waited in vain until {what}: {} entered, {} refused, {} checked",
                self.entered(),
                self.refused(),
                self.checked()
            );
            std::thread::yield_now();
        }
        Ok(())
    }

    fn go_on(&self, port: u16, person: &mut Person) {
        for turn in 0_u64.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            if let Err(error) = self.turn(port, person, turn) {
                let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
                *wrong = format!("{}: {error:#}", person.email);
                return;
            }
        }
    }

    /// Comes, looks around, and most often goes.
    fn turn(&self, port: u16, person: &mut Person, turn: u64) -> anyhow::Result<()> {
        self.is(&mut person.standing, 200, "who is signed in all along")?;
        if let Some(client) = person.dead.last_mut() {
            self.is(client, 401, "who signed out")?;
        }
        if let Some(client) = person.owed.last_mut() {
            self.is(client, 401, "who could not be signed out in writing")?;
        }
        let mut client = Client::new(port, format!("localhost:{port}"));
        let fields = [
            ("identifier", person.email.as_str()),
            ("password", person.password.as_str()),
        ];
        let Some(answer) = self.submit(&mut client, "/login", &fields)? else {
            return Ok(());
        };
        ensure!(answer.status == 303, "a login answered {}", answer.status);
        self.entered.fetch_add(1, Ordering::SeqCst);
        self.is(&mut client, 200, "who was just let in")?;
        if turn.is_multiple_of(4) {
            person.live.push(client);
            return Ok(());
        }
        let mut before = client.clone();
        if let Some(answer) = self.submit(&mut client, "/logout", &[])? {
            ensure!(
                matches!(answer.status, 200 | 303),
                "a logout answered {}",
                answer.status
            );
            self.left.fetch_add(1, Ordering::SeqCst);
            self.is(&mut before, 401, "who just signed out")?;
            person.dead.push(before);
        } else {
            self.is(&mut before, 401, "whose end could not be written down")?;
            person.owed.push(before);
        }
        Ok(())
    }

    /// Fills the form of a page; none: it was refused with a 503, in time, and cleared no cookie.
    fn submit(
        &self,
        client: &mut Client,
        path: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Option<Answer>> {
        let (begun, away) = (Instant::now(), self.away.load(Ordering::SeqCst));
        let answer = client.submit(path, path, fields)?;
        if answer.status != 503 {
            return Ok(Some(answer));
        }
        let took = begun.elapsed();
        ensure!(
            away || self.away.load(Ordering::SeqCst),
            "{path} answered 503 with the store there"
        );
        ensure!(
            answer
                .header("set-cookie")
                .is_none_or(|cookie| !cookie.contains("Max-Age=0")),
            "a 503 cleared a cookie"
        );
        self.refused.fetch_add(1, Ordering::SeqCst);
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        *slowest = took.max(*slowest);
        Ok(None)
    }

    fn is(&self, client: &mut Client, wanted: u16, who: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        let answer = check(client)?;
        ensure!(
            answer.status == wanted,
            "a check of one {who} answered {}",
            answer.status
        );
        ensure!(
            begun.elapsed() < QUICK,
            "a check took {:?}",
            begun.elapsed()
        );
        self.checked.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// What a proxy asks of a request with this client's cookies.
fn check(client: &mut Client) -> anyhow::Result<Answer> {
    let origin = client.origin();
    let host = origin.trim_start_matches("http://");
    let headers = [
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Uri", "/orders"),
    ];
    client.send("GET", "/verify", &headers, "")
}

/// The same session's cookie for the server as it is now: perhaps on another port, and so under another name.
fn moved(client: &Client, server: &Server) -> Option<Client> {
    let session = |name: &str| {
        name.strip_prefix("vestibule-")
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (_, value) = client.cookies.iter().find(|(name, _)| session(name))?;
    let mut here = server.client();
    here.cookies
        .insert(format!("vestibule-{}", server.port), value.clone());
    Some(here)
}
