//! The store that the settings choose.

use std::sync::Arc;

use vestibule_core::time::UnixMillis;
use vestibule_postgres::{Holder, Patience, Postgres};
use vestibule_sqlite::{Durability, Lock, Sqlite};
use vestibule_store::figures::Figures;
use vestibule_store::{Publish, Store, StoreError};

use super::WireError;
use super::holder::holder;
use crate::private::{self, Purpose};
use crate::settings::{Secret, Settings};

const PASSWORD: Purpose = Purpose {
    what: "the database's password",
    setting: "store.password_file",
};

fn options(
    settings: &Settings,
    url: &Secret,
    holder: Holder,
) -> Result<vestibule_postgres::Options, WireError> {
    let password = match &settings.store.password_file {
        Some(path) => Some(private::line(PASSWORD, path)?.to_string()),
        None => None,
    };
    Ok(vestibule_postgres::Options {
        url: url.expose().to_owned(),
        password,
        connections: settings.store.connections,
        patience: Patience::default(),
        holder,
    })
}

/// What time the database takes it to be; `None` where the store is a file of this machine's.
pub async fn database_clock(settings: &Settings) -> Result<Option<UnixMillis>, WireError> {
    let Some(url) = &settings.store.postgres else {
        return Ok(None);
    };
    // Who asks what time it is holds nothing.
    let nobody = Holder {
        id: [0; 16],
        label: String::new(),
    };
    let clock = vestibule_postgres::clock(options(settings, url, nobody)?).await?;
    Ok(Some(clock))
}

/// A store, open over a data directory that is locked.
pub enum Backend {
    /// A file in the data directory, which has the lock itself.
    Sqlite(Arc<Sqlite>),
    /// A database elsewhere; the keys stay in the data directory.
    Postgres(
        Arc<Postgres>,
        #[expect(dead_code, reason = "held as long as the store is open")] Lock,
    ),
}

impl Backend {
    /// Opens it.
    pub async fn open(settings: &Settings, publish: Arc<dyn Publish>) -> Result<Self, WireError> {
        let Some(url) = &settings.store.postgres else {
            let options = vestibule_sqlite::Options {
                directory: settings.data.clone(),
                durability: Durability::Full,
            };
            return Ok(Self::Sqlite(Arc::new(Sqlite::open(options, publish)?)));
        };
        // One server on a data directory, wherever its truth is.
        let lock = Lock::take(&settings.data)?;
        let options = options(settings, url, holder(&settings.data)?)?;
        let postgres = Postgres::open(options, publish).await?;
        Ok(Self::Postgres(Arc::new(postgres), lock))
    }

    /// What the engine works with.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::<Sqlite>::clone(store),
            Self::Postgres(store, _) => Arc::<Postgres>::clone(store),
        }
    }

    /// Waits until what is stored has been published whole.
    pub async fn filled(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.filled().await,
            Self::Postgres(store, _) => store.filled().await,
        }
    }

    /// What is told of the work done, to whoever watches.
    pub fn figures(&self) -> Arc<Figures> {
        match self {
            Self::Sqlite(store) => store.figures(),
            Self::Postgres(store, _) => store.figures(),
        }
    }

    /// Waits until another is found to work on the same data; the process must end then.
    pub async fn lost(&self) {
        match self {
            // The directory's lock keeps everybody else off.
            Self::Sqlite(_) => std::future::pending().await,
            Self::Postgres(store, _) => store.lost().await,
        }
    }

    /// Does what was asked, and lets go of the directory.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store, _) => store.close().await,
        }
    }
}
