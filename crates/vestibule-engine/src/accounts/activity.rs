//! A user's own recent activity.

use vestibule_core::audit::StoredEvent;
use vestibule_core::filter::EventFilter;
use vestibule_store::{EventPage, StoreError};

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
        let own = EventFilter {
            user: Some(session.user_id()),
            ..EventFilter::default()
        };
        let EventPage { events, next } = self.store().events(own, before, limit).await?;
        Ok(Activity { events, next })
    }
}
