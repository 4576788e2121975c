//! Ending sessions: one, the others, all of a user's, everybody's.
//!
//! Commit, then publish, then answer. An end that cannot be stored is enforced in memory all the same, and the error
//! returned, so that the caller answers 503. Both happen on a task of their own, whatever becomes of the caller.

use std::sync::{Arc, Weak};

use tokio::task::JoinSet;
use tracing::Instrument as _;

use vestibule_core::audit::{Act, Actor};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_store::{EndOthers, EndSession, StoreError};

use super::index::Index;
use super::live::{FreshLogin, LiveSession};
use super::owed::OwedEnd;
use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::visit::{Operator, Visit};

impl Engine {
    /// Signs out here (ASVS 7.4.1, N10). Done already is done.
    pub async fn sign_out(
        self: &Arc<Self>,
        session: &LiveSession,
        visit: &Visit,
    ) -> Result<(), StoreError> {
        let (id, actor) = (session.id(), Actor::User(session.user_id()));
        let act = self.end_act(visit, actor, session);
        let engine = Arc::clone(self);
        see_through(async move {
            let ended = engine.end_one(id, None, EndReason::SignedOut, act).await;
            // Whatever the store says of it, here it is over.
            engine.index().remove(id);
            ended.map(drop)
        })
        .await
    }

    /// Ends one of the user's own devices (ASVS 7.5.2, 8.2.2).
    pub async fn end_device(
        self: &Arc<Self>,
        login: &FreshLogin,
        id: SessionId,
        visit: &Visit,
    ) -> Result<EndSession, StoreError> {
        let session = login.session();
        let owner = session.user_id();
        let act = self.end_act(visit, Actor::User(owner), session);
        let engine = Arc::clone(self);
        see_through(async move {
            let ended = engine.end_one(id, Some(owner), EndReason::EndedByOwner, act);
            let ended = ended.await;
            engine.index().remove_of(id, owner);
            ended
        })
        .await
    }

    /// Ends every device of the user but this one (ASVS 7.4.3, 7.5.2).
    pub async fn end_other_devices(
        self: &Arc<Self>,
        login: &FreshLogin,
        visit: &Visit,
    ) -> Result<EndOthers, StoreError> {
        let session = login.session();
        let (id, user, now) = (session.id(), session.user_id(), visit.now);
        let act = self.end_act(visit, Actor::User(user), session);
        let engine = Arc::clone(self);
        see_through(async move {
            let owed = act.as_ref().ok().cloned();
            let ended = match act {
                Ok(act) => {
                    engine.settle(id, now).await;
                    engine.store().end_other_sessions(id, act).await
                }
                Err(error) => Err(error),
            };
            if ended.is_err() {
                let reason = EndReason::OthersEnded;
                engine.enforce_on_user(user, Some(id), reason, owed).await;
            }
            ended
        })
        .await
    }

    /// Ends every device of the user, this one too. Answers how many were live.
    pub async fn end_everywhere(
        self: &Arc<Self>,
        login: &FreshLogin,
        visit: &Visit,
    ) -> Result<u64, StoreError> {
        let session = login.session();
        let user = session.user_id();
        let act = self.end_act(visit, Actor::User(user), session);
        let engine = Arc::clone(self);
        let acting = Some(session.id());
        see_through(async move {
            let reason = EndReason::EverywhereEnded;
            engine.end_user(user, acting, reason, act).await
        })
        .await
    }

    /// Ends one session, whoever owns it.
    pub async fn revoke_session(
        self: &Arc<Self>,
        id: SessionId,
        operator: &Operator,
    ) -> Result<EndSession, StoreError> {
        let act = operator.act(self, None).map_err(EntropyError::into_store);
        let engine = Arc::clone(self);
        see_through(async move {
            let ended = engine.end_one(id, None, EndReason::EndedByOperator, act);
            let ended = ended.await;
            engine.index().remove(id);
            ended
        })
        .await
    }

    /// Ends these sessions, whoever owns them, and answers how many of them were live.
    pub async fn revoke_sessions(
        self: &Arc<Self>,
        ids: Vec<SessionId>,
        operator: &Operator,
    ) -> Result<u64, StoreError> {
        let mut under_way = JoinSet::new();
        for id in ids {
            let (engine, operator) = (Arc::clone(self), operator.clone());
            under_way.spawn(async move { engine.revoke_session(id, &operator).await });
        }
        let (mut ended, mut failure) = (0, None);
        while let Some(joined) = under_way.join_next().await {
            match joined {
                Ok(Ok(EndSession::Ended)) => ended += 1,
                Ok(Ok(EndSession::NotLive)) => {}
                Ok(Err(error)) => failure = Some(error),
                Err(error) => failure = Some(StoreError::Failed(Box::new(error))),
            }
        }
        failure.map_or(Ok(ended), Err)
    }

    /// Ends every session of one user (ASVS 7.4.5). `None`: no such user.
    pub async fn revoke_user(
        self: &Arc<Self>,
        whom: impl Into<Whom>,
        operator: &Operator,
    ) -> Result<Option<u64>, StoreError> {
        let (engine, operator, whom) = (Arc::clone(self), operator.clone(), whom.into());
        see_through(async move {
            let Some((user, email)) = engine.meant(whom).await? else {
                return Ok(None);
            };
            let act = operator.act(&engine, email.as_ref().map(EmailAddress::as_str));
            let act = act.map_err(EntropyError::into_store);
            let ended = engine.end_user(user, None, EndReason::EndedByOperator, act);
            ended.await.map(Some)
        })
        .await
    }

