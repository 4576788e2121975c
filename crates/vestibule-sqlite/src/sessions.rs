//! Sessions: opened by a login, renewed, ended; never brought back.

mod end;
pub(crate) mod list;
mod open;
pub(crate) mod row;
mod sweep;

use vestibule_core::audit::Act;
use vestibule_core::filter::SessionFilter;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::{EndReason, NewSession, Renewal, Session};
use vestibule_core::time::UnixMillis;
use vestibule_store::{
    Answer, EndOthers, EndSession, OpenSession, RenewSession, SessionPage, Sessions, TimedOut,
    Touch,
};

use crate::Sqlite;
use crate::transition::Transition;

pub(crate) use end::{count_live, end_session};
pub(crate) use open::{insert_session, write_renewed};
pub(crate) use row::{SESSION_COLUMNS, live, load, read_session};
#[cfg(test)]
pub(crate) use {
    open::LIVE_SESSIONS,
    sweep::{DROP_UNDER_DEAD, drop_dead, drop_under_dead},
};

/// Most rows that one chunk of bulk work writes.
pub(crate) const CHUNK: usize = 1_000;

/// Most rows that one read counts.
const COUNTED: usize = 100_000;

impl Sessions for Sqlite {
    fn open_session(&self, new: NewSession, act: Act) -> Answer<'_, OpenSession> {
        self.transition(move |tx| open::open_session(tx, new, &act))
    }

    fn renew_session(&self, renewal: Renewal, act: Act) -> Answer<'_, RenewSession> {
        self.transition(move |tx| open::renew_session(tx, &renewal, &act))
    }

    fn end_session(
        &self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        act: Act,
    ) -> Answer<'_, EndSession> {
        self.transition(move |tx| end::end_session(tx, id, owner, reason, &act))
    }

    fn end_other_sessions(&self, spared: SessionId, act: Act) -> Answer<'_, EndOthers> {
        self.transition(move |tx| end::end_other_sessions(tx, spared, &act))
    }

    fn end_user_sessions(
        &self,
        user: UserId,
        acting: Option<SessionId>,
        reason: EndReason,
        act: Act,
    ) -> Answer<'_, u64> {
        self.transition(move |tx| end::end_user_sessions(tx, user, acting, reason, &act))
    }

    fn end_all_sessions(&self, act: Act) -> Answer<'_, u64> {
        Box::pin(async move {
            let struck = self
                .transition(move |tx| end::end_all_sessions(tx, &act))
                .await?;
            let (mut ended, mut after) = (0, Some(Vec::new()));
            while let Some(from) = after {
                let counted = self
                    .read(move |conn| end::count_struck(conn, struck, &from, COUNTED))
                    .await;
                let (live, last) = counted.unwrap_or_else(|error| {
                    // It is done and stays done: an error would say that nothing happened.
                    tracing::warn!(%error, "the sessions that were ended could not all be counted");
                    (0, None)
                });
                ended += live;
                after = last;
            }
            Ok(ended)
        })
    }

    fn touch_sessions(&self, touches: Vec<Touch>) -> Answer<'_, ()> {
        Box::pin(async move {
            for chunk in touches.chunks(CHUNK) {
                let chunk = chunk.to_vec();
                self.bulk(move |tx| sweep::touch_sessions(tx, &chunk))
                    .await?;
            }
            Ok(())
        })
    }

    fn end_timed_out_sessions(
        &self,
        sessions: Vec<TimedOut>,
        act: Act,
    ) -> Answer<'_, Vec<SessionId>> {
        Box::pin(async move {
            let mut ended = Vec::new();
            for chunk in sessions.chunks(CHUNK) {
                let (chunk, act) = (chunk.to_vec(), act.clone());
                ended.extend(
                    self.bulk(move |tx| sweep::end_timed_out(tx, &chunk, &act))
                        .await?,
                );
            }
            Ok(ended)
        })
    }

    fn drop_dead_sessions(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize> {
        let under = move |tx: &mut Transition<'_>| sweep::drop_under_dead(tx, before, limit);
        Box::pin(async move {
            while self.bulk(under).await? == sweep::LONG_CHUNK {}
            let dead = move |tx: &mut Transition<'_>, chunk| sweep::drop_dead(tx, before, chunk);
            self.chunks(limit, dead).await
        })
    }

    fn sessions_of(&self, user: UserId, now: UnixMillis) -> Answer<'_, Vec<Session>> {
        self.read(move |conn| list::of_user(conn, user.as_bytes(), now))
    }

    fn session(&self, id: SessionId, now: UnixMillis) -> Answer<'_, Option<Session>> {
        self.read(move |conn| list::one(conn, id, now))
    }

    fn sessions(
        &self,
        filter: SessionFilter,
        before: Option<SessionId>,
        limit: usize,
        now: UnixMillis,
    ) -> Answer<'_, SessionPage> {
        self.read(move |conn| list::page(conn, &filter, before, limit, now))
    }
}
