//! What the engine does by itself: the clock's mark, last-seen written behind, sealing, owed ends, sweeping.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::engine::Engine;
use crate::sessions::touch::WriteBehind;

/// Between two rounds: a committed event is sealed within a second.
const ROUND: Duration = Duration::from_millis(500);
/// Between two marks: a crash lets the clock fall back by this much at most.
const MARK: Duration = Duration::from_mins(1);
/// Between two sweeps.
const SWEEP: Duration = Duration::from_mins(1);

/// The chores and what they remember between rounds.
pub struct Chores {
    engine: Arc<Engine>,
    write_behind: WriteBehind,
    marked: Option<Duration>,
    swept: Option<Duration>,
    sealing_failed: bool,
}

impl Chores {
    /// Nothing done yet: the first round does everything.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            write_behind: WriteBehind::default(),
            marked: None,
            swept: None,
            sealing_failed: false,
        }
    }

    /// One round: whatever is due by the engine's clocks.
    pub async fn round(&mut self) {
        let engine = Arc::clone(&self.engine);
        let clock = engine.clock();
        let (reading, _) = engine.time().read(clock);
        let monotonic = clock.monotonic();
        engine.pay_owed_ends().await;
        self.write_behind.flush(&engine).await;
        self.seal().await;
        if due(&mut self.marked, monotonic, MARK) {
            self.mark().await;
        }
        if due(&mut self.swept, monotonic, SWEEP) {
            engine.sweep(reading.now).await;
        }
    }

    /// The last round, before a stop: nothing is left in memory that the store does not know.
    pub async fn finish(&mut self) {
        let engine = Arc::clone(&self.engine);
        engine.pay_owed_ends().await;
        self.write_behind.flush_all(&engine).await;
        self.mark().await;
        self.seal().await;
    }

    async fn mark(&self) {
        let engine = &self.engine;
        let (_, mark) = engine.time().read(engine.clock());
        if let Err(error) = engine.store().raise_clock_mark(mark).await {
            tracing::warn!(%error, "the clock's mark could not be written; the next round tries again");
        }
    }

    async fn seal(&mut self) {
        let sealed = self.engine.seal_events(self.engine.now()).await;
        if let Err(error) = &sealed
            && !self.sealing_failed
        {
            tracing::warn!(%error, "the audit trail could not be sealed; it is tried again until it is");
        }
        self.sealing_failed = sealed.is_err();
    }
}

fn due(last: &mut Option<Duration>, now: Duration, every: Duration) -> bool {
    let due = last.is_none_or(|last| now.saturating_sub(last) >= every);
    if due {
        *last = Some(now);
    }
    due
}

async fn told(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same. The guard that this answers must not live across an await: it is not `Send`.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Engine {
    /// Does the chores until `stop` says `true` (or its sender is gone), then a last round, and returns.
    pub async fn run_chores(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut chores = Chores::new(self);
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = told(&mut stop) => break,
                _ = rounds.tick() => chores.round().await,
            }
        }
        chores.finish().await;
    }
}
