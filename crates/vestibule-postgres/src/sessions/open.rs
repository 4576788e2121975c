//! A login opens a session; its owner's fresh proof gives it a new secret.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::{DeviceId, SessionId};
use vestibule_core::session::{
    EndReason, LoginRefused, NewSession, Renewal, Session, displaced, may_open,
};
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, OpenSession, RenewSession};

use super::end::end_row;
use super::row::{LOAD, Loaded, bind_duration, hold_session, live, read_loaded};
use crate::app_sessions::drop_under;
use crate::fault::Fault;
use crate::known_devices::remember;
use crate::throttles::succeed;
use crate::tickets::insert_ticket;
use crate::transition::{Ask, NUMBERS, Numbers, Transition, bind_number, bytes, values};
use crate::users::{LOAD_ACCOUNT, read_account};

pub(super) async fn open_session(
    tx: &mut Transition,
    new: &NewSession,
    act: &Act,
) -> Result<OpenSession, Fault> {
    let user = &new.user.as_bytes()[..];
    let [account] = tx
        .hold_and_ask(
            &[new.user],
            new.replaces.as_slice(),
            [Ask {
                sql: LOAD_ACCOUNT,
                params: &[&user],
            }],
        )
        .await?;
    let Some(account) = account.first().map(read_account).transpose()? else {
        return Ok(OpenSession::Unknown);
    };
    // ASVS 15.4.2: judged where it is used, so that a login racing a password change or a disabling cannot win.
    match may_open(account.user.status, account.version, new.credential) {
        Ok(()) => {}
        Err(LoginRefused::Disabled) => return Ok(OpenSession::Disabled),
        Err(LoginRefused::CredentialChanged) => return Ok(OpenSession::CredentialChanged),
    }
    let session = insert_session(tx, new, act).await?;
    Ok(OpenSession::Opened(Box::new(session)))
}

/// The live sessions of a user.
const LIVE_SESSIONS: &str = concat!(
    "SELECT s.last_seen, s.id FROM sessions s JOIN users u ON u.id = s.user_id \
     CROSS JOIN installation i \
     WHERE i.id = 1 AND s.user_id = $2 AND ",
    live!()
);

/// Inserts and publishes a session of a user who is held, and ends the one it replaces (held too) and those it displaces.
/// Insert is never upsert: an id that was ever used is refused by the table.
pub(crate) async fn insert_session(
    tx: &mut Transition,
    new: &NewSession,
    act: &Act,
) -> Result<Session, Fault> {
    let mut events = vec![Event::session(EventKind::LoginSucceeded, new.user, new.id)];
    succeed(tx, new.tried.as_ref(), act.at).await?;
    if let Some(known) = &new.known
        && remember(tx, new.user, known, act.at).await?
    {
        events.push(Event::session(EventKind::DeviceKnown, new.user, new.id));
    }
    let user = &new.user.as_bytes()[..];
    let replaced: Vec<&[u8]> = new.replaces.iter().map(|id| &id.as_bytes()[..]).collect();
    let [replaced, live, numbers] = tx
        .ask([
            Ask {
                sql: LOAD,
                params: &[&replaced],
            },
            Ask {
                sql: LIVE_SESSIONS,
                params: &[&act.at.0, &user],
            },
            Ask {
                sql: NUMBERS,
                params: &[],
            },
        ])
        .await?;
    let mut rev = Numbers::of(&numbers)?.number;
    let replaced = replaced.first().map(read_loaded).transpose()?;
    let mut live: Vec<(UnixMillis, SessionId)> = live
        .iter()
        .map(|row| {
            Ok((
                UnixMillis(row.try_get(0)?),
                SessionId::from_bytes(bytes(row, 1)?),
            ))
        })
        .collect::<Result<_, Fault>>()?;
    tx.write(
        "UPDATE users SET last_login = $2 WHERE id = $1",
        values![new.user.as_bytes().to_vec(), act.at.0],
    );
    let mut ends = Vec::new();
    if let Some(replaced) = replaced.filter(Loaded::is_open) {
        let id = replaced.session.id;
        live.retain(|(_, live)| *live != id);
        ends.push((id, replaced.session.user, EndReason::Replaced));
    }
    // ASVS 7.1.2: in the same transition, so that parallel logins cannot pass the limit together.
    for id in displaced(live) {
        ends.push((id, new.user, EndReason::Displaced));
    }
    for (id, owner, reason) in ends {
        let cutoff = end_row(tx, id, reason, act.at).await?;
        rev = cutoff.number;
        tx.publish(Change::Cutoff(cutoff));
        events.push(Event::session(EventKind::SessionEnded(reason), owner, id));
    }
    let session = Session::open(new.clone(), rev);
    insert_row(tx, &session, new.known.as_ref().map(|known| known.id))?;
    if let Some(ticket) = &new.end_ticket {
        insert_ticket(tx, ticket)?;
    }
    tx.audit(act, &events)?;
    tx.publish(Change::SessionOpened(Box::new(session.clone())));
    Ok(session)
}

