//! The audit trail, in the tables of the transitions it tells of.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use vestibule_core::audit::{Act, Actor, Event, EventKind, GENESIS, Personal, Seal, StoredEvent};
use vestibule_core::filter::EventFilter;
use vestibule_core::id::{ActId, ApplicationId, SessionId, UserId};
use vestibule_core::time::UnixMillis;
use vestibule_store::{Answer, Audit, EventPage, Sealer, TrailPage};

use crate::Sqlite;
use crate::fault::Fault;
use crate::sessions::CHUNK;
use crate::transition::Transition;

macro_rules! events_where {
    ($($rest:tt)*) => {
        concat!(
            "SELECT e.position, e.act_id, e.at, e.actor, e.kind, e.reason, e.user_id, e.session_id, \
             e.personal_digest, p.salt, p.email, p.address, p.user_agent, e.application_id \
             FROM audit_events e LEFT JOIN audit_personal p ON p.act_id = e.act_id ",
            $($rest)*
        )
    };
}

pub(crate) mod list;

impl Audit for Sqlite {
    fn record(&self, events: Vec<Event>, act: Act) -> Answer<'_, ()> {
        self.transition(move |tx| tx.audit(&act, &events))
    }

    fn seal_events(&self, sealer: Arc<dyn Sealer>, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.bulk(move |tx| seal_events(tx, &*sealer, limit.min(CHUNK))))
    }

    fn events_after(&self, after: u64, limit: usize) -> Answer<'_, TrailPage> {
        self.read(move |conn| {
            let events = read_after(conn, after, limit)?;
            Ok(TrailPage { events })
        })
    }

    /// One transition writes at a time, and gives the positions.
    fn settled(&self) -> Answer<'_, u64> {
        self.read(|conn| {
            let mut last =
                conn.prepare_cached("SELECT coalesce(max(position), 0) FROM audit_events")?;
            read_position(last.query_row([], |row| row.get(0))?)
        })
    }

    fn events(
        &self,
        filter: EventFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Answer<'_, EventPage> {
        self.read(move |conn| list::page(conn, &filter, before, limit))
    }

    fn seals_after(&self, after: u64, limit: usize) -> Answer<'_, Vec<Seal>> {
        self.read(move |conn| {
            let mut seals = conn.prepare_cached(
                "SELECT first, last, head, at, signature, key_id FROM audit_seals \
                 WHERE last > ?1 ORDER BY last LIMIT ?2",
            )?;
            let mut rows = seals.query((bind_position(after), bind_limit(limit)))?;
            let mut read = Vec::new();
            while let Some(row) = rows.next()? {
                read.push(read_seal(row)?);
            }
            Ok(read)
        })
    }
}

fn seal_events(tx: &Transition<'_>, sealer: &dyn Sealer, limit: usize) -> Result<usize, Fault> {
    let latest: Option<(i64, [u8; 32])> = tx
        .prepare("SELECT last, head FROM audit_seals ORDER BY last DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, head) = match latest {
        Some((last, head)) => (read_position(last)?, head),
        None => (0, GENESIS),
    };
    let events = read_after(tx.conn(), last, limit)?;
    let (Some(from), Some(to)) = (events.first(), events.last()) else {
        return Ok(0);
    };
    let Some(seal) = sealer.seal(&head, &events) else {
        return Ok(0);
    };
    if (seal.first, seal.last) != (from.position, to.position) {
        return Err(Fault::Refused(
            "a seal covers other events than it was made for",
        ));
    }
    tx.execute_one(
        "INSERT INTO audit_seals (last, first, head, at, signature, key_id) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            bind_position(seal.last),
            bind_position(seal.first),
            seal.head,
            seal.at.0,
            seal.signature,
            seal.key,
        ),
    )?;
    Ok(events.len())
}

fn read_after(conn: &Connection, after: u64, limit: usize) -> Result<Vec<StoredEvent>, Fault> {
    read_events(
        conn,
        events_where!("WHERE e.position > ?1 ORDER BY e.position LIMIT ?2"),
        (bind_position(after), bind_limit(limit)),
    )
}

fn read_events(
    conn: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<StoredEvent>, Fault> {
    let mut events = conn.prepare_cached(sql)?;
    let mut rows = events.query(params)?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(read_event(row)?);
    }
    Ok(read)
}

fn read_event(row: &Row<'_>) -> Result<StoredEvent, Fault> {
    let text = |column: usize| -> Result<&str, Fault> {
        Ok(row
            .get_ref(column)?
            .as_str()
            .map_err(rusqlite::Error::from)?)
    };
    let (kind, reason) = (text(4)?, text(5)?);
    let salt: Option<[u8; 16]> = row.get(9)?;
    let personal = match salt {
        None => None,
        Some(salt) => Some(Personal {
            salt,
            email: row.get(10)?,
            address: row.get(11)?,
            user_agent: row.get(12)?,
        }),
    };
    Ok(StoredEvent {
        position: read_position(row.get(0)?)?,
        act: ActId::from_bytes(row.get(1)?),
        at: UnixMillis(row.get(2)?),
        actor: Actor::parse(text(3)?)
            .ok_or_else(|| Fault::unreadable("an event's actor is not one of ours"))?,
        event: Event {
            kind: EventKind::parse(kind, reason)
                .ok_or_else(|| Fault::unreadable("an event's kind is not one of ours"))?,
            user: row.get::<_, Option<[u8; 16]>>(6)?.map(UserId::from_bytes),
            session: row
                .get::<_, Option<[u8; 16]>>(7)?
                .map(SessionId::from_bytes),
            application: row
                .get::<_, Option<[u8; 16]>>(13)?
                .map(ApplicationId::from_bytes),
        },
        personal_digest: row.get(8)?,
        personal,
    })
}

fn read_seal(row: &Row<'_>) -> Result<Seal, Fault> {
    Ok(Seal {
        first: read_position(row.get(0)?)?,
        last: read_position(row.get(1)?)?,
        head: row.get(2)?,
        at: UnixMillis(row.get(3)?),
        signature: row.get(4)?,
        key: row.get(5)?,
    })
}

fn read_position(value: i64) -> Result<u64, Fault> {
    u64::try_from(value).map_err(|_| Fault::unreadable("a position in the trail is negative"))
}

/// Past any position there can be, nothing follows.
fn bind_position(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A page's length, for `LIMIT`.
pub(crate) fn bind_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
