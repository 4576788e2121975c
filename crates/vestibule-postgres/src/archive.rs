//! Everything that is stored, out and in.
//!
//! An export has a connection of its own, in one snapshot (REPEATABLE READ, READ ONLY) that lasts as long as somebody pulls. An
//! import is one transaction on another. Either connection is given up afterwards, so that whatever becomes of it is the
//! server's to undo.

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::time::timeout;
use tokio_postgres::Row as Stored;
use tokio_postgres::types::ToSql;

use vestibule_core::audit::{Act, EventKind};
use vestibule_core::time::UnixMillis;
use vestibule_store::archive::{
    Archive, Arrival, CHUNK, Chunk, Column, Import, Kind, Row, Settled, Source, TABLES, Table,
    Value, failed,
};
use vestibule_store::{Answer, StoreError};

use crate::Postgres;
use crate::connection::Connection;
use crate::fault::Fault;
use crate::sessions::row::live;

/// How long whoever pulls may let it wait: an open snapshot keeps the server from clearing up.
const LONGEST_PAUSE: &str = "10min";
/// How long one statement of it may take.
const PATIENCE: Duration = Duration::from_mins(5);

impl Archive for Postgres {
    fn backend(&self) -> &'static str {
        "postgres"
    }

    fn export(&self) -> Answer<'_, Box<dyn Source>> {
        Box::pin(async move {
            let export = self.begin_export().await.map_err(Fault::error)?;
            Ok(Box::new(export) as Box<dyn Source>)
        })
    }

    fn import(&self, source: Box<dyn Source>, arrival: Arrival) -> Answer<'_, Import> {
        Box::pin(async move {
            let own = self.own().await.map_err(Fault::error)?;
            own.run("BEGIN").await.map_err(Fault::error)?;
            if !is_empty(&own).await.map_err(Fault::error)? {
                return Ok(Import::NotEmpty);
            }
            write_all(&own, source).await?;
            let settled = settle(&own, &arrival).await.map_err(Fault::error)?;
            own.run(&self.desk.holding.commit())
                .await
                .map_err(Fault::error)?;
            Ok(Import::Imported(settled))
        })
    }
}

impl Postgres {
    /// A connection that is given up in the end, whatever state it is in.
    async fn own(&self) -> Result<Own, Fault> {
        let own = Own(Connection::take(self.desk.connections.take().await?));
        own.run(&format!(
            "SET statement_timeout = '{}s'; SET idle_in_transaction_session_timeout = '{LONGEST_PAUSE}'",
            PATIENCE.as_secs()
        ))
        .await?;
        Ok(own)
    }

    async fn begin_export(&self) -> Result<Export, Fault> {
        let own = self.own().await?;
        own.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        // The first statement fixes the moment.
        own.query("SELECT id FROM installation", &[]).await?;
        Ok(Export {
            own,
            table: 0,
            last: None,
        })
    }
}

/// Out of the pool, so that a backup takes nobody's place in it. Dropped, it is closed.
struct Own(ClientWrapper);

impl Own {
    async fn run(&self, sql: &str) -> Result<(), Fault> {
        let done = timeout(PATIENCE, self.0.batch_execute(sql)).await;
        Ok(done.map_err(|_| Fault::Silent)??)
    }

    async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Stored>, Fault> {
        let connection = &self.0;
        let rows = async {
            let statement = connection.prepare_cached(sql).await?;
            connection.query(&statement, params).await
        };
        Ok(timeout(PATIENCE, rows).await.map_err(|_| Fault::Silent)??)
    }

    async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Fault> {
        let connection = &self.0;
        let done = async {
            let statement = connection.prepare_cached(sql).await?;
            connection.execute(&statement, params).await
        };
        Ok(timeout(PATIENCE, done).await.map_err(|_| Fault::Silent)??)
    }
}

/// The rows of one moment, on their way out.
struct Export {
    own: Own,
    table: usize,
    last: Option<Row>,
}

