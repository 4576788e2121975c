//! Ends: one session's own, and the cutoffs that strike many without touching their rows.

use rusqlite::named_params;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node};
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, EndOthers, EndSession};

use super::row::{Loaded, live, load};
use crate::fault::Fault;
use crate::transition::{Transition, bind_number};

pub(super) fn end_session(
    tx: &mut Transition<'_>,
    id: SessionId,
    owner: Option<UserId>,
    reason: EndReason,
    act: &Act,
) -> Result<EndSession, Fault> {
    let found = load(tx, id)?
        // ASVS 8.2.2: another's session is as good as none.
        .filter(|found| owner.is_none_or(|owner| found.session.user == owner))
        .filter(Loaded::is_open);
    let Some(found) = found else {
        return Ok(EndSession::NotLive);
    };
    let cutoff = end_row(tx, id, reason, act.at)?;
    let event = Event::session(EventKind::SessionEnded(reason), found.session.user, id);
    tx.audit(act, &[event])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(EndSession::Ended)
}

/// The final cutoff on an open session.
pub(super) fn end_row(
    tx: &Transition<'_>,
    id: SessionId,
    reason: EndReason,
    at: UnixMillis,
) -> Result<Cutoff, Fault> {
    let cutoff = tx.cut(Node::Session(id))?;
    tx.execute_one(
        "UPDATE sessions SET ended_at = ?2, end_reason = ?3, ended_number = ?4 \
         WHERE id = ?1 AND ended_at IS NULL",
        (
            id.as_bytes(),
            at.0,
            reason.code(),
            bind_number(cutoff.number)?,
        ),
    )?;
    Ok(cutoff)
}

pub(super) fn end_other_sessions(
    tx: &mut Transition<'_>,
    spared: SessionId,
    act: &Act,
) -> Result<EndOthers, Fault> {
    let Some(found) = load(tx, spared)?.filter(|found| found.is_live(act.at)) else {
        return Ok(EndOthers::NotLive);
    };
    let user = found.session.user;
    let ended = count_live(tx, user, Some(spared), act.at)?;
    let cutoff = tx.cut(Node::User(user, Some(spared)))?;
    let kind = EventKind::UserSessionsEnded(EndReason::OthersEnded);
    tx.audit(act, &[Event::session(kind, user, spared)])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(EndOthers::Ended { ended })
}

pub(super) fn end_user_sessions(
    tx: &mut Transition<'_>,
    user: UserId,
    reason: EndReason,
    act: &Act,
) -> Result<u64, Fault> {
    let known = tx
        .prepare("SELECT 1 FROM users WHERE id = ?1")?
        .exists([user.as_bytes()])?;
    if !known {
        return Ok(0);
    }
    let ended = count_live(tx, user, None, act.at)?;
    let cutoff = tx.cut(Node::User(user, None))?;
    let kind = EventKind::UserSessionsEnded(reason);
    tx.audit(act, &[Event::user(kind, user)])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(ended)
}

pub(super) fn end_all_sessions(tx: &mut Transition<'_>, act: &Act) -> Result<u64, Fault> {
    let ended = tx
        .prepare(concat!(
            "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id \
             CROSS JOIN installation i WHERE i.id = 1 AND ",
            live!()
        ))?
        .query_row(named_params! { ":now": act.at.0 }, |row| row.get(0))
        .map_err(Fault::from)
        .and_then(read_count)?;
    let cutoff = tx.cut(Node::Everything)?;
    let event = Event {
        kind: EventKind::AllSessionsEnded,
        user: None,
        session: None,
    };
    tx.audit(act, &[event])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(ended)
}

/// How many sessions of a user are live, perhaps but one.
pub(crate) fn count_live(
    tx: &Transition<'_>,
    user: UserId,
    except: Option<SessionId>,
    now: UnixMillis,
) -> Result<u64, Fault> {
    tx.prepare(concat!(
        "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id \
         CROSS JOIN installation i \
         WHERE i.id = 1 AND s.user_id = :user AND s.id IS NOT :except AND ",
        live!()
    ))?
    .query_row(
        named_params! {
            ":user": user.as_bytes(),
            ":except": except.as_ref().map(SessionId::as_bytes),
            ":now": now.0,
        },
        |row| row.get(0),
    )
    .map_err(Fault::from)
    .and_then(read_count)
}

fn read_count(count: i64) -> Result<u64, Fault> {
    u64::try_from(count).map_err(|_| Fault::unreadable("a count is negative"))
}
