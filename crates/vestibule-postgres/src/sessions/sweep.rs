//! Bulk work: what is written behind every transition, a chunk at a time, each in a few statements.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::SessionId;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::Clocks;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, TimedOut, Touch};

use super::row::{LOAD, Loaded, read_loaded};
use crate::fault::Fault;
use crate::transition::{Transition, bind_limit, bind_number, values};

/// Only ever later, only on open rows: a touch that lost its race against a logout writes nothing. The rows are held in the
/// order of their ids, as everybody does.
pub(super) async fn touch_sessions(tx: &mut Transition, touches: &[Touch]) -> Result<(), Fault> {
    let ids: Vec<&[u8]> = touches
        .iter()
        .map(|touch| &touch.id.as_bytes()[..])
        .collect();
    tx.query(
        "SELECT s.id FROM sessions s WHERE s.id = ANY($1) ORDER BY s.id FOR NO KEY UPDATE OF s",
        &[&ids],
    )
    .await?;
    tx.write(
        "UPDATE sessions SET last_seen = touched.seen \
         FROM (SELECT id, max(seen) AS seen FROM unnest($1::bytea[], $2::bigint[]) AS t (id, seen) \
             GROUP BY id) touched \
         WHERE sessions.id = touched.id AND ended_at IS NULL AND last_seen < touched.seen",
        values![
            ids.iter().map(|id| id.to_vec()).collect::<Vec<_>>(),
            touches.iter().map(|touch| touch.seen.0).collect::<Vec<_>>(),
        ],
    );
    Ok(())
}

/// The index judges by later uses than are written. A stored one later than that wins all the same, and so does a renewal
/// that moved the clocks: core's rule is asked again, here.
pub(super) async fn end_timed_out(
    tx: &mut Transition,
    judged: &[TimedOut],
    act: &Act,
) -> Result<Vec<SessionId>, Fault> {
    let sessions: Vec<SessionId> = judged.iter().map(|judged| judged.id).collect();
    tx.hold(&[], &sessions).await?;
    let ids: Vec<&[u8]> = sessions.iter().map(|id| &id.as_bytes()[..]).collect();
    let mut loaded = std::collections::HashMap::new();
    for row in &tx.query(LOAD, &[&ids]).await? {
        let found = read_loaded(row)?;
        loaded.insert(found.session.id, found);
    }
    let mut over = Vec::new();
    for TimedOut { id, seen, reason } in judged {
        // Taken out: one that is named twice ends once.
        let Some(found) = loaded.remove(id).filter(Loaded::is_open) else {
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
        over.push((session, *reason));
    }
    let Ok(count) = u32::try_from(over.len()) else {
        return Err(Fault::Refused("too many sessions at once"));
    };
    if count == 0 {
        tx.audit(act, &[])?;
        return Ok(Vec::new());
    }
    let first = tx.take_numbers(count).await?;
    let (mut events, mut ended, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (session, reason)) in (first.0..).map(StoreNumber).zip(&over) {
        tx.publish(Change::Cutoff(Cutoff {
            number,
            node: Node::Session(session.id),
        }));
        events.push(Event::session(
            EventKind::SessionEnded(*reason),
            session.user,
            session.id,
        ));
        numbers.push(bind_number(number)?);
        ended.push(session.id);
    }
    tx.write(
        "UPDATE sessions SET ended_at = $1, end_reason = t.reason, ended_number = t.number \
         FROM unnest($2::bytea[], $3::text[], $4::bigint[]) AS t (id, reason, number) \
         WHERE sessions.id = t.id AND ended_at IS NULL",
        values![
            act.at.0,
            ended
                .iter()
                .map(|id| id.as_bytes().to_vec())
                .collect::<Vec<_>>(),
            over.iter()
                .map(|(_, reason)| reason.code())
                .collect::<Vec<_>>(),
            numbers,
        ],
    );
    tx.audit(act, &events)?;
    Ok(ended)
}

/// Oldest first, by the index on the end: ended rows, and open ones that a cutoff struck and whose life is over.
pub(super) async fn drop_dead(
    tx: &mut Transition,
    before: UnixMillis,
    limit: usize,
) -> Result<usize, Fault> {
    let dropped = tx
        .query(
            "DELETE FROM sessions WHERE id IN ( \
                 SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
                 CROSS JOIN installation i \
                 WHERE i.id = 1 AND coalesce(s.ended_at, s.expires_at) < $1 \
                   AND (s.ended_at IS NOT NULL OR s.rev < u.cutoff OR s.rev < i.everything_cutoff) \
                 ORDER BY coalesce(s.ended_at, s.expires_at) LIMIT $2) \
             RETURNING id",
            &[&before.0, &bind_limit(limit)],
        )
        .await?;
    Ok(dropped.len())
}
