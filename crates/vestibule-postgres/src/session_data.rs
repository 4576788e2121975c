//! What applications keep under sessions: theirs alone, gone with the session, neither audited nor published.
//!
//! Whoever changes any of it holds the session, with its owner: then what lies under it stands still, and the session is open
//! until the commit. The application is only looked at: what is written to one that goes meanwhile is read by nobody, and
//! dropped like the rest of it.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_core::session_data::{
    DataEntry, DataKey, DataPlace, DataVersion, Datum, JudgedDelete, JudgedPut, NewDatum,
    Precondition, judge_delete, judge_put,
};
use vestibule_store::{Answer, DeleteDatum, PutDatum, SessionData};

use crate::Postgres;
use crate::fault::Fault;
use crate::sessions::row::{LOAD, read_loaded};
use crate::transition::{Ask, Transition, values};

/// Of a session that is open, and an application that is there: [`crate::sessions::row::Loaded::is_open`] in SQL.
macro_rules! readable {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM session_data d JOIN sessions s ON s.id = d.session_id \
             JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
             WHERE i.id = 1 AND d.session_id = $1 AND d.application_id = $2 \
               AND EXISTS (SELECT 1 FROM applications a WHERE a.id = $2) \
               AND s.ended_at IS NULL AND s.rev >= u.cutoff AND s.rev >= i.everything_cutoff \
               AND NOT u.disabled ",
            $rest
        )
    };
}

const READ: &str = readable!("d.value, d.version", "AND d.key = $3");

const KEYS: &str = readable!("d.key, d.version, octet_length(d.value)", "ORDER BY d.key");

/// For a transition to judge by.
const KEPT: &str = "SELECT key, version, octet_length(value) FROM session_data \
     WHERE session_id = $1 AND application_id = $2";

const IS_THERE: &str = "SELECT id FROM applications WHERE id = $1";

/// What applications kept that were removed. Goes from one application to the next by the index, however much each keeps.
pub(crate) const DROP_ORPHANS: &str = "DELETE FROM session_data \
     WHERE (session_id, application_id, key) IN ( \
     WITH RECURSIVE held (id) AS ( \
         (SELECT application_id FROM session_data ORDER BY application_id LIMIT 1) \
         UNION ALL \
         SELECT (SELECT application_id FROM session_data WHERE application_id > held.id \
                 ORDER BY application_id LIMIT 1) \
         FROM held WHERE held.id IS NOT NULL) \
     SELECT d.session_id, d.application_id, d.key \
     FROM held JOIN session_data d ON d.application_id = held.id \
     WHERE NOT EXISTS (SELECT 1 FROM applications a WHERE a.id = held.id) LIMIT $1) \
     RETURNING version";

impl SessionData for Postgres {
    fn session_datum(&self, place: DataPlace) -> Answer<'_, Option<Datum>> {
        Box::pin(async move {
            let params: [&(dyn ToSql + Sync); 3] = [
                &&place.session.as_bytes()[..],
                &&place.application.as_bytes()[..],
                &place.key.as_str(),
            ];
            self.read(READ, &params, |rows| {
                let datum = |row: &Row| {
                    Ok(Datum {
                        value: row.try_get(0)?,
                        version: read_version(row.try_get(1)?)?,
                    })
                };
                rows.first().map(datum).transpose()
            })
            .await
        })
    }

    fn session_data_keys(
        &self,
        session: SessionId,
        application: ApplicationId,
    ) -> Answer<'_, Vec<DataEntry>> {
        Box::pin(async move {
            let params: [&(dyn ToSql + Sync); 2] =
                [&&session.as_bytes()[..], &&application.as_bytes()[..]];
            self.read(KEYS, &params, |rows| rows.iter().map(read_entry).collect())
                .await
        })
    }

    fn put_session_datum(&self, datum: NewDatum) -> Answer<'_, PutDatum> {
        self.transition("put_session_datum", datum, |tx, datum| {
            Box::pin(put(tx, datum))
        })
    }

    fn delete_session_datum(
        &self,
        place: DataPlace,
        precondition: Precondition,
    ) -> Answer<'_, DeleteDatum> {
        self.transition(
            "delete_session_datum",
            (place, precondition),
            |tx, (place, precondition)| Box::pin(delete(tx, place, *precondition)),
        )
    }
}

