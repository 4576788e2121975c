//! What applications keep under sessions: theirs alone, gone with the session, neither audited nor published.

use rusqlite::{Connection, OptionalExtension as _};

use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_core::session_data::{
    DataEntry, DataKey, DataPlace, DataVersion, Datum, JudgedDelete, JudgedPut, NewDatum,
    Precondition, judge_delete, judge_put,
};
use vestibule_store::{Answer, DeleteDatum, PutDatum, SessionData};

use crate::Sqlite;
use crate::fault::Fault;
use crate::sessions::load;
use crate::transition::Transition;

/// Of a session that is open, and an application that is there: [`crate::sessions::row::Loaded::is_open`] in SQL.
macro_rules! readable {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM session_data d JOIN sessions s ON s.id = d.session_id \
             JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
             WHERE i.id = 1 AND d.session_id = ?1 AND d.application_id = ?2 \
               AND EXISTS (SELECT 1 FROM applications a WHERE a.id = ?2) \
               AND s.ended_at IS NULL AND s.rev >= u.cutoff AND s.rev >= i.everything_cutoff \
               AND u.disabled = 0 ",
            $rest
        )
    };
}

pub(crate) const READ: &str = readable!("d.value, d.version", "AND d.key = ?3");

pub(crate) const KEYS: &str = readable!("d.key, d.version, length(d.value)", "ORDER BY d.key");

/// For a transition to judge by.
pub(crate) const KEPT: &str = "SELECT key, version, length(value) FROM session_data \
     WHERE session_id = ?1 AND application_id = ?2";

/// What applications kept that were removed. Goes from one application to the next by the index, however much each keeps.
pub(crate) const DROP_ORPHANS: &str = "DELETE FROM session_data WHERE rowid IN ( \
     WITH RECURSIVE held (id) AS ( \
         SELECT (SELECT application_id FROM session_data ORDER BY application_id LIMIT 1) \
         UNION ALL \
         SELECT (SELECT application_id FROM session_data WHERE application_id > held.id \
                 ORDER BY application_id LIMIT 1) \
         FROM held WHERE held.id IS NOT NULL) \
     SELECT d.rowid FROM held JOIN session_data d ON d.application_id = held.id \
     WHERE held.id NOT IN (SELECT id FROM applications) LIMIT ?1)";

impl SessionData for Sqlite {
    fn session_datum(&self, place: DataPlace) -> Answer<'_, Option<Datum>> {
        self.read(move |conn| {
            let mut datum = conn.prepare_cached(READ)?;
            let bound = (
                place.session.as_bytes(),
                place.application.as_bytes(),
                place.key.as_str(),
            );
            let row: Option<(Vec<u8>, i64)> = datum
                .query_row(bound, |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            row.map(|(value, version)| {
                let version = read_version(version)?;
                Ok(Datum { value, version })
            })
            .transpose()
        })
    }

    fn session_data_keys(
        &self,
        session: SessionId,
        application: ApplicationId,
    ) -> Answer<'_, Vec<DataEntry>> {
        self.read(move |conn| entries(conn, KEYS, session, application))
    }

    fn put_session_datum(&self, datum: NewDatum) -> Answer<'_, PutDatum> {
        self.transition(move |tx| put(tx, &datum))
    }

    fn delete_session_datum(
        &self,
        place: DataPlace,
        precondition: Precondition,
    ) -> Answer<'_, DeleteDatum> {
        self.transition(move |tx| delete(tx, &place, precondition))
    }
}

fn put(tx: &Transition<'_>, datum: &NewDatum) -> Result<PutDatum, Fault> {
    let NewDatum {
        place,
        value,
        version,
        precondition,
    } = datum;
    let Some(kept) = kept(tx, place)? else {
        return Ok(PutDatum::NotLive);
    };
    let (sql, created) = match judge_put(&kept, &place.key, value.len(), *precondition) {
        JudgedPut::PreconditionFailed => return Ok(PutDatum::PreconditionFailed),
        JudgedPut::TooLarge => return Ok(PutDatum::TooLarge),
        JudgedPut::TooMany => return Ok(PutDatum::TooMany),
        JudgedPut::Insert => (
            "INSERT INTO session_data (session_id, application_id, key, value, version) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            true,
        ),
        JudgedPut::Replace => (
            "UPDATE session_data SET value = ?4, version = ?5 \
             WHERE session_id = ?1 AND application_id = ?2 AND key = ?3",
            false,
        ),
    };
    tx.execute_one(
        sql,
        (
            place.session.as_bytes(),
            place.application.as_bytes(),
            place.key.as_str(),
            value,
            bind_version(*version)?,
        ),
    )?;
    let version = *version;
    Ok(PutDatum::Put { version, created })
}

fn delete(
    tx: &Transition<'_>,
    place: &DataPlace,
    precondition: Precondition,
) -> Result<DeleteDatum, Fault> {
    let Some(kept) = kept(tx, place)? else {
        return Ok(DeleteDatum::NotLive);
    };
    match judge_delete(&kept, &place.key, precondition) {
        JudgedDelete::PreconditionFailed => return Ok(DeleteDatum::PreconditionFailed),
        JudgedDelete::Absent => return Ok(DeleteDatum::Absent),
        JudgedDelete::Delete => {}
    }
    tx.execute_one(
        "DELETE FROM session_data WHERE session_id = ?1 AND application_id = ?2 AND key = ?3",
        (
            place.session.as_bytes(),
            place.application.as_bytes(),
            place.key.as_str(),
        ),
    )?;
    Ok(DeleteDatum::Deleted)
}

/// What the application keeps under the session; `None`: the session is not open, or there is no such application.
fn kept(tx: &Transition<'_>, place: &DataPlace) -> Result<Option<Vec<DataEntry>>, Fault> {
    let open = load(tx, place.session)?.is_some_and(|found| found.is_open());
    let there = tx
        .prepare("SELECT 1 FROM applications WHERE id = ?1")?
        .exists([place.application.as_bytes()])?;
    if !open || !there {
        return Ok(None);
    }
    entries(tx.conn(), KEPT, place.session, place.application).map(Some)
}

fn entries(
    conn: &Connection,
    sql: &str,
    session: SessionId,
    application: ApplicationId,
) -> Result<Vec<DataEntry>, Fault> {
    let mut entries = conn.prepare_cached(sql)?;
    let mut rows = entries.query((session.as_bytes(), application.as_bytes()))?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let length: i64 = row.get(2)?;
        read.push(DataEntry {
            key: read_key(key)?,
            version: read_version(row.get(1)?)?,
            length: usize::try_from(length)
                .map_err(|_| Fault::unreadable("a value's length is negative"))?,
        });
    }
    Ok(read)
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
