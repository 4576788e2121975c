//! The audit trail, in the tables of the transitions it tells of.
//!
//! An event gets its *entry* when it is written, which orders it among those that are not sealed yet, and its *position* when
//! it is sealed: only then is known what was committed, so that positions have no gap. Until then a position is what it
//! would be if the trail were sealed now.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio_postgres::{Client, Row};

use vestibule_core::audit::{Act, Actor, Event, EventKind, GENESIS, Personal, Seal, StoredEvent};
use vestibule_core::filter::EventFilter;
use vestibule_core::id::{ActId, ApplicationId, SessionId, UserId};
use vestibule_core::time::UnixMillis;
use vestibule_store::{Answer, Audit, BoxFuture, EventPage, Sealer, TrailPage};

use crate::Postgres;
use crate::fault::Fault;
use crate::perform::CHUNK;
use crate::transition::{Transition, bind_limit, bytes, bytes_opt, values};

/// Bits of an entry below the act's milliseconds.
const WITHIN: u32 = 20;
/// Times beyond this one (the year 2109) order nothing any more.
const LATEST: i64 = (1 << 42) - 1;

/// Gives out entries: ever growing on one server, and by the acts' times among several.
pub(crate) struct Entries(AtomicI64);

impl Entries {
    /// Continues after what is stored.
    pub(crate) async fn after(client: &Client) -> Result<Self, Fault> {
        let row = client
            .query_one("SELECT coalesce(max(entry), 0) FROM audit_events", &[])
            .await?;
        Ok(Self(AtomicI64::new(row.try_get(0)?)))
    }

    /// The first of so many in a row.
    pub(crate) fn take(&self, at: UnixMillis, count: usize) -> i64 {
        let count = bind_limit(count);
        let by_time = at.0.clamp(0, LATEST) << WITHIN;
        let first = |last: i64| by_time.max(last.saturating_add(1));
        let next = |last| Some(first(last).saturating_add(count - 1));
        let last = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        first(last.unwrap_or_else(|last| last))
    }
}

/// Every event with its position, given or as it would be, ahead of `$rest`. What was sealed is found by its index; what was
/// not is little.
macro_rules! events_where {
    ($sealed:expr, $unsealed:expr, $rest:literal) => {
        concat!(
            "SELECT e.position, e.act_id, e.at, e.actor, e.kind, e.reason, e.user_id, e.session_id, \
             e.personal_digest, p.salt, p.email, p.address, p.user_agent, e.application_id FROM ( \
             (SELECT position, act_id, at, actor, kind, reason, user_id, session_id, personal_digest, \
                 application_id FROM audit_events WHERE position IS NOT NULL AND ",
            $sealed,
            ") UNION ALL \
             (SELECT * FROM (SELECT \
                 (SELECT coalesce(max(position), 0) FROM audit_events) \
                     + row_number() OVER (ORDER BY entry, act_id) AS position, \
                 act_id, at, actor, kind, reason, user_id, session_id, personal_digest, \
                 application_id FROM audit_events WHERE position IS NULL) tail WHERE ",
            $unsealed,
            ")) e LEFT JOIN audit_personal p ON p.act_id = e.act_id ",
            $rest
        )
    };
}

const AFTER: &str = events_where!(
    "position > $1 ORDER BY position LIMIT $2",
    "position > $1 ORDER BY position LIMIT $2",
    "ORDER BY e.position LIMIT $2"
);

/// Those alone whose position is given: what commits while they are sealed has none yet.
const NUMBERED: &str = events_where!(
    "position > $1 ORDER BY position LIMIT $2",
    "false",
    "ORDER BY e.position LIMIT $2"
);

mod list;

impl Audit for Postgres {
    fn record(&self, events: Vec<Event>, act: Act) -> Answer<'_, ()> {
        self.transition("record", (events, act), |tx, (events, act)| {
            Box::pin(async move { tx.audit(act, events) })
        })
    }

    fn seal_events(&self, sealer: Arc<dyn Sealer>, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.bulk(
            "seal_events",
            (sealer, limit.min(CHUNK)),
            |tx, (sealer, limit)| Box::pin(seal_events(tx, &**sealer, *limit)),
        ))
    }

    fn events_after(&self, after: u64, limit: usize) -> Answer<'_, TrailPage> {
        Box::pin(async move {
            let params = (bind_position(after), bind_limit(limit));
            self.read(AFTER, &[&params.0, &params.1], |rows| {
                let events = rows.iter().map(read_event).collect::<Result<_, _>>()?;
                Ok(TrailPage { events })
            })
            .await
        })
    }

    /// Transitions are committed in any order, and a position is given when its event is sealed.
    fn settled(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            let sql = "SELECT coalesce(max(position), 0) FROM audit_events";
            self.read(sql, &[], |rows| match rows.first() {
                Some(row) => read_position(row.try_get(0)?),
                None => Ok(0),
            })
            .await
        })
    }

    fn events(
        &self,
        filter: EventFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Answer<'_, EventPage> {
        Box::pin(async move { self.event_page(&filter, before, limit).await })
    }

    fn seals_after(&self, after: u64, limit: usize) -> Answer<'_, Vec<Seal>> {
        Box::pin(async move {
            self.read(
                "SELECT first, last, head, at, signature, key_id FROM audit_seals \
                 WHERE last > $1 ORDER BY last LIMIT $2",
                &[&bind_position(after), &bind_limit(limit)],
                |rows| rows.iter().map(read_seal).collect(),
            )
            .await
        })
    }
}

