//! What a list makes of an account.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::user::{Revision, User, UserStatus};
use vestibule_store::{Change, ReviseUser};

use super::{disable, enable, hold_account, other_administrator};
use crate::addresses::find;
use crate::applications::roles;
use crate::fault::Fault;
use crate::sessions::count_live;
use crate::transition::{Transition, values};

pub(super) async fn revise(
    tx: &mut Transition,
    email: &EmailAddress,
    revision: &Revision,
    act: &Act,
) -> Result<ReviseUser, Fault> {
    let Some(found) = find(tx, email).await?.filter(|found| found.primary) else {
        return Ok(ReviseUser::Unknown);
    };
    let Some(account) = hold_account(tx, found.user).await? else {
        return Ok(ReviseUser::Unknown);
    };
    let mut user = account.user;
    if user.email != *email {
        // Another of its addresses was made the primary one before it was held.
        return Ok(ReviseUser::Unknown);
    }
    let wanted = revision.of(&user);
    let shuts = (wanted.status, user.status) == (UserStatus::Disabled, UserStatus::Active);
    let ended = if shuts {
        count_live(tx, user.id, None, act.at).await?
    } else {
        0
    };
    let language = language(tx, &user, revision).await?;
    if wanted.roles != user.roles || revision.takes_administration(&user) {
        // Who removes a role's description, or another administrator, is through or waits.
        tx.hold_installation().await?;
    }
    if revision.takes_administration(&user) && !other_administrator(tx, user.id).await? {
        return Ok(ReviseUser::LastAdministrator);
    }
    let mut changed = false;
    if language.is_some() || wanted.name != user.name {
        (user, changed) = (profile(tx, &user, &wanted, language, act), true);
    }
    if let Some(with_roles) = roles::change(tx, user.clone(), wanted.roles, act) {
        (user, changed) = (with_roles, true);
    }
    if wanted.status != user.status {
        changed = true;
        user = match wanted.status {
            UserStatus::Disabled => disable(tx, user, act).await?,
            UserStatus::Active => enable(tx, user, act),
        };
    }
    if !changed {
        return Ok(ReviseUser::Already);
    }
    tx.audit(act, &[])?;
    Ok(ReviseUser::Revised {
        user: Box::new(user),
        ended,
    })
}

/// The language that a user who is held gets, if it is another one.
async fn language(
    tx: &mut Transition,
    user: &User,
    revision: &Revision,
) -> Result<Option<String>, Fault> {
    let Some(wanted) = &revision.language else {
        return Ok(None);
    };
    let other = tx
        .query_opt(
            "SELECT 1 FROM users WHERE id = $1 AND language <> $2",
            &[&&user.id.as_bytes()[..], &wanted.as_str()],
        )
        .await?;
    Ok(other.map(|_| wanted.as_str().to_owned()))
}

/// Gives a user who is held another name or language, audits and publishes it.
fn profile(
    tx: &mut Transition,
    user: &User,
    wanted: &User,
    language: Option<String>,
    act: &Act,
) -> User {
    let user = User {
        name: wanted.name.clone(),
        ..user.clone()
    };
    tx.write(
        "UPDATE users SET name = $2, language = coalesce($3, language) WHERE id = $1",
        values![
            user.id.as_bytes().to_vec(),
            user.name.as_str().to_owned(),
            language,
        ],
    );
    tx.record(act, &[Event::user(EventKind::ProfileChanged, user.id)]);
    tx.publish(Change::User(Box::new(user.clone())));
    user
}
