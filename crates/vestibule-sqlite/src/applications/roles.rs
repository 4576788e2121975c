//! What roles are for, and who holds them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _};

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::role::{Permission, RoleSpec};
use vestibule_core::user::{DisplayName, Role, User};
use vestibule_store::{Change, PutRole, RemoveRole, SetRoles, StoredRole};

use crate::fault::Fault;
use crate::transition::Transition;
use crate::users::delete::other_administrator;
use crate::users::{join_roles, load_account, read_roles};

pub(super) fn put(tx: &mut Transition<'_>, spec: &RoleSpec, act: &Act) -> Result<PutRole, Fault> {
    match described(tx.conn(), &spec.name)? {
        Some((_, true)) => Ok(PutRole::Declared),
        found => {
            let done = write(tx, found.map(|(spec, _)| spec).as_ref(), spec, false, act)?;
            tx.audit(act, &[])?;
            Ok(done)
        }
    }
}

/// Describes a role and audits it, if it was described otherwise.
pub(super) fn write(
    tx: &Transition<'_>,
    was: Option<&RoleSpec>,
    spec: &RoleSpec,
    declared: bool,
    act: &Act,
) -> Result<PutRole, Fault> {
    tx.execute_one(
        "INSERT INTO roles (name, description, permissions, declared) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (name) DO UPDATE \
         SET description = excluded.description, permissions = excluded.permissions, \
             declared = excluded.declared",
        (
            spec.name.as_str(),
            spec.description.as_str(),
            join_permissions(&spec.permissions),
            declared,
        ),
    )?;
    let (kind, done) = match was {
        Some(was) if was == spec => return Ok(PutRole::Already),
        Some(_) => (EventKind::RoleChanged, PutRole::Changed),
        None => (EventKind::RoleAdded, PutRole::Added),
    };
    tx.record(act, &[Event::plain(kind)])?;
    Ok(done)
}

pub(super) fn remove(tx: &mut Transition<'_>, role: &Role, act: &Act) -> Result<RemoveRole, Fault> {
    match described(tx.conn(), role)? {
        None => return Ok(RemoveRole::Unknown),
        Some((_, true)) => return Ok(RemoveRole::Declared),
        Some(_) => {}
    }
    let holders = holders(tx.conn())?;
    if let Some(holders) = holders.get(role).filter(|holders| **holders > 0) {
        return Ok(RemoveRole::Held(*holders));
    }
    drop_description(tx, role, act)?;
    tx.audit(act, &[])?;
    Ok(RemoveRole::Removed)
}

/// Removes a description and audits it.
pub(super) fn drop_description(tx: &Transition<'_>, role: &Role, act: &Act) -> Result<(), Fault> {
    tx.execute_one("DELETE FROM roles WHERE name = ?1", [role.as_str()])?;
    tx.record(act, &[Event::plain(EventKind::RoleRemoved)])
}

pub(super) fn set(
    tx: &mut Transition<'_>,
    user: UserId,
    roles: Vec<Role>,
    act: &Act,
) -> Result<SetRoles, Fault> {
    let Some(account) = load_account(tx, user)? else {
        return Ok(SetRoles::Unknown);
    };
    let loses = account.user.administers() && !roles.contains(&Role::admin());
    if loses && !other_administrator(tx, user)? {
        return Ok(SetRoles::LastAdministrator);
    }
    let Some(user) = change(tx, account.user, roles, act)? else {
        return Ok(SetRoles::Already);
    };
    tx.audit(act, &[])?;
    Ok(SetRoles::Set(Box::new(user)))
}

/// Gives a user other roles, audits and publishes it; `None` where they are the same.
pub(crate) fn change(
    tx: &mut Transition<'_>,
    user: User,
    mut roles: Vec<Role>,
    act: &Act,
) -> Result<Option<User>, Fault> {
    roles.sort();
    roles.dedup();
    if roles == user.roles {
        return Ok(None);
    }
    let user = User { roles, ..user };
    tx.execute_one(
        "UPDATE users SET roles = ?2 WHERE id = ?1",
        (user.id.as_bytes(), join_roles(&user.roles)),
    )?;
    tx.record(act, &[Event::user(EventKind::RolesChanged, user.id)])?;
    tx.publish(Change::User(Box::new(user.clone())));
    Ok(Some(user))
}

/// A role's description, and whether it is declared.
pub(super) fn described(conn: &Connection, role: &Role) -> Result<Option<(RoleSpec, bool)>, Fault> {
    let row: Option<(String, String, bool)> = conn
        .prepare_cached("SELECT description, permissions, declared FROM roles WHERE name = ?1")?
        .query_row([role.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    row.map(|(description, permissions, declared)| {
        Ok((
            read_spec(role.clone(), description, &permissions)?,
            declared,
        ))
    })
    .transpose()
}

pub(super) fn all(conn: &Connection) -> Result<Vec<StoredRole>, Fault> {
    let mut roles: BTreeMap<Role, StoredRole> = BTreeMap::new();
    let mut holders = holders(conn)?;
    holders.entry(Role::admin()).or_default();
    for (name, holders) in holders {
        let stored = match described(conn, &name)? {
            Some((spec, declared)) => StoredRole {
                spec,
                described: true,
                declared,
                holders,
            },
            None => StoredRole {
                spec: RoleSpec::new(name.clone(), DisplayName::default(), Vec::new()),
                described: false,
                declared: false,
                holders,
            },
        };
        roles.insert(name, stored);
    }
    Ok(roles.into_values().collect())
}

/// How many users hold each role that is held or described.
fn holders(conn: &Connection) -> Result<BTreeMap<Role, u64>, Fault> {
    let mut holders: BTreeMap<Role, u64> = BTreeMap::new();
    let mut names = conn.prepare_cached("SELECT name FROM roles")?;
    let mut rows = names.query([])?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        for role in read_roles(name)? {
            holders.entry(role).or_default();
        }
    }
    // A handful of combinations, however many users there are.
    let mut held = conn.prepare_cached("SELECT roles, count(*) FROM users GROUP BY roles")?;
    let mut rows = held.query([])?;
    while let Some(row) = rows.next()? {
        let count: i64 = row.get(1)?;
        let names = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        for role in read_roles(names)? {
            *holders.entry(role).or_default() += count.unsigned_abs();
        }
    }
    Ok(holders)
}

fn read_spec(name: Role, description: String, permissions: &str) -> Result<RoleSpec, Fault> {
    let permissions: Result<Vec<Permission>, _> = permissions
        .split(',')
        .filter(|permission| !permission.is_empty())
        .map(str::parse)
        .collect();
    let permissions =
        permissions.map_err(|_| Fault::unreadable("a stored permission's name is none"))?;
    Ok(RoleSpec {
        name,
        description: DisplayName::from_stored(description),
        permissions,
    })
}

fn join_permissions(permissions: &[Permission]) -> String {
    let permissions: Vec<&str> = permissions.iter().map(Permission::as_str).collect();
    permissions.join(",")
}