impl Export {
    async fn pull(&mut self) -> Result<Option<Chunk>, StoreError> {
        while let Some(table) = TABLES.get(self.table) {
            let last = self.last.take();
            let rows = self.read(table, last).await.map_err(Fault::error)?;
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

    /// The next rows of a table after the key `last`.
    async fn read(&self, table: &'static Table, last: Option<Row>) -> Result<Vec<Row>, Fault> {
        let sql = page(table, last.is_some());
        let key = last.into_iter().flatten();
        let key: Vec<Box<dyn ToSql + Send + Sync>> = key.map(bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = key.iter().map(|value| &**value as _).collect();
        let rows = self.own.query(&sql, &params).await?;
        rows.iter().map(|row| read_row(table, row)).collect()
    }
}

impl Source for Export {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        Box::pin(self.pull())
    }
}

/// A page of a table, in the order of its key, after the key that is bound. ASVS 1.2.4: names of our own tables alone stand in
/// the text.
fn page(table: &Table, after: bool) -> String {
    let columns = names(table).join(", ");
    let key: Vec<String> = table.columns[..table.key].iter().map(ordered).collect();
    let key = key.join(", ");
    let after = if after {
        let places: Vec<String> = (1..=table.key).map(|place| format!("${place}")).collect();
        format!("WHERE ({key}) > ({})", places.join(", "))
    } else {
        String::new()
    };
    let rest = format!("{after} ORDER BY {key} LIMIT {CHUNK}");
    if table.name == "audit_events" {
        // What is not sealed has no position yet: the one it would have, if it were sealed now.
        let others = names(table)[1..].join(", ");
        return format!(
            "SELECT {columns} FROM ( \
                 (SELECT {columns} FROM (SELECT {columns} FROM audit_events WHERE position IS NOT NULL) sealed {rest}) \
                 UNION ALL \
                 (SELECT {columns} FROM (SELECT (SELECT coalesce(max(position), 0) FROM audit_events) \
                     + row_number() OVER (ORDER BY entry, act_id) AS position, {others} \
                     FROM audit_events WHERE position IS NULL) tail {rest}) \
             ) events ORDER BY {key} LIMIT {CHUNK}"
        );
    }
    format!("SELECT {columns} FROM {} {rest}", table.name)
}

/// By its bytes, whatever the database's own language is.
fn ordered(column: &Column) -> String {
    match column.kind {
        Kind::Text => format!("{} COLLATE \"C\"", column.name),
        Kind::Integer | Kind::Boolean | Kind::Bytes => column.name.to_owned(),
    }
}

fn names(table: &Table) -> Vec<&'static str> {
    table.columns.iter().map(|column| column.name).collect()
}

fn read_row(table: &Table, row: &Stored) -> Result<Row, Fault> {
    let mut values = Row::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Integer => row.try_get::<_, Option<i64>>(at)?.map(Value::Integer),
            Kind::Boolean => {
                let switch = row.try_get::<_, Option<bool>>(at)?;
                switch.map(|switch| Value::Integer(switch.into()))
            }
            Kind::Text => row.try_get::<_, Option<String>>(at)?.map(Value::Text),
            Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(at)?.map(Value::Bytes),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(values)
}

fn bound(value: Value) -> Box<dyn ToSql + Send + Sync> {
    match value {
        Value::Null => Box::new(None::<i64>),
        Value::Integer(number) => Box::new(number),
        Value::Text(text) => Box::new(text),
        Value::Bytes(bytes) => Box::new(bytes),
    }
}

/// As a fresh database is. Its one row is held, so that of two imports one finds the other's work.
async fn is_empty(own: &Own) -> Result<bool, Fault> {
    let untouched = own
        .query(
            "SELECT id FROM installation WHERE id = 1 AND number = 0 AND everything_cutoff = 0 \
             AND key_check IS NULL AND seal_key IS NULL AND clock_mark = 0 AND setup_secret IS NULL FOR UPDATE",
            &[],
        )
        .await?;
    if untouched.is_empty() {
        return Ok(false);
    }
    for table in TABLES.iter().filter(|table| table.name != "installation") {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if !own.query(&sql, &[]).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn write_all(own: &Own, mut source: Box<dyn Source>) -> Result<(), StoreError> {
    let emptied = own.run("DELETE FROM installation WHERE id = 1").await;
    emptied.map_err(Fault::error)?;
    while let Some(chunk) = source.next().await? {
        write(own, chunk).await.map_err(Fault::error)?;
    }
    let there = own.query("SELECT id FROM installation", &[]).await;
    if there.map_err(Fault::error)?.len() != 1 {
        return Err(Fault::Refused("the rows are those of no installation").error());
    }
    // Whoever seals gives positions: what no seal covers has none.
    let unsealed = own
        .run(
            "UPDATE audit_events SET position = NULL \
             WHERE position > (SELECT coalesce(max(last), 0) FROM audit_seals)",
        )
        .await;
    unsealed.map_err(Fault::error)
}

async fn write(own: &Own, chunk: Chunk) -> Result<(), Fault> {
    let table = chunk.table();
    let names = names(table).join(", ");
    let arrays: Vec<String> = (1..)
        .zip(table.columns)
        .map(|(place, column)| format!("${place}::{}[]", type_name(column.kind)))
        .collect();
    // Events keep their order.
    let (entry, its) = match table.name {
        "audit_events" => ("entry, ", "rows.position, "),
        _ => ("", ""),
    };
    // ASVS 1.2.4: every value is bound; names of our own tables alone stand in the text.
    let sql = format!(
        "INSERT INTO {} ({entry}{names}) SELECT {its}rows.* FROM unnest({}) AS rows ({names})",
        table.name,
        arrays.join(", ")
    );
    let columns = turned(table, chunk.into_rows());
    let params: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| &**column as _).collect();
    own.execute(&sql, &params).await?;
    Ok(())
}

const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "bigint",
        Kind::Boolean => "boolean",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
    }
}

