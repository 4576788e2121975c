//! A user's own devices, and an operator's list of everybody's.

use std::time::Duration;

use vestibule_core::filter::SessionFilter;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::Session;
use vestibule_core::time::UnixMillis;
use vestibule_store::{SessionPage, StoreError};

use crate::engine::Engine;
use crate::sessions::live::LiveSession;

/// Of sessions that were opened under whatever policy (ASVS 7.3.1): none idles longer than any lives.
const LONGEST_IDLE: Duration = Duration::from_hours(30 * 24);

impl Engine {
    /// The live sessions of the session's user, newest first (ASVS 7.5.2).
    pub async fn devices(
        &self,
        session: &LiveSession,
        now: UnixMillis,
    ) -> Result<Vec<Session>, StoreError> {
        self.live_sessions_of(session.user_id(), now).await
    }

    /// The caller's own session as the store keeps it, in one look. `None`: it is not live any more.
    pub async fn device_of(
        &self,
        session: &LiveSession,
        now: UnixMillis,
    ) -> Result<Option<Session>, StoreError> {
        self.live_session(session.id(), now).await
    }

    pub(crate) async fn live_session(
        &self,
        id: SessionId,
        now: UnixMillis,
    ) -> Result<Option<Session>, StoreError> {
        let stored = self
            .store()
            .session(id, Self::before_unwritten(now))
            .await?;
        Ok(stored.and_then(|session| self.as_seen(session, now)))
    }

    pub(crate) async fn live_sessions_of(
        &self,
        user: UserId,
        now: UnixMillis,
    ) -> Result<Vec<Session>, StoreError> {
        let earlier = Self::before_unwritten(now);
        let stored = self.store().sessions_of(user, earlier).await?;
        let live = stored
            .into_iter()
            .filter_map(|session| self.as_seen(session, now));
        Ok(live.collect())
    }

    /// A page of the live sessions that match, newest first. A page may be shorter than asked for and still have a next one.
    pub async fn sessions(
        &self,
        filter: SessionFilter,
        before: Option<SessionId>,
        limit: usize,
        now: UnixMillis,
    ) -> Result<SessionPage, StoreError> {
        let earlier = Self::before_unwritten(now);
        let page = self.store().sessions(filter, before, limit, earlier).await;
        let SessionPage { sessions, next } = page?;
        let live = sessions.into_iter().filter_map(|mut stored| {
            stored.session = self.as_seen(stored.session, now)?;
            Some(stored)
        });
        Ok(SessionPage {
            sessions: live.collect(),
            next,
        })
    }

    /// The store judges by what is written; memory may know of a later use. So it is asked as of a little earlier, and
    /// memory judges what it answers.
    fn before_unwritten(now: UnixMillis) -> UnixMillis {
        let slack = LONGEST_IDLE / 10;
        let slack = i64::try_from(slack.as_millis()).unwrap_or(i64::MAX);
        UnixMillis(now.0.saturating_sub(slack))
    }

    fn as_seen(&self, mut session: Session, now: UnixMillis) -> Option<Session> {
        session.last_seen = self.index().last_seen(session.id, now)?;
        Some(session)
    }
}
