//! Verifying a presented password against an account, with the same work whatever the account is.

use std::io;

use vestibule_core::audit::{Actor, RefusalReason};
use vestibule_core::id::UserId;
use vestibule_core::password::{HashedPassword, NewPassword, NewPasswordError, PlainPassword};
use vestibule_core::user::{CredentialVersion, PasswordRecord, UserStatus};
use vestibule_store::StoreError;

use super::tries::Begun;
use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::passwords::{Busy, MakeError};
use crate::visit::Visit;

/// What a presented password is worth.
pub(crate) enum Verdict {
    /// It fits, and the account may be entered as far as is known here; the transition that follows judges again.
    Passed {
        user: UserId,
        version: CredentialVersion,
    },
    /// It does not fit, or the account may not be entered. The reason is for the trail alone.
    Refused(RefusalReason),
}

/// Why a password could not be judged, or what hangs on it not be done, just now. Nobody is to blame and nothing happened;
/// trying again may help.
#[derive(Debug, thiserror::Error)]
pub enum NotNow {
    /// Too many password checks wait.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The operator's list of breached passwords could not be asked: nobody sets a password unseen (ASVS 16.5.3).
    #[error("the list of breached passwords cannot be read")]
    Breached(#[source] io::Error),
}

/// Lets `?` turn the store's and the randomness's failure into an error's `NotNow`.
macro_rules! not_now {
    ($error:ty) => {
        impl From<vestibule_store::StoreError> for $error {
            fn from(cause: vestibule_store::StoreError) -> Self {
                Self::NotNow(cause.into())
            }
        }

        impl From<$crate::entropy::EntropyError> for $error {
            fn from(cause: $crate::entropy::EntropyError) -> Self {
                Self::NotNow(cause.into())
            }
        }
    };
}
pub(crate) use not_now;

impl Engine {
    /// Verifies `password` for the account of a try. One hash on the pool, whether or not there is an account with a
    /// password, and whether or not the password is disabled (ASVS 6.3.8): neither the answer nor its time tells.
    ///
    /// An account whose hash was made at an older cost takes that cost's time until its next login raises it.
    pub(super) async fn verify_credential(
        &self,
        begun: &Begun,
        password: &str,
        visit: &Visit,
    ) -> Result<Verdict, NotNow> {
        let presented = PlainPassword::presented(password);
        let record = begun.record.as_deref();
        let credential = record.and_then(|record| record.password.as_ref());
        let hash = credential.map_or_else(|| self.hasher().dummy(), |record| record.hash.clone());
        let fits = self.hasher().verify(hash, presented.clone()).await?;
        let Some(user) = record.map(|record| &record.user) else {
            return Ok(Verdict::Refused(RefusalReason::UnknownUser));
        };
        let fits = fits.map_err(|error| {
            StoreError::Corrupt(format!("the password hash of user {}: {error}", user.id))
        })?;
        if user.status == UserStatus::Disabled || self.index().is_held(user.id) {
            return Ok(Verdict::Refused(RefusalReason::Disabled));
        }
        let Some(credential) = credential else {
            return Ok(Verdict::Refused(RefusalReason::NoPassword));
        };
        // N40: the right one fails as well, until it is set anew.
        if begun.password_disabled {
            return Ok(Verdict::Refused(RefusalReason::PasswordDisabled));
        }
        // C23: the right one as well, and answered as a wrong one is.
        if !fits || begun.unheard {
            return Ok(Verdict::Refused(RefusalReason::WrongPassword));
        }
        self.raise_cost(user.id, credential, presented, visit).await;
        Ok(Verdict::Passed {
            user: user.id,
            version: credential.version,
        })
    }

    /// Hashes the password anew if its hash was made at a lower cost (N30) or without the current pepper (N31). Never stands
    /// in the way of a login.
    async fn raise_cost(
        &self,
        user: UserId,
        credential: &PasswordRecord,
        password: PlainPassword,
        visit: &Visit,
    ) {
        if self.hasher().is_current(&credential.hash) {
            return;
        }
        let raised = async {
            let hash = self.hasher().remake(password, self.random()?).await?;
            let hash = hash.map_err(|error| StoreError::Failed(Box::new(error)))?;
            let act = visit.act(self, Actor::User(user), None)?;
            self.store()
                .rehash_password(user, credential.version, hash, act)
                .await?;
            Ok::<_, NotNow>(())
        };
        if let Err(error) = raised.await {
            tracing::warn!(%error, user.id = %user, "a password could not be hashed anew; its next login tries again");
        }
    }

    /// A hash of a new password at present cost, unless the operator's list has the password (ASVS 6.2.12).
    pub(crate) async fn new_hash(
        &self,
        password: NewPassword,
    ) -> Result<Result<HashedPassword, NewPasswordError>, NotNow> {
        let salt = self.random()?;
        match self.hasher().make(password, salt).await? {
            Ok(hash) => Ok(Ok(hash)),
            Err(MakeError::Breached) => Ok(Err(NewPasswordError::Common)),
            Err(MakeError::Unreadable(error)) => Err(NotNow::Breached(error)),
            Err(MakeError::Hash(error)) => Err(StoreError::Failed(Box::new(error)).into()),
        }
    }
}
