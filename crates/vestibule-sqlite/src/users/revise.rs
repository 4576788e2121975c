//! What a list makes of an account.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::user::{Language, Revision, User, UserStatus};
use vestibule_store::{Change, ReviseUser};

use super::delete::other_administrator;
use super::{disable, enable, load_account};
use crate::addresses::find;
use crate::applications::roles;
use crate::fault::Fault;
use crate::sessions::count_live;
use crate::transition::Transition;

pub(super) fn revise(
    tx: &mut Transition<'_>,
    email: &EmailAddress,
    revision: &Revision,
    act: &Act,
) -> Result<ReviseUser, Fault> {
    let Some(found) = find(tx, email)?.filter(|found| found.primary) else {
        return Ok(ReviseUser::Unknown);
    };
    let Some(account) = load_account(tx, found.user)? else {
        return Ok(ReviseUser::Unknown);
    };
    let mut user = account.user;
    if revision.takes_administration(&user) && !other_administrator(tx, user.id)? {
        return Ok(ReviseUser::LastAdministrator);
    }
    let wanted = revision.of(&user);
    let (mut changed, mut ended) = (false, 0);
    if let Some(with_profile) = profile(tx, &user, revision, act)? {
        (user, changed) = (with_profile, true);
    }
    if let Some(with_roles) = roles::change(tx, user.clone(), wanted.roles, act)? {
        (user, changed) = (with_roles, true);
    }
    if wanted.status != user.status {
        changed = true;
        user = match wanted.status {
            UserStatus::Disabled => {
                ended = count_live(tx, user.id, None, act.at)?;
                disable(tx, user, act)?
            }
            UserStatus::Active => enable(tx, user, act)?,
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

/// Gives a user another name or language, audits and publishes it; `None` where they are the same.
fn profile(
    tx: &mut Transition<'_>,
    user: &User,
    revision: &Revision,
    act: &Act,
) -> Result<Option<User>, Fault> {
    let user = User {
        name: revision.name.clone().unwrap_or_else(|| user.name.clone()),
        ..user.clone()
    };
    // What is not said stays: the row is asked, and no copy of it.
    let written = tx.execute(
        "UPDATE users SET name = ?2, language = coalesce(?3, language) \
         WHERE id = ?1 AND (name <> ?2 OR language <> coalesce(?3, language))",
        (
            user.id.as_bytes(),
            user.name.as_str(),
            revision.language.as_ref().map(Language::as_str),
        ),
    )?;
    if written == 0 {
        return Ok(None);
    }
    tx.record(act, &[Event::user(EventKind::ProfileChanged, user.id)])?;
    tx.publish(Change::User(Box::new(user.clone())));
    Ok(Some(user))
}
