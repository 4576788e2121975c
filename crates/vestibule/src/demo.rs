//! `vestibule demo`: the server as `serve` starts it, on a directory of its own, with sample people, and a shop beside it.
//!
//! ```text
//! browser ──▶ http://localhost:8080 ──────────▶ relay, which writes down ──▶ the server, as `serve` starts it
//!         ──▶ http://shop.localhost:8081 ─────▶ shop, which asks /verify ──▶     its public interfaces alone
//!         ──▶ http://localhost:8081 ──────────▶ what this is, what went over the wire, the stopwatch
//! ```
//!
//! Everything listens on loopback alone, and answers to its own names alone. What was made goes with the process.

mod directory;
mod frame;
mod house;
mod moment;
mod opening;
mod people;
mod relay;
mod rooms;
mod shop;
mod start;
mod stopwatch;
mod terminal;
mod upstream;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{self, getpid, kill_process};
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::private;
use crate::server::{self, Reload, Start};
use crate::settings::{self, Flags, InForce};
use crate::{logs, settings::Faults};

use self::directory::Directory;
use self::house::House;
use self::people::Person;
use self::rooms::Rooms;

/// How long pages under way may take to finish at the end.
const DRAIN: Duration = Duration::from_millis(500);
/// How long a file that is being read may keep the process once everything else has ended.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the command line asks for.
pub struct Asked {
    /// `--listen`.
    pub listen: Option<String>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// Whether to open the browser.
    pub open: bool,
}

/// Runs until it is told to stop.
pub fn run(asked: Asked) -> Result<ExitCode> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        // Before anything is there that would have to go.
        let mut signals = Signals::new()?;
        let rooms = rooms::open(asked.listen.as_deref()).await?;
        let directory = Directory::make(asked.data)?;
        let in_force = directory.settle(rooms.places())?;
        let flags = directory.flags();
        let levels = logs::start(&in_force.settings, None);
        let people = tokio::select! {
            people = people::move_in(&in_force.settings) => people?,
            () = signals.stop() => return Ok(ExitCode::SUCCESS),
        };
        let reload = Reload::new(in_force.clone(), levels, move || load(&flags));
        let (told, ready) = oneshot::channel();
        let start = Start {
            ready: Some(told),
            ..Start::default()
        };
        let ended = tokio::select! {
            ended = server::run(&in_force, reload, start) => ended,
            ended = show(rooms, people, asked.open, ready, &mut signals) => ended,
        };
        drop(directory);
        ended
    });
    runtime.shutdown_timeout(PATIENCE);
    ended
}

/// Opens the rooms beside the server once it is ready, and closes them when told to stop. Leaves the end to the server, which
/// hears the same signal.
async fn show(
    mut rooms: Rooms,
    people: Vec<Person>,
    open: bool,
    ready: oneshot::Receiver<std::net::SocketAddr>,
    signals: &mut Signals,
) -> Result<ExitCode> {
    let vestibule = tokio::select! {
        vestibule = ready => vestibule.context("the server ended before it was ready")?,
        () = signals.stop() => bail!("stopped before anything was there"),
    };
    let house = Arc::new(House::new(rooms.places().clone(), vestibule, people));
    rooms.answer_by(&house);
    terminal::announce(&house, rooms.moved());
    if open {
        opening::open(&house.places.demo);
    }
    signals.stop().await;
    house.stop();
    rooms.close(DRAIN).await;
    std::future::pending().await
}

/// Nothing of the surroundings' settings counts here.
fn load(flags: &Flags) -> Result<InForce, Faults> {
    let in_force = settings::load(flags, [])?;
    private::serves(&in_force.settings.data);
    Ok(in_force)
}

/// SIGTERM, SIGINT, and SIGHUP: whoever closes the terminal is done with it.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hang_up.recv() => {
                // The server takes SIGHUP for a wish to read its settings anew, and is told in its own words. To signal oneself
                // does not fail.
                let _ = kill_process(getpid(), process::Signal::TERM);
            }
        }
    }
}
