//! More users and sessions than logins would make in a test's time.

use std::collections::VecDeque;

use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::Lifetime;

use super::harness::Home;
use super::make::NOON;
use crate::Answer;
use crate::archive::{Arrival, CHUNK, Chunk, Import, Kind, Row, Source, Table, Value, table};

struct Crowd(VecDeque<Chunk>);

impl Source for Crowd {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        let next = self.0.pop_front();
        Box::pin(async move { Ok(next) })
    }
}

/// An empty home with so many users in it, each with one session from noon on.
pub(super) async fn crowded(home: Home, count: usize) -> Home {
    let mut rest = home.store.export().await.unwrap();
    let mut chunks = Vec::new();
    while let Some(chunk) = rest.next().await.unwrap() {
        chunks.push(chunk);
    }
    let numbers = 0..u32::try_from(count).unwrap();
    for name in ["users", "addresses", "sessions"] {
        let table = table(name).unwrap();
        let rows: Vec<Row> = numbers.clone().map(|n| row(table, n)).collect();
        chunks.retain(|chunk| chunk.table() != table);
        let full = rows.chunks(CHUNK).map(<[Row]>::to_vec);
        chunks.extend(full.map(|rows| Chunk::new(table, rows).unwrap()));
    }
    let crowd = Crowd(chunks.into());
    let imported = home.store.import(Box::new(crowd), Arrival::Copied).await;
    assert!(matches!(imported, Ok(Import::Imported(_))), "{imported:?}");
    home.reopen().await
}

/// What a column says of the user with this number, or of their session.
fn row(table: &Table, n: u32) -> Row {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&n.to_be_bytes());
    let user = UserId::new(NOON, random).as_bytes().to_vec();
    let millis = |at: i64| Value::Integer(at);
    let whole = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap();
    let value = |name: &str, kind: Kind| match name {
        "id" if table.name == "sessions" => {
            Value::Bytes(SessionId::new(NOON, random).as_bytes().to_vec())
        }
        "id" | "user_id" => Value::Bytes(user.clone()),
        "email" => Value::Text(format!("person-{n:07}@example.test")),
        "secret" => Value::Bytes(vec![1; 32]),
        "created_at" | "auth_time" | "last_seen" | "added_at" => millis(NOON.0),
        "rev" | "cutoff" => Value::Integer(0),
        "idle" => millis(whole(Lifetime::DEFAULT.idle)),
        "expires_at" => millis(NOON.plus(Lifetime::DEFAULT.absolute).0),
        "acr" => Value::Text("aal1".to_owned()),
        "language" => Value::Text("en".to_owned()),
        "details" => Value::Text("{}".to_owned()),
        "password" | "terms_accepted_at" | "last_login" | "user_agent" | "address" | "ended_at"
        | "end_reason" | "ended_number" | "device_id" => Value::Null,
        _ => match kind {
            Kind::Integer | Kind::Boolean => Value::Integer(i64::from(kind == Kind::Integer)),
            Kind::Text => Value::Text(String::new()),
            Kind::Bytes => Value::Bytes(Vec::new()),
        },
    };
    let columns = table.columns.iter();
    columns
        .map(|column| value(column.name, column.kind))
        .collect()
}
