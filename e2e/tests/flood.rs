//! A thousand logins at once, right and wrong: memory stays within what can be known beforehand, every failure is counted and
//! none twice, the owner still gets in from a device that is known, and who is signed in already hardly notices.

#![expect(
    clippy::disallowed_methods,
    reason = "how long an answer takes is what is measured here, and printed for the report"
)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::Client;
use vestibule_e2e::process::PATIENCE;
use vestibule_e2e::server::{Launch, Server};
use vestibule_e2e::statistics::quantile;

const ALICE: &str = "alice@example.test";
const PASSWORD: &str = "a password with many words";
const WRONG: &str = "a password with other words";
const PEOPLE: usize = 20;
const THREADS: usize = 2;
const QUEUE: usize = 64;
/// One Argon2id hash's working memory, in KiB.
const HASH: usize = 19 * 1024;
/// What a login that waits costs besides, in KiB: its connection's buffers, its form, its task.
const WAITING: usize = 64;
/// For the store's cache, the allocator's slack, and the audit trail's growth, in KiB.
const REST: usize = 64 * 1024;

/// Holds: ASVS 6.3.1, ASVS 15.2.2, ASVS 6.1.1, N45, C23
#[test]
fn a_flood_of_logins_is_bounded_counted_and_survived_by_the_owner() -> anyhow::Result<()> {
    let logins: usize = std::env::var("VESTIBULE_FLOOD_LOGINS")
        .ok()
        .map_or(Ok(1000), |text| text.parse())?;
    let launch = Launch::new()?
        .environment("VESTIBULE_PASSWORDS__THREADS", THREADS.to_string())
        .environment("VESTIBULE_PASSWORDS__QUEUE", QUEUE.to_string())
        // However long it lasts, nobody's wait is over in it.
        .environment("VESTIBULE_THROTTLE__FIRST_WAIT", "1h")
        // Every login comes from a network of its own, so that no network's tally spares the server the work.
        .environment(
            "VESTIBULE_TRUSTED_PROXIES",
            "[{address = \"127.0.0.1\", headers = \"x-forwarded\"}]",
        );
    let server = launch.start()?;
    server.add_user(ALICE, PASSWORD)?;
    for n in 0..PEOPLE {
        server.add_user(&person(n), PASSWORD)?;
    }
    // Alice has signed in here before; this is her laptop.
    let mut laptop = server.client();
    ensure!(laptop.sign_in(ALICE, PASSWORD)?.status == 303);

    let quiet = checks(&laptop, &AtomicBool::new(false), Some(2000))?;
    let before = memory(&server)?;

    let over = AtomicBool::new(false);
    let mut answered: BTreeMap<u16, usize> = BTreeMap::new();
    let mut owner = None;
    let mut busy = Vec::new();
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let watcher = scope.spawn(|| checks(&laptop, &over, None));
        let flood = scope.spawn(|| flood(&server, logins));
        // In the middle of it her session's over and she signs in again, from the device that is known.
        owner = Some(owner_gets_in(&laptop)?);
        answered = join(flood)??;
        over.store(true, Ordering::SeqCst);
        busy = join(watcher)??;
        Ok(())
    })?;

    let after = memory(&server)?;
    let bound = THREADS * HASH + logins * WAITING + REST;
    ensure!(
        after.saturating_sub(before) <= bound,
        "the flood took {} KiB, and was to take {bound} at most",
        after - before
    );
    let refused = answered.get(&401).copied().unwrap_or(0);
    let (recorded, of_alice) = recorded(&server)?;
    ensure!(
        of_alice <= 5,
        "{of_alice} of the strangers' guesses at one account were looked at, and 5 are free of any wait"
    );
    ensure!(
        refused == recorded,
        "{refused} logins were told that they failed, {recorded} are in the trail"
    );
    ensure!(
        answered
            .keys()
            .all(|status| [303, 401, 429, 503].contains(status)),
        "unexpected answers: {answered:?}"
    );
    let verified = server.command(["audit", "verify"], "")?;
    ensure!(verified.status.success());

    let p99 = |samples: &mut Vec<Duration>| {
        samples.sort_unstable();
        quantile(samples, 0.99).as_micros()
    };
    let (mut quiet, mut busy) = (quiet, busy);
    println!(
        "flood: logins={logins} entered={} refused={refused} of_one_account={of_alice} throttled={} busy={} owner_tries={} memory_kib={} bound_kib={bound} quiet_p99_us={} flood_p99_us={} checks={}",
        answered.get(&303).copied().unwrap_or(0),
        answered.get(&429).copied().unwrap_or(0),
        answered.get(&503).copied().unwrap_or(0),
        owner.unwrap_or(0),
        after.saturating_sub(before),
        p99(&mut quiet),
        p99(&mut busy),
        busy.len(),
    );
    Ok(())
}

