//! What the settings file declares: all of it in one transition, or nothing.

use std::collections::BTreeSet;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::declaration::{Declaration, DeclaredUser, Plan, leaves_no_administrator};
use vestibule_core::id::UserId;
use vestibule_core::role::RoleSpec;
use vestibule_core::user::{NewUser, Particulars, Role, User, UserStatus};
use vestibule_store::{Change, Declare, Declared, PutRole};

use super::{all_held, drop_origins, insert, remove, roles, update};
use crate::fault::Fault;
use crate::transition::{Transition, bytes, values};
use crate::users::{disable, enable, insert_user, load_account};

pub(super) async fn declare(
    tx: &mut Transition,
    declaration: &Declaration,
    act: &Act,
) -> Result<Declare, Fault> {
    // People first, as everybody does.
    People::hold(tx, &declaration.users).await?;
    // Nobody else changes an application, a role, an administrator or a number until this is through.
    tx.hold_installation().await?;
    let stored = all_held(tx).await?;
    let plan = match declaration.plan(stored, act.at) {
        Ok(plan) => plan,
        Err(taken) => return Ok(Declare::Taken(taken)),
    };
    let people = People::load(tx, &declaration.users).await?;
    if people.leave_no_administrator(tx).await? {
        return Ok(Declare::LastAdministrator);
    }
    let mut declared = Declared::default();
    declare_applications(tx, &plan, act, &mut declared)?;
    declare_roles(tx, &declaration.roles, act, &mut declared).await?;
    people.declare(tx, act, &mut declared).await?;
    tx.audit(act, &[])?;
    Ok(Declare::Declared(declared))
}

fn declare_applications(
    tx: &mut Transition,
    plan: &Plan,
    act: &Act,
    declared: &mut Declared,
) -> Result<(), Fault> {
    for gone in &plan.gone {
        remove(tx, gone, act);
        declared.removed.push(gone.spec.name.to_string());
    }
    for (_, application) in &plan.changed {
        drop_origins(tx, application.id);
    }
    for (was, application) in &plan.changed {
        update(tx, was, application)?;
        let event = Event::application(EventKind::ApplicationChanged, application.id);
        tx.record(act, &[event]);
        declared.changed.push(application.spec.name.to_string());
    }
    for application in &plan.new {
        insert(tx, application)?;
        let event = Event::application(EventKind::ApplicationAdded, application.id);
        tx.record(act, &[event]);
        declared.added.push(application.spec.name.to_string());
    }
    Ok(())
}

