//! A login opens a session; its owner's fresh proof gives it a new secret.

use rusqlite::{OptionalExtension as _, named_params};

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::{DeviceId, SessionId, UserId};
use vestibule_core::session::{
    EndReason, LoginRefused, NewSession, Renewal, Session, displaced, may_open,
};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, UserStatus};
use vestibule_store::{Change, OpenSession, RenewSession};

use super::end::end_row;
use super::row::{Loaded, bind_duration, live, load};
use crate::app_sessions::drop_under;
use crate::fault::Fault;
use crate::known_devices::remember;
use crate::throttles::succeed;
use crate::tickets::insert_ticket;
use crate::transition::{Transition, bind_number};

pub(super) fn open_session(
    tx: &mut Transition<'_>,
    new: NewSession,
    act: &Act,
) -> Result<OpenSession, Fault> {
    let account: Option<(bool, i64)> = tx
        .prepare("SELECT disabled, credential_version FROM users WHERE id = ?1")?
        .query_row([new.user.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((disabled, version)) = account else {
        return Ok(OpenSession::Unknown);
    };
    let status = if disabled {
        UserStatus::Disabled
    } else {
        UserStatus::Active
    };
    let version = u64::try_from(version)
        .map_err(|_| Fault::unreadable("a credential's version is negative"))?;
    // ASVS 15.4.2: judged where it is used, so that a login racing a password change or a disabling cannot win.
    match may_open(status, CredentialVersion(version), new.credential) {
        Ok(()) => {}
        Err(LoginRefused::Disabled) => return Ok(OpenSession::Disabled),
        Err(LoginRefused::CredentialChanged) => return Ok(OpenSession::CredentialChanged),
    }
    let session = insert_session(tx, new, act)?;
    Ok(OpenSession::Opened(Box::new(session)))
}

/// The live sessions of a user, by the partial index on the open ones.
pub(crate) const LIVE_SESSIONS: &str = concat!(
    "SELECT s.last_seen, s.id FROM sessions s JOIN users u ON u.id = s.user_id \
     CROSS JOIN installation i \
     WHERE i.id = 1 AND s.user_id = :user AND ",
    live!()
);

fn live_sessions(
    tx: &Transition<'_>,
    user: UserId,
    now: UnixMillis,
) -> Result<Vec<(UnixMillis, SessionId)>, Fault> {
    let mut sessions = tx.prepare(LIVE_SESSIONS)?;
    let mut rows = sessions.query(named_params! { ":user": user.as_bytes(), ":now": now.0 })?;
    let mut live = Vec::new();
    while let Some(row) = rows.next()? {
        live.push((UnixMillis(row.get(0)?), SessionId::from_bytes(row.get(1)?)));
    }
    Ok(live)
}

/// Inserts and publishes a session, and ends the one it replaces and those it displaces. Insert is never upsert: an id that was ever used is
/// refused by the table.
pub(crate) fn insert_session(
    tx: &mut Transition<'_>,
    new: NewSession,
    act: &Act,
) -> Result<Session, Fault> {
    let replaced = match new.replaces {
        Some(id) => load(tx, id)?.filter(Loaded::is_open),
        None => None,
    };
    let mut events = vec![Event::session(EventKind::LoginSucceeded, new.user, new.id)];
    succeed(tx, new.tried.as_ref(), act.at)?;
    if let Some(known) = &new.known
        && remember(tx, new.user, known, act.at)?
    {
        events.push(Event::session(EventKind::DeviceKnown, new.user, new.id));
    }
    tx.execute_one(
        "UPDATE users SET last_login = ?2 WHERE id = ?1",
        (new.user.as_bytes(), act.at.0),
    )?;
    if let Some(replaced) = replaced {
        let (id, owner) = (replaced.session.id, replaced.session.user);
        let cutoff = end_row(tx, id, EndReason::Replaced, act.at)?;
        tx.publish(Change::Cutoff(cutoff));
        events.push(Event::session(
            EventKind::SessionEnded(EndReason::Replaced),
            owner,
            id,
        ));
    }
    // ASVS 7.1.2: in the same transition, so that parallel logins cannot pass the limit together.
    for id in displaced(live_sessions(tx, new.user, act.at)?) {
        let cutoff = end_row(tx, id, EndReason::Displaced, act.at)?;
        tx.publish(Change::Cutoff(cutoff));
        let kind = EventKind::SessionEnded(EndReason::Displaced);
        events.push(Event::session(kind, new.user, id));
    }
    let device = new.known.map(|known| known.id);
    let end_ticket = new.end_ticket.clone();
    let session = Session::open(new, tx.numbers()?.number);
    insert_row(tx, &session, device)?;
    if let Some(ticket) = &end_ticket {
        insert_ticket(tx, ticket)?;
    }
    tx.audit(act, &events)?;
    tx.publish(Change::SessionOpened(Box::new(session.clone())));
    Ok(session)
}

fn insert_row(
    tx: &Transition<'_>,
    session: &Session,
    device: Option<DeviceId>,
) -> Result<(), Fault> {
    tx.execute_one(
        "INSERT INTO sessions \
         (id, user_id, secret, rev, created_at, auth_time, last_seen, idle, expires_at, \
          remembered, acr, amr, user_agent, address, device_id) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        (
            session.id.as_bytes(),
            session.user.as_bytes(),
            // R20: the hash alone.
            session.secret.as_bytes(),
            bind_number(session.rev)?,
            session.created_at.0,
            session.auth_time.0,
            session.last_seen.0,
            bind_duration(session.idle),
            session.expires_at.0,
            session.remembered,
            session.acr.as_str(),
            session.amr.bits(),
            &session.device.user_agent,
            session.device.address.map(|address| address.to_string()),
            device.as_ref().map(DeviceId::as_bytes),
        ),
    )
}

pub(super) fn renew_session(
    tx: &mut Transition<'_>,
    renewal: &Renewal,
    act: &Act,
) -> Result<RenewSession, Fault> {
    let Some(found) = load(tx, renewal.id)? else {
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
    write_renewed(tx, &renewed)?;
    succeed(tx, renewal.tried.as_ref(), act.at)?;
    let event = Event::session(EventKind::Reauthenticated, renewed.user, renewed.id);
    tx.audit(act, &[event])?;
    tx.publish(Change::SessionRenewed(Box::new(renewed.clone())));
    Ok(RenewSession::Renewed(Box::new(renewed)))
}

/// Writes what a renewal changes, and ends what is under the session (ASVS 7.2.4); `rev` is the cutoff's to write.
pub(crate) fn write_renewed(tx: &Transition<'_>, renewed: &Session) -> Result<(), Fault> {
    tx.execute_one(
        "UPDATE sessions SET secret = ?2, auth_time = ?3, last_seen = ?4, idle = ?5, expires_at = ?6 \
         WHERE id = ?1 AND ended_at IS NULL",
        (
            renewed.id.as_bytes(),
            renewed.secret.as_bytes(),
            renewed.auth_time.0,
            renewed.last_seen.0,
            bind_duration(renewed.idle),
            renewed.expires_at.0,
        ),
    )?;
    drop_under(tx, renewed.id)
}
