//! Transitions of sessions.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::lineage::Node;
use vestibule_core::session::{
    Clocks, EndReason, LoginRefused, NewSession, Renewal, Session, displaced,
};
use vestibule_core::time::UnixMillis;

use super::{Model, Row};
use crate::{Change, EndOthers, EndSession, OpenSession, RenewSession, TimedOut, Touch};

impl Model {
    /// [`crate::Sessions::open_session`].
    pub fn open_session(&mut self, new: NewSession, act: &Act) -> OpenSession {
        match self.may_open(new.user, new.credential) {
            None => return OpenSession::Unknown,
            Some(Err(LoginRefused::Disabled)) => return OpenSession::Disabled,
            Some(Err(LoginRefused::CredentialChanged)) => return OpenSession::CredentialChanged,
            Some(Ok(())) => {}
        }
        self.audit(
            act,
            Event::session(EventKind::LoginSucceeded, new.user, new.id),
        );
        if let Some(over) = new.replaces {
            self.end(over, EndReason::Replaced, act);
        }
        let live = self.live(new.user, act.at).into_iter();
        let seen = live.map(|id| (self.rows[&id].session.last_seen, id));
        for id in displaced(seen.collect()) {
            self.end(id, EndReason::Displaced, act);
        }
        self.last_logins.insert(new.user, new.auth_time);
        let session = Session::open(new, self.number);
        let row = Row {
            session: session.clone(),
            ended_at: None,
        };
        assert!(self.rows.insert(session.id, row).is_none(), "ids are fresh");
        let session = Box::new(session);
        self.published.push(Change::SessionOpened(session.clone()));
        OpenSession::Opened(session)
    }

    /// [`crate::Sessions::renew_session`].
    pub fn renew_session(&mut self, renewal: &Renewal, act: &Act) -> RenewSession {
        let Some(user) = self.rows.get(&renewal.id).map(|row| row.session.user) else {
            return RenewSession::Ended;
        };
        match self.may_open(user, renewal.credential) {
            Some(Err(LoginRefused::Disabled)) => return RenewSession::Disabled,
            Some(Err(LoginRefused::CredentialChanged)) => return RenewSession::CredentialChanged,
            Some(Ok(())) if self.is_presented(user, renewal, act.at) => {}
            _ => return RenewSession::Ended,
        }
        let renewed = Box::new(self.write_renewed(renewal));
        self.published.push(Change::SessionRenewed(renewed.clone()));
        self.audit(
            act,
            Event::session(EventKind::Reauthenticated, user, renewal.id),
        );
        RenewSession::Renewed(renewed)
    }

    /// [`crate::Sessions::end_session`].
    pub fn end_session(
        &mut self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        act: &Act,
    ) -> EndSession {
        let foreign = owner.is_some_and(|owner| {
            self.rows
                .get(&id)
                .is_none_or(|row| row.session.user != owner)
        });
        if !foreign && self.end(id, reason, act) {
            EndSession::Ended
        } else {
            EndSession::NotLive
        }
    }

    /// [`crate::Sessions::end_other_sessions`].
    pub fn end_other_sessions(&mut self, spared: SessionId, act: &Act) -> EndOthers {
        let Some(user) = self
            .rows
            .get(&spared)
            .filter(|row| self.is_live(row, act.at))
        else {
            return EndOthers::NotLive;
        };
        let user = user.session.user;
        let ended = self.count_live(user, Some(spared), act.at);
        let cutoff = self.cut(Node::User(user, Some(spared)));
        self.published.push(Change::Cutoff(cutoff));
        let kind = EventKind::UserSessionsEnded(EndReason::OthersEnded);
        self.audit(act, Event::session(kind, user, spared));
        EndOthers::Ended { ended }
    }

    /// [`crate::Sessions::end_user_sessions`].
    pub fn end_user_sessions(&mut self, user: UserId, reason: EndReason, act: &Act) -> u64 {
        let ended = self.count_live(user, None, act.at);
        let cutoff = self.cut(Node::User(user, None));
        self.published.push(Change::Cutoff(cutoff));
        self.audit(act, Event::user(EventKind::UserSessionsEnded(reason), user));
        ended
    }

    /// [`crate::Sessions::end_all_sessions`].
    pub fn end_all_sessions(&mut self, act: &Act) -> u64 {
        let ended = self
            .rows
            .values()
            .filter(|row| self.is_live(row, act.at))
            .count() as u64;
        let cutoff = self.cut(Node::Everything);
        self.published.push(Change::Cutoff(cutoff));
        let kind = EventKind::AllSessionsEnded;
        self.audit(act, Event::plain(kind));
        ended
    }

    /// [`crate::Sessions::touch_sessions`].
    pub fn touch_sessions(&mut self, touches: &[Touch]) {
        for touch in touches {
            if let Some(row) = self
                .rows
                .get_mut(&touch.id)
                .filter(|row| row.ended_at.is_none())
            {
                row.session.last_seen = row.session.last_seen.max(touch.seen);
            }
        }
    }

    /// [`crate::Sessions::end_timed_out_sessions`].
    pub fn end_timed_out_sessions(&mut self, judged: &[TimedOut], act: &Act) -> Vec<SessionId> {
        let mut ended = Vec::new();
        for TimedOut { id, seen, reason } in judged {
            let ran_out = self.rows.get(id).is_some_and(|Row { session, .. }| {
                let clocks = Clocks {
                    last_seen: *seen,
                    ..session.clocks()
                };
                session.last_seen <= *seen && clocks.timed_out(act.at).is_some()
            });
            if ran_out && self.end(*id, *reason, act) {
                ended.push(*id);
            }
        }
        ended
    }

    /// [`crate::Sessions::drop_dead_sessions`], without a limit.
    pub fn drop_dead_sessions(&mut self, before: UnixMillis) -> usize {
        let (accounts, everything, rows) = (&self.accounts, self.everything, self.rows.len());
        self.rows.retain(|_, Row { session, ended_at }| {
            let struck = !session.stands(accounts[&session.user].user.cutoff, everything);
            let dropped =
                ended_at.is_some_and(|at| at < before) || struck && session.expires_at < before;
            !dropped
        });
        rows - self.rows.len()
    }
}
