//! What the settings file declares: all of it in one transition, or nothing.

use std::collections::BTreeSet;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::declaration::{Declaration, DeclaredUser, Plan, leaves_no_administrator};
use vestibule_core::id::UserId;
use vestibule_core::role::RoleSpec;
use vestibule_core::user::{NewUser, Particulars, Role, User, UserStatus};
use vestibule_store::{Change, Declare, Declared, PutRole};

use super::{all, drop_origins, insert, remove, roles, update};
use crate::addresses::find;
use crate::fault::Fault;
use crate::transition::Transition;
use crate::users::{disable, enable, insert_user, load_account};

pub(super) fn declare(
    tx: &mut Transition<'_>,
    declaration: &Declaration,
    act: &Act,
) -> Result<Declare, Fault> {
    let stored = all(tx.conn())?;
    let plan = match declaration.plan(stored, act.at) {
        Ok(plan) => plan,
        Err(taken) => return Ok(Declare::Taken(taken)),
    };
    let people = People::load(tx, &declaration.users)?;
    if people.leave_no_administrator(tx)? {
        return Ok(Declare::LastAdministrator);
    }
    let mut declared = Declared::default();
    declare_applications(tx, &plan, act, &mut declared)?;
    declare_roles(tx, &declaration.roles, act, &mut declared)?;
    people.declare(tx, act, &mut declared)?;
    tx.audit(act, &[])?;
    Ok(Declare::Declared(declared))
}

fn declare_applications(
    tx: &mut Transition<'_>,
    plan: &Plan,
    act: &Act,
    declared: &mut Declared,
) -> Result<(), Fault> {
    for gone in &plan.gone {
        remove(tx, gone, act)?;
        declared.removed.push(gone.spec.name.to_string());
    }
    for (_, application) in &plan.changed {
        drop_origins(tx, application.id)?;
    }
    for (was, application) in &plan.changed {
        update(tx, was, application)?;
        let event = Event::application(EventKind::ApplicationChanged, application.id);
        tx.record(act, &[event])?;
        declared.changed.push(application.spec.name.to_string());
    }
    for application in &plan.new {
        insert(tx, application)?;
        let event = Event::application(EventKind::ApplicationAdded, application.id);
        tx.record(act, &[event])?;
        declared.added.push(application.spec.name.to_string());
    }
    Ok(())
}

fn declare_roles(
    tx: &Transition<'_>,
    wanted: &[RoleSpec],
    act: &Act,
    declared: &mut Declared,
) -> Result<(), Fault> {
    let mut before = Vec::new();
    {
        let mut names = tx.prepare("SELECT name FROM roles WHERE declared = 1 ORDER BY name")?;
        let mut rows = names.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let role: Role = name
                .parse()
                .map_err(|_| Fault::unreadable("a stored role's name is none"))?;
            before.push(role);
        }
    }
    for role in before {
        if !wanted.iter().any(|spec| spec.name == role) {
            roles::drop_description(tx, &role, act)?;
            declared.removed.push(role.to_string());
        }
    }
    for spec in wanted {
        let was = roles::described(tx.conn(), &spec.name)?;
        match roles::write(tx, was.map(|(spec, _)| spec).as_ref(), spec, true, act)? {
            PutRole::Added => declared.added.push(spec.name.to_string()),
            PutRole::Changed => declared.changed.push(spec.name.to_string()),
            PutRole::Already | PutRole::Declared => {}
        }
    }
    Ok(())
}

/// The declared, each with the account they have, and those who were declared before.
struct People<'a> {
    declared: Vec<(&'a DeclaredUser, Option<User>)>,
    released: Vec<User>,
}

