//! Users and their passwords.

pub(crate) mod delete;
mod list;
mod password;
pub(crate) mod record;
mod revise;
mod row;

use tokio_postgres::Row;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::UserFilter;
use vestibule_core::id::UserId;
use vestibule_core::lineage::{Node, StoreNumber};
use vestibule_core::password::HashedPassword;
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, NewUser, Revision, User, UserStatus};
use vestibule_store::{
    Answer, Change, ChangePassword, CreateUser, DeleteUser, NewProfile, PasswordChange,
    RehashPassword, ReviseUser, SetStatus, SignInRecord, UserPage, Users,
};

use self::row::bind_details;
pub(crate) use self::row::{
    USER_COLUMNS, bind_version, join_roles, read_roles, read_user, read_version, user_columns,
};
use crate::Postgres;
use crate::addresses::insert_address;
use crate::fault::Fault;
use crate::sessions::count_live;
use crate::transition::{Ask, Transition, values};

/// A new account's.
pub(crate) const FIRST_VERSION: CredentialVersion = CredentialVersion(1);

impl Users for Postgres {
    fn create_user(&self, new: NewUser, act: Act) -> Answer<'_, CreateUser> {
        self.transition("create_user", (new, act), |tx, (new, act)| {
            Box::pin(async move {
                if address_taken(tx, &new.email).await? {
                    return Ok(CreateUser::AddressTaken);
                }
                let user = insert_user(tx, new.clone(), act.at).await?;
                let created = Event::user(EventKind::UserCreated, user.id);
                let shut = Event::user(EventKind::UserDisabled, user.id);
                let told = if user.status == UserStatus::Disabled {
                    &[created, shut][..]
                } else {
                    &[created][..]
                };
                tx.audit(act, told)?;
                Ok(CreateUser::Created(Box::new(user)))
            })
        })
    }

    fn sign_in_record(&self, email: EmailAddress) -> Answer<'_, Option<SignInRecord>> {
        Box::pin(async move {
            self.read(record::BY_ADDRESS, &[&email.as_str()], |rows| {
                rows.first().map(record::read_record).transpose()
            })
            .await
        })
    }

    fn sign_in_record_of(&self, user: UserId) -> Answer<'_, Option<SignInRecord>> {
        Box::pin(async move {
            self.read(record::OF_USER, &[&&user.as_bytes()[..]], |rows| {
                rows.first().map(record::read_record).transpose()
            })
            .await
        })
    }

    fn users(
        &self,
        filter: UserFilter,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Answer<'_, UserPage> {
        Box::pin(async move { self.user_page(&filter, after, limit).await })
    }

    fn disable_user(&self, user: UserId, act: Act) -> Answer<'_, SetStatus> {
        self.transition("disable_user", (user, act), |tx, (user, act)| {
            Box::pin(disable_user(tx, *user, act))
        })
    }

    fn enable_user(&self, user: UserId, act: Act) -> Answer<'_, SetStatus> {
        self.transition("enable_user", (user, act), |tx, (user, act)| {
            Box::pin(async move {
                let Some(account) = hold_account(tx, *user).await? else {
                    return Ok(SetStatus::Unknown);
                };
                if account.user.status == UserStatus::Active {
                    return Ok(SetStatus::Already);
                }
                let user = enable(tx, account.user, act);
                tx.audit(act, &[])?;
                Ok(SetStatus::Set {
                    user: Box::new(user),
                    ended: 0,
                })
            })
        })
    }

    fn revise_user(
        &self,
        email: EmailAddress,
        revision: Revision,
        act: Act,
    ) -> Answer<'_, ReviseUser> {
        self.transition(
            "revise_user",
            (email, revision, act),
            |tx, (email, revision, act)| Box::pin(revise::revise(tx, email, revision, act)),
        )
    }

    fn change_password(&self, change: PasswordChange, act: Act) -> Answer<'_, ChangePassword> {
        self.transition("change_password", (change, act), |tx, (change, act)| {
            Box::pin(password::change(tx, change, act))
        })
    }

    fn change_profile(
        &self,
        user: UserId,
        profile: NewProfile,
        act: Act,
    ) -> Answer<'_, Option<Box<User>>> {
        self.transition(
            "change_profile",
            (user, profile, act),
            |tx, (user, profile, act)| Box::pin(change_profile(tx, *user, profile, act)),
        )
    }

    fn delete_user(&self, user: UserId, act: Act) -> Answer<'_, DeleteUser> {
        self.transition("delete_user", (user, act), |tx, (user, act)| {
            Box::pin(delete::delete_user(tx, *user, act))
        })
    }

    fn erase_personal(&self, limit: usize) -> Answer<'_, usize> {
        Box::pin(delete::erase_personal(self, limit))
    }

    fn rehash_password(
        &self,
        user: UserId,
        version: CredentialVersion,
        hash: HashedPassword,
        act: Act,
    ) -> Answer<'_, RehashPassword> {
        self.transition(
            "rehash_password",
            (user, version, hash, act),
            |tx, (user, version, hash, act)| {
                Box::pin(password::rehash(tx, *user, *version, hash, act))
            },
        )
    }
}

