//! What the engine does by itself: the clock's mark, last-seen written behind, sealing, owed ends, sweeping, mail.
//!
//! Four lines of work side by side, so that none waits for another: a trail is sealed within a second however many
//! touches wait to be written, however many sessions have run out, and however long a mail server takes.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::engine::Engine;
use crate::mail::outbox::Outbox;
use crate::sessions::sweep::Sweeping;
use crate::sessions::touch::WriteBehind;

/// Between two rounds: a committed event is sealed within a second.
pub(crate) const ROUND: Duration = Duration::from_millis(500);
/// Between two marks: a crash lets the clock fall back by this much at most.
const MARK: Duration = Duration::from_mins(1);

/// The chores and what they remember between rounds.
pub struct Chores {
    upkeep: Upkeep,
    sealing: Sealing,
    sweeping: Sweeping,
    outbox: Outbox,
}

impl Chores {
    /// Nothing done yet: the first round does everything.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            upkeep: Upkeep {
                engine: Arc::clone(&engine),
                write_behind: WriteBehind::default(),
                marked: None,
            },
            sealing: Sealing {
                engine: Arc::clone(&engine),
                failed: false,
            },
            sweeping: Sweeping::new(Arc::clone(&engine)),
            outbox: Outbox::new(engine),
        }
    }

    /// One round of each, one after the other: whatever is due by the engine's clocks.
    pub async fn round(&mut self) {
        self.upkeep.round().await;
        self.sealing.round().await;
        self.sweeping.round().await;
        self.outbox.round().await;
    }

    /// The last round, before a stop: nothing is left in memory that the store does not know.
    pub async fn finish(&mut self) {
        self.upkeep.finish().await;
        self.sealing.round().await;
    }
}

/// Something done again and again.
pub(crate) trait Chore {
    /// Whatever is due.
    fn round(&mut self) -> impl Future<Output = ()> + Send;

    /// Round after round, until `stop` says `true` (or its sender is gone).
    fn keep_at(&mut self, mut stop: watch::Receiver<bool>) -> impl Future<Output = ()> + Send
    where
        Self: Send,
    {
        async move {
            let mut rounds = interval(ROUND);
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = told(&mut stop) => break,
                    _ = rounds.tick() => outlived(self.round()).await,
                }
            }
        }
    }
}

struct Upkeep {
    engine: Arc<Engine>,
    write_behind: WriteBehind,
    marked: Option<Duration>,
}

impl Chore for Upkeep {
    async fn round(&mut self) {
        let engine = Arc::clone(&self.engine);
        let clock = engine.clock();
        engine.time().read(clock);
        engine.look_back();
        let monotonic = clock.monotonic();
        engine.pay_owed_ends().await;
        self.write_behind.flush(&engine).await;
        if due(&mut self.marked, monotonic, MARK) {
            self.mark().await;
        }
    }
}

impl Upkeep {
    async fn finish(&mut self) {
        let engine = Arc::clone(&self.engine);
        engine.pay_owed_ends().await;
        self.write_behind.flush_all(&engine).await;
        self.mark().await;
    }

    async fn mark(&self) {
        let engine = &self.engine;
        let (_, mark) = engine.time().read(engine.clock());
        if let Err(error) = engine.store().raise_clock_mark(mark).await {
            tracing::warn!(%error, "the clock's mark could not be written; the next round tries again");
        }
    }
}

struct Sealing {
    engine: Arc<Engine>,
    failed: bool,
}

impl Chore for Sealing {
    async fn round(&mut self) {
        let sealed = self.engine.seal_events(self.engine.now()).await;
        if let Err(error) = &sealed
            && !self.failed
        {
            tracing::warn!(%error, "the audit trail could not be sealed; it is tried again until it is");
        }
        self.failed = sealed.is_err();
        let monotonic = self.engine.clock().monotonic();
        self.engine.metrics().sealed(sealed.is_ok(), monotonic);
    }
}

pub(crate) fn due(last: &mut Option<Duration>, now: Duration, every: Duration) -> bool {
    let due = last.is_none_or(|last| now.saturating_sub(last) >= every);
    if due {
        *last = Some(now);
    }
    due
}

/// ASVS 16.5.4: a round that panics is over, and the next one comes in its turn. Were it the end of all rounds, the server
/// would answer on while no trail is sealed and nothing that ran out is ended, until its next start.
pub(crate) async fn outlived(round: impl Future<Output = ()>) {
    let mut round = pin!(round);
    poll_fn(|context| {
        // Unwind safety: the round is not polled again, and what it shares with others is behind locks and atomics.
        catch_unwind(AssertUnwindSafe(|| round.as_mut().poll(context))).unwrap_or_else(|_| {
            tracing::error!("a round of periodic work panicked; the next one tries again");
            Poll::Ready(())
        })
    })
    .await;
}

pub(crate) async fn told(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same. The guard that this answers must not live across an await: it is not `Send`.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Engine {
    /// Does the chores until `stop` says `true` (or its sender is gone), then a last round, and returns.
    pub async fn run_chores(self: Arc<Self>, stop: watch::Receiver<bool>) {
        self.run(stop, true).await;
    }

    /// The same, the outbox left as it is: for who is gone in a moment, and would hand letters over in haste.
    pub async fn run_chores_but_mail(self: Arc<Self>, stop: watch::Receiver<bool>) {
        self.run(stop, false).await;
    }

    async fn run(self: Arc<Self>, stop: watch::Receiver<bool>, mails: bool) {
        let mut chores = Chores::new(self);
        let mut stopped = stop.clone();
        let sweeping = async {
            // A stop does not wait for the end of a long sweep: the next start goes on.
            tokio::select! {
                () = told(&mut stopped) => {}
                () = chores.sweeping.keep_at(stop.clone()) => {}
            }
        };
        let upkeep = chores.upkeep.keep_at(stop.clone());
        let sealing = chores.sealing.keep_at(stop.clone());
        let outbox = async {
            if mails {
                chores.outbox.keep_at(stop.clone()).await;
            }
        };
        tokio::join!(upkeep, sealing, sweeping, outbox);
        chores.finish().await;
    }
}
