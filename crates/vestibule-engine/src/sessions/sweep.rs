//! Sweeping: what has run out is ended by the store, what is dead leaves memory, and later the store.

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::time::UnixMillis;
use vestibule_store::StoreError;

use crate::engine::Engine;

/// Rows of one transition.
const CHUNK: usize = 1000;
/// Most sessions that one sweep ends; the next one goes on.
const MOST: usize = 100_000;
/// How long a dead session's row is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);

impl Engine {
    /// One sweep, unless the clock was stepped lately: then what only time decides waits.
    pub(crate) async fn sweep(&self, now: UnixMillis) {
        if self.time().stepped() || !self.ready() {
            return;
        }
        let swept = async {
            self.end_timed_out(now).await?;
            self.drop_dead(now).await
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "sessions could not be swept; the next round tries again");
        }
    }

    async fn end_timed_out(&self, now: UnixMillis) -> Result<(), StoreError> {
        let index = Arc::clone(self.index());
        // A walk over millions of records is no work for a thread that answers requests.
        let walk = tokio::task::spawn_blocking(move || index.sweep(now, MOST));
        let Ok(over) = walk.await else {
            return Ok(());
        };
        for chunk in over.chunks(CHUNK) {
            let act = self
                .system_act(now)
                .map_err(crate::EntropyError::into_store)?;
            self.store()
                .end_timed_out_sessions(chunk.to_vec(), act)
                .await?;
        }
        Ok(())
    }

    async fn drop_dead(&self, now: UnixMillis) -> Result<(), StoreError> {
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let before = UnixMillis(now.0.saturating_sub(kept));
        for _ in 0..MOST / CHUNK {
            if self.store().drop_dead_sessions(before, CHUNK).await? < CHUNK {
                break;
            }
        }
        Ok(())
    }
}
