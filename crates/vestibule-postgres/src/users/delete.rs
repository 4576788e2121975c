//! An account's end, and what is erased of it afterwards.

use vestibule_core::audit::{Act, Actor, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::lineage::Node;
use vestibule_core::session::EndReason;
use vestibule_core::user::Role;
use vestibule_store::{Change, DeleteUser, StoreError};

use super::{is_declared, load_account};
use crate::Postgres;
use crate::fault::Fault;
use crate::perform::CHUNK;
use crate::sessions::count_live;
use crate::transition::{Transition, bind_limit, bytes, values};

/// What is dropped with an account, in an order that leaves no row without the one it refers to. Tickets that would make
/// the account anew hold what was told of it, and go too. What others may hold as well is held in one order.
pub(crate) const DROPPED: [&str; 8] = [
    "DELETE FROM tickets WHERE secret = ANY(ARRAY( \
         SELECT secret FROM tickets WHERE purpose = 'register' \
         AND email IN (SELECT email FROM addresses WHERE user_id = $1) \
         ORDER BY secret FOR UPDATE))",
    "DELETE FROM tickets WHERE secret = ANY(ARRAY( \
         SELECT secret FROM tickets WHERE user_id = $1 ORDER BY secret FOR UPDATE))",
    "DELETE FROM errands WHERE user_id = $1",
    "DELETE FROM tallies WHERE key = ANY(ARRAY( \
         SELECT key FROM tallies WHERE user_id = $1 ORDER BY key FOR UPDATE))",
    "DELETE FROM known_devices WHERE user_id = $1",
    "DELETE FROM addresses WHERE user_id = $1",
    "DELETE FROM sessions WHERE user_id = $1",
    "DELETE FROM users WHERE id = $1",
];

/// Every administrator, held in the order of their ids: of two who delete each other, the second finds themselves the last.
/// In the words of the index `administrators`, so that it is used.
pub(crate) const HOLD_ADMINISTRATORS: &str = "SELECT id, disabled FROM users \
     WHERE strpos(',' || roles || ',', ',admin,') > 0 ORDER BY id FOR NO KEY UPDATE";

pub(super) async fn delete_user(
    tx: &mut Transition,
    user: UserId,
    act: &Act,
) -> Result<DeleteUser, Fault> {
    let Some(glanced) = load_account(tx, user).await? else {
        return Ok(DeleteUser::Unknown);
    };
    let is_administrator = glanced.user.roles.contains(&Role::admin());
    let mut other = false;
    if is_administrator {
        for row in tx.query(HOLD_ADMINISTRATORS, &[]).await? {
            let id = UserId::from_bytes(bytes(&row, 0)?);
            other |= id != user && !row.try_get::<_, bool>(1)?;
        }
    }
    tx.hold(&[user], &[]).await?;
    // Whoever is about to write something for this user, and holds the row no stronger than that, is let through first.
    tx.query(
        "SELECT id FROM users WHERE id = $1 FOR UPDATE",
        &[&&user.as_bytes()[..]],
    )
    .await?;
    let Some(account) = load_account(tx, user).await? else {
        return Ok(DeleteUser::Unknown);
    };
    if account.user.roles.contains(&Role::admin()) != is_administrator {
        return Err(Fault::Overtaken);
    }
    if is_declared(tx, user).await? {
        return Ok(DeleteUser::Declared);
    }
    if is_administrator && !other {
        return Ok(DeleteUser::LastAdministrator);
    }
    let ended = count_live(tx, user, None, act.at).await?;
    for drop in &DROPPED[..DROPPED.len() - 1] {
        tx.write(drop, values![user.as_bytes().to_vec()]);
    }
    // O02: its id is never given again.
    tx.write(
        "INSERT INTO deleted_users (user_id, erase_after) VALUES ($1, 0)",
        values![user.as_bytes().to_vec()],
    );
    // ASVS 7.4.2: everything there is dies with it.
    let cutoff = tx.cut(Node::User(user, None)).await?;
    tx.write(
        DROPPED[DROPPED.len() - 1],
        values![user.as_bytes().to_vec()],
    );
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

/// A deleted user whose personal data may be left in the trail; held, so that nothing slips in behind the last look.
/// In the words of the index `erasures`, so that it is used.
pub(crate) const NEXT_ERASURE: &str = "SELECT user_id FROM deleted_users \
     WHERE erase_after IS NOT NULL ORDER BY user_id LIMIT 1 FOR UPDATE";

/// Personal data of acts that concern a user: those with an event about them, and what they did to others.
pub(crate) const ERASE: &str = "DELETE FROM audit_personal WHERE act_id = ANY(ARRAY( \
     SELECT p.act_id FROM audit_personal p WHERE p.act_id IN ( \
         SELECT act_id FROM audit_events WHERE user_id = $1 \
         UNION ALL \
         SELECT act_id FROM audit_events \
         WHERE substr(actor, 1, 5) = 'user:' \
           AND replace(actor, '-', '') IS DISTINCT FROM 'user:' || encode(user_id, 'hex') \
           AND actor = $2) \
     LIMIT $3)) RETURNING act_id";

/// Erases up to `limit` rows. Answers how many.
pub(super) async fn erase_personal(store: &Postgres, limit: usize) -> Result<usize, StoreError> {
    let (mut erased, mut more) = (0, true);
    while more && erased < limit {
        let chunk = (limit - erased).min(CHUNK);
        let now;
        (now, more) = store
            .bulk("erase_personal", chunk, |tx, chunk| {
                Box::pin(erase(tx, *chunk))
            })
            .await?;
        erased += now;
    }
    Ok(erased)
}

/// Erases up to `limit` rows about one deleted user. Answers how many, and whether there may be more to do.
async fn erase(tx: &mut Transition, limit: usize) -> Result<(usize, bool), Fault> {
    let Some(row) = tx.query_opt(NEXT_ERASURE, &[]).await? else {
        return Ok((0, false));
    };
    let user = UserId::from_bytes(bytes(&row, 0)?);
    let id = &user.as_bytes()[..];
    let actor = Actor::User(user).code();
    let erased = tx
        .query(ERASE, &[&id, &actor, &bind_limit(limit)])
        .await?
        .len();
    if erased < limit {
        tx.write(
            "UPDATE deleted_users SET erase_after = NULL WHERE user_id = $1",
            values![user.as_bytes().to_vec()],
        );
    }
    Ok((erased, true))
}
