//! A password changed by its owner.

use std::time::Duration;

use vestibule_core::audit::RefusalReason;
use vestibule_core::password::{Concerned, NewPassword, NewPasswordError};
use vestibule_core::secret::SessionCookie;
use vestibule_store::{ChangePassword, PasswordChange};

use crate::engine::Engine;
use crate::login::credential::{NotNow, Verdict, not_now};
use crate::metrics::LoginOutcome;
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
    /// this one gets a new secret (ASVS 7.2.4).
    pub async fn change_password(
        &self,
        session: &LiveSession,
        current: &str,
        new: &str,
        visit: &Visit,
    ) -> Result<PasswordChanged, ChangePasswordError> {
        let done = self
            .judge_password_change(session, current, new, visit)
            .await;
        if let Some(outcome) = LoginOutcome::of_password_change(&done) {
            self.metrics().reauthentication(outcome);
        }
        done
    }

    async fn judge_password_change(
        &self,
        session: &LiveSession,
        current: &str,
        new: &str,
        visit: &Visit,
    ) -> Result<PasswordChanged, ChangePasswordError> {
        let user = session.user_id();
        let record = self.store().sign_in_record_of(user).await?;
        let version = match self.verify_credential(record, current, visit).await? {
            Verdict::Passed { version, .. } => version,
            Verdict::Refused(reason) => {
                self.record_refused_reauthentication(session, reason, visit)
                    .await?;
                return Err(ChangePasswordError::Refused);
            }
        };
        let profile = session.profile();
        let of = Concerned {
            emails: &[&profile.email()],
            name: &profile.name(),
        };
        let new = NewPassword::parse(new, &of, self.blocklist())?;
        let hash = self.new_hash(new).await??;
        let PreparedRenewal { cookie, renewal } = self.prepare_renewal(session, version, visit)?;
        let secret = renewal.secret;
        let act = self.owner_act(session, visit)?;
        self.settle(session.id(), visit.now).await;
        let change = PasswordChange {
            user,
            hash,
            renewal,
        };
        match self.store().change_password(change, act).await? {
            ChangePassword::Changed { ended } => {
                // Ended again between the commit and here: the answer must not say otherwise.
                let live = self.index().live(session.id(), secret, visit.now);
                let session = live.ok_or(ChangePasswordError::Ended)?;
                Ok(PasswordChanged {
                    cookie,
                    session,
                    ended,
                })
            }
            ChangePassword::CredentialChanged => {
                let reason = RefusalReason::CredentialChanged;
                self.record_refused_reauthentication(session, reason, visit)
                    .await?;
                Err(ChangePasswordError::Refused)
            }
            ChangePassword::Disabled | ChangePassword::SessionEnded => {
                Err(ChangePasswordError::Ended)
            }
        }
    }
}
