//! A password changed by its owner.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use vestibule_core::audit::RefusalReason;
use vestibule_core::letter::Says;
use vestibule_core::password::{Concerned, HashedPassword, NewPassword, NewPasswordError};
use vestibule_core::secret::SessionCookie;
use vestibule_core::user::CredentialVersion;
use vestibule_store::{ChangePassword, PasswordChange};

use crate::engine::Engine;
use crate::login::credential::{NotNow, Verdict, not_now};
use crate::login::tries::{Begun, TurnedAway};
use crate::metrics::LoginOutcome;
use crate::sessions::end::{Caller, see_through_for};
use crate::sessions::live::LiveSession;
use crate::sessions::renew::PreparedRenewal;
use crate::visit::Visit;

/// A changed password: the session that did it goes on under a new secret, every other one is dead.
#[derive(Debug)]
pub struct PasswordChanged {
    /// To be set.
    pub cookie: SessionCookie,
    /// The session, renewed.
    pub session: LiveSession,
    /// How many other sessions this ended.
    pub ended: u64,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new one may not be set.
    #[error(transparent)]
    Policy(#[from] NewPasswordError),
    /// The current one does not fit, or was changed meanwhile.
    #[error("the current password does not fit")]
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

not_now!(ChangePasswordError);

impl Engine {
    /// Changes the password of the session's user (ASVS 6.2.2, 6.2.3). Every other session of theirs ends (ASVS 7.4.3),
    /// this one gets a new secret (ASVS 7.2.4). All their addresses are told (ASVS 6.3.7, N62). On a task of its own: a caller
    /// that hangs up leaves no try unsettled, and the password as it was.
    pub async fn change_password(
        self: &Arc<Self>,
        session: &LiveSession,
        current: &str,
        new: &str,
        visit: &Visit,
    ) -> Result<PasswordChanged, ChangePasswordError> {
        let [current, new] = [current, new].map(|typed| Zeroizing::new(typed.to_owned()));
        let place = self.place_for_a_try().map_err(NotNow::from)?;
        let (engine, session, visit) = (Arc::clone(self), session.clone(), visit.clone());
        see_through_for(|caller| async move {
            let done = engine
                .judge_password_change((&session, &caller), (&current, &new), &visit)
                .await;
            if let Some(outcome) = LoginOutcome::of_password_change(&done) {
                engine.metrics().reauthentication(outcome);
            }
            drop(place);
            done
        })
        .await
    }

    async fn judge_password_change(
        &self,
        (session, caller): (&LiveSession, &Caller),
        (current, new): (&str, &str),
        visit: &Visit,
    ) -> Result<PasswordChanged, ChangePasswordError> {
        let begun = self.begin_reauthentication(session, visit).await?;
        let begun =
            begun.map_err(
                |TurnedAway { retry_after, .. }| ChangePasswordError::Throttled { retry_after },
            )?;
        // Before the current one is looked at: what may not be set tells nothing of it.
        let new = match self.judge_new(session, &begun, new) {
            Ok(new) => new,
            Err(refused) => {
                self.take_back(begun.tried).await;
                return Err(refused.into());
            }
        };
        let reason = match self.evaluate(&begun, current, visit).await? {
            Verdict::Refused(reason) => reason,
            Verdict::Passed { version, .. } => {
                let hash = match self.new_hash(new).await {
                    Ok(Ok(hash)) if !caller.has_gone() => hash,
                    Ok(refused) => {
                        // The current one was right, and nothing came of it.
                        self.confirm(session, begun, visit).await?;
                        return Err(refused
                            .err()
                            .map_or(ChangePasswordError::Ended, ChangePasswordError::Policy));
                    }
                    Err(not_now) => {
                        self.take_back(begun.tried).await;
                        return Err(not_now.into());
                    }
                };
                match self.change(session, &begun, (version, hash), visit).await? {
                    Ok(changed) => return Ok(changed),
                    Err(reason) => reason,
                }
            }
        };
        self.fail_reauthentication(session, begun, reason, visit)
            .await?;
        Err(ChangePasswordError::Refused)
    }

    fn judge_new(
        &self,
        session: &LiveSession,
        begun: &Begun,
        new: &str,
    ) -> Result<NewPassword, NewPasswordError> {
        let profile = session.profile();
        let primary = profile.email();
        let mut emails = vec![&primary];
        if let Some(record) = &begun.record {
            emails.extend(&record.addresses);
        }
        let of = Concerned {
            emails: &emails,
            name: &profile.name(),
        };
        NewPassword::parse(new, &of, self.blocklist())
    }

    async fn change(
        &self,
        session: &LiveSession,
        begun: &Begun,
        (version, hash): (CredentialVersion, HashedPassword),
        visit: &Visit,
    ) -> Result<Result<PasswordChanged, RefusalReason>, ChangePasswordError> {
        let PreparedRenewal {
            cookie,
            mut renewal,
        } = self.prepare_renewal(session, version, visit)?;
        renewal.tried = Some(begun.tried.clone());
        let secret = renewal.secret;
        let mut act = self.owner_act(session, visit)?;
        if let Some(record) = &begun.record {
            let says = Says::PasswordChanged {
                from: visit.whence(),
            };
            act.told = self.letters_to(record, &says, visit)?;
        }
        self.settle(session.id(), visit.now).await;
        let change = PasswordChange {
            user: session.user_id(),
            hash,
            renewal,
        };
        match self.store().change_password(change, act).await? {
            ChangePassword::Changed { ended } => {
                // Ended again between the commit and here: the answer must not say otherwise.
                let live = self.index().live(session.id(), secret, visit.now);
                let session = live.ok_or(ChangePasswordError::Ended)?;
                Ok(Ok(PasswordChanged {
                    cookie,
                    session,
                    ended,
                }))
            }
            ChangePassword::CredentialChanged => Ok(Err(RefusalReason::CredentialChanged)),
            ChangePassword::Disabled | ChangePassword::SessionEnded => {
                // The password was right, and nothing came of it.
                self.take_back(begun.tried.clone()).await;
                Err(ChangePasswordError::Ended)
            }
        }
    }
}