async fn declare_roles(
    tx: &mut Transition,
    wanted: &[RoleSpec],
    act: &Act,
    declared: &mut Declared,
) -> Result<(), Fault> {
    let before = tx
        .query("SELECT name FROM roles WHERE declared ORDER BY name", &[])
        .await?;
    for row in &before {
        let name: &str = row.try_get(0)?;
        let role: Role = name
            .parse()
            .map_err(|_| Fault::unreadable("a stored role's name is none"))?;
        if !wanted.iter().any(|spec| spec.name == role) {
            roles::drop_description(tx, &role, act);
            declared.removed.push(role.to_string());
        }
    }
    for spec in wanted {
        let was = roles::described(tx, &spec.name).await?;
        match roles::write(tx, was.map(|(spec, _)| spec).as_ref(), spec, true, act) {
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
    /// Holds everybody, as far as one sees whom it concerns.
    async fn hold(tx: &mut Transition, wanted: &[DeclaredUser]) -> Result<(), Fault> {
        let emails: Vec<&str> = wanted.iter().map(|user| user.email.as_str()).collect();
        let concerned = tx
            .query(
                "SELECT id FROM users WHERE declared \
                 UNION SELECT user_id FROM addresses WHERE email = ANY($1)",
                &[&emails],
            )
            .await?;
        let concerned: Vec<UserId> = concerned
            .iter()
            .map(|row| Ok(UserId::from_bytes(bytes(row, 0)?)))
            .collect::<Result<_, Fault>>()?;
        tx.hold(&concerned, &[]).await
    }

    /// Reads those who are held.
    async fn load(tx: &mut Transition, wanted: &'a [DeclaredUser]) -> Result<Self, Fault> {
        let mut declared = Vec::new();
        for user in wanted {
            let found = tx
                .query_opt(
                    "SELECT user_id FROM addresses WHERE email = $1",
                    &[&user.email.as_str()],
                )
                .await?;
            let account = match found {
                Some(row) => {
                    let id = UserId::from_bytes(bytes(&row, 0)?);
                    if !tx.held().contains(&id) {
                        // The address changed hands meanwhile.
                        return Err(Fault::Overtaken);
                    }
                    load_account(tx, id).await?.map(|account| account.user)
                }
                None => None,
            };
            declared.push((user, account));
        }
        let before = tx
            .query("SELECT id FROM users WHERE declared ORDER BY id", &[])
            .await?;
        let mut released = Vec::new();
        for row in &before {
            let id = UserId::from_bytes(bytes(row, 0)?);
            if !tx.held().contains(&id) {
                // Another declaration was through first.
                return Err(Fault::Overtaken);
            }
            let stays = |(_, account): &(_, Option<User>)| {
                account.as_ref().is_some_and(|account| account.id == id)
            };
            if !declared.iter().any(stays)
                && let Some(account) = load_account(tx, id).await?
            {
                released.push(account.user);
            }
        }
        Ok(Self { declared, released })
    }

    /// Whether there is an administrator who can sign in, and would be none.
    async fn leave_no_administrator(&self, tx: &mut Transition) -> Result<bool, Fault> {
        // The words of the index `administrators`, so that it is used.
        let found = tx
            .query(
                "SELECT id FROM users \
                 WHERE strpos(',' || roles || ',', ',admin,') > 0 AND NOT disabled",
                &[],
            )
            .await?;
        let administrators: BTreeSet<UserId> = found
            .iter()
            .map(|row| Ok(UserId::from_bytes(bytes(row, 0)?)))
            .collect::<Result<_, Fault>>()?;
        Ok(leaves_no_administrator(
            administrators,
            &self.declared,
            &self.released,
        ))
    }

    async fn declare(
        self,
        tx: &mut Transition,
        act: &Act,
        told: &mut Declared,
    ) -> Result<(), Fault> {
        for user in self.released {
            tx.write(
                "UPDATE users SET declared = false WHERE id = $1",
                values![user.id.as_bytes().to_vec()],
            );
            told.removed.push(user.email.as_str().to_owned());
            if user.status == UserStatus::Active {
                disable(tx, user, act).await?;
            }
        }
        for (wanted, account) in self.declared {
            let name = wanted.email.as_str().to_owned();
            let (user, new) = match account {
                Some(user) => (user, false),
                None => (make(tx, wanted, act).await?, true),
            };
            let id = user.id;
            let changed = settle(tx, wanted, user, act).await?;
            tx.write(
                "UPDATE users SET declared = true WHERE id = $1",
                values![id.as_bytes().to_vec()],
            );
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
async fn make(tx: &mut Transition, wanted: &DeclaredUser, act: &Act) -> Result<User, Fault> {
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
    )
    .await?;
    tx.record(act, &[Event::user(EventKind::UserCreated, user.id)]);
    Ok(user)
}

/// Makes an account as it is declared. Whether anything changed.
async fn settle(
    tx: &mut Transition,
    wanted: &DeclaredUser,
    user: User,
    act: &Act,
) -> Result<bool, Fault> {
    let (mut user, mut changed) = (user, false);
    if let Some(name) = wanted.name.as_ref().filter(|name| **name != user.name) {
        user.name = name.clone();
        tx.write(
            "UPDATE users SET name = $2 WHERE id = $1",
            values![user.id.as_bytes().to_vec(), name.as_str().to_owned()],
        );
        tx.record(act, &[Event::user(EventKind::ProfileChanged, user.id)]);
        tx.publish(Change::User(Box::new(user.clone())));
        changed = true;
    }
    if let Some(with_roles) = roles::change(tx, user.clone(), wanted.roles.clone(), act) {
        (user, changed) = (with_roles, true);
    }
    match (wanted.disabled, user.status) {
        (true, UserStatus::Active) => {
            disable(tx, user, act).await?;
            changed = true;
        }
        (false, UserStatus::Disabled) => {
            enable(tx, user, act);
            changed = true;
        }
        _ => {}
    }
    Ok(changed)
}
