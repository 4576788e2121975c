//! A try of a password: charged before it is looked at, settled after (C23, N40, N45).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use vestibule_core::audit::{Act, Event};
use vestibule_core::errand::Errand;
use vestibule_core::letter::Says;
use vestibule_core::throttle::{MOST_FAILURES, Scope, Tried};
use vestibule_store::{BeginTry, Failed, SignInRecord, StoreError, Try, Whose};

use super::credential::{NotNow, Verdict};
use crate::engine::Engine;
use crate::passwords::Busy;
use crate::visit::Visit;

/// Tries under way besides those that are hashed or wait for it: at the store, before and after. Whoever hangs up leaves a
/// try that goes on, so that what goes on needs a bound of its own (ASVS 15.2.2).
pub(crate) const MOST_AT_THE_STORE: usize = 1024;

/// How long a try waits that no time lets in: it is asked again in a while whether its tally has started again.
const A_WHILE: Duration = Duration::from_hours(1);

/// A try that was charged.
pub(crate) struct Begun {
    /// The account, if there is one.
    pub(crate) record: Option<Box<SignInRecord>>,
    pub(crate) tried: Tried,
    /// The device is known to the account.
    pub(crate) known_device: bool,
    /// Whatever is presented is refused (N40).
    pub(crate) password_disabled: bool,
    /// The same, for strangers to an account that others tried by its other addresses.
    pub(crate) unheard: bool,
}

/// Too many tries. This one was not looked at, and nothing was charged.
pub(crate) struct TurnedAway {
    pub(crate) retry_after: Duration,
    pub(crate) scope: Scope,
}

impl Engine {
    /// A place for one more try, for as long as it is under way; told before anything is known of it.
    pub(crate) fn place_for_a_try(&self) -> Result<OwnedSemaphorePermit, Busy> {
        let place = Arc::clone(self.places_for_tries()).try_acquire_owned();
        place.map_err(|_| self.hasher().busy())
    }

    /// Charges a try, before anything is known of the password. From here on whatever is not settled stays charged: a store
    /// that fails after this costs a try and never gives one (ASVS 16.5.3). Callers are on a task of their own, so that none
    /// that hangs up leaves a try unsettled.
    pub(crate) async fn begin_try(
        &self,
        whose: Whose,
        visit: &Visit,
    ) -> Result<Result<Begun, TurnedAway>, StoreError> {
        let keyer = self.keyer();
        let attempt = Try {
            whose,
            network: Some(match visit.address {
                Some(address) => keyer.network(address),
                // Whoever comes from nowhere comes from one place: a limit that an unknown address would lift is none.
                None => keyer.nowhere(),
            }),
            keyer: keyer.clone(),
            limits: self.policy().limits,
            now: visit.now,
        };
        Ok(match self.store().begin_try(attempt).await? {
            BeginTry::Begun {
                record,
                tried,
                known_device,
                password_disabled,
                unheard,
            } => Ok(Begun {
                record,
                tried,
                known_device,
                password_disabled,
                unheard,
            }),
            BeginTry::Throttled { scope, throttled } => {
                let wait = throttled
                    .until
                    .map_or(A_WHILE, |until| until.since(visit.now));
                Err(self.turned_away(scope, wait))
            }
        })
    }

    /// A try is not looked at.
    pub(crate) fn turned_away(&self, scope: Scope, wait: Duration) -> TurnedAway {
        self.metrics().throttled(scope);
        // ASVS 16.3.3. That the tally is full was told when it became so; each try that meets it is no news.
        tracing::debug!(
            throttle.scope = scope.code(),
            "a password was not looked at: too many tries"
        );
        TurnedAway {
            retry_after: wait.max(Duration::from_secs(1)),
            scope,
        }
    }

    /// Looks at the password of a try. What could not be looked at for want of room is not charged.
    pub(crate) async fn evaluate(
        &self,
        begun: &Begun,
        password: &str,
        visit: &Visit,
    ) -> Result<Verdict, NotNow> {
        let verdict = self.verify_credential(begun, password, visit).await;
        if let Err(NotNow::Busy(_)) = &verdict {
            self.take_back(begun.tried.clone()).await;
        }
        verdict
    }

    /// Takes a charge back: the password was not looked at after all.
    pub(crate) async fn take_back(&self, tried: Tried) {
        if let Err(error) = self.store().take_back_try(tried).await {
            tracing::warn!(%error, "a try that was not looked at stays charged");
        }
    }

    /// Settles a try that failed. `act.told` is what is told if this was the one that disabled the password.
    pub(crate) async fn fail(
        &self,
        tried: Tried,
        event: Event,
        act: Act,
    ) -> Result<Failed, StoreError> {
        let user = event.user;
        let failed = self.store().fail_try(tried, vec![event], act).await?;
        for scope in &failed.closed {
            // ASVS 16.3.3
            tracing::info!(
                throttle.scope = scope.code(),
                "too many wrong passwords: tries wait"
            );
        }
        if let Some(user) = user.filter(|_| failed.disabled) {
            self.metrics().password_disabled();
            tracing::warn!(user.id = %user, "a password was disabled after {MOST_FAILURES} wrong ones in a row (N40)");
        }
        Ok(failed)
    }

    /// The letters that tell of a disabled password, to be written by the failure that disables it: only that one knows that
    /// it does, so the one that may be has them ready.
    pub(crate) fn disabling_letters(
        &self,
        begun: &Begun,
        visit: &Visit,
    ) -> Result<Vec<Errand>, StoreError> {
        let may_disable = |record: &&SignInRecord| {
            !begun.password_disabled && record.failures.saturating_add(1) >= MOST_FAILURES
        };
        let says = Says::PasswordDisabled {
            from: visit.whence(),
        };
        match begun.record.as_deref().filter(may_disable) {
            Some(record) => self.letters_to(record, &says, visit),
            None => Ok(Vec::new()),
        }
    }

    /// The same letter to every address of an account (N62, ASVS 6.3.7).
    pub(crate) fn letters_to(
        &self,
        record: &SignInRecord,
        says: &Says,
        visit: &Visit,
    ) -> Result<Vec<Errand>, StoreError> {
        let language = &record.particulars.language;
        let user = Some(record.user.id);
        self.letters(&record.addresses, language, says, user, visit.now)
    }
}