/// Rows as one array for each column.
fn turned(table: &Table, rows: Vec<Row>) -> Vec<Box<dyn ToSql + Send + Sync>> {
    let mut columns: Vec<Vec<Value>> = table.columns.iter().map(|_| Vec::new()).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let columns = table.columns.iter().zip(columns);
    columns
        .map(|(column, values)| array(column.kind, values))
        .collect()
}

fn array(kind: Kind, values: Vec<Value>) -> Box<dyn ToSql + Send + Sync> {
    let number = |value: &Value| match value {
        Value::Integer(number) => Some(*number),
        Value::Null | Value::Text(_) | Value::Bytes(_) => None,
    };
    match kind {
        Kind::Integer => Box::new(values.iter().map(number).collect::<Vec<_>>()),
        Kind::Boolean => {
            let switch = |value| number(value).map(|number| number != 0);
            Box::new(values.iter().map(switch).collect::<Vec<_>>())
        }
        Kind::Text => {
            let text = |value| match value {
                Value::Text(text) => Some(text),
                Value::Null | Value::Integer(_) | Value::Bytes(_) => None,
            };
            Box::new(values.into_iter().map(text).collect::<Vec<_>>())
        }
        Kind::Bytes => {
            let bytes = |value| match value {
                Value::Bytes(bytes) => Some(bytes),
                Value::Null | Value::Integer(_) | Value::Text(_) => None,
            };
            Box::new(values.into_iter().map(bytes).collect::<Vec<_>>())
        }
    }
}

async fn settle(own: &Own, arrival: &Arrival) -> Result<Settled, Fault> {
    match arrival {
        Arrival::Copied => Ok(Settled::default()),
        Arrival::Restored { act, keep_logins } => restored(own, act, *keep_logins).await,
    }
}

/// Lineage: a restore is a cutoff on everything, unless the operator keeps logins. It is committed with the rows, so that no
/// crash leaves them alive.
async fn restored(own: &Own, act: &Act, keep_logins: bool) -> Result<Settled, Fault> {
    let mut settled = Settled {
        logins: count_live(own, act.at).await?,
        ..Settled::default()
    };
    record(own, act, EventKind::Restored).await?;
    if !keep_logins {
        own.run(
            "UPDATE installation SET number = number + 1, everything_cutoff = number + 1, \
             setup_secret = NULL, setup_expires_at = NULL WHERE id = 1",
        )
        .await?;
        record(own, act, EventKind::AllSessionsEnded).await?;
        // H04: what was used since the backup must not work again.
        settled.tickets = own.execute("DELETE FROM tickets", &[]).await?;
        settled.errands = own.execute("DELETE FROM errands", &[]).await?;
    }
    Ok(settled)
}

/// Behind everything that was there; an operator's act has no personal data.
async fn record(own: &Own, act: &Act, kind: EventKind) -> Result<(), Fault> {
    own.execute(
        "INSERT INTO audit_events (entry, act_id, at, actor, kind, reason) \
         SELECT coalesce(max(entry), 0) + 1, $1, $2, $3, $4, $5 FROM audit_events",
        &[
            &&act.id.as_bytes()[..],
            &act.at.0,
            &act.actor.code(),
            &kind.code(),
            &kind.reason(),
        ],
    )
    .await?;
    Ok(())
}

async fn count_live(own: &Own, now: UnixMillis) -> Result<u64, Fault> {
    let sql = concat!(
        "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
         WHERE i.id = 1 AND ",
        live!()
    );
    let rows = own.query(sql, &[&now.0]).await?;
    let count: i64 = rows.first().ok_or(Fault::Closed)?.try_get(0)?;
    u64::try_from(count).map_err(|_| Fault::unreadable("a count is negative"))
}
