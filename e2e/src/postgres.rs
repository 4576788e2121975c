//! A PostgreSQL of one test's own, to be stopped, frozen and started again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::free_port;
use crate::process::{PATIENCE, Process};
use crate::store::sql;

/// Whom PostgreSQL runs as where we are root, which it refuses to be: its package makes that user.
const OWNER: &str = "postgres";

/// A cluster in a directory and on a port of its own; ended and removed when dropped.
pub struct Postgres {
    process: Process,
    programs: PathBuf,
    room: TempDir,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Postgres {
    /// Makes a cluster with an empty database, and starts it.
    pub fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        let room = tempfile::tempdir()?;
        if rustix::process::geteuid().is_root() {
            let chown = Command::new("chown").arg(OWNER).arg(room.path()).status()?;
            ensure!(chown.success(), "cannot give {room:?} to {OWNER}");
        }
        let output = as_owner(&programs.join("initdb"))
            .args(["--username", "vestibule", "--auth", "trust"])
            .args(["--encoding", "UTF8", "--locale", "C", "--no-sync"])
            .arg("--pgdata")
            .arg(room.path().join("data"))
            .current_dir(room.path())
            .output()?;
        ensure!(
            output.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let port = free_port()?;
        let postgres = Self {
            process: run(&programs, room.path(), port)?,
            programs,
            room,
            port,
        };
        postgres.wait_ready()?;
        sql(&url(port, "postgres"), "CREATE DATABASE vestibule")?;
        Ok(postgres)
    }

    /// The database's address by way of a port that leads here.
    pub fn url(&self, port: u16) -> String {
        url(port, "vestibule")
    }

    /// Runs SQL in the database, and answers what it printed.
    pub fn sql(&self, text: &str) -> anyhow::Result<String> {
        sql(&self.url(self.port), text)
    }

    /// Stops it as an operator does: connections are closed, what is not committed is rolled back.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.process.signal(Signal::INT)?;
        self.process.wait()?;
        Ok(())
    }

    /// Lets it crash: nothing is tidied, and the next start recovers from its log.
    pub fn crash(&mut self) -> anyhow::Result<()> {
        self.process.signal(Signal::QUIT)?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again after [`Postgres::stop`] or [`Postgres::crash`].
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.process = run(&self.programs, self.room.path(), self.port)?;
        self.wait_ready()
    }

    /// Stands still, connections open: as a machine does that swaps, or whose disk hangs.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal_all(Signal::STOP)
    }

    /// Goes on.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal_all(Signal::CONT)
    }

    /// The server's own process first, which could start others meanwhile, then those it started.
    fn signal_all(&self, signal: Signal) -> anyhow::Result<()> {
        self.process.signal(signal)?;
        for pid in children(self.process.id())? {
            // One that ended meanwhile stands as still as any.
            let _ = kill_process(pid, signal);
        }
        Ok(())
    }

    fn wait_ready(&self) -> anyhow::Result<()> {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let Err(error) = sql(&url(self.port, "postgres"), "SELECT 1") else {
                return Ok(());
            };
            ensure!(
                std::time::Instant::now() < deadline,
                "PostgreSQL does not answer: {error:#}\n{}",
                self.process.said()
            );
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Ended already is as good; what is frozen would not end.
        let _ = self.thaw();
        let _ = self.stop();
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://vestibule@127.0.0.1:{port}/{database}")
}

fn run(programs: &Path, room: &Path, port: u16) -> anyhow::Result<Process> {
    let port = format!("port={port}");
    let mut postgres = as_owner(&programs.join("postgres"));
    postgres.arg("-D").arg(room.join("data")).current_dir(room);
    for setting in [
        port.as_str(),
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=100",
    ] {
        postgres.args(["-c", setting]);
    }
    Process::start(&mut postgres)
}

/// A program as the cluster's owner.
fn as_owner(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid", OWNER, "--regid", OWNER, "--clear-groups"]);
    }
    command.arg("--").arg(program).stdin(Stdio::null());
    command
}

/// Debian keeps the programs off the path, a directory for each version.
fn programs() -> anyhow::Result<PathBuf> {
    std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .max()
        .map(|(_, programs)| programs)
        .context("there is no PostgreSQL: run `cargo xtask test --install`")
}

/// The processes that a process started and that run still.
fn children(parent: u32) -> anyhow::Result<Vec<Pid>> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // 'pid (name) state parent …', and a name may hold anything.
        let parent_of = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if parent_of == Some(parent) {
            children.extend(Pid::from_raw(pid));
        }
    }
    Ok(children)
}