async fn put(tx: &mut Transition, datum: &NewDatum) -> Result<PutDatum, Fault> {
    let NewDatum {
        place,
        value,
        version,
        precondition,
    } = datum;
    let Some(kept) = hold_kept(tx, place).await? else {
        return Ok(PutDatum::NotLive);
    };
    let (sql, created) = match judge_put(&kept, &place.key, value.len(), *precondition) {
        JudgedPut::PreconditionFailed => return Ok(PutDatum::PreconditionFailed),
        JudgedPut::TooLarge => return Ok(PutDatum::TooLarge),
        JudgedPut::TooMany => return Ok(PutDatum::TooMany),
        JudgedPut::Insert => (
            "INSERT INTO session_data (session_id, application_id, key, value, version) \
             VALUES ($1, $2, $3, $4, $5)",
            true,
        ),
        JudgedPut::Replace => (
            "UPDATE session_data SET value = $4, version = $5 \
             WHERE session_id = $1 AND application_id = $2 AND key = $3",
            false,
        ),
    };
    tx.write(
        sql,
        values![
            place.session.as_bytes().to_vec(),
            place.application.as_bytes().to_vec(),
            place.key.as_str().to_owned(),
            value.clone(),
            bind_version(*version)?,
        ],
    );
    let version = *version;
    Ok(PutDatum::Put { version, created })
}

async fn delete(
    tx: &mut Transition,
    place: &DataPlace,
    precondition: Precondition,
) -> Result<DeleteDatum, Fault> {
    let Some(kept) = hold_kept(tx, place).await? else {
        return Ok(DeleteDatum::NotLive);
    };
    match judge_delete(&kept, &place.key, precondition) {
        JudgedDelete::PreconditionFailed => return Ok(DeleteDatum::PreconditionFailed),
        JudgedDelete::Absent => return Ok(DeleteDatum::Absent),
        JudgedDelete::Delete => {}
    }
    tx.write(
        "DELETE FROM session_data WHERE session_id = $1 AND application_id = $2 AND key = $3",
        values![
            place.session.as_bytes().to_vec(),
            place.application.as_bytes().to_vec(),
            place.key.as_str().to_owned(),
        ],
    );
    Ok(DeleteDatum::Deleted)
}

/// Holds the session and answers what the application keeps under it, in one round trip; `None`: the session is not open, or
/// there is no such application.
async fn hold_kept(
    tx: &mut Transition,
    place: &DataPlace,
) -> Result<Option<Vec<DataEntry>>, Fault> {
    let session = &place.session.as_bytes()[..];
    let application = &place.application.as_bytes()[..];
    let [loaded, there, kept] = tx
        .hold_and_ask(
            &[],
            &[place.session],
            [
                Ask {
                    sql: LOAD,
                    params: &[&&[session][..]],
                },
                Ask {
                    sql: IS_THERE,
                    params: &[&application],
                },
                Ask {
                    sql: KEPT,
                    params: &[&session, &application],
                },
            ],
        )
        .await?;
    let loaded = loaded.first().map(read_loaded).transpose()?;
    if there.is_empty() || !loaded.is_some_and(|found| found.is_open()) {
        return Ok(None);
    }
    kept.iter()
        .map(read_entry)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// A row of [`KEYS`] or [`KEPT`].
fn read_entry(row: &Row) -> Result<DataEntry, Fault> {
    let length: i32 = row.try_get(2)?;
    Ok(DataEntry {
        key: read_key(row.try_get(0)?)?,
        version: read_version(row.try_get(1)?)?,
        length: usize::try_from(length)
            .map_err(|_| Fault::unreadable("a value's length is negative"))?,
    })
}

fn read_key(text: &str) -> Result<DataKey, Fault> {
    text.parse()
        .map_err(|_| Fault::unreadable("a stored key is none"))
}

fn read_version(version: i64) -> Result<DataVersion, Fault> {
    u64::try_from(version)
        .map(DataVersion)
        .map_err(|_| Fault::unreadable("a value's version is negative"))
}

fn bind_version(version: DataVersion) -> Result<i64, Fault> {
    i64::try_from(version.0).map_err(|_| Fault::Refused("a version is too large"))
}
