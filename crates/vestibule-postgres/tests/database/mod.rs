//! A private database on the tests' PostgreSQL, dropped with its test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};
use vestibule_postgres::{Holder, Options, Patience};

/// Where the tests find a PostgreSQL: `postgres://` and a role that may make databases, on this machine.
pub const ADDRESS: &str = "VESTIBULE_TEST_POSTGRES";

static MADE: AtomicU32 = AtomicU32::new(0);

/// A database of one test.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes it.
    pub fn new() -> Self {
        Self::made_with("")
    }

    /// Makes it with what `CREATE DATABASE` is to be told besides.
    pub fn made_with(how: &str) -> Self {
        let server = std::env::var(ADDRESS).unwrap_or_else(|_| {
            panic!("{ADDRESS} names no PostgreSQL: `cargo xtask test` starts one and sets it")
        });
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("vestibule_{}_{number}", std::process::id());
        let database = Self { server, name };
        database.ask(&format!("CREATE DATABASE {} {how}", database.name));
        database
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its url.
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name())
    }

    /// How it is opened. The patience is that of a machine where much else is going on.
    pub fn options(&self) -> Options {
        Options {
            url: self.url(),
            password: None,
            connections: 8,
            holder: Holder {
                id: [1; 16],
                label: "a test".to_owned(),
            },
            patience: Patience {
                connect: Duration::from_mins(1),
                wait: Duration::from_mins(2),
                statement: Duration::from_mins(2),
                bulk: Duration::from_mins(2),
            },
        }
    }

    fn ask(&self, sql: &str) {
        let (server, sql) = (self.server.clone(), sql.to_owned());
        // A runtime of its own: tests are made and dropped inside and outside of one.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async { connect(&server).await.batch_execute(&sql).await.unwrap() });
        })
        .join()
        .unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.ask(&format!("DROP DATABASE {} WITH (FORCE)", self.name()));
    }
}

/// A connection past the store.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
