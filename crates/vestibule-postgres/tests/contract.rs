//! The contract suite that every backend passes whole, on a real PostgreSQL: each case on a database of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod database;

use std::sync::{Arc, Mutex};

use vestibule_postgres::Postgres;
use vestibule_store::contract::House;
use vestibule_store::{BoxFuture, Publish, Store};

use database::Database;

struct PostgresHouse {
    database: Database,
    open: Mutex<Option<Arc<Postgres>>>,
}

impl PostgresHouse {
    fn new() -> Self {
        Self {
            database: Database::new(),
            open: Mutex::new(None),
        }
    }
}

impl House for PostgresHouse {
    fn open(&self, publish: Arc<dyn Publish>) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async move {
            let options = self.database.options();
            let postgres = Arc::new(Postgres::open(options, publish).await.unwrap());
            *self.open.lock().unwrap() = Some(postgres.clone());
            postgres as Arc<dyn Store>
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let open = self.open.lock().unwrap().take();
            open.unwrap().close().await;
        })
    }
}

vestibule_store::contract_suite!(PostgresHouse::new());
