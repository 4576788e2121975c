//! A user's own recent activity.

use vestibule_core::audit::StoredEvent;
use vestibule_store::StoreError;

use crate::engine::Engine;
use crate::sessions::live::LiveSession;

/// A page of a user's activity.
#[derive(Debug)]
pub struct Activity {
    /// Newest first.
    pub events: Vec<StoredEvent>,
    /// Before which position the next page begins, if there is one.
    pub next: Option<u64>,
}

impl Engine {
    /// Events about the session's user, newest first; with `before`, those before that position.
    pub async fn activity(
        &self,
        session: &LiveSession,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Activity, StoreError> {
        let user = Some(session.user_id());
        let one_more = limit.saturating_add(1);
        let mut events = self.store().latest_events(user, before, one_more).await?;
        let more = events.len() > limit;
        events.truncate(limit);
        let next = events.last().filter(|_| more).map(|last| last.position);
        Ok(Activity { events, next })
    }
}
