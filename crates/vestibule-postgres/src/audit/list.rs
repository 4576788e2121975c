//! The trail backwards, a page at a time.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use vestibule_core::audit::{Actor, StoredEvent};
use vestibule_core::filter::EventFilter;
use vestibule_core::id::UserId;
use vestibule_core::time::UnixMillis;
use vestibule_store::{EventPage, Leap, MOST_LOOKED_AT, StoreError};

use super::{bind_position, read_event, read_position};
use crate::Postgres;
use crate::fault::Fault;
use crate::transition::bind_limit;

/// Those of a stretch that match: [`EventFilter::matches`] in SQL's words.
macro_rules! stretch {
    ($which:literal) => {
        concat!(
            "position < $1 AND position >= $2 AND ($3::text IS NULL OR kind = $3 \
                 OR ($4 AND left(kind, length($3)) = $3)) \
             AND ($5::text IS NULL OR actor = $5) AND at >= $6 AND at < $7 ",
            $which,
            " ORDER BY position DESC LIMIT $8"
        )
    };
}

/// About anybody.
const EVERYBODYS: &str = events_where!(
    stretch!(""),
    stretch!(""),
    "ORDER BY e.position DESC LIMIT $8"
);

/// About one user.
const OF_USER: &str = events_where!(
    stretch!("AND user_id = $9"),
    stretch!("AND user_id = $9"),
    "ORDER BY e.position DESC LIMIT $8"
);

/// Which of a user's events is the last that a page may look at. Those that are not sealed yet are few.
const LAST_OF_USER: &str = "SELECT position FROM audit_events \
     WHERE user_id = $1 AND position < $2 ORDER BY position DESC LIMIT 1 OFFSET $3";

/// The last event before a position, and when it was. What is not sealed yet is of now.
const LAST_BEFORE: &str =
    "SELECT position, at FROM audit_events WHERE position < $1 ORDER BY position DESC LIMIT 1";

/// When the first event from a position on was.
const FIRST_FROM: &str =
    "SELECT at FROM audit_events WHERE position >= $1 ORDER BY position LIMIT 1";
/// The same, of a user.
const FIRST_FROM_OF_USER: &str = "SELECT at FROM audit_events \
     WHERE user_id = $2 AND position >= $1 ORDER BY position LIMIT 1";

/// The position that the next event would have.
const BEHIND_ALL: &str = "SELECT coalesce(max(position), 0) + 1 \
     + (SELECT count(*) FROM audit_events WHERE position IS NULL) FROM audit_events";

impl Postgres {
    /// A page of those that match.
    pub(super) async fn event_page(
        &self,
        filter: &EventFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<EventPage, StoreError> {
        let before = match before {
            Some(before) => before,
            None => self.behind_all().await?,
        };
        let before = self.landed(filter, before).await?;
        let from = self.first_looked_at(filter.user, before).await?;
        let limit = limit.min(MOST_LOOKED_AT);
        // Of what is no kind nothing is found, and not everything can be asked for.
        let kind = filter.kind.as_ref().map(|kind| kind.replace('\0', " "));
        let begins = filter.begins_kinds();
        let actor = filter.actor.map(Actor::code);
        let since = filter.since.map_or(i64::MIN, |at| at.0);
        let until = filter.until.map_or(i64::MAX, |at| at.0);
        let user = filter.user.map(|user| user.as_bytes().to_vec());
        let stretch = (bind_position(before), bind_position(from));
        let one_more = bind_limit(limit.saturating_add(1));
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![
            &stretch.0, &stretch.1, &kind, &begins, &actor, &since, &until, &one_more,
        ];
        let sql = if let Some(user) = &user {
            params.push(user);
            OF_USER
        } else {
            EVERYBODYS
        };
        let mut events: Vec<StoredEvent> = self
            .read(sql, &params, |rows| rows.iter().map(read_event).collect())
            .await?;
        let more = events.len() > limit;
        events.truncate(limit);
        let next = if more {
            events.last().map(|last| last.position)
        } else {
            self.further_back(filter, from).await?
        };
        Ok(EventPage { events, next })
    }

    /// Where a page that begins before `before` ends at the latest.
    async fn first_looked_at(&self, user: Option<UserId>, before: u64) -> Result<u64, StoreError> {
        let most = u64::try_from(MOST_LOOKED_AT).unwrap_or(u64::MAX);
        let Some(user) = user else {
            return Ok(before.saturating_sub(most));
        };
        let params = (bind_position(before), bind_limit(MOST_LOOKED_AT - 1));
        self.read(
            LAST_OF_USER,
            &[&&user.as_bytes()[..], &params.0, &params.1],
            |rows| match rows.first() {
                Some(last) => read_position(last.try_get(0)?),
                None => Ok(0),
            },
        )
        .await
    }

    /// Where to begin, so that what is later than all that is looked for is not walked through.
    async fn landed(&self, filter: &EventFilter, before: u64) -> Result<u64, StoreError> {
        let mut leap = Leap::new(filter, before);
        while let Some(probe) = leap.probe() {
            let before = bind_position(probe);
            let read = |row: &Row| -> Result<(u64, UnixMillis), Fault> {
                let at = UnixMillis(row.try_get(1)?);
                Ok((read_position(row.try_get(0)?)?, at))
            };
            let found = self
                .read(LAST_BEFORE, &[&before], |rows| {
                    rows.first().map(read).transpose()
                })
                .await?;
            leap.saw(probe, found);
        }
        Ok(leap.landing())
    }

    /// Where the next page begins behind one that ended with this event, unless nothing is looked for there.
    async fn further_back(
        &self,
        filter: &EventFilter,
        from: u64,
    ) -> Result<Option<u64>, StoreError> {
        // Positions begin at 1.
        if from <= 1 {
            return Ok(None);
        }
        if filter.since.is_none() {
            return Ok(Some(from));
        }
        let user = filter.user.map(|user| user.as_bytes().to_vec());
        let first = bind_position(from);
        let (sql, params): (_, &[&(dyn ToSql + Sync)]) = match &user {
            None => (FIRST_FROM, &[&first]),
            Some(user) => (FIRST_FROM_OF_USER, &[&first, user]),
        };
        self.read(sql, params, |rows| {
            let at = rows.first().map(|row| row.try_get(0)).transpose()?;
            let over = at.is_some_and(|at| filter.ends_at(UnixMillis(at)));
            Ok(Some(from).filter(|_| !over))
        })
        .await
    }

    async fn behind_all(&self) -> Result<u64, StoreError> {
        self.read(BEHIND_ALL, &[], |rows| match rows.first() {
            Some(row) => read_position(row.try_get(0)?),
            None => Ok(1),
        })
        .await
    }
}
