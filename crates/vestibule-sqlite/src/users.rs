//! Users and their passwords.

pub(crate) mod delete;
pub(crate) mod list;
mod password;
pub(crate) mod record;
mod revise;

use rusqlite::{Connection, OptionalExtension as _, Row};

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::UserFilter;
use vestibule_core::id::UserId;
use vestibule_core::lineage::{Node, StoreNumber};
use vestibule_core::password::HashedPassword;
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{
    CredentialVersion, Details, DisplayName, NewUser, Revision, Role, User, UserStatus,
};
use vestibule_store::{
    Answer, Change, ChangePassword, CreateUser, DeleteUser, NewProfile, PasswordChange,
    RehashPassword, ReviseUser, SetStatus, SignInRecord, UserPage, Users,
};

use crate::Sqlite;
use crate::addresses::insert_address;
use crate::fault::Fault;
use crate::sessions::{CHUNK, count_live};
use crate::transition::{Transition, read_number};

macro_rules! user_columns {
    () => {
        "u.id, u.email, u.email_verified, u.name, u.roles, u.disabled, u.created_at, u.cutoff"
    };
}

use user_columns;

/// What [`read_user`] reads, of `users u`.
pub(crate) const USER_COLUMNS: &str = user_columns!();

/// A new account's.
pub(crate) const FIRST_VERSION: CredentialVersion = CredentialVersion(1);

impl Users for Sqlite {
    fn create_user(&self, new: NewUser, act: Act) -> Answer<'_, CreateUser> {
        self.transition(move |tx| {
            if address_taken(tx, &new.email)? {
                return Ok(CreateUser::AddressTaken);
            }
            let user = insert_user(tx, new, act.at)?;
            let created = Event::user(EventKind::UserCreated, user.id);
            let shut = Event::user(EventKind::UserDisabled, user.id);
            let told = if user.status == UserStatus::Disabled {
                &[created, shut][..]
            } else {
                &[created][..]
            };
            tx.audit(&act, told)?;
            Ok(CreateUser::Created(Box::new(user)))
        })
    }

    fn sign_in_record(&self, email: EmailAddress) -> Answer<'_, Option<SignInRecord>> {
        self.read(move |conn| record::by_address(conn, &email))
    }

    fn sign_in_record_of(&self, user: UserId) -> Answer<'_, Option<SignInRecord>> {
        self.read(move |conn| record::of_user(conn, user))
    }

    fn users(
        &self,
        filter: UserFilter,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Answer<'_, UserPage> {
        self.read(move |conn| list::page(conn, &filter, after.as_ref(), limit))
    }

    fn disable_user(&self, user: UserId, act: Act) -> Answer<'_, SetStatus> {
        self.transition(move |tx| disable_user(tx, user, &act))
    }

    fn enable_user(&self, user: UserId, act: Act) -> Answer<'_, SetStatus> {
        self.transition(move |tx| {
            let Some(account) = load_account(tx, user)? else {
                return Ok(SetStatus::Unknown);
            };
            if account.user.status == UserStatus::Active {
                return Ok(SetStatus::Already);
            }
            let user = enable(tx, account.user, &act)?;
            tx.audit(&act, &[])?;
            Ok(SetStatus::Set {
                user: Box::new(user),
                ended: 0,
            })
        })
    }

    fn revise_user(
        &self,
        email: EmailAddress,
        revision: Revision,
        act: Act,
    ) -> Answer<'_, ReviseUser> {
        self.transition(move |tx| revise::revise(tx, &email, &revision, &act))
    }

    fn change_password(&self, change: PasswordChange, act: Act) -> Answer<'_, ChangePassword> {
        self.transition(move |tx| password::change(tx, &change, &act))
    }

    fn change_profile(
        &self,
        user: UserId,
        profile: NewProfile,
        act: Act,
    ) -> Answer<'_, Option<Box<User>>> {
        self.transition(move |tx| change_profile(tx, user, profile, &act))
    }

    fn delete_user(&self, user: UserId, act: Act) -> Answer<'_, DeleteUser> {
        self.transition(move |tx| delete::delete_user(tx, user, &act))
    }

    fn erase_personal(&self, limit: usize) -> Answer<'_, usize> {
        Box::pin(async move {
            let (mut erased, mut more) = (0, true);
            while more && erased < limit {
                let chunk = (limit - erased).min(CHUNK);
                let now;
                (now, more) = self.bulk(move |tx| delete::erase(tx, chunk)).await?;
                erased += now;
                if now > 0 {
                    self.log.owe_emptying();
                }
            }
            if !more && self.log.owes_emptying() {
                self.empty_log().await?;
            }
            Ok(erased)
        })
    }

    fn rehash_password(
        &self,
        user: UserId,
        version: CredentialVersion,
        hash: HashedPassword,
        act: Act,
    ) -> Answer<'_, RehashPassword> {
        self.transition(move |tx| password::rehash(tx, user, version, &hash, &act))
    }
}

