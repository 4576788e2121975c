//! Nothing that is stored is forgotten by a backup.

use std::collections::BTreeSet;

use tempfile::TempDir;

use vestibule_store::contract::archive::assert_listed;

use crate::migrate::{MIGRATIONS, migrate};
use crate::{Durability, connection, lock};

#[test]
fn every_column_of_every_table_is_in_a_backup_or_left_out_on_purpose() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.db");
    lock::open_private(&path).unwrap();
    let mut conn = connection::writer(&path, Durability::Off).unwrap();
    migrate(&mut conn, MIGRATIONS).unwrap();
    let columns = conn
        .prepare(
            "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<BTreeSet<(String, String)>, _>>()
        .unwrap();
    assert_listed(&columns);
}
