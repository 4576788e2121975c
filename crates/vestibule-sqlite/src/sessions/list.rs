//! Lists of live sessions, a page at a time.

use rusqlite::{Connection, Row, named_params};

use vestibule_core::email::EmailAddress;
use vestibule_core::filter::SessionFilter;
use vestibule_core::id::SessionId;
use vestibule_core::session::Session;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Gathering, SessionPage, StoredSession};

use super::row::{listed_sessions, read_session, session_columns, within_limits};
use crate::fault::Fault;
use crate::narrowing::Narrowing;

/// Rows before `:before`, newest first, dead ones too, each with its owner's address and whether it is within its limits.
macro_rules! all_sessions {
    ($which:literal) => {
        concat!(
            "SELECT ",
            session_columns!(),
            ", u.email, ",
            within_limits!(),
            " FROM sessions s CROSS JOIN users u CROSS JOIN installation i \
             WHERE u.id = s.user_id AND i.id = 1 AND s.id < :before ",
            $which,
            " ORDER BY s.id DESC"
        )
    };
}

/// Everybody's.
pub(crate) const EVERYBODYS: &str = all_sessions!("");
/// One user's: what has ended is no row that its index leads to.
pub(crate) const OF_USER: &str = all_sessions!("AND s.user_id = :user AND s.ended_at IS NULL");

/// Of [`EVERYBODYS`]: whether the session is within its limits.
const WITHIN_LIMITS: usize = 15;
/// Of the same: its owner's address, what the browser calls itself, and its network address.
const EMAIL: usize = 14;
const USER_AGENT: usize = 12;
const ADDRESS: usize = 13;

/// Those of one user that are within their limits, newest first.
pub(super) fn of_user(
    conn: &Connection,
    user: &[u8],
    now: UnixMillis,
) -> Result<Vec<Session>, Fault> {
    let mut sessions =
        conn.prepare_cached(listed_sessions!("AND s.user_id = :user ORDER BY s.id DESC"))?;
    let mut rows = sessions.query(named_params! { ":now": now.0, ":user": user })?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(read_session(row)?);
    }
    Ok(read)
}

/// One that is within its limits.
pub(super) fn one(
    conn: &Connection,
    id: SessionId,
    now: UnixMillis,
) -> Result<Option<Session>, Fault> {
    let mut session = conn.prepare_cached(listed_sessions!("AND s.id = :id"))?;
    let mut rows = session.query(named_params! { ":now": now.0, ":id": id.as_bytes() })?;
    rows.next()?.map(read_session).transpose()
}

/// A page of those that match and are within their limits. Rows come as they are asked for: of a page that is full the rest
/// is never read.
pub(super) fn page(
    conn: &Connection,
    filter: &SessionFilter,
    before: Option<SessionId>,
    limit: usize,
    now: UnixMillis,
) -> Result<SessionPage, Fault> {
    // Past every id there can be.
    let before = before.map_or([0xff; 17].to_vec(), |id| id.as_bytes().to_vec());
    let mut page = Gathering::new(limit);
    let mut narrowing = Narrowing::by(filter.sought());
    let mut found;
    let mut rows = if let Some(user) = filter.user {
        found = conn.prepare_cached(OF_USER)?;
        found.query(named_params! {
            ":now": now.0, ":before": before, ":user": user.as_bytes(),
        })?
    } else {
        found = conn.prepare_cached(EVERYBODYS)?;
        found.query(named_params! { ":now": now.0, ":before": before })?
    };
    while let Some(row) = rows.next()? {
        let id = SessionId::from_bytes(row.get(0)?);
        if let Some(wanted) = wanted(row, filter, &mut narrowing)?
            && !page.take(id, wanted)
        {
            break;
        }
        if !page.reach(id, 1) {
            break;
        }
    }
    let (sessions, next) = page.page();
    Ok(SessionPage { sessions, next })
}

fn wanted(
    row: &Row<'_>,
    filter: &SessionFilter,
    narrowing: &mut Narrowing,
) -> Result<Option<StoredSession>, Fault> {
    if !narrowing.admits(row, EMAIL, &[USER_AGENT, ADDRESS])?
        || !row.get::<_, bool>(WITHIN_LIMITS)?
    {
        return Ok(None);
    }
    let stored = StoredSession {
        session: read_session(row)?,
        email: EmailAddress::from_stored(row.get(EMAIL)?),
    };
    Ok(filter
        .matches(&stored.session, &stored.email)
        .then_some(stored))
}