/// Whether another account has this address.
pub(crate) fn address_taken(tx: &Transition<'_>, email: &EmailAddress) -> Result<bool, Fault> {
    Ok(tx
        .prepare("SELECT 1 FROM addresses WHERE email = ?1")?
        .exists([email.as_str()])?)
}

/// Inserts and publishes an account.
pub(crate) fn insert_user(
    tx: &mut Transition<'_>,
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
        .prepare("SELECT 1 FROM deleted_users WHERE user_id = ?1")?
        .exists([user.id.as_bytes()])?;
    if deleted {
        // O02: what names a person names no other, ever.
        return Err(Fault::Refused("this id was a deleted user's"));
    }
    tx.execute_one(
        "INSERT INTO users \
         (id, email, email_verified, name, roles, created_at, password, credential_version, \
          language, details, terms_accepted_at, disabled) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        (
            user.id.as_bytes(),
            user.email.as_str(),
            user.email_verified,
            user.name.as_str(),
            join_roles(&user.roles),
            user.created_at.0,
            new.password.as_ref().map(HashedPassword::as_phc),
            bind_version(FIRST_VERSION)?,
            particulars.language.as_str(),
            bind_details(&particulars.details)?,
            particulars.terms_accepted_at.map(|at| at.0),
            new.disabled,
        ),
    )?;
    insert_address(tx, user.id, &user.email, user.email_verified, at)?;
    tx.publish(Change::User(Box::new(user.clone())));
    Ok(user)
}

fn change_profile(
    tx: &mut Transition<'_>,
    user: UserId,
    profile: NewProfile,
    act: &Act,
) -> Result<Option<Box<User>>, Fault> {
    let Some(account) = load_account(tx, user)? else {
        return Ok(None);
    };
    let user = User {
        name: profile.name,
        ..account.user
    };
    tx.execute_one(
        "UPDATE users SET name = ?2, language = ?3, details = ?4 WHERE id = ?1",
        (
            user.id.as_bytes(),
            user.name.as_str(),
            profile.language.as_str(),
            bind_details(&profile.details)?,
        ),
    )?;
    tx.audit(act, &[Event::user(EventKind::ProfileChanged, user.id)])?;
    tx.publish(Change::User(Box::new(user.clone())));
    Ok(Some(Box::new(user)))
}

fn disable_user(tx: &mut Transition<'_>, user: UserId, act: &Act) -> Result<SetStatus, Fault> {
    let Some(account) = load_account(tx, user)? else {
        return Ok(SetStatus::Unknown);
    };
    if account.user.status == UserStatus::Disabled {
        return Ok(SetStatus::Already);
    }
    if account.user.administers() && !delete::other_administrator(tx, user)? {
        return Ok(SetStatus::LastAdministrator);
    }
    let ended = count_live(tx, user, None, act.at)?;
    let user = disable(tx, account.user, act)?;
    tx.audit(act, &[])?;
    Ok(SetStatus::Set {
        user: Box::new(user),
        ended,
    })
}

