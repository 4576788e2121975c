//! Logging in with a password.

use std::time::Duration;

use vestibule_core::audit::{Actor, Event, EventKind, RefusalReason};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::known_device::DeviceCookie;
use vestibule_core::secret::SessionCookie;
use vestibule_core::session::{Acr, Amr, NewSession};
use vestibule_core::throttle::Scope;
use vestibule_core::user::CredentialVersion;
use vestibule_store::OpenSession;

use super::credential::{NotNow, Verdict, not_now};
use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::metrics::LoginOutcome;
use crate::sessions::live::LiveSession;
use crate::visit::Visit;

/// What a person typed.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The address, as typed.
    pub identifier: &'a str,
    /// The password, as typed.
    pub password: &'a str,
    /// 'Remember me'.
    pub remember: bool,
    /// The live session of the browser, if there is one: this login ends it.
    pub over: Option<&'a LiveSession>,
}

/// A login that holds.
#[derive(Debug)]
pub struct SignedIn {
    /// To be set.
    pub cookie: SessionCookie,
    /// The new session.
    pub session: LiveSession,
    /// To be set, always: the device as it is known from now on.
    pub device: DeviceCookie,
}

/// Why a login does not hold.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Not this password for this address. Unknown, without a password, wrong and disabled are one to the outside
    /// (ASVS 6.3.8); the trail knows which.
    #[error("the address and the password do not fit together")]
    Refused,
    /// Too many tries. This one was not looked at, and does not count.
    #[error("too many passwords were tried")]
    Throttled {
        /// When it is worth trying again; a second at least.
        retry_after: Duration,
        /// Of what there were too many, for the log and the metrics: no answer tells.
        scope: Scope,
    },
    /// Not just now. Every refusal is recorded before it is answered, so that a full disk answers right and wrong
    /// passwords alike.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(SignInError);

/// A session to ask of the store, and the cookie it will make good.
pub(crate) struct PreparedSession {
    pub(crate) cookie: SessionCookie,
    pub(crate) new: NewSession,
}

impl Engine {
    /// Verifies a password and opens a session on it (ASVS 7.2.4: a new one at each login, whatever cookie came).
    pub async fn sign_in(
        &self,
        attempt: SignIn<'_>,
        visit: &Visit,
    ) -> Result<SignedIn, SignInError> {
        let done = self.judge_sign_in(attempt, visit).await;
        self.metrics().login(LoginOutcome::of_sign_in(&done));
        done
    }

    async fn judge_sign_in(
        &self,
        attempt: SignIn<'_>,
        visit: &Visit,
    ) -> Result<SignedIn, SignInError> {
        // What is no address belongs to nobody, and goes the way of an unknown one.
        let email = EmailAddress::parse(attempt.identifier).ok();
        let record = match &email {
            Some(email) => self.store().sign_in_record(email.clone()).await?,
            None => None,
        };
        let concerned = record.as_ref().map(|record| record.user.id);
        let verdict = self
            .verify_credential(record, attempt.password, visit)
            .await?;
        let reason = match verdict {
            Verdict::Refused(reason) => reason,
            Verdict::Passed { user, version } => {
                match self
                    .open(user, version, attempt, email.as_ref(), visit)
                    .await?
                {
                    Ok(signed_in) => return Ok(signed_in),
                    Err(reason) => reason,
                }
            }
        };
        let event = Event {
            kind: EventKind::LoginRefused(reason),
            user: concerned,
            session: None,
        };
        // Only what reads as an address is kept: people type passwords into the wrong field (ASVS 16.2.5).
        let act = visit.act(
            self,
            Actor::Visitor,
            email.as_ref().map(EmailAddress::as_str),
        )?;
        self.store().record(vec![event], act).await?;
        Err(SignInError::Refused)
    }

    async fn open(
        &self,
        user: UserId,
        version: CredentialVersion,
        attempt: SignIn<'_>,
        email: Option<&EmailAddress>,
        visit: &Visit,
    ) -> Result<Result<SignedIn, RefusalReason>, SignInError> {
        let PreparedSession { cookie, mut new } =
            self.prepare_session(user, version, attempt.remember, visit)?;
        let device = self.entropy().device(visit.now)?;
        new.known = Some(device.proof());
        if let Some(over) = attempt.over {
            new.replaces = Some(over.id());
        }
        let act = visit.act(self, Actor::User(user), email.map(EmailAddress::as_str))?;
        match self.store().open_session(new, act).await? {
            OpenSession::Opened(_) => {
                if let Some(over) = attempt.over {
                    // The transition ended it; whatever the store made of its clocks, here it is over.
                    self.index().remove(over.id());
                }
                // Ended again between the commit and here: as if it had never been.
                let live = self
                    .index()
                    .live(cookie.id, cookie.secret.hashed(), visit.now);
                Ok(live
                    .map(|session| SignedIn {
                        cookie,
                        session,
                        device,
                    })
                    .ok_or(RefusalReason::CredentialChanged))
            }
            OpenSession::CredentialChanged => Ok(Err(RefusalReason::CredentialChanged)),
            OpenSession::Disabled => Ok(Err(RefusalReason::Disabled)),
            OpenSession::Unknown => Ok(Err(RefusalReason::UnknownUser)),
        }
    }

    pub(crate) fn prepare_session(
        &self,
        user: UserId,
        credential: CredentialVersion,
        remembered: bool,
        visit: &Visit,
    ) -> Result<PreparedSession, EntropyError> {
        let cookie = SessionCookie {
            id: self.entropy().session_id(visit.now)?,
            secret: self.entropy().session_secret()?,
        };
        let new = NewSession {
            id: cookie.id,
            user,
            secret: cookie.secret.hashed(),
            credential,
            auth_time: visit.now,
            lifetime: self.policy().lifetime(remembered),
            remembered,
            // N08: one factor was presented, and the session says so.
            acr: Acr::Aal1,
            amr: Amr::PASSWORD,
            device: visit.device(),
            replaces: None,
            tried: None,
            known: None,
            end_ticket: None,
        };
        Ok(PreparedSession { cookie, new })
    }
}
