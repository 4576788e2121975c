//! What was acknowledged survives: `kill -9` in a storm, a trace of system calls, a full disk.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of the running product reads the real clock to bound its waits"
)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::Client;
use vestibule_e2e::process::PATIENCE;
use vestibule_e2e::server::{Launch, Server, command};

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

/// One line of the trace: when its call ended, and what it was.
fn calls(trace: &str) -> Vec<String> {
    // `strace -f` splits a call that another thread interrupts: put it together at the point where it ended.
    let mut open: Vec<(String, String)> = Vec::new();
    let mut whole = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            open.retain(|(known, _)| known != thread);
            open.push((thread.to_owned(), begun.to_owned()));
            whole.push(format!("begin {begun}"));
        } else if call.starts_with("<... ") {
            let rest = call.split_once("resumed>").map_or("", |(_, rest)| rest);
            if let Some(at) = open.iter().position(|(known, _)| known == thread) {
                let (_, begun) = open.remove(at);
                whole.push(format!("end {begun}{rest}"));
            }
        } else {
            whole.push(format!("begin {call}"));
            whole.push(format!("end {call}"));
        }
    }
    whole
}

/// The trace once the tracer, which ends after the server, has written its last line.
fn whole(trace: &Path) -> anyhow::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(trace)?;
        if text.trim_end().ends_with("+++") && text.contains("exited with 0 +++") {
            return Ok(text);
        }
        ensure!(Instant::now() < deadline, "the trace never ended");
        std::thread::yield_now();
    }
}

/// Holds: ASVS 2.3.3
#[test]
fn an_acknowledgement_follows_a_sync_made_after_its_write() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let trace = launch.scratch().join("trace");
    let trace_text = trace.display().to_string();
    // -D: the tracer is the grandchild, so that the child is the server itself and can be ended by its id.
    let wrapper = [
        "strace",
        "-D",
        "-f",
        "-y",
        "-s",
        "256",
        "-o",
        &trace_text,
        "-e",
        "trace=read,recvfrom,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync",
    ];
    let launch = launch.wrapper(&wrapper);
    let mut server = launch.start()?;
    server.add_user("alice@example.test", "seven green doors open")?;
    let mut client = server.client();
    let mut told = 0;
    for _ in 0..5 {
        ensure!(
            client
                .sign_in("alice@example.test", "seven green doors open")?
                .status
                == 303
        );
        ensure!(matches!(
            client.submit("/logout", "/logout", &[])?.status,
            200 | 303
        ));
        told += 2;
    }
    ensure!(server.process.terminate()?.success());
    let trace = whole(&trace)?;

    let calls = calls(&trace);
    let mut acknowledged = 0;
    for (at, call) in calls.iter().enumerate() {
        let posted = call.starts_with("end ")
            && (call.contains("\"POST /login ") || call.contains("\"POST /logout "));
        if !posted {
            continue;
        }
        let rest = &calls[at..];
        let answer = rest
            .iter()
            .position(|call| {
                call.starts_with("begin ")
                    && call.contains("\"HTTP/1.1 ")
                    && !call.contains("HTTP/1.1 4")
            })
            .context("a request without an answer")?;
        let before = &rest[..answer];
        let written = before
            .iter()
            .position(|call| call.starts_with("end pwrite") && call.contains("-wal>"))
            .with_context(|| {
                format!(
                    "answered without a write to the log:\n{}",
                    before.join("\n")
                )
            })?;
        ensure!(
            before[written..].iter().any(|call| {
                (call.starts_with("end fdatasync(") || call.starts_with("end fsync("))
                    && call.contains("-wal>")
                    && call.contains("= 0")
            }),
            "answered before its write was synced:\n{}",
            before.join("\n")
        );
        acknowledged += 1;
    }
    ensure!(
        acknowledged == told,
        "{acknowledged} of {told} acknowledgements were seen in the trace"
    );
    Ok(())
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_full_disk_refuses_logins_and_logouts_keeps_the_cookie_and_checks_on() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let disk = vestibule_e2e::disk::SmallDisk::mount(launch.scratch().join("disk"), "6m")?;
    let launch = launch.data(disk.path().join("data"));
    let server = launch.start()?;
    let (email, password) = ("alice@example.test", "seven green doors open");
    server.add_user(email, password)?;
    let mut alice = server.client();
    ensure!(alice.sign_in(email, password)?.status == 303);
    let check = |client: &mut Client| -> anyhow::Result<u16> {
        let host = format!("localhost:{}", server.port);
        let headers = [
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", host.as_str()),
            ("X-Forwarded-Uri", "/orders"),
        ];
        Ok(client.send("GET", "/verify", &headers, "")?.status)
    };
    ensure!(check(&mut alice)? == 200);

    disk.fill()?;
    let mut bob = server.client();
    // The log may still have room for a few transitions; a full disk shows soon.
    let mut refused = None;
    for _ in 0..200 {
        let answer = bob.sign_in(email, password)?;
        if answer.status != 303 {
            refused = Some(answer);
            break;
        }
        bob.cookies.clear();
    }
    let refused = refused.context("the disk never filled")?;
    ensure!(
        refused.status == 503,
        "a login on a full disk answered {}",
        refused.status
    );
    ensure!(
        refused
            .header("set-cookie")
            .is_none_or(|cookie| !cookie.contains("Max-Age=0"))
    );
    let wrong = server.client().sign_in(email, "not the password at all")?;
    ensure!(
        wrong.status == 503,
        "right and wrong passwords are told apart on a full disk: {}",
        wrong.status
    );

    let mut eve = alice.clone();
    let kept = alice.cookies.clone();
    ensure!(check(&mut alice)? == 200, "checks answer on");
    let page = alice.get("/logout")?;
    ensure!(
        page.status == 200,
        "the page that asks answered {}",
        page.status
    );
    let answer = alice.post("/logout", &[("csrf", &page.hidden("csrf")?)])?;
    ensure!(
        answer.status == 503,
        "a logout on a full disk answered {}",
        answer.status
    );
    ensure!(
        alice.cookies == kept,
        "the cookie is kept, so that the logout can be tried again"
    );
    ensure!(
        check(&mut eve)? == 401,
        "the logout is enforced in memory all the same"
    );

    disk.free()?;
    let mut again = server.client();
    ensure!(
        again.sign_in(email, password)?.status == 303,
        "with room again, logins work without a restart"
    );
    let verified = command(&server.data, ["audit", "verify"], "")?;
    ensure!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
    Ok(())
}