fn insert_row(
    tx: &mut Transition,
    session: &Session,
    device: Option<DeviceId>,
) -> Result<(), Fault> {
    tx.write(
        "INSERT INTO sessions \
         (id, user_id, secret, rev, created_at, auth_time, last_seen, idle, expires_at, \
          remembered, acr, amr, user_agent, address, device_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        values![
            session.id.as_bytes().to_vec(),
            session.user.as_bytes().to_vec(),
            // R20: the hash alone.
            session.secret.as_bytes().to_vec(),
            bind_number(session.rev)?,
            session.created_at.0,
            session.auth_time.0,
            session.last_seen.0,
            bind_duration(session.idle),
            session.expires_at.0,
            session.remembered,
            session.acr.as_str(),
            i64::from(session.amr.bits()),
            session.device.user_agent.clone(),
            session.device.address.map(|address| address.to_string()),
            device.map(|device| device.as_bytes().to_vec()),
        ],
    );
    Ok(())
}

pub(super) async fn renew_session(
    tx: &mut Transition,
    renewal: &Renewal,
    act: &Act,
) -> Result<RenewSession, Fault> {
    let Some(found) = hold_session(tx, renewal.id).await? else {
        return Ok(RenewSession::Ended);
    };
    match may_open(found.status, found.version, renewal.credential) {
        Ok(()) => {}
        Err(LoginRefused::Disabled) => return Ok(RenewSession::Disabled),
        Err(LoginRefused::CredentialChanged) => return Ok(RenewSession::CredentialChanged),
    }
    // ASVS 7.2.4, 15.4.2: of two renewals from one secret, one wins.
    if !found.is_live(act.at) || found.session.secret != renewal.presented {
        return Ok(RenewSession::Ended);
    }
    let renewed = found.session.renewed(renewal);
    write_renewed(tx, &renewed);
    succeed(tx, renewal.tried.as_ref(), act.at).await?;
    let event = Event::session(EventKind::Reauthenticated, renewed.user, renewed.id);
    tx.audit(act, &[event])?;
    tx.publish(Change::SessionRenewed(Box::new(renewed.clone())));
    Ok(RenewSession::Renewed(Box::new(renewed)))
}

/// Writes what a renewal changes, and ends what is under the session (ASVS 7.2.4); `rev` is the cutoff's to write.
pub(crate) fn write_renewed(tx: &mut Transition, renewed: &Session) {
    tx.write(
        "UPDATE sessions SET secret = $2, auth_time = $3, last_seen = $4, idle = $5, expires_at = $6 \
         WHERE id = $1 AND ended_at IS NULL",
        values![
            renewed.id.as_bytes().to_vec(),
            renewed.secret.as_bytes().to_vec(),
            renewed.auth_time.0,
            renewed.last_seen.0,
            bind_duration(renewed.idle),
            renewed.expires_at.0,
        ],
    );
    drop_under(tx, renewed.id);
}
