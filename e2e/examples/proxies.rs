//! What Vestibule's check adds to a request through each real proxy: the book's configuration against the same without the
//! question, by turns. Run by `cargo xtask bench proxies`, in a release build; prints a line of figures for each proxy.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the real clock"
)]
#![expect(
    clippy::print_stdout,
    reason = "`cargo xtask bench` reads the figures from standard output"
)]

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use vestibule_e2e::application::Application;
use vestibule_e2e::proxies::{Kind, Proxy, SHOP};
use vestibule_e2e::server::Launch;
use vestibule_e2e::statistics::quantile;
use vestibule_e2e::visitor::{Asked, Visitor};

const EMAIL: &str = "alice@example.test";
const PASSWORD: &str = "seven green doors open";
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(1);

fn main() -> anyhow::Result<()> {
    for kind in Kind::ALL {
        measure(kind).with_context(|| kind.name())?;
    }
    Ok(())
}

/// What one round told.
struct Round {
    per_second: f64,
    /// Microseconds.
    p50: f64,
    p99: f64,
}

fn measure(kind: Kind) -> anyhow::Result<()> {
    let server = Launch::new()?.config(&kind.settings()?)?.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    let shop = Application::start_forgetful()?;
    let asking = Proxy::start(kind, server.port, shop.port)?;
    let unasking = Proxy::start_unasking(kind, server.port, shop.port)?;
    let mut alice = asking.visitor()?;
    let page = alice.open(&format!("{SHOP}/"))?;
    let (_, answer) = alice.fill_in(&page, &[("identifier", EMAIL), ("password", PASSWORD)])?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
    let mut other = unasking.visitor()?;
    other.jars.clone_from(&alice.jars);

    let mut with = Vec::new();
    let mut without = Vec::new();
    // The first of each warms up, and does not count.
    for round in 0..=ROUNDS {
        let (plain, asked) = (run(&other)?, run(&alice)?);
        if round > 0 {
            without.push(plain);
            with.push(asked);
        }
    }
    let added: Vec<f64> = with
        .iter()
        .zip(&without)
        .map(|(with, without)| with.p50 - without.p50)
        .collect();
    println!(
        "proxies: proxy={} requests/s_without={} requests/s_with={} p50_without_µs={} p50_with_µs={} p99_without_µs={} \
         p99_with_µs={} added_p50_µs={}",
        kind.name(),
        told(without.iter().map(|round| round.per_second)),
        told(with.iter().map(|round| round.per_second)),
        told(without.iter().map(|round| round.p50)),
        told(with.iter().map(|round| round.p50)),
        told(without.iter().map(|round| round.p99)),
        told(with.iter().map(|round| round.p99)),
        told(added.into_iter()),
    );
    Ok(())
}

/// Median, and how far the rounds lie apart.
fn told(rounds: impl Iterator<Item = f64>) -> String {
    let mut all: Vec<f64> = rounds.collect();
    all.sort_by(f64::total_cmp);
    let at = |share: usize| all.get(all.len() * share / 100).or(all.last());
    let [low, median, high] = [0, 50, 100].map(|share| at(share).copied().unwrap_or_default());
    format!("{median:.0}({low:.0}…{high:.0})")
}

/// One round: each connection asks again as soon as it has its answer.
fn run(visitor: &Visitor) -> anyhow::Result<Round> {
    let started = Instant::now();
    let askers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let visitor = visitor.clone();
            std::thread::spawn(move || ask(&visitor, started + ROUND))
        })
        .collect();
    let mut times = Vec::new();
    for asker in askers {
        let asked = asker.join().ok().context("an asker fell over")?;
        times.extend(asked?);
    }
    let took = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share| quantile(&times, share).as_secs_f64() * 1e6;
    let count = u32::try_from(times.len())?;
    Ok(Round {
        per_second: f64::from(count) / took,
        p50: at(0.5),
        p99: at(0.99),
    })
}

fn ask(visitor: &Visitor, until: Instant) -> anyhow::Result<Vec<Duration>> {
    let url = format!("{SHOP}/orders");
    let asked = Asked {
        method: "GET",
        url: &url,
        headers: &[
            ("Accept", "text/html"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Site", "none"),
        ],
        body: "",
    };
    let head = visitor.head(asked, None, "")?;
    let mut connection = visitor.connect("shop.example.com")?;
    let mut times = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let begun = Instant::now();
        if begun >= until {
            return Ok(times);
        }
        connection.write_all(head.as_bytes())?;
        let mut have = 0;
        while !is_whole(&buffer[..have])? {
            let n = connection.read(&mut buffer[have..])?;
            ensure!(n > 0, "the connection was closed");
            have += n;
        }
        times.push(begun.elapsed());
        // nginx closes a connection after its thousandth request.
        if String::from_utf8_lossy(&buffer[..have])
            .to_ascii_lowercase()
            .contains("\r\nconnection: close\r\n")
        {
            connection = visitor.connect("shop.example.com")?;
        }
    }
}

/// Whether a 200 with its length is there, all of it.
fn is_whole(bytes: &[u8]) -> anyhow::Result<bool> {
    let Some(split) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = std::str::from_utf8(&bytes[..split])?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.with_context(|| format!("no length:\n{head}"))?;
    Ok(bytes.len() >= split + 4 + length)
}
