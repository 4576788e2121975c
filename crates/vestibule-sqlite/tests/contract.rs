//! The contract suite that every backend passes whole, on SQLite in a private temporary directory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use vestibule_sqlite::{Durability, Options, Sqlite};
use vestibule_store::contract::House;
use vestibule_store::{BoxFuture, Publish, Store};

struct SqliteHouse {
    directory: TempDir,
    open: Mutex<Option<Arc<Sqlite>>>,
}

impl SqliteHouse {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            open: Mutex::new(None),
        }
    }
}

impl House for SqliteHouse {
    fn open(&self, publish: Arc<dyn Publish>) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async move {
            let options = Options {
                directory: self.directory.path().to_owned(),
                durability: Durability::Off,
            };
            let sqlite = Arc::new(Sqlite::open(options, publish).unwrap());
            *self.open.lock().unwrap() = Some(sqlite.clone());
            sqlite as Arc<dyn Store>
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let open = self.open.lock().unwrap().take();
            open.unwrap().close().await;
        })
    }
}

vestibule_store::contract_suite!(SqliteHouse::new());
