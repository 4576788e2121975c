//! An installation, moved from one store to another while no server runs, and compared record by record.

use anyhow::{Result, bail};
use serde::Serialize;

use vestibule_core::audit::{Act, Actor, Event, EventKind};
use vestibule_engine::{Clock as _, Entropy};
use vestibule_sqlite::{Durability, FILE_NAME};
use vestibule_store::archive::{Arrival, Chunk, Comparison, Import, Source, compare};
use vestibule_store::{Answer, Store};

use super::fault;
use super::file::Installation;
use super::place::{self, Place};
use super::restore::operator_act;
use super::unfinished::Unfinished;
use crate::keys;
use crate::os::SystemClock;
use crate::progress;
use crate::settings::Settings;

/// What was moved.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Rows that are the same in both stores.
    pub rows: u64,
    /// Where they were.
    pub from: String,
    /// Where they are now.
    pub to: String,
}

/// Moves everything from the store of one settings to that of the other: the same data directory, another `store.url`.
pub async fn migrate(from: &Settings, to: &Settings, entropy: &dyn Entropy) -> Result<Report> {
    if place::shown(from) == place::shown(to) {
        bail!(
            "--from and --to are the same store, {}: there is nothing to move",
            place::shown(from)
        );
    }
    crate::wiring::check_directory(&from.data)?;
    let database = from.data.join(FILE_NAME);
    if from.store.postgres.is_none() && !database.exists() {
        bail!(
            "there is no {} to move from: name another directory with --data, or another store with --from",
            database.display()
        );
    }
    // A source in SQLite takes the lock itself.
    let both = from.store.postgres.is_some() && to.store.postgres.is_some();
    let lock = both.then(|| place::lock(&from.data)).transpose()?;
    let moved = match to.store.postgres {
        Some(_) => into_database(from, to, entropy).await,
        None => into_directory(from, to, entropy).await,
    };
    drop(lock);
    Ok(Report {
        rows: moved?,
        from: place::shown(from),
        to: place::shown(to),
    })
}

async fn into_database(from: &Settings, to: &Settings, entropy: &dyn Entropy) -> Result<u64> {
    let source = Place::open(from).await.map_err(stopped)?;
    let moved = match Place::open(to).await.map_err(stopped) {
        Ok(target) => {
            let moved = run(&source, &target, to, entropy).await;
            target.close().await;
            moved
        }
        Err(error) => Err(error),
    };
    source.close().await;
    moved
}

/// Into the data directory's own database, which gets its name when it is whole.
async fn into_directory(from: &Settings, to: &Settings, entropy: &dyn Entropy) -> Result<u64> {
    let mut way = Unfinished::begin(&to.data)?;
    let database = to.data.join(FILE_NAME);
    if database.exists() {
        bail!(
            "{} holds an installation already: move it away first",
            database.display()
        );
    }
    let source = Place::open(from).await?;
    let moved = match Place::open_sqlite(&way.path(), Durability::Full).await {
        Ok(target) => {
            let moved = run(&source, &target, to, entropy).await;
            target.close().await;
            moved
        }
        Err(error) => Err(error),
    };
    source.close().await;
    let rows = moved?;
    way.name_database()?;
    way.finish()?;
    Ok(rows)
}

async fn run(from: &Place, to: &Place, settings: &Settings, entropy: &dyn Entropy) -> Result<u64> {
    let (from, to) = (from.store(), to.store());
    check_installed(&*from, settings).await?;
    let bar = progress::rows("moving");
    let counted = {
        let bar = bar.clone();
        Counted(from.export().await?, Box::new(move |rows| bar.inc(rows)))
    };
    match to
        .import(Box::new(counted), Arrival::Copied)
        .await
        .map_err(fault)?
    {
        Import::Imported(_) => bar.finish_and_clear(),
        Import::NotEmpty => bail!(
            "the store {} holds an installation already: name an empty database with --to",
            place::shown(settings)
        ),
    }
    let bar = progress::rows("comparing");
    let compared = {
        let bar = bar.clone();
        let mut tick = move |rows| bar.set_position(rows);
        compare(from.export().await?, to.export().await?, &mut tick).await?
    };
    bar.finish_and_clear();
    let rows = match compared {
        Comparison::Equal(rows) => rows,
        Comparison::Differ(at) => bail!(
            "the two stores are not the same: row {} of {}. Go on with the old one; empty {} and report this",
            at.row,
            at.table,
            place::shown(settings)
        ),
    };
    record(&*to, entropy).await?;
    Ok(rows)
}

/// In the trail of the new store, behind everything that came along.
async fn record(store: &dyn Store, entropy: &dyn Entropy) -> Result<()> {
    let at = store.clock_mark().await?.max(SystemClock.wall());
    let act = Act {
        id: operator_act(at, entropy)?,
        at,
        actor: Actor::Operator(rustix::process::getuid().as_raw()),
        personal: None,
        told: Vec::new(),
    };
    store
        .record(vec![Event::plain(EventKind::Migrated)], act)
        .await?;
    Ok(())
}

/// An empty store is no installation: a slip in --from would else be found out late.
async fn check_installed(store: &dyn Store, settings: &Settings) -> Result<()> {
    let mut rows = store.export().await?;
    let first = rows.next().await?;
    let installation = first.as_ref().and_then(Installation::of);
    let Some(adopted) = installation.and_then(|installation| installation.key_check) else {
        bail!(
            "the store to move from holds no installation: no server ever started on it; is --from right?"
        );
    };
    // What arrives is of no use to a server whose key is another.
    let master = keys::existing(&settings.data, settings.master_key_file.as_deref())?;
    if master.check_value()?[..] != adopted[..] {
        bail!(
            "the master key of the data directory {} is not the one this data was made with: run this with --data naming the \
             directory of the server that worked on it, or name its key in keys.master_key_file",
            settings.data.display()
        );
    }
    Ok(())
}

fn stopped(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<vestibule_sqlite::OpenError>() {
        Ok(error) => place::stopped(error),
        Err(error) => error,
    }
}

/// Rows that are told as they pass.
struct Counted(Box<dyn Source>, Box<dyn Fn(u64) + Send>);

impl Source for Counted {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        Box::pin(async move {
            let next = self.0.next().await?;
            if let Some(chunk) = &next {
                (self.1)(chunk.rows().len() as u64);
            }
            Ok(next)
        })
    }
}
