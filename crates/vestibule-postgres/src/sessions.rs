//! Sessions: opened by a login, renewed, ended; never brought back.

mod end;
mod list;
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

use crate::Postgres;
use crate::perform::CHUNK;

pub(crate) use end::{count_live, end_session};
pub(crate) use open::{insert_session, write_renewed};
pub(crate) use row::{Loaded, load};
use row::{listed_sessions, read_session};

impl Sessions for Postgres {
    fn open_session(&self, new: NewSession, act: Act) -> Answer<'_, OpenSession> {
        self.transition("open_session", (new, act), |tx, (new, act)| {
            Box::pin(open::open_session(tx, new, act))
        })
    }

    fn renew_session(&self, renewal: Renewal, act: Act) -> Answer<'_, RenewSession> {
        self.transition("renew_session", (renewal, act), |tx, (renewal, act)| {
            Box::pin(open::renew_session(tx, renewal, act))
        })
    }

    fn end_session(
        &self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        act: Act,
    ) -> Answer<'_, EndSession> {
        self.transition(
            "end_session",
            (id, owner, reason, act),
            |tx, (id, owner, reason, act)| {
                Box::pin(end::end_session(tx, *id, *owner, *reason, act))
            },
        )
    }

    fn end_other_sessions(&self, spared: SessionId, act: Act) -> Answer<'_, EndOthers> {
        self.transition("end_other_sessions", (spared, act), |tx, (spared, act)| {
            Box::pin(end::end_other_sessions(tx, *spared, act))
        })
    }

    fn end_user_sessions(
        &self,
        user: UserId,
        acting: Option<SessionId>,
        reason: EndReason,
        act: Act,
    ) -> Answer<'_, u64> {
        self.transition(
            "end_user_sessions",
            (user, acting, reason, act),
            |tx, (user, acting, reason, act)| {
                Box::pin(end::end_user_sessions(tx, *user, *acting, *reason, act))
            },
        )
    }

    fn end_all_sessions(&self, act: Act) -> Answer<'_, u64> {
        Box::pin(async move {
            let struck = self
                .transition("end_all_sessions", act, |tx, act| {
                    Box::pin(end::end_all_sessions(tx, act))
                })
                .await?;
            Ok(self.count_all_struck(struck).await)
        })
    }

    fn touch_sessions(&self, touches: Vec<Touch>) -> Answer<'_, ()> {
        Box::pin(async move {
            for chunk in touches.chunks(CHUNK) {
                self.bulk("touch_sessions", chunk.to_vec(), |tx, chunk| {
                    Box::pin(sweep::touch_sessions(tx, chunk))
                })
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
                let input = (chunk.to_vec(), act.clone());
                ended.extend(
                    self.bulk("end_timed_out_sessions", input, |tx, (chunk, act)| {
                        Box::pin(sweep::end_timed_out(tx, chunk, act))
                    })
                    .await?,
                );
            }
            Ok(ended)
        })
    }

    fn drop_dead_sessions(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.chunks(
            "drop_dead_sessions",
            limit,
            before,
            |tx, (before, chunk)| Box::pin(sweep::drop_dead(tx, *before, *chunk)),
        ))
    }

    fn sessions_of(&self, user: UserId, now: UnixMillis) -> Answer<'_, Vec<Session>> {
        Box::pin(async move {
            let sql = listed_sessions!("AND s.user_id = $2 ORDER BY s.id DESC");
            self.read(sql, &[&now.0, &&user.as_bytes()[..]], |rows| {
                rows.iter().map(read_session).collect()
            })
            .await
        })
    }

    fn session(&self, id: SessionId, now: UnixMillis) -> Answer<'_, Option<Session>> {
        Box::pin(async move {
            let sql = listed_sessions!("AND s.id = $2");
            self.read(sql, &[&now.0, &&id.as_bytes()[..]], |rows| {
                rows.first().map(read_session).transpose()
            })
            .await
        })
    }

    fn sessions(
        &self,
        filter: SessionFilter,
        before: Option<SessionId>,
        limit: usize,
        now: UnixMillis,
    ) -> Answer<'_, SessionPage> {
        Box::pin(async move { self.session_page(&filter, before, limit, now).await })
    }
}
