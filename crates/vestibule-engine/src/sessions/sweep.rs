//! Sweeping: what has run out is ended by the store, what is dead leaves memory, and later the store. What is spent or erased
//! goes the same way.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use vestibule_core::id::SessionId;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Answer, StoreError, TimedOut};

use crate::chores::{Chore, due};
use crate::engine::Engine;

/// Between two sweeps.
const SWEEP: Duration = Duration::from_mins(1);
/// Rows of one transition.
const CHUNK: usize = 1000;
/// Most sessions that are gathered at once; what is left then is gathered next.
const MOST: usize = 100_000;
/// Failed transitions after which a sweep gives up until the next one.
const FAILURES: usize = 200;
/// How long a dead session's row is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// How long a ticket that ended and a tally that says nothing any more are kept: no transition under way knows of them then.
const SPENT: Duration = Duration::from_hours(1);

/// Sweeping, and what it remembers between sweeps.
pub(crate) struct Sweeping {
    engine: Arc<Engine>,
    swept: Option<Duration>,
    /// Sessions that the store failed to end (their rows cannot be read): they come last, so that they hold up no other.
    failing: HashSet<SessionId>,
}

impl Chore for Sweeping {
    async fn round(&mut self) {
        if due(&mut self.swept, self.engine.clock().monotonic(), SWEEP) {
            self.sweep().await;
        }
    }
}

impl Sweeping {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            swept: None,
            failing: HashSet::new(),
        }
    }

    async fn sweep(&mut self) {
        if let Err(error) = self.end_timed_out().await {
            tracing::warn!(%error, "sessions could not be swept; the next round tries again");
        }
        if let Err(error) = self.drop_dead().await {
            tracing::warn!(%error, "rows of dead sessions could not be dropped; the next round tries again");
        }
        if let Err(error) = self.drop_spent().await {
            tracing::warn!(%error, "tallies and tickets that are over could not be dropped; the next round tries again");
        }
        if let Err(error) = self.drop_stale().await {
            tracing::warn!(%error, "handshakes that are over could not be dropped; the next round tries again");
        }
        if let Err(error) = self.erase().await {
            tracing::warn!(%error, "personal data of deleted users could not be erased; the next round tries again");
        }
    }

    /// The time to judge by, unless the clock was stepped lately: then what only time decides waits. Read anew each time:
    /// what was awaited before may have taken long, and by an old reading later logins lie ahead.
    fn now(&self) -> Option<UnixMillis> {
        let (reading, _) = self.engine.time().read(self.engine.clock());
        (!self.engine.time().stepped() && self.engine.ready()).then_some(reading.now)
    }

    async fn end_timed_out(&mut self) -> Result<(), StoreError> {
        let mut told = false;
        while let Some(now) = self.now() {
            let index = Arc::clone(self.engine.index());
            // A walk over millions of records is no work for a thread that answers requests.
            let walk = tokio::task::spawn_blocking(move || index.sweep(now, MOST));
            let Ok(over) = walk.await else { break };
            let whole = over.len() < MOST;
            let ended = self.end(over, now).await?;
            if whole || ended == 0 {
                break;
            }
            if !told {
                told = true;
                tracing::warn!(
                    "over {MOST} sessions ran out since the last sweep; it goes on until all are ended"
                );
            }
        }
        Ok(())
    }

    /// Ends these, a chunk at a time. Answers how many it ended.
    async fn end(&mut self, over: Vec<TimedOut>, now: UnixMillis) -> Result<usize, StoreError> {
        let (last, first) = over
            .into_iter()
            .partition::<Vec<_>, _>(|over| self.failing.contains(&over.id));
        self.failing.clear();
        let mut chunks: Vec<_> = last.chunks(1).chain(first.chunks(CHUNK)).collect();
        let (mut ended, mut failures) = (0, 0);
        while let Some(chunk) = chunks.pop() {
            let act = self.engine.system_act(now);
            let act = act.map_err(crate::EntropyError::into_store)?;
            let store = self.engine.store();
            match store.end_timed_out_sessions(chunk.to_vec(), act).await {
                Ok(these) => ended += these.len(),
                Err(error @ (StoreError::Full(_) | StoreError::Unavailable(_))) => {
                    return Err(error);
                }
                Err(error) => {
                    failures += 1;
                    match chunk {
                        [one] => {
                            self.failing.insert(one.id);
                            tracing::warn!(session.id = %one.id, %error, "a session that has run out could not be ended");
                        }
                        // One row that cannot be read spares its neighbours.
                        _ => chunks.extend(<[_; 2]>::from(chunk.split_at(chunk.len() / 2))),
                    }
                    if failures >= FAILURES {
                        self.failing.extend(last.iter().map(|last| last.id));
                        return Err(error);
                    }
                }
            }
        }
        Ok(ended)
    }

    /// Drops tallies that say nothing any more, and tickets that ended.
    async fn drop_spent(&self) -> Result<(), StoreError> {
        let Some(now) = self.now() else {
            return Ok(());
        };
        let store = self.engine.store();
        let before = earlier(now, SPENT);
        in_chunks(|| store.drop_idle_tallies(before, CHUNK)).await?;
        in_chunks(|| store.drop_spent_tickets(before, CHUNK)).await
    }

    /// Drops codes that were never redeemed, and what is left of applications that are gone.
    async fn drop_stale(&self) -> Result<(), StoreError> {
        let Some(now) = self.now() else {
            return Ok(());
        };
        let store = self.engine.store();
        in_chunks(|| store.drop_stale_app_sessions(now, CHUNK)).await
    }

    /// Erases what the trail holds of personal data about deleted users.
    async fn erase(&self) -> Result<(), StoreError> {
        let store = self.engine.store();
        in_chunks(|| store.erase_personal(CHUNK)).await
    }

    async fn drop_dead(&self) -> Result<(), StoreError> {
        let Some(now) = self.now() else {
            return Ok(());
        };
        let store = self.engine.store();
        in_chunks(|| store.drop_dead_sessions(earlier(now, KEPT), CHUNK)).await
    }
}

/// Bulk work, a chunk at a time: between two of them whatever else waits has its turn.
async fn in_chunks<'a>(chunk: impl Fn() -> Answer<'a, usize>) -> Result<(), StoreError> {
    for _ in 0..MOST / CHUNK {
        if chunk().await? < CHUNK {
            break;
        }
    }
    Ok(())
}

fn earlier(now: UnixMillis, by: Duration) -> UnixMillis {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    UnixMillis(now.0.saturating_sub(by))
}