/// Disables, audits and publishes.
pub(crate) fn disable(tx: &mut Transition<'_>, mut user: User, act: &Act) -> Result<User, Fault> {
    tx.execute_one(
        "UPDATE users SET disabled = 1 WHERE id = ?1",
        [user.id.as_bytes()],
    )?;
    // ASVS 7.4.2: everything there is dies with it.
    let cutoff = tx.cut(Node::User(user.id, None))?;
    tx.record(
        act,
        &[
            Event::user(EventKind::UserDisabled, user.id),
            Event::user(
                EventKind::UserSessionsEnded(EndReason::UserDisabled),
                user.id,
            ),
        ],
    )?;
    user.status = UserStatus::Disabled;
    user.cutoff = cutoff.number;
    tx.publish(Change::User(Box::new(user.clone())));
    tx.publish(Change::Cutoff(cutoff));
    Ok(user)
}

/// Enables, audits and publishes.
pub(crate) fn enable(tx: &mut Transition<'_>, user: User, act: &Act) -> Result<User, Fault> {
    let user = User {
        status: UserStatus::Active,
        ..user
    };
    tx.execute_one(
        "UPDATE users SET disabled = 0 WHERE id = ?1",
        [user.id.as_bytes()],
    )?;
    tx.record(act, &[Event::user(EventKind::UserEnabled, user.id)])?;
    tx.publish(Change::User(Box::new(user.clone())));
    Ok(user)
}

/// A user and what a login is judged by.
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) version: CredentialVersion,
}

pub(crate) fn load_account(tx: &Transition<'_>, user: UserId) -> Result<Option<Account>, Fault> {
    let mut account = tx.prepare(&format!(
        "SELECT {USER_COLUMNS}, u.credential_version FROM users u WHERE u.id = ?1"
    ))?;
    let mut rows = account.query([user.as_bytes()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(Account {
        user: read_user(row)?,
        version: read_version(row.get("credential_version")?)?,
    }))
}

/// Whether the settings file declares the account.
pub(crate) fn is_declared(tx: &Transition<'_>, user: UserId) -> Result<bool, Fault> {
    Ok(tx
        .prepare("SELECT 1 FROM users WHERE id = ?1 AND declared = 1")?
        .exists([user.as_bytes()])?)
}

/// A row of [`USER_COLUMNS`].
pub(crate) fn read_user(row: &Row<'_>) -> Result<User, Fault> {
    let roles = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(User {
        id: UserId::from_bytes(row.get(0)?),
        email: EmailAddress::from_stored(row.get(1)?),
        email_verified: row.get(2)?,
        name: DisplayName::from_stored(row.get(3)?),
        roles: read_roles(roles)?,
        status: if row.get(5)? {
            UserStatus::Disabled
        } else {
            UserStatus::Active
        },
        created_at: UnixMillis(row.get(6)?),
        cutoff: read_number(row.get(7)?)?,
    })
}

/// Roles as the row keeps them.
pub(crate) fn join_roles(roles: &[Role]) -> String {
    let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
    roles.join(",")
}

pub(crate) fn read_roles(roles: &str) -> Result<Vec<Role>, Fault> {
    roles
        .split(',')
        .filter(|role| !role.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::unreadable("a stored role's name is none"))
}

fn bind_details(details: &Details) -> Result<String, Fault> {
    serde_json::to_string(details).map_err(|_| Fault::Refused("a user's details cannot be written"))
}

pub(crate) fn read_version(value: i64) -> Result<CredentialVersion, Fault> {
    u64::try_from(value)
        .map(CredentialVersion)
        .map_err(|_| Fault::unreadable("a credential's version is negative"))
}

pub(crate) fn bind_version(version: CredentialVersion) -> Result<i64, Fault> {
    i64::try_from(version.0).map_err(|_| Fault::Refused("a credential's versions are used up"))
}

/// Whether there is an administrator.
pub(crate) fn has_administrator(conn: &Connection) -> Result<bool, Fault> {
    // The words of the index `administrators`, so that it is used.
    let found = conn
        .prepare_cached(
            "SELECT 1 FROM users WHERE instr(',' || roles || ',', ',admin,') > 0 LIMIT 1",
        )?
        .query_row([], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}
