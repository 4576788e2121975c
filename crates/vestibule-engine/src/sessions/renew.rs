//! Re-authentication: a new secret under the same id, both clocks again.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use vestibule_core::audit::{Actor, Event, EventKind, RefusalReason};
use vestibule_core::secret::SessionCookie;
use vestibule_core::session::Renewal;
use vestibule_core::time::{STEP, UnixMillis};
use vestibule_core::user::CredentialVersion;
use vestibule_store::{RenewSession, StoreError, Whose};

use super::end::{Caller, see_through_for};
use super::live::{FreshLogin, LiveSession};
use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::login::credential::{NotNow, Verdict, not_now};
use crate::login::tries::{Begun, TurnedAway};
use crate::metrics::LoginOutcome;
use crate::visit::Visit;

/// Why a re-authentication did not hold.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// Not the password, or the account is shut out.
    #[error("the password does not fit")]
    Refused,
    /// Too many tries. This one was not looked at, and does not count.
    #[error("too many passwords were tried")]
    Throttled {
        /// When it is worth trying again; a second at least.
        retry_after: Duration,
    },
    /// The session ended meanwhile, or was renewed by another request.
    #[error("the session has ended")]
    Ended,
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(ReauthenticateError);

/// A renewal to ask of the store, and the cookie it will make good.
pub(crate) struct PreparedRenewal {
    pub(crate) cookie: SessionCookie,
    pub(crate) renewal: Renewal,
}

impl Engine {
    /// The session as a fresh login, if its owner proved lately who they are (ASVS 7.5.2).
    pub fn fresh(&self, session: &LiveSession, now: UnixMillis) -> Option<FreshLogin> {
        let proved = session.auth_time();
        // A login under a clock that was wildly ahead would be fresh until time has come to it.
        let believable = proved <= now.plus(STEP);
        let fresh = believable && now < proved.plus(self.policy().fresh);
        fresh.then(|| FreshLogin::new(session.clone()))
    }

    /// Proves again who the session's owner is. The session gets a new secret, and the old one is dead at once
    /// (ASVS 7.2.4); both clocks start again (N07). On a task of its own: a caller that hangs up leaves no
    /// try unsettled, and the session as it was, since the new secret would reach nobody.
    pub async fn reauthenticate(
        self: &Arc<Self>,
        session: &LiveSession,
        password: &str,
        visit: &Visit,
    ) -> Result<(SessionCookie, FreshLogin), ReauthenticateError> {
        let password = Zeroizing::new(password.to_owned());
        let place = self.place_for_a_try().map_err(NotNow::from)?;
        let (engine, session, visit) = (Arc::clone(self), session.clone(), visit.clone());
        see_through_for(|caller| async move {
            let done = engine
                .judge_reauthentication((&session, &caller), &password, &visit)
                .await;
            engine
                .metrics()
                .reauthentication(LoginOutcome::of_reauthentication(&done));
            drop(place);
            done
        })
        .await
    }

    async fn judge_reauthentication(
        &self,
        (session, caller): (&LiveSession, &Caller),
        password: &str,
        visit: &Visit,
    ) -> Result<(SessionCookie, FreshLogin), ReauthenticateError> {
        let begun = self.begin_reauthentication(session, visit).await?;
        let begun =
            begun.map_err(
                |TurnedAway { retry_after, .. }| ReauthenticateError::Throttled { retry_after },
            )?;
        let reason = match self.evaluate(&begun, password, visit).await? {
            Verdict::Refused(reason) => reason,
            Verdict::Passed { .. } if caller.has_gone() => {
                self.confirm(session, begun, visit).await?;
                return Err(ReauthenticateError::Ended);
            }
            Verdict::Passed { version, .. } => {
                let PreparedRenewal {
                    cookie,
                    mut renewal,
                } = self.prepare_renewal(session, version, visit)?;
                renewal.tried = Some(begun.tried.clone());
                let act = self.owner_act(session, visit)?;
                self.settle(session.id(), visit.now).await;
                let secret = renewal.secret;
                match self.store().renew_session(renewal, act).await? {
                    RenewSession::Renewed(_) => {
                        // Ended again between the commit and here: the answer must not say otherwise.
                        let live = self.index().live(session.id(), secret, visit.now);
                        let live = live.ok_or(ReauthenticateError::Ended)?;
                        return Ok((cookie, FreshLogin::new(live)));
                    }
                    RenewSession::Ended => {
                        // The password was right, and nothing came of it.
                        self.take_back(begun.tried).await;
                        return Err(ReauthenticateError::Ended);
                    }
                    RenewSession::CredentialChanged => RefusalReason::CredentialChanged,
                    RenewSession::Disabled => RefusalReason::Disabled,
                }
            }
        };
        self.fail_reauthentication(session, begun, reason, visit)
            .await?;
        Err(ReauthenticateError::Refused)
    }

    /// Charges a try of the password of a session's owner: the session has a tally of its
    /// own, so that a stolen one spends nobody else's tries (C23).
    pub(crate) async fn begin_reauthentication(
        &self,
        session: &LiveSession,
        visit: &Visit,
    ) -> Result<Result<Begun, TurnedAway>, StoreError> {
        let whose = Whose::Session {
            session: session.id(),
            user: session.user_id(),
        };
        self.begin_try(whose, visit).await
    }

    pub(crate) fn prepare_renewal(
        &self,
        session: &LiveSession,
        credential: CredentialVersion,
        visit: &Visit,
    ) -> Result<PreparedRenewal, EntropyError> {
        let cookie = SessionCookie {
            id: session.id(),
            secret: self.entropy().session_secret()?,
        };
        let renewal = Renewal {
            id: session.id(),
            presented: session.presented(),
            secret: cookie.secret.hashed(),
            credential,
            auth_time: visit.now,
            lifetime: self.policy().lifetime(session.remembered()),
            tried: None,
        };
        Ok(PreparedRenewal { cookie, renewal })
    }

    /// Settles such a try whose password was right, and of which nothing else came. That it was right shows in the tallies:
    /// so the trail tells of it (ASVS 16.3.1).
    pub(crate) async fn confirm(
        &self,
        session: &LiveSession,
        begun: Begun,
        visit: &Visit,
    ) -> Result<(), NotNow> {
        self.take_back(begun.tried).await;
        let kind = EventKind::Reauthenticated;
        let event = Event::session(kind, session.user_id(), session.id());
        let act = self.owner_act(session, visit)?;
        self.store().record(vec![event], act).await?;
        Ok(())
    }

    /// Settles such a try that failed. A stolen session guesses at a password, too (N40).
    pub(crate) async fn fail_reauthentication(
        &self,
        session: &LiveSession,
        begun: Begun,
        reason: RefusalReason,
        visit: &Visit,
    ) -> Result<(), NotNow> {
        let kind = EventKind::ReauthenticationRefused(reason);
        let event = Event::session(kind, session.user_id(), session.id());
        let mut act = self.owner_act(session, visit)?;
        act.told = self.disabling_letters(&begun, visit)?;
        self.fail(begun.tried, event, act).await?;
        Ok(())
    }

    pub(crate) fn owner_act(
        &self,
        session: &LiveSession,
        visit: &Visit,
    ) -> Result<vestibule_core::audit::Act, EntropyError> {
        let email = session.profile().email();
        visit.act(self, Actor::User(session.user_id()), Some(email.as_str()))
    }
}
