//! The trail backwards, a page at a time.

use rusqlite::{Connection, OptionalExtension as _, ToSql};

use vestibule_core::audit::Actor;
use vestibule_core::filter::EventFilter;
use vestibule_core::id::UserId;
use vestibule_core::time::UnixMillis;
use vestibule_store::{EventPage, Leap, MOST_LOOKED_AT};

use super::{bind_limit, bind_position, read_event, read_position};
use crate::fault::Fault;

/// Those of a stretch that match: [`EventFilter::matches`] in SQL's words.
macro_rules! matching {
    ($which:literal) => {
        events_where!(
            "WHERE e.position < :before AND e.position >= :from ",
            $which,
            " AND (:kind IS NULL OR e.kind = :kind \
                  OR (:begins AND substr(e.kind, 1, length(:kind)) = :kind)) \
              AND (:actor IS NULL OR e.actor = :actor) AND e.at >= :since AND e.at < :until \
              ORDER BY e.position DESC LIMIT :limit"
        )
    };
}

/// About anybody.
pub(crate) const EVERYBODYS: &str = matching!("");
/// About one user.
pub(crate) const OF_USER: &str = matching!("AND e.user_id = :user");

/// Which of a user's events is the last that a page may look at.
pub(crate) const LAST_OF_USER: &str = "SELECT position FROM audit_events \
     WHERE user_id = ?1 AND position < ?2 ORDER BY position DESC LIMIT 1 OFFSET ?3";

/// The last event before a position, and when it was.
pub(crate) const LAST_BEFORE: &str =
    "SELECT position, at FROM audit_events WHERE position < ?1 ORDER BY position DESC LIMIT 1";

/// When the first event from a position on was.
pub(crate) const FIRST_FROM: &str =
    "SELECT at FROM audit_events WHERE position >= ?1 ORDER BY position LIMIT 1";
/// The same, of a user.
pub(crate) const FIRST_FROM_OF_USER: &str = "SELECT at FROM audit_events \
     WHERE user_id = ?2 AND position >= ?1 ORDER BY position LIMIT 1";

/// A page of those that match.
pub(super) fn page(
    conn: &Connection,
    filter: &EventFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<EventPage, Fault> {
    let before = match before {
        Some(before) => before,
        None => behind_all(conn)?,
    };
    let before = landed(conn, filter, before)?;
    let from = first_looked_at(conn, filter.user, before)?;
    let limit = limit.min(MOST_LOOKED_AT);
    let (kind, begins) = (filter.kind.as_deref(), filter.begins_kinds());
    let actor = filter.actor.map(Actor::code);
    let (since, until) = (filter.since.map(|at| at.0), filter.until.map(|at| at.0));
    let user = filter.user.map(|user| *user.as_bytes());
    let (before, one_more) = (bind_position(before), bind_limit(limit.saturating_add(1)));
    let (sql, whose): (_, &[(&str, &dyn ToSql)]) = match &user {
        None => (EVERYBODYS, &[]),
        Some(user) => (OF_USER, &[(":user", user)]),
    };
    let params: [(&str, &dyn ToSql); 8] = [
        (":before", &before),
        (":from", &bind_position(from)),
        (":kind", &kind),
        (":begins", &begins),
        (":actor", &actor),
        (":since", &since.unwrap_or(i64::MIN)),
        (":until", &until.unwrap_or(i64::MAX)),
        (":limit", &one_more),
    ];
    let mut found = conn.prepare_cached(sql)?;
    let mut rows = found.query(&[&params, whose].concat()[..])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_event(row)?);
    }
    let more = events.len() > limit;
    events.truncate(limit);
    let next = if more {
        events.last().map(|last| last.position)
    } else {
        further_back(conn, filter, from)?
    };
    Ok(EventPage { events, next })
}

/// Where a page that begins before `before` ends at the latest.
fn first_looked_at(conn: &Connection, user: Option<UserId>, before: u64) -> Result<u64, Fault> {
    let most = u64::try_from(MOST_LOOKED_AT).unwrap_or(u64::MAX);
    let Some(user) = user else {
        return Ok(before.saturating_sub(most));
    };
    let last = conn
        .prepare_cached(LAST_OF_USER)?
        .query_row(
            (
                user.as_bytes(),
                bind_position(before),
                bind_limit(MOST_LOOKED_AT - 1),
            ),
            |row| row.get(0),
        )
        .optional()?;
    last.map_or(Ok(0), read_position)
}

/// Where to begin, so that what is later than all that is looked for is not walked through.
fn landed(conn: &Connection, filter: &EventFilter, before: u64) -> Result<u64, Fault> {
    let mut leap = Leap::new(filter, before);
    while let Some(probe) = leap.probe() {
        let found = conn
            .prepare_cached(LAST_BEFORE)?
            .query_row([bind_position(probe)], |row| {
                Ok((row.get(0)?, UnixMillis(row.get(1)?)))
            })
            .optional()?;
        let found = match found {
            Some((position, at)) => Some((read_position(position)?, at)),
            None => None,
        };
        leap.saw(probe, found);
    }
    Ok(leap.landing())
}

/// Where the next page begins behind one that ended with this event, unless nothing is looked for there.
fn further_back(conn: &Connection, filter: &EventFilter, from: u64) -> Result<Option<u64>, Fault> {
    // Positions begin at 1.
    if from <= 1 {
        return Ok(None);
    }
    if filter.since.is_none() {
        return Ok(Some(from));
    }
    let at: Option<i64> = match &filter.user {
        None => conn
            .prepare_cached(FIRST_FROM)?
            .query_row([bind_position(from)], |row| row.get(0)),
        Some(user) => conn
            .prepare_cached(FIRST_FROM_OF_USER)?
            .query_row((bind_position(from), user.as_bytes()), |row| row.get(0)),
    }
    .optional()?;
    let over = at.is_some_and(|at| filter.ends_at(UnixMillis(at)));
    Ok(Some(from).filter(|_| !over))
}

fn behind_all(conn: &Connection) -> Result<u64, Fault> {
    let last = conn
        .prepare_cached("SELECT coalesce(max(position), 0) FROM audit_events")?
        .query_row([], |row| row.get(0))?;
    Ok(read_position(last)?.saturating_add(1))
}
