//! A user's own recent activity.

use vestibule_core::audit::StoredEvent;
use vestibule_store::StoreError;

use crate::engine::Engine;
use crate::sessions::live::LiveSession;

impl Engine {
    /// The latest events about the session's user, newest first.
    pub async fn activity(
        &self,
        session: &LiveSession,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.store()
            .latest_events(Some(session.user_id()), limit)
            .await
    }
}
