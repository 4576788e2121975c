//! An account that ends: by its owner or by an operator (ASVS 7.4.2).
//!
//! In one transition the account and everything that belongs to it are gone, every session ends, and a last letter to each
//! address is written. What the trail holds of personal data is erased in the background; the chain stays whole.

use std::sync::Arc;

use vestibule_core::audit::{Act, Actor};
use vestibule_core::email::EmailAddress;
use vestibule_core::letter::Says;
use vestibule_store::{DeleteUser, SignInRecord, StoreError};

use crate::engine::Engine;
use crate::login::credential::NotNow;
use crate::sessions::end::see_through;
use crate::sessions::live::FreshLogin;
use crate::visit::{Operator, Visit};

impl Engine {
    /// Deletes the account of whoever proved lately who they are. When that cannot be stored, nothing happened.
    pub async fn delete_account(
        self: &Arc<Self>,
        fresh: &FreshLogin,
        visit: &Visit,
    ) -> Result<DeleteUser, NotNow> {
        let user = fresh.session().user_id();
        let Some(record) = self.store().sign_in_record_of(user).await? else {
            return Ok(DeleteUser::Unknown);
        };
        let email = record.user.email.as_str();
        let act = visit.act(self, Actor::User(user), Some(email))?;
        Ok(self.delete(record, act).await?)
    }

    /// Deletes the account with this address. When that cannot be stored, nothing happened.
    pub async fn delete_user(
        self: &Arc<Self>,
        email: &EmailAddress,
        operator: &Operator,
    ) -> Result<DeleteUser, NotNow> {
        let Some(record) = self.store().sign_in_record(email.clone()).await? else {
            return Ok(DeleteUser::Unknown);
        };
        let act = operator.act(self, Some(email.as_str()))?;
        Ok(self.delete(record, act).await?)
    }

    async fn delete(
        self: &Arc<Self>,
        record: SignInRecord,
        mut act: Act,
    ) -> Result<DeleteUser, StoreError> {
        let user = record.user.id;
        let says = Says::AccountDeleted { at: act.at };
        // Of nobody: they must outlast the account.
        let (to, language) = (&record.addresses, &record.particulars.language);
        act.told = self.letters(to, language, &says, None, act.at)?;
        let engine = Arc::clone(self);
        see_through(async move { engine.store().delete_user(user, act).await }).await
    }
}
