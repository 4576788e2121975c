//! A server on a core of its own, over a database that was filled beforehand.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use vestibule_e2e::http::Client;
use vestibule_e2e::process::Process;
use vestibule_e2e::server::Launch;
use vestibule_e2e::store::Store;
use vestibule_load::process::{self, Cpu};

use super::round::{GENERATOR, SERVER};

/// Longer than the largest store takes to be read.
const PATIENCE: Duration = Duration::from_mins(10);

/// A running server; killed when dropped.
pub struct Running {
    pub process: Process,
    pub port: u16,
    /// From its start to the first 200 of `/readyz`.
    pub ready_after: Duration,
    /// The processor time it had taken by then.
    pub ready_cpu: Duration,
    /// What `/verify` answered before that, and how often.
    pub refused: usize,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn client(&self) -> Client {
        Client::new(self.port, format!("localhost:{}", self.port))
    }

    /// The cookie of the session that this is the value of.
    pub fn cookie(&self, value: &str) -> String {
        format!("vestibule-{}={value}", self.port)
    }
}

/// Where a server is to run: a data directory on a disk of this machine, with SQLite, and a port.
pub struct Ground {
    launch: Launch,
    port: u16,
}

impl Ground {
    pub fn new() -> anyhow::Result<Self> {
        Self::with(&[])
    }

    /// With these settings in the environment.
    pub fn with(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let port = vestibule_e2e::free_port()?;
        let mut launch = Launch::on(Store::Sqlite)?
            .argument("--listen")
            .argument(format!("127.0.0.1:{port}"));
        for (name, value) in settings {
            launch = launch.environment(name, *value);
        }
        Ok(Self { launch, port })
    }
}

/// Starts it and waits until it is ready; until then every check must be answered 503, whoever asks.
pub fn start(ground: &Ground) -> anyhow::Result<Running> {
    let mut command = ground.launch.command()?;
    process::pin(SERVER).context("cannot choose a core")?;
    let begun = Instant::now();
    let started = Process::start(&mut command);
    process::pin(GENERATOR).context("cannot choose a core")?;
    let mut running = Running {
        process: started?,
        port: ground.port,
        ready_after: Duration::ZERO,
        ready_cpu: Duration::ZERO,
        refused: 0,
    };
    let mut client = running.client();
    let cookie = "A".repeat(64);
    client
        .cookies
        .insert(format!("vestibule-{}", running.port), cookie);
    let host = format!("localhost:{}", running.port);
    let forwarded = [
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", &host),
        ("X-Forwarded-Uri", "/"),
    ];
    loop {
        ensure!(
            begun.elapsed() < PATIENCE,
            "never ready:\n{}",
            running.process.said()
        );
        // Nobody listens at first.
        let ready = client.get("/readyz").map(|answer| answer.status);
        running.ready_after = begun.elapsed();
        match ready {
            Ok(200) => {
                running.ready_cpu = Cpu::of(running.pid())?.whole();
                return Ok(running);
            }
            Ok(503) => {
                let checked = client.send("GET", "/verify", &forwarded, "")?.status;
                // Between the two it may have become ready.
                let ready_now = checked != 503 && client.get("/readyz")?.status == 200;
                ensure!(
                    checked == 503 || ready_now,
                    "before it was ready, a check was answered {checked}"
                );
                running.refused += usize::from(checked == 503);
            }
            Ok(other) => anyhow::bail!("/readyz answered {other}"),
            Err(_) => {}
        }
        // Seldom enough to take nothing from what is waited for, often enough to be late by a hundredth of it.
        let pause = begun.elapsed() / 100;
        std::thread::sleep(pause.clamp(Duration::from_micros(500), Duration::from_millis(100)));
    }
}

/// Starts it anew where the system has nothing of its files in memory.
pub fn start_cold(ground: &Ground) -> anyhow::Result<Running> {
    for name in ["vestibule.db", "vestibule.db-wal"] {
        let file = ground.launch.data_directory().join(name);
        if !file.exists() {
            continue;
        }
        let mut of = std::ffi::OsString::from("of=");
        of.push(&file);
        // `posix_fadvise` for all of it, once it is on the disk.
        let dropped = Command::new("dd")
            .arg(of)
            .args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
            .output()?;
        ensure!(
            dropped.status.success(),
            "dd: {}",
            String::from_utf8_lossy(&dropped.stderr)
        );
    }
    start(ground)
}

/// Makes the database and ends the server again.
pub fn prepare(ground: &Ground) -> anyhow::Result<()> {
    start(ground)?.process.terminate()?;
    Ok(())
}

/// Another example of this workspace, built beside this one.
pub fn example(name: &str) -> anyhow::Result<PathBuf> {
    let example = std::env::current_exe()?.with_file_name(name);
    ensure!(
        example.exists(),
        "{} is missing: run this by `cargo xtask bench`",
        example.display()
    );
    Ok(example)
}

/// So many people, all with this password.
pub fn seed_users(ground: &Ground, users: u64, password: &str) -> anyhow::Result<()> {
    seed(ground, &["users", &users.to_string(), password]).map(drop)
}

/// So many sessions of so many people; the values of so many of their cookies.
pub fn seed_sessions(
    ground: &Ground,
    users: u64,
    sessions: u64,
    cookies: u64,
) -> anyhow::Result<Vec<String>> {
    let [users, sessions, cookies] = [users, sessions, cookies].map(|number| number.to_string());
    let printed = seed(ground, &["sessions", &users, &sessions, &cookies])?;
    Ok(printed.lines().map(str::to_owned).collect())
}

fn seed(ground: &Ground, arguments: &[&str]) -> anyhow::Result<String> {
    let file = ground.launch.data_directory().join("vestibule.db");
    ensure!(file.exists(), "{} is missing", file.display());
    let output = Command::new(example("seed")?)
        .arg(file)
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "seed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
