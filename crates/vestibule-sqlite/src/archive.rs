//! Everything that is stored, out and in.
//!
//! An export has a connection of its own, in one read transaction that lasts as long as somebody pulls; between two pulls no
//! thread is held. The log grows meanwhile and starts again afterwards. An import is one transition of the writer's, which
//! is fed by whoever imports.

use std::path::Path;
use std::sync::{Arc, mpsc};

use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, named_params, params_from_iter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::lineage::Node;
use vestibule_core::time::UnixMillis;
use vestibule_store::archive::{
    Archive, Arrival, CHUNK, Chunk, Import, Row, Settled, Source, TABLES, Table, Value, failed,
};
use vestibule_store::{Answer, StoreError};

use crate::Sqlite;
use crate::connection;
use crate::fault::{Closed, Fault};
use crate::sessions::live;
use crate::transition::Transition;
use crate::writer::Class;

/// Chunks on their way to the writer.
const AHEAD: usize = 8;

impl Archive for Sqlite {
    fn backend(&self) -> &'static str {
        "sqlite"
    }

    fn export(&self) -> Answer<'_, Box<dyn Source>> {
        let path = self.readers.path().to_owned();
        Box::pin(async move {
            let export = spawn_blocking(move || Export::begin(&path)).await;
            let export = export.map_err(|error| StoreError::Failed(Box::new(error)))?;
            let export = export.map_err(|fault| fault.shared().error())?;
            Ok(Box::new(export) as Box<dyn Source>)
        })
    }

    fn import(&self, mut source: Box<dyn Source>, arrival: Arrival) -> Answer<'_, Import> {
        Box::pin(async move {
            let (rows, coming) = mpsc::channel();
            let room = Arc::new(Semaphore::new(AHEAD));
            let writing = self
                .writer
                .call(Class::Import, move |tx| import(tx, &coming, &arrival));
            let feeding = async move {
                loop {
                    let Some(chunk) = source.next().await? else {
                        // The writer takes the channel's end for one that broke off, unless it was told.
                        return Ok(rows.send(Step::Done).is_ok());
                    };
                    let turn = Arc::clone(&room).acquire_owned().await;
                    let Ok(turn) = turn else { return Ok(false) };
                    if rows.send(Step::Rows(chunk, turn)).is_err() {
                        // The writer gave up, and says why.
                        return Ok(false);
                    }
                }
            };
            let (imported, fed): (_, Result<bool, StoreError>) = tokio::join!(writing, feeding);
            // What broke off at its source is told by the source.
            fed?;
            imported
        })
    }
}

/// The rows of one moment, on their way out.
struct Export {
    conn: Option<Connection>,
    table: usize,
    last: Option<Row>,
}

impl Export {
    fn begin(path: &Path) -> Result<Self, Fault> {
        let conn = connection::reader(path)?;
        conn.execute_batch("BEGIN")?;
        // The first read fixes the moment.
        conn.query_row("SELECT count(*) FROM installation", [], |_| Ok(()))?;
        Ok(Self {
            conn: Some(conn),
            table: 0,
            last: None,
        })
    }

    async fn pull(&mut self) -> Result<Option<Chunk>, StoreError> {
        while let Some(table) = TABLES.get(self.table) {
            let conn = self.conn.take().ok_or_else(Closed::error)?;
            let last = self.last.take();
            let read = move || {
                let rows = read_rows(&conn, table, last.as_ref());
                (conn, rows)
            };
            let read = spawn_blocking(read).await;
            let (conn, rows) = read.map_err(|error| StoreError::Failed(Box::new(error)))?;
            let rows = rows.map_err(|fault| fault.shared().error())?;
            self.conn = Some(conn);
            if rows.len() < CHUNK {
                self.table += 1;
            } else {
                self.last = rows.last().map(|row| row[..table.key].to_vec());
            }
            if !rows.is_empty() {
                return Chunk::new(table, rows).map(Some).map_err(failed);
            }
        }
        Ok(None)
    }
}

impl Source for Export {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        Box::pin(self.pull())
    }
}

/// The next rows of a table after the key `last`.
fn read_rows(conn: &Connection, table: &Table, last: Option<&Row>) -> Result<Vec<Row>, Fault> {
    let names = names(table);
    let key = names[..table.key].join(", ");
    let after = if last.is_some() {
        format!("WHERE ({key}) > ({})", places(table.key))
    } else {
        String::new()
    };
    // ASVS 1.2.4: names of our own tables alone stand in the text.
    let sql = format!(
        "SELECT {} FROM {} {after} ORDER BY {key} LIMIT {CHUNK}",
        names.join(", "),
        table.name
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(last.into_iter().flatten().map(bound)))?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..table.columns.len()).map(|column| value(row.get_ref(column)?));
        read.push(values.collect::<Result<Row, Fault>>()?);
    }
    Ok(read)
}

