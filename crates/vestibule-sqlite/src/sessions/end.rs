//! Ends: one session's own, and the cutoffs that strike many without touching their rows.

use rusqlite::{Connection, named_params};

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::{DeviceId, SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node};
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, EndOthers, EndSession};

use super::row::{Loaded, live, load};
use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::known_devices::{device_of, forget, forget_others};
use crate::transition::{Transition, bind_number};

pub(crate) fn end_session(
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
    if forgets_device(reason)
        && let Some(device) = device_of(tx, found.session.user, id)?
        && (reason == EndReason::EndedByOperator
            || !is_in_use(tx, found.session.user, device, act.at)?)
    {
        forget(tx, found.session.user, device)?;
    }
    let event = Event::session(EventKind::SessionEnded(reason), found.session.user, id);
    tx.audit(act, &[event])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(EndSession::Ended)
}

/// C23: whoever was put out has no budget of tries of their own any more; who signs out, or runs out, has. The reasons of the
/// many are here for ends that were owed.
const fn forgets_device(reason: EndReason) -> bool {
    matches!(
        reason,
        EndReason::EndedByOwner
            | EndReason::OthersEnded
            | EndReason::EverywhereEnded
            | EndReason::EndedByOperator
    )
}

/// Another live session of the user's on one device: perhaps the very one they sit at, with an old login of it still open.
const IN_USE: &str = concat!(
    "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
     WHERE i.id = 1 AND s.user_id = :user AND s.device_id = :device AND ",
    live!()
);

fn is_in_use(
    tx: &Transition<'_>,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<bool, Fault> {
    Ok(tx.prepare(IN_USE)?.exists(named_params! {
        ":user": user.as_bytes(),
        ":device": device.as_bytes(),
        ":now": now.0,
    })?)
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
    let own = device_of(tx, user, spared)?;
    forget_others(tx, user, own)?;
    let kind = EventKind::UserSessionsEnded(EndReason::OthersEnded);
    tx.audit(act, &[Event::session(kind, user, spared)])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(EndOthers::Ended { ended })
}

pub(super) fn end_user_sessions(
    tx: &mut Transition<'_>,
    user: UserId,
    acting: Option<SessionId>,
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
    let own = match acting {
        Some(acting) => device_of(tx, user, acting)?,
        None => None,
    };
    forget_others(tx, user, own)?;
    let kind = EventKind::UserSessionsEnded(reason);
    tx.audit(act, &[Event::user(kind, user)])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(ended)
}

/// What a cutoff on everything struck is counted by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Struck {
    /// The cutoff's number.
    number: i64,
    /// The latest cutoff on everything before it.
    before: i64,
    at: UnixMillis,
}

/// One cutoff, committed and published at once however many sessions there are: counting them comes after.
pub(super) fn end_all_sessions(tx: &mut Transition<'_>, act: &Act) -> Result<Struck, Fault> {
    let before = bind_number(tx.numbers()?.everything)?;
    let cutoff = tx.cut(Node::Everything)?;
    let event = Event::plain(EventKind::AllSessionsEnded);
    tx.audit(act, &[event])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(Struck {
        number: bind_number(cutoff.number)?,
        before,
        at: act.at,
    })
}

/// How many of the sessions after `after` (at most `rows` of them) were live until they were struck, and the last of
/// them. What ended or was cut since is judged by the number it took.
pub(super) fn count_struck(
    conn: &Connection,
    struck: Struck,
    after: &[u8],
    rows: usize,
) -> Result<(u64, Option<Vec<u8>>), Fault> {
    let counted = conn
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE (s.ended_at IS NULL OR s.ended_number > :number) \
                 AND s.rev < :number AND s.rev >= :before \
                 AND (u.cutoff > :number OR (s.rev >= u.cutoff AND u.disabled = 0)) \
                 AND s.expires_at > :now AND s.last_seen + s.idle > :now \
                 AND s.auth_time <= :now + 60000), \
             max(s.id) \
             FROM (SELECT * FROM sessions WHERE id > :after ORDER BY id LIMIT :rows) s \
             JOIN users u ON u.id = s.user_id",
        )?
        .query_row(
            named_params! {
                ":number": struck.number,
                ":before": struck.before,
                ":now": struck.at.0,
                ":after": after,
                ":rows": bind_limit(rows),
            },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
    Ok((read_count(counted.0)?, counted.1))
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
