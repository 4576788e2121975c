//! Stores by their urls, opened without an engine.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use toml::Value;

use vestibule_postgres::{Patience, Postgres};
use vestibule_sqlite::{Durability, Lock, OpenError, Sqlite};
use vestibule_store::Store;

use super::Nobody;
use crate::private::{self, Purpose};
use crate::settings::{Settings, rows};

const PASSWORD: Purpose = Purpose {
    what: "the database's password",
    setting: "store.password_file",
};

/// The settings with another store: what `[store] url` could say.
pub fn with_store(settings: &Settings, url: &str, argument: &str) -> Result<Settings> {
    // ASVS 13.3.1: every user of the machine reads a command's arguments.
    if url.starts_with("postgres") && vestibule_postgres::has_password(url) {
        bail!(
            "{argument} holds a password, and arguments can be read by everybody on this machine: leave it out, and name a file \
             that holds it in store.password_file (or the variable VESTIBULE_STORE__PASSWORD_FILE)"
        );
    }
    let mut settings = settings.clone();
    let row = rows().find(|row| row.key == "store.url");
    let set = row
        .ok_or_else(|| anyhow!("there is no setting store.url"))?
        .set;
    set(
        &mut settings,
        &Value::String(url.to_owned()),
        Path::new("."),
    )
    .map_err(|allowed| anyhow!("{argument} must be {allowed}"))?;
    Ok(settings)
}

/// How a store is named to people: without its password.
pub fn shown(settings: &Settings) -> String {
    match &settings.store.postgres {
        None => "sqlite:".to_owned(),
        Some(url) => {
            vestibule_postgres::check_url(url.expose()).unwrap_or_else(|_| "postgres:".to_owned())
        }
    }
}

/// An open store.
pub enum Place {
    /// A file in the data directory.
    Sqlite(Arc<Sqlite>),
    /// A database.
    Postgres(Arc<Postgres>),
}

impl Place {
    /// Opens the store of these settings. SQLite's takes the data directory's lock; a database's does not.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let Some(url) = &settings.store.postgres else {
            return Self::open_sqlite(&settings.data, Durability::Full).await;
        };
        let password = match &settings.store.password_file {
            Some(path) if !vestibule_postgres::has_password(url.expose()) => {
                Some(private::line(PASSWORD, path)?.to_string())
            }
            _ => None,
        };
        let options = vestibule_postgres::Options {
            url: url.expose().to_owned(),
            password,
            connections: settings.store.connections,
            patience: Patience::default(),
            holder: crate::wiring::holder(&settings.data)?,
        };
        private::hand_over(&settings.data, &settings.data.join("holder"))?;
        let store = Postgres::open(options, Arc::new(Nobody)).await?;
        store.filled().await?;
        Ok(Self::Postgres(Arc::new(store)))
    }

    /// Opens a database in a directory.
    pub async fn open_sqlite(directory: &Path, durability: Durability) -> Result<Self> {
        let options = vestibule_sqlite::Options {
            directory: directory.to_owned(),
            durability,
        };
        let store = Sqlite::open(options, Arc::new(Nobody))?;
        store.filled().await?;
        Ok(Self::Sqlite(Arc::new(store)))
    }

    /// The store.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::<Sqlite>::clone(store),
            Self::Postgres(store) => Arc::<Postgres>::clone(store),
        }
    }

    /// Lets go of it.
    pub async fn close(self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// Makes sure that no server runs on the data directory, and that none begins to.
pub fn lock(data: &Path) -> Result<Lock> {
    Lock::take(data).map_err(stopped)
}

/// Who holds the directory is to be stopped.
pub fn stopped(error: OpenError) -> anyhow::Error {
    match error {
        error @ OpenError::Locked { .. } => {
            anyhow!(error).context("this is done while no server runs")
        }
        error => error.into(),
    }
}
