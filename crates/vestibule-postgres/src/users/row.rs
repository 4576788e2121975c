//! A user's row.

use tokio_postgres::Row;

use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, Details, DisplayName, Role, User, UserStatus};

use crate::fault::Fault;
use crate::transition::{bytes, read_number};

macro_rules! user_columns {
    () => {
        "u.id, u.email, u.email_verified, u.name, u.roles, u.disabled, u.created_at, u.cutoff"
    };
}

pub(crate) use user_columns;

/// What [`read_user`] reads, of `users u`.
pub(crate) const USER_COLUMNS: &str = user_columns!();

/// A row of [`USER_COLUMNS`].
pub(crate) fn read_user(row: &Row) -> Result<User, Fault> {
    Ok(User {
        id: UserId::from_bytes(bytes(row, 0)?),
        email: EmailAddress::from_stored(row.try_get(1)?),
        email_verified: row.try_get(2)?,
        name: DisplayName::from_stored(row.try_get(3)?),
        roles: read_roles(row.try_get(4)?)?,
        status: if row.try_get(5)? {
            UserStatus::Disabled
        } else {
            UserStatus::Active
        },
        created_at: UnixMillis(row.try_get(6)?),
        cutoff: read_number(row.try_get(7)?)?,
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

pub(super) fn bind_details(details: &Details) -> Result<String, Fault> {
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