impl<'a> People<'a> {
    fn load(tx: &Transition<'_>, wanted: &'a [DeclaredUser]) -> Result<Self, Fault> {
        let mut declared = Vec::new();
        for user in wanted {
            let account = match find(tx, &user.email)? {
                Some(found) => load_account(tx, found.user)?.map(|account| account.user),
                None => None,
            };
            declared.push((user, account));
        }
        let mut ids: Vec<[u8; 16]> = Vec::new();
        {
            let mut before = tx.prepare("SELECT id FROM users WHERE declared = 1 ORDER BY id")?;
            let mut rows = before.query([])?;
            while let Some(row) = rows.next()? {
                ids.push(row.get(0)?);
            }
        }
        let mut released = Vec::new();
        for id in ids.into_iter().map(UserId::from_bytes) {
            let stays = |(_, account): &(_, Option<User>)| {
                account.as_ref().is_some_and(|account| account.id == id)
            };
            if !declared.iter().any(stays)
                && let Some(account) = load_account(tx, id)?
            {
                released.push(account.user);
            }
        }
        Ok(Self { declared, released })
    }

    /// Whether there is an administrator who can sign in, and would be none.
    fn leave_no_administrator(&self, tx: &Transition<'_>) -> Result<bool, Fault> {
        let mut administrators = BTreeSet::new();
        {
            // The words of the index `administrators`, so that it is used.
            let mut found = tx.prepare(
                "SELECT id FROM users WHERE instr(',' || roles || ',', ',admin,') > 0 AND disabled = 0",
            )?;
            let mut rows = found.query([])?;
            while let Some(row) = rows.next()? {
                administrators.insert(UserId::from_bytes(row.get(0)?));
            }
        }
        Ok(leaves_no_administrator(
            administrators,
            &self.declared,
            &self.released,
        ))
    }

    fn declare(self, tx: &mut Transition<'_>, act: &Act, told: &mut Declared) -> Result<(), Fault> {
        for user in self.released {
            tx.execute_one(
                "UPDATE users SET declared = 0 WHERE id = ?1",
                [user.id.as_bytes()],
            )?;
            told.removed.push(user.email.as_str().to_owned());
            if user.status == UserStatus::Active {
                disable(tx, user, act)?;
            }
        }
        for (wanted, account) in self.declared {
            let name = wanted.email.as_str().to_owned();
            let (user, new) = match account {
                Some(user) => (user, false),
                None => (make(tx, wanted, act)?, true),
            };
            let id = user.id;
            let changed = settle(tx, wanted, user, act)?;
            tx.execute_one(
                "UPDATE users SET declared = 1 WHERE id = ?1",
                [id.as_bytes()],
            )?;
            if new {
                told.added.push(name);
            } else if changed {
                told.changed.push(name);
            }
        }
        Ok(())
    }
}

/// An account without a password: its owner sets one through a link.
fn make(tx: &mut Transition<'_>, wanted: &DeclaredUser, act: &Act) -> Result<User, Fault> {
    let user = insert_user(
        tx,
        NewUser {
            disabled: false,
            id: wanted.id,
            email: wanted.email.clone(),
            email_verified: wanted.verified,
            name: wanted.name.clone().unwrap_or_default(),
            roles: wanted.roles.clone(),
            password: None,
            particulars: Particulars::default(),
        },
        act.at,
    )?;
    tx.record(act, &[Event::user(EventKind::UserCreated, user.id)])?;
    Ok(user)
}

/// Makes an account as it is declared. Whether anything changed.
fn settle(
    tx: &mut Transition<'_>,
    wanted: &DeclaredUser,
    user: User,
    act: &Act,
) -> Result<bool, Fault> {
    let (mut user, mut changed) = (user, false);
    if let Some(name) = wanted.name.as_ref().filter(|name| **name != user.name) {
        user.name = name.clone();
        tx.execute_one(
            "UPDATE users SET name = ?2 WHERE id = ?1",
            (user.id.as_bytes(), name.as_str()),
        )?;
        tx.record(act, &[Event::user(EventKind::ProfileChanged, user.id)])?;
        tx.publish(Change::User(Box::new(user.clone())));
        changed = true;
    }
    if let Some(with_roles) = roles::change(tx, user.clone(), wanted.roles.clone(), act)? {
        (user, changed) = (with_roles, true);
    }
    match (wanted.disabled, user.status) {
        (true, UserStatus::Active) => {
            disable(tx, user, act)?;
            changed = true;
        }
        (false, UserStatus::Disabled) => {
            enable(tx, user, act)?;
            changed = true;
        }
        _ => {}
    }
    Ok(changed)
}
