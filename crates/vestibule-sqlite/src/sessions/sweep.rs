//! Bulk work: what is written behind every transition, a chunk at a time.

use rusqlite::named_params;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::SessionId;
use vestibule_core::session::Clocks;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, TimedOut, Touch};

use super::end::end_row;
use super::row::{Loaded, load};
use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::transition::Transition;

/// Only ever later, only on open rows: a touch that lost its race against a logout writes nothing.
pub(super) fn touch_sessions(tx: &Transition<'_>, touches: &[Touch]) -> Result<(), Fault> {
    let mut touch = tx.prepare(
        "UPDATE sessions SET last_seen = ?2 \
         WHERE id = ?1 AND ended_at IS NULL AND last_seen < ?2",
    )?;
    for Touch { id, seen } in touches {
        touch.execute((id.as_bytes(), seen.0))?;
    }
    Ok(())
}

/// The index judges by later uses than are written. A stored one later than that wins all the same, and so does a renewal
/// that moved the clocks: core's rule is asked again, here.
pub(super) fn end_timed_out(
    tx: &mut Transition<'_>,
    judged: &[TimedOut],
    act: &Act,
) -> Result<Vec<SessionId>, Fault> {
    let mut ended = Vec::new();
    let mut events = Vec::new();
    for TimedOut { id, seen, reason } in judged {
        let Some(found) = load(tx, *id)?.filter(Loaded::is_open) else {
            continue;
        };
        let session = found.session;
        let clocks = Clocks {
            last_seen: *seen,
            ..session.clocks()
        };
        if session.last_seen > *seen || clocks.timed_out(act.at).is_none() {
            continue;
        }
        let cutoff = end_row(tx, *id, *reason, act.at)?;
        tx.publish(Change::Cutoff(cutoff));
        events.push(Event::session(
            EventKind::SessionEnded(*reason),
            session.user,
            *id,
        ));
        ended.push(*id);
    }
    tx.audit(act, &events)?;
    Ok(ended)
}

/// Oldest first, by the index on the end: ended rows, and open ones that a cutoff struck and whose life is over.
pub(crate) fn drop_dead(
    tx: &Transition<'_>,
    before: UnixMillis,
    limit: usize,
) -> Result<usize, Fault> {
    Ok(tx
        .prepare(
            "DELETE FROM sessions WHERE id IN ( \
                 SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
                 CROSS JOIN installation i \
                 WHERE i.id = 1 AND coalesce(s.ended_at, s.expires_at) < :before \
                   AND (s.ended_at IS NOT NULL OR s.rev < u.cutoff OR s.rev < i.everything_cutoff) \
                 ORDER BY coalesce(s.ended_at, s.expires_at) LIMIT :limit)",
        )?
        .execute(named_params! { ":before": before.0, ":limit": bind_limit(limit) })?)
}
