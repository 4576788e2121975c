//! A password's change, and the same one at another cost.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::lineage::Node;
use vestibule_core::password::HashedPassword;
use vestibule_core::session::{EndReason, LoginRefused, may_open};
use vestibule_core::user::CredentialVersion;
use vestibule_store::{Change, ChangePassword, PasswordChange, RehashPassword};

use super::{LOAD_ACCOUNT, bind_version, read_account};
use crate::fault::Fault;
use crate::known_devices::{device_of, forget_others};
use crate::sessions::row::{LOAD, read_loaded};
use crate::sessions::{count_live, write_renewed};
use crate::throttles::succeed;
use crate::transition::{Ask, Transition, values};

pub(super) async fn change(
    tx: &mut Transition,
    change: &PasswordChange,
    act: &Act,
) -> Result<ChangePassword, Fault> {
    let renewal = &change.renewal;
    let (user, sessions) = (&change.user.as_bytes()[..], [&renewal.id.as_bytes()[..]]);
    let [account, found] = tx
        .hold_and_ask(
            &[change.user],
            &[renewal.id],
            [
                Ask {
                    sql: LOAD_ACCOUNT,
                    params: &[&user],
                },
                Ask {
                    sql: LOAD,
                    params: &[&&sessions[..]],
                },
            ],
        )
        .await?;
    let Some(account) = account.first().map(read_account).transpose()? else {
        return Ok(ChangePassword::SessionEnded);
    };
    match may_open(account.user.status, account.version, renewal.credential) {
        Ok(()) => {}
        Err(LoginRefused::Disabled) => return Ok(ChangePassword::Disabled),
        Err(LoginRefused::CredentialChanged) => return Ok(ChangePassword::CredentialChanged),
    }
    let found = found
        .first()
        .map(read_loaded)
        .transpose()?
        .filter(|found| found.session.user == change.user)
        .filter(|found| found.is_live(act.at) && found.session.secret == renewal.presented);
    let Some(found) = found else {
        return Ok(ChangePassword::SessionEnded);
    };
    let ended = count_live(tx, change.user, Some(renewal.id), act.at).await?;
    tx.write(
        "UPDATE users SET password = $2, credential_version = $3 WHERE id = $1",
        values![
            change.user.as_bytes().to_vec(),
            change.hash.as_phc().to_owned(),
            bind_version(CredentialVersion(account.version.0 + 1))?,
        ],
    );
    succeed(tx, renewal.tried.as_ref(), act.at).await?;
    // C23: a thief who was in has no budget of tries of their own any more.
    let own = device_of(tx, change.user, renewal.id).await?;
    forget_others(tx, change.user, own);
    // ASVS 7.4.3: every other session ends; this one's `rev` rises with the cutoff that spares it.
    let cutoff = tx.cut(Node::User(change.user, Some(renewal.id))).await?;
    let mut renewed = found.session.renewed(renewal);
    renewed.rev = cutoff.number;
    write_renewed(tx, &renewed);
    tx.audit(
        act,
        &[
            Event::session(EventKind::PasswordChanged, change.user, renewal.id),
            Event::session(
                EventKind::UserSessionsEnded(EndReason::PasswordChanged),
                change.user,
                renewal.id,
            ),
        ],
    )?;
    tx.publish(Change::SessionRenewed(Box::new(renewed)));
    tx.publish(Change::Cutoff(cutoff));
    Ok(ChangePassword::Changed { ended })
}

pub(super) async fn rehash(
    tx: &mut Transition,
    user: UserId,
    version: CredentialVersion,
    hash: &HashedPassword,
    act: &Act,
) -> Result<RehashPassword, Fault> {
    let rehashed = tx
        .query_opt(
            "UPDATE users SET password = $3 \
             WHERE id = $1 AND credential_version = $2 AND password IS NOT NULL RETURNING id",
            &[
                &&user.as_bytes()[..],
                &bind_version(version)?,
                &hash.as_phc(),
            ],
        )
        .await?;
    if rehashed.is_none() {
        return Ok(RehashPassword::CredentialChanged);
    }
    tx.audit(act, &[Event::user(EventKind::PasswordRehashed, user)])?;
    Ok(RehashPassword::Rehashed)
}