fn seal_events<'a>(
    tx: &'a mut Transition,
    sealer: &'a dyn Sealer,
    limit: usize,
) -> BoxFuture<'a, Result<usize, Fault>> {
    Box::pin(async move {
        // One sealer at a time, so that no two fork the chain.
        tx.query("SELECT id FROM sealing WHERE id = 1 FOR NO KEY UPDATE", &[])
            .await?;
        // What is numbered here and then not sealed is as it was: it goes back with the transaction.
        tx.write(
            "UPDATE audit_events e SET position = numbered.position FROM ( \
                 SELECT entry, act_id, (SELECT coalesce(max(position), 0) FROM audit_events) \
                     + row_number() OVER (ORDER BY entry, act_id) AS position \
                 FROM (SELECT entry, act_id FROM audit_events WHERE position IS NULL \
                     ORDER BY entry, act_id LIMIT $1) next) numbered \
             WHERE e.entry = numbered.entry AND e.act_id = numbered.act_id",
            values![bind_limit(limit)],
        );
        let latest = tx
            .query_opt(
                "SELECT last, head FROM audit_seals ORDER BY last DESC LIMIT 1",
                &[],
            )
            .await?;
        let (last, head) = match latest {
            Some(row) => (row.try_get(0)?, bytes(&row, 1)?),
            None => (0_i64, GENESIS),
        };
        let rows = tx.query(NUMBERED, &[&last, &bind_limit(limit)]).await?;
        let events: Vec<StoredEvent> = rows.iter().map(read_event).collect::<Result<_, _>>()?;
        let (Some(from), Some(to)) = (events.first(), events.last()) else {
            return Ok(0);
        };
        let Some(seal) = sealer.seal(&head, &events) else {
            tx.abandon();
            return Ok(0);
        };
        if (seal.first, seal.last) != (from.position, to.position) {
            return Err(Fault::Refused(
                "a seal covers other events than it was made for",
            ));
        }
        tx.write(
            "INSERT INTO audit_seals (last, first, head, at, signature, key_id) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            values![
                bind_position(seal.last),
                bind_position(seal.first),
                seal.head.to_vec(),
                seal.at.0,
                seal.signature.to_vec(),
                seal.key.to_vec(),
            ],
        );
        Ok(events.len())
    })
}

fn read_event(row: &Row) -> Result<StoredEvent, Fault> {
    let (kind, reason) = (row.try_get(4)?, row.try_get(5)?);
    let personal = match bytes_opt(row, 9)? {
        None => None,
        Some(salt) => Some(Personal {
            salt,
            email: row.try_get(10)?,
            address: row.try_get(11)?,
            user_agent: row.try_get(12)?,
        }),
    };
    Ok(StoredEvent {
        position: read_position(row.try_get(0)?)?,
        act: ActId::from_bytes(bytes(row, 1)?),
        at: UnixMillis(row.try_get(2)?),
        actor: Actor::parse(row.try_get(3)?)
            .ok_or_else(|| Fault::unreadable("an event's actor is not one of ours"))?,
        event: Event {
            kind: EventKind::parse(kind, reason)
                .ok_or_else(|| Fault::unreadable("an event's kind is not one of ours"))?,
            user: bytes_opt(row, 6)?.map(UserId::from_bytes),
            session: bytes_opt(row, 7)?.map(SessionId::from_bytes),
            application: bytes_opt(row, 13)?.map(ApplicationId::from_bytes),
        },
        personal_digest: bytes_opt(row, 8)?,
        personal,
    })
}

fn read_seal(row: &Row) -> Result<Seal, Fault> {
    Ok(Seal {
        first: read_position(row.try_get(0)?)?,
        last: read_position(row.try_get(1)?)?,
        head: bytes(row, 2)?,
        at: UnixMillis(row.try_get(3)?),
        signature: bytes(row, 4)?,
        key: bytes(row, 5)?,
    })
}

fn read_position(value: i64) -> Result<u64, Fault> {
    u64::try_from(value).map_err(|_| Fault::unreadable("a position in the trail is negative"))
}

/// Past any position there can be, nothing follows.
fn bind_position(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