/// Whether another account has this address.
pub(crate) async fn address_taken(
    tx: &mut Transition,
    email: &EmailAddress,
) -> Result<bool, Fault> {
    let taken = tx
        .query_opt(
            "SELECT 1 FROM addresses WHERE email = $1",
            &[&email.as_str()],
        )
        .await?;
    Ok(taken.is_some())
}

/// Inserts and publishes an account.
pub(crate) async fn insert_user(
    tx: &mut Transition,
    new: NewUser,
    at: UnixMillis,
) -> Result<User, Fault> {
    let mut roles = new.roles;
    roles.sort();
    roles.dedup();
    let user = User {
        id: new.id,
        email: new.email,
        email_verified: new.email_verified,
        name: new.name,
        roles,
        status: if new.disabled {
            UserStatus::Disabled
        } else {
            UserStatus::Active
        },
        created_at: at,
        cutoff: StoreNumber(0),
    };
    let particulars = new.particulars;
    let deleted = tx
        .query_opt(
            "SELECT 1 FROM deleted_users WHERE user_id = $1",
            &[&&user.id.as_bytes()[..]],
        )
        .await?;
    if deleted.is_some() {
        // O02: what names a person names no other, ever.
        return Err(Fault::Refused("this id was a deleted user's"));
    }
    tx.hold_new(user.id);
    tx.write(
        "INSERT INTO users \
         (id, email, email_verified, name, roles, created_at, password, credential_version, \
          language, details, terms_accepted_at, disabled) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        values![
            user.id.as_bytes().to_vec(),
            user.email.as_str().to_owned(),
            user.email_verified,
            user.name.as_str().to_owned(),
            join_roles(&user.roles),
            user.created_at.0,
            new.password.as_ref().map(|hash| hash.as_phc().to_owned()),
            bind_version(FIRST_VERSION)?,
            particulars.language.as_str().to_owned(),
            bind_details(&particulars.details)?,
            particulars.terms_accepted_at.map(|at| at.0),
            new.disabled,
        ],
    );
    insert_address(tx, user.id, &user.email, user.email_verified, at);
    tx.publish(Change::User(Box::new(user.clone())));
    Ok(user)
}

async fn change_profile(
    tx: &mut Transition,
    user: UserId,
    profile: &NewProfile,
    act: &Act,
) -> Result<Option<Box<User>>, Fault> {
    let Some(account) = hold_account(tx, user).await? else {
        return Ok(None);
    };
    let user = User {
        name: profile.name.clone(),
        ..account.user
    };
    tx.write(
        "UPDATE users SET name = $2, language = $3, details = $4 WHERE id = $1",
        values![
            user.id.as_bytes().to_vec(),
            user.name.as_str().to_owned(),
            profile.language.as_str().to_owned(),
            bind_details(&profile.details)?,
        ],
    );
    tx.audit(act, &[Event::user(EventKind::ProfileChanged, user.id)])?;
    tx.publish(Change::User(Box::new(user.clone())));
    Ok(Some(Box::new(user)))
}

async fn disable_user(tx: &mut Transition, user: UserId, act: &Act) -> Result<SetStatus, Fault> {
    let Some(account) = hold_account(tx, user).await? else {
        return Ok(SetStatus::Unknown);
    };
    if account.user.status == UserStatus::Disabled {
        return Ok(SetStatus::Already);
    }
    let ended = count_live(tx, user, None, act.at).await?;
    if account.user.administers() {
        // Whoever takes another administrator away is through or waits.
        tx.hold_installation().await?;
        if !other_administrator(tx, user).await? {
            return Ok(SetStatus::LastAdministrator);
        }
    }
    let user = disable(tx, account.user, act).await?;
    tx.audit(act, &[])?;
    Ok(SetStatus::Set {
        user: Box::new(user),
        ended,
    })
}

