//! What roles are for, and who holds them.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::role::{Permission, RoleSpec};
use vestibule_core::user::{DisplayName, Role, User};
use vestibule_store::{Change, PutRole, RemoveRole, SetRoles, StoredRole};

use crate::fault::Fault;
use crate::transition::{Transition, values};
use crate::users::{hold_account, join_roles, other_administrator, read_roles};

pub(super) async fn put(tx: &mut Transition, spec: &RoleSpec, act: &Act) -> Result<PutRole, Fault> {
    tx.hold_installation().await?;
    match described(tx, &spec.name).await? {
        Some((_, true)) => Ok(PutRole::Declared),
        found => {
            let done = write(tx, found.map(|(spec, _)| spec).as_ref(), spec, false, act);
            tx.audit(act, &[])?;
            Ok(done)
        }
    }
}

/// Describes a role and audits it, if it was described otherwise.
pub(super) fn write(
    tx: &mut Transition,
    was: Option<&RoleSpec>,
    spec: &RoleSpec,
    declared: bool,
    act: &Act,
) -> PutRole {
    tx.write(
        "INSERT INTO roles (name, description, permissions, declared) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (name) DO UPDATE \
         SET description = excluded.description, permissions = excluded.permissions, \
             declared = excluded.declared",
        values![
            spec.name.as_str().to_owned(),
            spec.description.as_str().to_owned(),
            join_permissions(&spec.permissions),
            declared,
        ],
    );
    let (kind, done) = match was {
        Some(was) if was == spec => return PutRole::Already,
        Some(_) => (EventKind::RoleChanged, PutRole::Changed),
        None => (EventKind::RoleAdded, PutRole::Added),
    };
    tx.record(act, &[Event::plain(kind)]);
    done
}

pub(super) async fn remove(
    tx: &mut Transition,
    role: &Role,
    act: &Act,
) -> Result<RemoveRole, Fault> {
    tx.hold_installation().await?;
    match described(tx, role).await? {
        None => return Ok(RemoveRole::Unknown),
        Some((_, true)) => return Ok(RemoveRole::Declared),
        Some(_) => {}
    }
    let holders = read_holders(&tx.query(ALL, &[]).await?)?;
    if let Some(holders) = holders.get(role).filter(|holders| **holders > 0) {
        return Ok(RemoveRole::Held(*holders));
    }
    drop_description(tx, role, act);
    tx.audit(act, &[])?;
    Ok(RemoveRole::Removed)
}

/// Removes a description and audits it.
pub(super) fn drop_description(tx: &mut Transition, role: &Role, act: &Act) {
    tx.write(
        "DELETE FROM roles WHERE name = $1",
        values![role.as_str().to_owned()],
    );
    tx.record(act, &[Event::plain(EventKind::RoleRemoved)]);
}

pub(super) async fn set(
    tx: &mut Transition,
    user: UserId,
    roles: &[Role],
    act: &Act,
) -> Result<SetRoles, Fault> {
    let Some(account) = hold_account(tx, user).await? else {
        return Ok(SetRoles::Unknown);
    };
    // Who removes a role's description, or another administrator, is through or waits.
    tx.hold_installation().await?;
    let loses = account.user.administers() && !roles.contains(&Role::admin());
    if loses && !other_administrator(tx, user).await? {
        return Ok(SetRoles::LastAdministrator);
    }
    let Some(user) = change(tx, account.user, roles.to_vec(), act) else {
        return Ok(SetRoles::Already);
    };
    tx.audit(act, &[])?;
    Ok(SetRoles::Set(Box::new(user)))
}

/// Gives a user who is held other roles, audits and publishes it; `None` where they are the same.
pub(crate) fn change(
    tx: &mut Transition,
    user: User,
    mut roles: Vec<Role>,
    act: &Act,
) -> Option<User> {
    roles.sort();
    roles.dedup();
    if roles == user.roles {
        return None;
    }
    let user = User { roles, ..user };
    tx.write(
        "UPDATE users SET roles = $2 WHERE id = $1",
        values![user.id.as_bytes().to_vec(), join_roles(&user.roles)],
    );
    tx.record(act, &[Event::user(EventKind::RolesChanged, user.id)]);
    tx.publish(Change::User(Box::new(user.clone())));
    Some(user)
}

/// A role's description, and whether it is declared.
pub(super) async fn described(
    tx: &mut Transition,
    role: &Role,
) -> Result<Option<(RoleSpec, bool)>, Fault> {
    let row = tx
        .query_opt(
            "SELECT name, description, permissions, declared FROM roles WHERE name = $1",
            &[&role.as_str()],
        )
        .await?;
    row.map(|row| read_described(&row)).transpose()
}

fn read_described(row: &Row) -> Result<(RoleSpec, bool), Fault> {
    let name: &str = row.try_get(0)?;
    let name = name
        .parse()
        .map_err(|_| Fault::unreadable("a stored role's name is none"))?;
    let spec = read_spec(name, row.try_get(1)?, row.try_get(2)?)?;
    Ok((spec, row.try_get(3)?))
}

/// Descriptions, and the combinations that are held: a handful, however many users there are.
pub(super) const ALL: &str = "SELECT name, description, permissions, declared, \
         NULL::text AS held, 0::bigint AS holders FROM roles \
     UNION ALL \
     SELECT NULL, NULL, NULL, NULL, roles, count(*) FROM users GROUP BY roles";

pub(super) fn read_all(rows: &[Row]) -> Result<Vec<StoredRole>, Fault> {
    let mut described = BTreeMap::new();
    for row in rows {
        if row.try_get::<_, Option<&str>>(0)?.is_some() {
            let (spec, declared) = read_described(row)?;
            described.insert(spec.name.clone(), (spec, declared));
        }
    }
    let mut holders = read_holders(rows)?;
    holders.entry(Role::admin()).or_default();
    let stored = holders.into_iter().map(|(name, holders)| {
        let found = described.remove(&name);
        let is_described = found.is_some();
        let (spec, declared) = found.unwrap_or_else(|| {
            let spec = RoleSpec::new(name, DisplayName::default(), Vec::new());
            (spec, false)
        });
        StoredRole {
            spec,
            described: is_described,
            declared,
            holders,
        }
    });
    Ok(stored.collect())
}

/// How many users hold each role that is held or described.
fn read_holders(rows: &[Row]) -> Result<BTreeMap<Role, u64>, Fault> {
    let mut holders: BTreeMap<Role, u64> = BTreeMap::new();
    for row in rows {
        let (name, held): (Option<&str>, Option<&str>) = (row.try_get(0)?, row.try_get(4)?);
        let count: i64 = row.try_get(5)?;
        for role in read_roles(name.or(held).unwrap_or_default())? {
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