    /// Ends every session of everybody: one cutoff (ASVS 7.4.5).
    pub async fn revoke_all(self: &Arc<Self>, operator: &Operator) -> Result<u64, StoreError> {
        let act = operator.act(self, None).map_err(EntropyError::into_store);
        let engine = Arc::clone(self);
        see_through(async move {
            let owed = act.as_ref().ok().cloned();
            let ended = match act {
                Ok(act) => engine.store().end_all_sessions(act).await,
                Err(error) => Err(error),
            };
            if ended.is_err() {
                let ids = engine.walk(Index::remove_all).await;
                engine.owe(ids, None, EndReason::EndedByOperator, owed.as_ref());
            }
            ended
        })
        .await
    }

    async fn end_one(
        &self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        act: Result<Act, StoreError>,
    ) -> Result<EndSession, StoreError> {
        let act = act?;
        let owed = act.clone();
        let ended = self.store().end_session(id, owner, reason, act).await;
        // Owed only if it is there to be ended, and the caller may end it.
        if ended.is_err() && self.index().may_end(id, owner) {
            let owner = self.index().owner(id);
            self.index().remove(id);
            self.owe(vec![id], owner, reason, Some(&owed));
        }
        ended
    }

    async fn end_user(
        &self,
        user: UserId,
        acting: Option<SessionId>,
        reason: EndReason,
        act: Result<Act, StoreError>,
    ) -> Result<u64, StoreError> {
        let owed = act.as_ref().ok().cloned();
        let ended = match act {
            Ok(act) => {
                let ended = self.store().end_user_sessions(user, acting, reason, act);
                ended.await
            }
            Err(error) => Err(error),
        };
        if ended.is_err() {
            self.enforce_on_user(user, None, reason, owed).await;
        }
        ended
    }

    /// A revocation that cannot be stored is enforced in memory.
    pub(crate) async fn enforce_on_user(
        &self,
        user: UserId,
        spared: Option<SessionId>,
        reason: EndReason,
        act: Option<Act>,
    ) {
        let ids = self.walk(move |index| index.remove_user(user, spared));
        self.owe(ids.await, Some(user), reason, act.as_ref());
    }

    /// A walk over millions of records is no work for a thread that answers requests.
    pub(crate) async fn walk<T: Send + 'static>(
        &self,
        over: impl Fn(&Index) -> T + Clone + Send + 'static,
    ) -> T {
        let index = Arc::clone(self.index());
        let walk = over.clone();
        match tokio::task::spawn_blocking(move || walk(&index)).await {
            Ok(found) => found,
            // The runtime is ending: what must be dead is dead all the same.
            Err(_) => over(self.index()),
        }
    }

    pub(crate) fn owe(
        &self,
        ids: Vec<SessionId>,
        owner: Option<UserId>,
        reason: EndReason,
        act: Option<&Act>,
    ) {
        let Some(act) = act else { return };
        for id in ids {
            let act = act.clone();
            self.owed().push(OwedEnd {
                id,
                owner,
                reason,
                act,
            });
        }
    }

    fn end_act(
        &self,
        visit: &Visit,
        actor: Actor,
        session: &LiveSession,
    ) -> Result<Act, StoreError> {
        visit
            .act(self, actor, Some(session.profile().email().as_str()))
            .map_err(EntropyError::into_store)
    }

    /// Who is meant, and their address where it is known. What the store cannot tell is taken from memory, and an id for what
    /// it is: no end waits for the store (ASVS 7.4.2).
    pub(crate) async fn meant(
        &self,
        whom: Whom,
    ) -> Result<Option<(UserId, Option<EmailAddress>)>, StoreError> {
        match whom {
            Whom::Address(email) => {
                let user = self.user_by_address(&email).await?;
                Ok(user.map(|user| (user, Some(email))))
            }
            Whom::Id(user) => Ok(match self.store().sign_in_record_of(user).await {
                Ok(record) => record.map(|record| (user, Some(record.user.email))),
                Err(_) => Some((user, self.address_in_memory(user))),
            }),
        }
    }

    /// A user's address, if somebody is signed in as them: for what must go on while the store is away.
    pub fn address_in_memory(&self, user: UserId) -> Option<EmailAddress> {
        self.index().profile(user).map(|profile| profile.email())
    }

    /// A user's id by address; from memory when the store cannot be asked.
    pub(crate) async fn user_by_address(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<UserId>, StoreError> {
        match self.store().sign_in_record(email.clone()).await {
            Ok(record) => Ok(record.map(|record| record.user.id)),
            Err(error) => {
                let email = email.clone();
                let found = self.walk(move |index| index.find_user(&email)).await;
                found.map(Some).ok_or(error)
            }
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

/// Whose sessions are ended, or whose account is shut.
#[derive(Debug, Clone)]
pub enum Whom {
    /// By address.
    Address(EmailAddress),
    /// By id.
    Id(UserId),
}

impl From<&EmailAddress> for Whom {
    fn from(email: &EmailAddress) -> Self {
        Self::Address(email.clone())
    }
}

impl From<UserId> for Whom {
    fn from(user: UserId) -> Self {
        Self::Id(user)
    }
}

/// Does `work` whole, on a task of its own: a caller that hangs up meanwhile changes nothing of it. So an end that the
/// store refuses after its caller has gone is enforced in memory like any other, and a try of a password is settled.
pub(crate) async fn see_through<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|error| Err(StoreError::Failed(Box::new(error)).into()))
}

/// Somebody who waits for an answer, or does no more.
pub(crate) struct Caller(Weak<()>);

impl Caller {
    pub(crate) fn has_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// The same for work that asks whether its caller is still there.
pub(crate) async fn see_through_for<T, E, W>(work: impl FnOnce(Caller) -> W) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    W: Future<Output = Result<T, E>> + Send + 'static,
{
    let here = Arc::new(());
    let done = see_through(work(Caller(Arc::downgrade(&here)))).await;
    drop(here);
    done
}