/// Disables, audits and publishes a user who is held.
pub(crate) async fn disable(tx: &mut Transition, mut user: User, act: &Act) -> Result<User, Fault> {
    tx.write(
        "UPDATE users SET disabled = true WHERE id = $1",
        values![user.id.as_bytes().to_vec()],
    );
    // ASVS 7.4.2: everything there is dies with it.
    let cutoff = tx.cut(Node::User(user.id, None)).await?;
    tx.record(
        act,
        &[
            Event::user(EventKind::UserDisabled, user.id),
            Event::user(
                EventKind::UserSessionsEnded(EndReason::UserDisabled),
                user.id,
            ),
        ],
    );
    user.status = UserStatus::Disabled;
    user.cutoff = cutoff.number;
    tx.publish(Change::User(Box::new(user.clone())));
    tx.publish(Change::Cutoff(cutoff));
    Ok(user)
}

/// Enables, audits and publishes a user who is held.
pub(crate) fn enable(tx: &mut Transition, user: User, act: &Act) -> User {
    let user = User {
        status: UserStatus::Active,
        ..user
    };
    tx.write(
        "UPDATE users SET disabled = false WHERE id = $1",
        values![user.id.as_bytes().to_vec()],
    );
    tx.record(act, &[Event::user(EventKind::UserEnabled, user.id)]);
    tx.publish(Change::User(Box::new(user.clone())));
    user
}

/// A user and what a login is judged by.
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) version: CredentialVersion,
}

/// Holds a user and reads them.
pub(crate) async fn hold_account(
    tx: &mut Transition,
    user: UserId,
) -> Result<Option<Account>, Fault> {
    let id = &user.as_bytes()[..];
    let [rows] = tx
        .hold_and_ask(
            &[user],
            &[],
            [Ask {
                sql: LOAD_ACCOUNT,
                params: &[&id],
            }],
        )
        .await?;
    rows.first().map(read_account).transpose()
}

/// Reads a user who is held.
pub(crate) async fn load_account(
    tx: &mut Transition,
    user: UserId,
) -> Result<Option<Account>, Fault> {
    let id = &user.as_bytes()[..];
    let [rows] = tx
        .ask([Ask {
            sql: LOAD_ACCOUNT,
            params: &[&id],
        }])
        .await?;
    rows.first().map(read_account).transpose()
}

/// Whether the settings file declares an account, which is held.
pub(crate) async fn is_declared(tx: &mut Transition, user: UserId) -> Result<bool, Fault> {
    let found = tx
        .query_opt(
            "SELECT 1 FROM users WHERE id = $1 AND declared",
            &[&&user.as_bytes()[..]],
        )
        .await?;
    Ok(found.is_some())
}

pub(crate) const LOAD_ACCOUNT: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", u.credential_version FROM users u WHERE u.id = $1"
);

/// A row of [`LOAD_ACCOUNT`].
pub(crate) fn read_account(row: &Row) -> Result<Account, Fault> {
    Ok(Account {
        user: read_user(row)?,
        version: read_version(row.try_get("credential_version")?)?,
    })
}

/// Whether there is an administrator, in the words of the index `administrators`, so that it is used.
pub(crate) const ADMINISTRATOR: &str =
    "SELECT 1 FROM users WHERE strpos(',' || roles || ',', ',admin,') > 0 LIMIT 1";

/// Whether there is an administrator. Whoever goes by it holds the installation.
pub(crate) async fn has_administrator(tx: &mut Transition) -> Result<bool, Fault> {
    Ok(tx.query_opt(ADMINISTRATOR, &[]).await?.is_some())
}

/// Whether another administrator is left who can sign in. Whoever goes by it holds the installation.
pub(crate) async fn other_administrator(tx: &mut Transition, user: UserId) -> Result<bool, Fault> {
    // The words of the index `administrators`, so that it is used.
    let found = tx
        .query_opt(
            "SELECT 1 FROM users \
             WHERE strpos(',' || roles || ',', ',admin,') > 0 AND id <> $1 AND NOT disabled LIMIT 1",
            &[&&user.as_bytes()[..]],
        )
        .await?;
    Ok(found.is_some())
}
