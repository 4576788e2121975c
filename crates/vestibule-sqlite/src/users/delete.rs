//! An account's end, and what is erased of it afterwards.

use rusqlite::{OptionalExtension as _, named_params};

use vestibule_core::audit::{Act, Actor, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::lineage::Node;
use vestibule_core::session::EndReason;
use vestibule_core::user::Role;
use vestibule_store::{Change, DeleteUser};

use super::{is_declared, load_account};
use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::sessions::count_live;
use crate::transition::Transition;

/// What is dropped with an account, in an order that leaves no row without the one it refers to. Tickets that would make
/// the account anew hold what was told of it, and go too.
pub(crate) const DROPPED: [&str; 8] = [
    "DELETE FROM tickets WHERE purpose = 'register' \
     AND email IN (SELECT email FROM addresses WHERE user_id = ?1)",
    "DELETE FROM tickets WHERE user_id = ?1",
    "DELETE FROM errands WHERE user_id = ?1",
    "DELETE FROM tallies WHERE user_id = ?1",
    "DELETE FROM known_devices WHERE user_id = ?1",
    "DELETE FROM addresses WHERE user_id = ?1",
    "DELETE FROM sessions WHERE user_id = ?1",
    "DELETE FROM users WHERE id = ?1",
];

pub(super) fn delete_user(
    tx: &mut Transition<'_>,
    user: UserId,
    act: &Act,
) -> Result<DeleteUser, Fault> {
    let Some(account) = load_account(tx, user)? else {
        return Ok(DeleteUser::Unknown);
    };
    if is_declared(tx, user)? {
        return Ok(DeleteUser::Declared);
    }
    if account.user.roles.contains(&Role::admin()) && !other_administrator(tx, user)? {
        return Ok(DeleteUser::LastAdministrator);
    }
    let ended = count_live(tx, user, None, act.at)?;
    // ASVS 7.4.2: everything there is dies with it.
    let cutoff = tx.cut(Node::User(user, None))?;
    for drop in DROPPED {
        tx.execute(drop, [user.as_bytes()])?;
    }
    // O02: its id is never given again.
    tx.execute_one(
        "INSERT INTO deleted_users (user_id, erase_after) VALUES (?1, 0)",
        [user.as_bytes()],
    )?;
    // What it tells is written now: errands of the user were dropped, letters of the farewell are not.
    tx.audit(
        act,
        &[
            Event::user(EventKind::UserDeleted, user),
            Event::user(EventKind::UserSessionsEnded(EndReason::UserDeleted), user),
        ],
    )?;
    tx.publish(Change::Cutoff(cutoff));
    tx.publish(Change::UserDeleted(user));
    Ok(DeleteUser::Deleted { ended })
}

/// Whether another administrator is left who can sign in.
pub(crate) fn other_administrator(tx: &Transition<'_>, user: UserId) -> Result<bool, Fault> {
    Ok(tx.prepare(OTHER_ADMINISTRATOR)?.exists([user.as_bytes()])?)
}

/// In the words of the index `administrators`, so that it is used.
pub(crate) const OTHER_ADMINISTRATOR: &str = "SELECT 1 FROM users \
     WHERE instr(',' || roles || ',', ',admin,') > 0 AND id <> ?1 AND disabled = 0";

/// In the words of the index `erasures`, so that it is used.
pub(crate) const NEXT_ERASURE: &str = "SELECT user_id, erase_after FROM deleted_users \
     WHERE erase_after IS NOT NULL ORDER BY user_id LIMIT 1";

/// The acts that concern a user, in the trail's order: those with an event about them, and what they did to others.
pub(crate) const ACTS_OF_USER: &str = "SELECT position, act_id FROM audit_events \
     WHERE user_id = :user AND position > :after \
     UNION ALL \
     SELECT position, act_id FROM audit_events \
     WHERE substr(actor, 1, 5) = 'user:' AND replace(actor, '-', '') IS NOT 'user:' || lower(hex(user_id)) \
       AND actor = :actor AND position > :after \
     ORDER BY position LIMIT :limit";

/// Looks through up to `limit` events of deleted users. Answers how many rows it erased, and whether there is more to do.
pub(super) fn erase(tx: &Transition<'_>, limit: usize) -> Result<(usize, bool), Fault> {
    let next: Option<([u8; 16], i64)> = tx
        .prepare(NEXT_ERASURE)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((user, after)) = next else {
        return Ok((0, false));
    };
    let acts = tx
        .prepare(ACTS_OF_USER)?
        .query_map(
            named_params! {
                ":user": user,
                ":actor": Actor::User(UserId::from_bytes(user)).code(),
                ":after": after,
                ":limit": bind_limit(limit),
            },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .collect::<Result<Vec<(i64, [u8; 16])>, _>>()?;
    let mut erased = 0;
    for (_, act) in &acts {
        erased += tx.execute("DELETE FROM audit_personal WHERE act_id = ?1", [act])?;
    }
    let more = acts.last().filter(|_| acts.len() == limit);
    tx.execute_one(
        "UPDATE deleted_users SET erase_after = ?2 WHERE user_id = ?1",
        (user, more.map(|(position, _)| position)),
    )?;
    Ok((erased, true))
}
