//! Ending sessions: one, the others, all of a user's, everybody's.
//!
//! Commit, then publish, then answer. An end that cannot be stored is enforced in memory all the same, and the error
//! returned, so that the caller answers 503.

use vestibule_core::audit::{Act, Actor};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_store::{EndOthers, EndSession, StoreError};

use super::live::{FreshLogin, LiveSession};
use super::owed::OwedEnd;
use crate::engine::Engine;
use crate::visit::{Operator, Visit};

impl Engine {
    /// Signs out here (ASVS 7.4.1, N10). Done already is done.
    pub async fn sign_out(&self, session: &LiveSession, visit: &Visit) -> Result<(), StoreError> {
        let (id, actor) = (session.id(), Actor::User(session.user_id()));
        let act = self.end_act(visit, actor, session);
        let ended = match act {
            Ok(act) => self.end_one(id, None, EndReason::SignedOut, act).await,
            Err(error) => Err(error),
        };
        // Whatever the store says of it, here it is over.
        self.index().remove(id);
        ended.map(drop)
    }

    /// Ends one of the user's own devices (ASVS 7.5.2, 8.2.2).
    pub async fn end_device(
        &self,
        login: &FreshLogin,
        id: SessionId,
        visit: &Visit,
    ) -> Result<EndSession, StoreError> {
        let session = login.session();
        let owner = session.user_id();
        let act = self.end_act(visit, Actor::User(owner), session);
        let ended = match act {
            Ok(act) => {
                self.end_one(id, Some(owner), EndReason::EndedByOwner, act)
                    .await
            }
            Err(error) => Err(error),
        };
        self.index().remove_of(id, owner);
        ended
    }

    /// Ends every device of the user but this one (ASVS 7.4.3, 7.5.2).
    pub async fn end_other_devices(
        &self,
        login: &FreshLogin,
        visit: &Visit,
    ) -> Result<EndOthers, StoreError> {
        let session = login.session();
        let (id, user) = (session.id(), session.user_id());
        let act = self.end_act(visit, Actor::User(user), session);
        let owed = act.as_ref().ok().cloned();
        let ended = match act {
            Ok(act) => {
                self.settle(id, visit.now).await;
                self.store().end_other_sessions(id, act).await
            }
            Err(error) => Err(error),
        };
        if ended.is_err() {
            self.enforce_on_user(user, Some(id), EndReason::OthersEnded, owed.as_ref());
        }
        ended
    }

    /// Ends every device of the user, this one too. Answers how many were live.
    pub async fn end_everywhere(
        &self,
        login: &FreshLogin,
        visit: &Visit,
    ) -> Result<u64, StoreError> {
        let session = login.session();
        let user = session.user_id();
        let act = self.end_act(visit, Actor::User(user), session);
        self.end_user(user, EndReason::EverywhereEnded, act).await
    }

    /// Ends one session, whoever owns it.
    pub async fn revoke_session(
        &self,
        id: SessionId,
        operator: &Operator,
    ) -> Result<EndSession, StoreError> {
        let act = operator.act(self, None);
        let ended = match act {
            Ok(act) => {
                self.end_one(id, None, EndReason::EndedByOperator, act)
                    .await
            }
            Err(error) => Err(error.into_store()),
        };
        self.index().remove(id);
        ended
    }

    /// Ends every session of one user (ASVS 7.4.5). `None`: no such user.
    pub async fn revoke_user(
        &self,
        email: &EmailAddress,
        operator: &Operator,
    ) -> Result<Option<u64>, StoreError> {
        let Some(user) = self.user_by_address(email).await? else {
            return Ok(None);
        };
        let act = operator
            .act(self, Some(email.as_str()))
            .map_err(crate::EntropyError::into_store);
        self.end_user(user, EndReason::EndedByOperator, act)
            .await
            .map(Some)
    }

    /// Ends every session of everybody: one cutoff (ASVS 7.4.5).
    pub async fn revoke_all(&self, operator: &Operator) -> Result<u64, StoreError> {
        let act = operator.act(self, None);
        let owed = act.as_ref().ok().cloned();
        let ended = match act {
            Ok(act) => self.store().end_all_sessions(act).await,
            Err(error) => Err(error.into_store()),
        };
        if ended.is_err() {
            let reason = EndReason::EndedByOperator;
            self.owe(self.index().remove_all(), reason, owed.as_ref());
        }
        ended
    }

    async fn end_one(
        &self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        act: Act,
    ) -> Result<EndSession, StoreError> {
        let mut pending = PendingEnd {
            engine: self,
            owner,
            owed: Some(OwedEnd {
                id,
                reason,
                act: act.clone(),
            }),
        };
        let ended = self.store().end_session(id, owner, reason, act).await;
        if ended.is_ok() {
            pending.owed = None;
        }
        ended
    }

    async fn end_user(
        &self,
        user: UserId,
        reason: EndReason,
        act: Result<Act, StoreError>,
    ) -> Result<u64, StoreError> {
        let owed = act.as_ref().ok().cloned();
        let ended = match act {
            Ok(act) => self.store().end_user_sessions(user, reason, act).await,
            Err(error) => Err(error),
        };
        if ended.is_err() {
            self.enforce_on_user(user, None, reason, owed.as_ref());
        }
        ended
    }

    /// A revocation that cannot be stored is enforced in memory.
    pub(crate) fn enforce_on_user(
        &self,
        user: UserId,
        spared: Option<SessionId>,
        reason: EndReason,
        act: Option<&Act>,
    ) {
        self.owe(self.index().remove_user(user, spared), reason, act);
    }

    fn owe(&self, ids: Vec<SessionId>, reason: EndReason, act: Option<&Act>) {
        let Some(act) = act else { return };
        for id in ids {
            let act = act.clone();
            self.owed().push(OwedEnd { id, reason, act });
        }
    }

    fn end_act(
        &self,
        visit: &Visit,
        actor: Actor,
        session: &LiveSession,
    ) -> Result<Act, StoreError> {
        visit
            .act(self, actor, Some(session.profile().email.as_str()))
            .map_err(crate::EntropyError::into_store)
    }

    /// A user's id by address; from memory when the store cannot be asked.
    pub(crate) async fn user_by_address(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<UserId>, StoreError> {
        match self.store().sign_in_record(email.clone()).await {
            Ok(record) => Ok(record.map(|record| record.user.id)),
            Err(error) => self.index().find_user(email).map(Some).ok_or(error),
        }
    }

    /// Writes a session's last use first, where the store would otherwise take it for run out and not act on it: the
    /// idle clock in memory is ahead of the written one.
    pub(crate) async fn settle(&self, id: SessionId, now: UnixMillis) {
        let Some(touch) = self.index().unwritten(id, now) else {
            return;
        };
        // A failure shows in the transition that follows.
        if self.store().touch_sessions(vec![touch]).await.is_ok() {
            self.index().written(&[touch]);
        }
    }
}

/// An end asked of the store and not answered yet. Failed, or its caller gone: it is enforced in memory and owed, whatever
/// became of it (what ended already is not ended again).
struct PendingEnd<'a> {
    engine: &'a Engine,
    owner: Option<UserId>,
    owed: Option<OwedEnd>,
}

impl Drop for PendingEnd<'_> {
    fn drop(&mut self) {
        let index = self.engine.index();
        // Owed only if it is there to be ended, and the caller may end it.
        if let Some(end) = self.owed.take()
            && index.may_end(end.id, self.owner)
        {
            index.remove(end.id);
            self.engine.owed().push(end);
        }
    }
}
