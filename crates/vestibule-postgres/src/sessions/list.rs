//! Lists of live sessions, a page at a time.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{SessionFilter, Sought};
use vestibule_core::id::SessionId;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Gathering, SessionPage, StoreError, StoredSession};

use super::row::{read_session, session_columns, within_limits};
use crate::Postgres;
use crate::fault::Fault;
use crate::perform::LONGEST_STRIDE;
use crate::transition::{bind_limit, bytes_opt};

/// A stretch of rows, newest first, dead ones too: how many and up to where, and those of them that are within their limits
/// and may match. A text that is not ASCII comes along for the rule to judge: what its lower case is, each database says for
/// itself.
macro_rules! stretch {
    ($which:literal) => {
        concat!(
            "WITH looked AS MATERIALIZED (SELECT ",
            session_columns!(),
            ", s.ended_at FROM sessions s WHERE s.id < $2 ",
            $which,
            " ORDER BY s.id DESC LIMIT $3), \
             edge AS (SELECT count(*) AS rows, \
                 (SELECT l.id FROM looked l ORDER BY l.id LIMIT 1) AS last FROM looked) \
             SELECT ",
            session_columns!(),
            ", s.email, edge.rows, edge.last FROM edge LEFT JOIN (SELECT s.*, u.email FROM looked s \
                 JOIN users u ON u.id = s.user_id CROSS JOIN installation i WHERE i.id = 1 AND ",
            within_limits!(),
            " AND ($4::boolean IS NULL OR s.remembered = $4) \
                 AND ($5::text IS NULL OR starts_with(u.email, $5)) \
                 AND ($6::text IS NULL OR strpos(u.email, $6) > 0 OR strpos(s.address, $6) > 0 \
                     OR octet_length(s.user_agent) > char_length(s.user_agent) \
                     OR strpos(lower(s.user_agent COLLATE \"C\"), $6) > 0)) s ON true \
             ORDER BY s.id DESC"
        )
    };
}

/// Everybody's.
const EVERYBODYS: &str = stretch!("");
/// One user's: what has ended is no row that its index leads to.
const OF_USER: &str = stretch!("AND s.user_id = $7 AND s.ended_at IS NULL");

/// Of a row of these: its owner's address, how many rows the stretch has, and its last id.
const EMAIL: usize = 14;
const ROWS: usize = 15;
const LAST: usize = 16;

impl Postgres {
    /// A page of those that match and are within their limits.
    pub(super) async fn session_page(
        &self,
        filter: &SessionFilter,
        before: Option<SessionId>,
        limit: usize,
        now: UnixMillis,
    ) -> Result<SessionPage, StoreError> {
        let (beginning, part) = match filter.sought() {
            Sought::Anything => (None, None),
            Sought::Beginning(beginning) => (Some(beginning), None),
            Sought::Part(part) => (None, Some(part)),
        };
        let user = filter.user.map(|user| user.as_bytes().to_vec());
        let mut page = Gathering::new(limit);
        // Past every id there can be.
        let first = before.map_or([0xff; 17].to_vec(), |id| id.as_bytes().to_vec());
        let mut before = Some(first);
        while let Some(reached) = before {
            let stride = page.stride(LONGEST_STRIDE);
            let rows = bind_limit(stride);
            let mut params: Vec<&(dyn ToSql + Sync)> = vec![
                &now.0,
                &reached,
                &rows,
                &filter.remembered,
                &beginning,
                &part,
            ];
            let sql = if let Some(user) = &user {
                params.push(user);
                OF_USER
            } else {
                EVERYBODYS
            };
            let reached = self
                .read(sql, &params, |rows| {
                    gather(&mut page, filter, stride, &rows)
                })
                .await?;
            before = reached.map(|id| id.as_bytes().to_vec());
        }
        let (sessions, next) = page.page();
        Ok(SessionPage { sessions, next })
    }
}

/// Takes what matches of a stretch. Answers where the next one begins, if there is one to be looked at.
fn gather(
    page: &mut Gathering<StoredSession, SessionId>,
    filter: &SessionFilter,
    stride: usize,
    rows: &[Row],
) -> Result<Option<SessionId>, Fault> {
    for row in rows {
        if row.try_get::<_, Option<&[u8]>>(0)?.is_none() {
            continue;
        }
        let session = read_session(row)?;
        let email = EmailAddress::from_stored(row.try_get(EMAIL)?);
        if filter.matches(&session, &email)
            && !page.take(session.id, StoredSession { session, email })
        {
            return Ok(None);
        }
    }
    let Some(edge) = rows.first() else {
        return Ok(None);
    };
    let looked_at: i64 = edge.try_get(ROWS)?;
    let looked_at = usize::try_from(looked_at).unwrap_or(usize::MAX);
    let last = bytes_opt(edge, LAST)?.map(SessionId::from_bytes);
    let on = last.filter(|last| page.reach(*last, looked_at));
    Ok(on.filter(|_| looked_at >= stride))
}
