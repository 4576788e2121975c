//! Last-seen, written behind.

use std::collections::HashMap;

use vestibule_core::id::SessionId;
use vestibule_core::time::UnixMillis;
use vestibule_store::Touch;

use crate::engine::Engine;

/// Rows of one transition (bulk work never holds the store for long).
const CHUNK: usize = 1000;
/// Most that a stop writes, so that it ends in time.
const LAST_FLUSH: usize = 200_000;

/// Uses that wait to be written, the latest of each session.
#[derive(Default)]
pub(crate) struct WriteBehind(HashMap<SessionId, UnixMillis>);

impl WriteBehind {
    /// Writes what waits. What cannot be written waits on.
    pub(crate) async fn flush(&mut self, engine: &Engine) {
        self.take(engine.index().take_touched());
        while !self.0.is_empty() {
            let waiting = self.0.iter().take(CHUNK);
            let chunk: Vec<_> = waiting
                .map(|(id, seen)| {
                    engine.index().latest(Touch {
                        id: *id,
                        seen: *seen,
                    })
                })
                .collect();
            if let Err(error) = engine.store().touch_sessions(chunk.clone()).await {
                tracing::warn!(%error, "when sessions were last used could not be written; they wait in memory");
                return;
            }
            engine.index().written(&chunk);
            for touch in chunk {
                self.0.remove(&touch.id);
            }
        }
    }

    /// Writes every use that memory knows of: the last thing before a stop, so that no idle life is shortened.
    pub(crate) async fn flush_all(&mut self, engine: &Engine) {
        self.take(engine.index().all_unwritten(LAST_FLUSH));
        self.flush(engine).await;
    }

    fn take(&mut self, touches: Vec<Touch>) {
        for Touch { id, seen } in touches {
            let latest = self.0.entry(id).or_insert(seen);
            *latest = seen.max(*latest);
        }
    }
}
