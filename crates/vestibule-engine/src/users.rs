//! What an operator does with accounts.

use std::sync::Arc;
use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::filter::UserFilter;
use vestibule_core::id::UserId;
use vestibule_core::password::{Concerned, NewPassword, NewPasswordError};
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{
    Address, DisplayName, NewUser, ParseNameError, ParseRoleError, Particulars, Role, User,
};
use vestibule_store::{CreateUser, SetStatus, SignInRecord, StoreError, UserPage};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::login::credential::{NotNow, not_now};
use crate::sessions::end::{Whom, see_through};
use crate::visit::Operator;

/// An account to be made.
#[derive(Clone, Copy)]
pub struct NewAccount<'a> {
    /// As typed.
    pub email: &'a str,
    /// As typed; may be empty.
    pub name: &'a str,
    /// Names of roles.
    pub roles: &'a [String],
    /// Without one, nobody can sign in to the account until one is set.
    pub password: Option<&'a str>,
    /// The operator declares the address verified.
    pub verified: bool,
}

/// An account as an administrator looks at it.
#[derive(Debug, Clone)]
pub struct UserDetail {
    /// The account.
    pub user: User,
    /// Every address, the primary one first.
    pub addresses: Vec<Address>,
    /// Whether a password was ever set: without one nobody can sign in.
    pub has_password: bool,
    /// When somebody last signed in, if anybody did.
    pub last_login: Option<UnixMillis>,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// Not an address.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// Not a role.
    #[error(transparent)]
    Role(#[from] ParseRoleError),
    /// May not be a password.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// Another account has this address.
    #[error("another account has this address")]
    AddressTaken,
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(AddUserError);

impl Engine {
    /// Makes an account.
    pub async fn add_user(
        &self,
        account: NewAccount<'_>,
        operator: &Operator,
    ) -> Result<User, AddUserError> {
        let email = EmailAddress::parse(account.email)?;
        let name = DisplayName::parse(account.name)?;
        let roles = roles(account.roles)?;
        let password = match account.password {
            None => None,
            Some(text) => {
                let of = Concerned {
                    emails: &[&email],
                    name: &name,
                };
                let password = NewPassword::parse(text, &of, self.blocklist())?;
                Some(self.new_hash(password).await??)
            }
        };
        let act = operator.act(self, Some(email.as_str()))?;
        let new = NewUser {
            disabled: false,
            id: self.entropy().user_id(operator.now)?,
            email,
            email_verified: account.verified,
            name,
            roles,
            password,
            particulars: Particulars::default(),
        };
        match self.store().create_user(new, act).await? {
            CreateUser::Created(user) => Ok(*user),
            CreateUser::AddressTaken => Err(AddUserError::AddressTaken),
        }
    }

    /// A page of the accounts that match, after `after`, by address. A page may be shorter than asked for and still have a
    /// next one.
    pub async fn users(
        &self,
        filter: UserFilter,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Result<UserPage, StoreError> {
        self.store().users(filter, after, limit).await
    }

    /// The account with this address.
    pub async fn user(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        let record = self.store().sign_in_record(email.clone()).await?;
        Ok(record.map(|record| record.user))
    }

    /// The account with this id, and what an administrator may see of it: never a password (ASVS 6.4.6).
    pub async fn user_detail(&self, id: UserId) -> Result<Option<UserDetail>, StoreError> {
        let Some(record) = self.store().sign_in_record_of(id).await? else {
            return Ok(None);
        };
        Ok(Some(UserDetail {
            addresses: self.store().addresses(id).await?,
            has_password: record.password.is_some(),
            last_login: record.last_login,
            user: record.user,
        }))
    }

    /// Everything that is known of the account with this address.
    pub async fn account(&self, email: &EmailAddress) -> Result<Option<SignInRecord>, StoreError> {
        self.store().sign_in_record(email.clone()).await
    }

    /// Everything that is known of this account.
    pub async fn account_of(&self, user: UserId) -> Result<Option<SignInRecord>, StoreError> {
        self.store().sign_in_record_of(user).await
    }

    /// Disables an account: all its sessions end, and no new login (ASVS 7.4.2). When that cannot be stored it is
    /// enforced in memory, and the error returned; but nobody shuts out the only one who administers, stored or not.
    pub async fn disable_user(
        self: &Arc<Self>,
        whom: impl Into<Whom>,
        operator: &Operator,
    ) -> Result<SetStatus, StoreError> {
        let (engine, operator, whom) = (Arc::clone(self), operator.clone(), whom.into());
        see_through(async move {
            let Some((user, email)) = engine.meant(whom).await? else {
                return Ok(SetStatus::Unknown);
            };
            let act = operator.act(&engine, email.as_ref().map(EmailAddress::as_str));
            let owed = act.as_ref().ok().cloned();
            let set = match act {
                Ok(act) => engine.store().disable_user(user, act).await,
                Err(error) => Err(error.into_store()),
            };
            if set.is_ok() {
                engine.index().hold(user, false);
                return set;
            }
            if !engine.shut_out(user).await {
                return Ok(SetStatus::LastAdministrator);
            }
            let reason = EndReason::UserDisabled;
            engine.enforce_on_user(user, None, reason, owed).await;
            set
        })
        .await
    }

    /// Shuts a user out in memory alone, unless nobody else administers: then nothing happens, and the answer is no.
    pub(crate) async fn shut_out(&self, user: UserId) -> bool {
        self.walk(move |index| index.shut_out(user)).await
    }

    /// Enables an account again; what died stays dead.
    pub async fn enable_user(
        self: &Arc<Self>,
        email: &EmailAddress,
        operator: &Operator,
    ) -> Result<SetStatus, StoreError> {
        let act = operator.act(self, Some(email.as_str()));
        let (engine, email) = (Arc::clone(self), email.clone());
        see_through(async move {
            let Some(user) = engine.user_by_address(&email).await? else {
                return Ok(SetStatus::Unknown);
            };
            let act = act.map_err(EntropyError::into_store)?;
            let set = engine.store().enable_user(user, act).await?;
            engine.index().hold(user, false);
            Ok(set)
        })
        .await
    }
}

/// Roles by name: in order, none twice.
pub(crate) fn roles(names: &[String]) -> Result<Vec<Role>, ParseRoleError> {
    let roles = names.iter().map(|role| role.parse());
    let mut roles = roles.collect::<Result<Vec<Role>, _>>()?;
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}