fn person(n: usize) -> String {
    format!("person{n}@example.test")
}

fn network(n: usize) -> String {
    format!("10.1.{}.{}", n / 256, n % 256)
}

/// So many logins at the same moment: half of them guess at Alice's password, the others are right and wrong about other
/// people's, or about nobody's.
fn flood(server: &Server, logins: usize) -> anyhow::Result<BTreeMap<u16, usize>> {
    let mut stranger = server.client();
    let csrf = stranger.get("/login")?.hidden("csrf")?;
    let start = Barrier::new(logins);
    let answered = Mutex::new(BTreeMap::new());
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for n in 0..logins {
            let (start, answered, failed) = (&start, &answered, &failed);
            let (mut client, csrf) = (stranger.clone(), csrf.as_str());
            let work = move || {
                let (email, password) = match n % 4 {
                    0 | 1 => (ALICE.to_owned(), WRONG),
                    2 => (person(n % PEOPLE), PASSWORD),
                    _ => (format!("nobody{n}@example.test"), WRONG),
                };
                client
                    .headers
                    .push(("X-Forwarded-For".to_owned(), network(n)));
                start.wait();
                let fields = [
                    ("csrf", csrf),
                    ("identifier", email.as_str()),
                    ("password", password),
                ];
                match client.post("/login", &fields) {
                    Ok(answer) => *lock(answered).entry(answer.status).or_insert(0) += 1,
                    Err(error) => *lock(failed) = Some(error),
                }
            };
            let spawned = std::thread::Builder::new()
                .stack_size(128 * 1024)
                .spawn_scoped(scope, work);
            if let Err(error) = spawned {
                *lock(failed) = Some(error.into());
                // The others wait for this one at the start.
                start.wait();
            }
        }
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error.context("a login got no answer"));
    }
    Ok(answered
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner))
}

/// Signs in from the known device while the flood goes on. There may be no room for a while (503): that is for everybody; what
/// must not happen is that her tries are spent by strangers (429).
fn owner_gets_in(laptop: &Client) -> anyhow::Result<usize> {
    let mut client = laptop.clone();
    client
        .cookies
        .retain(|name, _| name.ends_with("-device") || name.ends_with("-form"));
    let deadline = Instant::now() + PATIENCE;
    for tries in 1.. {
        let status = client.sign_in(ALICE, PASSWORD)?.status;
        if status == 303 {
            return Ok(tries);
        }
        ensure!(status == 503, "the owner was answered {status}");
        ensure!(Instant::now() < deadline, "the owner never got in");
    }
    unreachable!("there is always a next try")
}

/// Asks, again and again, whether a session that there is may pass, until told to stop or often enough.
fn checks(
    session: &Client,
    over: &AtomicBool,
    enough: Option<usize>,
) -> anyhow::Result<Vec<Duration>> {
    let mut client = session.clone();
    let host = client.origin().replace("http://", "");
    let mut took = Vec::new();
    while !over.load(Ordering::SeqCst) && enough.is_none_or(|enough| took.len() < enough) {
        let started = Instant::now();
        let answer = client.send(
            "GET",
            "/verify",
            &[
                ("X-Forwarded-Method", "GET"),
                ("X-Forwarded-Proto", "http"),
                ("X-Forwarded-Host", host.as_str()),
                ("X-Forwarded-Uri", "/orders"),
            ],
            "",
        )?;
        took.push(started.elapsed());
        ensure!(answer.status == 200, "a check answered {}", answer.status);
    }
    Ok(took)
}

/// The most memory the server ever had, in KiB.
fn memory(server: &Server) -> anyhow::Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id()))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(digits.context("no VmHWM")?.parse()?)
}

/// Refused logins in the audit trail: all, and of Alice's account.
fn recorded(server: &Server) -> anyhow::Result<(usize, usize)> {
    let out = server.command(["audit", "tail", "--json", "-n", "1000"], "")?;
    ensure!(
        out.status.success(),
        "audit tail: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    let trail = String::from_utf8_lossy(&out.stdout);
    ensure!(
        trail.lines().count() < 1000,
        "the trail shows its end alone"
    );
    let refused = trail.lines().filter(|line| line.contains("login.refused"));
    let of_alice = refused.clone().filter(|line| line.contains(ALICE));
    Ok((refused.count(), of_alice.count()))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn join<T>(handle: std::thread::ScopedJoinHandle<'_, T>) -> anyhow::Result<T> {
    handle
        .join()
        .map_err(|_| anyhow::anyhow!("a thread of the test panicked"))
}
