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
macro_rules! dead {
    () => {
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
         CROSS JOIN installation i \
         WHERE i.id = 1 AND coalesce(s.ended_at, s.expires_at) < :before \
           AND (s.ended_at IS NOT NULL OR s.rev < u.cutoff OR s.rev < i.everything_cutoff) \
         ORDER BY coalesce(s.ended_at, s.expires_at) LIMIT :limit"
    };
}

/// What applications keep under the sessions that [`drop_dead`] drops.
pub(crate) const DROP_UNDER_DEAD: &str = concat!(
    "DELETE FROM session_data WHERE rowid IN ( \
         SELECT d.rowid FROM (",
    dead!(),
    ") dead CROSS JOIN session_data d ON d.session_id = dead.id LIMIT :most)"
);

/// Most long rows that one chunk of bulk work writes: each may be as long as many short ones.
pub(super) const LONG_CHUNK: usize = 250;

/// Drops up to [`LONG_CHUNK`] values under sessions that [`drop_dead`] is about to drop, so that it has few left to take with
/// it: all that applications may keep under a thousand sessions would hold up whoever writes for seconds.
pub(crate) fn drop_under_dead(
    tx: &Transition<'_>,
    before: UnixMillis,
    limit: usize,
) -> Result<usize, Fault> {
    Ok(tx.prepare(DROP_UNDER_DEAD)?.execute(named_params! {
        ":before": before.0,
        ":limit": bind_limit(limit),
        ":most": bind_limit(LONG_CHUNK),
    })?)
}

/// Drops rows with what is under them.
pub(crate) fn drop_dead(
    tx: &Transition<'_>,
    before: UnixMillis,
    limit: usize,
) -> Result<usize, Fault> {
    Ok(tx
        .prepare(concat!("DELETE FROM sessions WHERE id IN (", dead!(), ")"))?
        .execute(named_params! { ":before": before.0, ":limit": bind_limit(limit) })?)
}