fn value(value: ValueRef<'_>) -> Result<Value, Fault> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => {
            let text =
                str::from_utf8(text).map_err(|_| Fault::unreadable("a text is not UTF-8"))?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(Fault::unreadable("a number is not a whole one")),
    })
}

fn bound(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(*number),
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Bytes(bytes) => SqlValue::Blob(bytes.clone()),
    }
}

fn names(table: &Table) -> Vec<&'static str> {
    table.columns.iter().map(|column| column.name).collect()
}

fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// What feeds the writer.
enum Step {
    Rows(Chunk, OwnedSemaphorePermit),
    Done,
}

fn import(
    tx: &Transition<'_>,
    coming: &mpsc::Receiver<Step>,
    arrival: &Arrival,
) -> Result<Import, Fault> {
    if !is_empty(tx)? {
        return Ok(Import::NotEmpty);
    }
    write_all(tx, coming)?;
    settle(tx, arrival).map(Import::Imported)
}

/// As a fresh database is.
fn is_empty(tx: &Transition<'_>) -> Result<bool, Fault> {
    for table in TABLES {
        let sql = if table.name == "installation" {
            "SELECT NOT EXISTS (SELECT 1 FROM installation WHERE id = 1 AND number = 0 AND everything_cutoff = 0 \
             AND key_check IS NULL AND seal_key IS NULL AND clock_mark = 0 AND setup_secret IS NULL)"
                .to_owned()
        } else {
            format!("SELECT EXISTS (SELECT 1 FROM {})", table.name)
        };
        if tx.conn().query_row(&sql, [], |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn write_all(tx: &Transition<'_>, coming: &mpsc::Receiver<Step>) -> Result<(), Fault> {
    tx.execute_one("DELETE FROM installation WHERE id = 1", [])?;
    loop {
        match coming.recv() {
            Ok(Step::Rows(chunk, _turn)) => write(tx, &chunk)?,
            Ok(Step::Done) => break,
            Err(mpsc::RecvError) => return Err(Fault::Refused("the rows broke off")),
        }
    }
    let whole = tx
        .conn()
        .query_row("SELECT count(*) FROM installation", [], |row| row.get(0))?;
    match whole {
        1_i64 => Ok(()),
        _ => Err(Fault::Refused("the rows are those of no installation")),
    }
}

fn write(tx: &Transition<'_>, chunk: &Chunk) -> Result<(), Fault> {
    let table = chunk.table();
    // ASVS 1.2.4: every value is bound; names of our own tables alone stand in the text.
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        names(table).join(", "),
        places(table.columns.len())
    );
    let mut insert = tx.prepare(&sql)?;
    for row in chunk.rows() {
        insert.execute(params_from_iter(row.iter().map(bound)))?;
    }
    Ok(())
}

fn settle(tx: &Transition<'_>, arrival: &Arrival) -> Result<Settled, Fault> {
    match arrival {
        Arrival::Copied => Ok(Settled::default()),
        Arrival::Restored { act, keep_logins } => restored(tx, act, *keep_logins),
    }
}

/// Lineage: a restore is a cutoff on everything, unless the operator keeps logins. It is committed with the rows, so that no
/// crash leaves them alive.
fn restored(tx: &Transition<'_>, act: &Act, keep_logins: bool) -> Result<Settled, Fault> {
    let mut settled = Settled {
        logins: count_live(tx, act.at)?,
        ..Settled::default()
    };
    let mut events = vec![Event::plain(EventKind::Restored)];
    if !keep_logins {
        tx.cut(Node::Everything)?;
        events.push(Event::plain(EventKind::AllSessionsEnded));
        // H04: what was used since the backup must not work again.
        settled.tickets = rows(tx.execute("DELETE FROM tickets", [])?);
        settled.errands = rows(tx.execute("DELETE FROM errands", [])?);
        tx.execute_one(
            "UPDATE installation SET setup_secret = NULL, setup_expires_at = NULL WHERE id = 1",
            [],
        )?;
    }
    tx.audit(act, &events)?;
    Ok(settled)
}

fn count_live(tx: &Transition<'_>, now: UnixMillis) -> Result<u64, Fault> {
    let sql = concat!(
        "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
         WHERE i.id = 1 AND ",
        live!()
    );
    let now = named_params! { ":now": now.0 };
    let count: i64 = tx.conn().query_row(sql, now, |row| row.get(0))?;
    u64::try_from(count).map_err(|_| Fault::unreadable("a count is negative"))
}

fn rows(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
