//! A backup, tried: restored into a scratch place, compared row by row, its trail verified.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use indicatif::ProgressBar;
use serde::Serialize;

use vestibule_core::backup::BackupSecret;
use vestibule_core::keys::MasterKey;
use vestibule_engine::{TrailReport, trail_key, verify_trail};
use vestibule_sqlite::Durability;
use vestibule_store::Store;
use vestibule_store::archive::{Arrival, Comparison, Import, compare};

use super::fault;
use super::file::{Found, Installation, Unlocked};
use super::place::Place;
use super::scratch::Scratch;
use crate::progress;

/// What was found to be so.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// Rows that were restored and are the same.
    pub rows: u64,
    /// Events of the trail, and of those how many no seal covers yet.
    pub events: u64,
    /// A second's worth, while a server runs.
    pub unsealed: u64,
}

/// Restores `path` into a scratch place in `data`, and compares.
pub async fn verify(path: &Path, secret: &BackupSecret, data: &Path) -> Result<Verified> {
    let file = Found::look(path)?.unlock(secret)?;
    let scratch = Scratch::make(data).with_context(|| {
        format!(
            "no scratch place in {} to try the backup in",
            data.display()
        )
    })?;
    // What is thrown away need not be durable.
    let place = Place::open_sqlite(scratch.path(), Durability::Off).await?;
    let verified = tried(&file, &*place.store()).await;
    place.close().await;
    drop(scratch);
    verified.context("the backup was written and could not be tried out: do not rely on it")
}

async fn tried(file: &Unlocked, store: &dyn Store) -> Result<Verified> {
    let bar = progress::bytes("trying it out", file.size()? * 2);
    let (master, installation) = installation(file)?;
    let rows = file.rows(ticking(&bar))?;
    let told = rows.end();
    let imported = store.import(Box::new(rows), Arrival::Copied).await;
    let Import::Imported(_) = imported.map_err(fault)? else {
        bail!("the scratch place was not empty");
    };
    let written = Box::new(file.rows(ticking(&bar))?);
    let restored = store.export().await?;
    let compared = compare(written, restored, &mut |_| {}).await;
    let rows = match compared.map_err(fault)? {
        Comparison::Equal(rows) => rows,
        Comparison::Differ(at) => bail!(
            "what was restored of it is not what it holds: row {} of {}",
            at.row,
            at.table
        ),
    };
    if told.get().is_none_or(|end| end.rows() != rows) {
        bail!("it does not hold as many rows as it says");
    }
    let trail = verified_trail(store, &master, &installation).await?;
    bar.finish_and_clear();
    Ok(Verified {
        rows,
        events: trail.events,
        unsealed: trail.unsealed,
    })
}

/// What belongs to the installation as a whole, from the first rows.
pub fn installation(file: &Unlocked) -> Result<(MasterKey, Installation)> {
    let mut rows = file.rows(Box::new(|_| {}))?;
    let first = rows.chunk()?;
    let installation = first.as_ref().and_then(Installation::of);
    let installation = installation.context("it holds the rows of no installation")?;
    Ok((rows.master, installation))
}

/// Tells a bar what was read.
pub fn ticking(bar: &ProgressBar) -> Box<dyn Fn(u64) + Send> {
    let bar = bar.clone();
    Box::new(move |read| bar.inc(read))
}

/// The trail, if it is whole.
pub async fn verified_trail(
    store: &dyn Store,
    master: &MasterKey,
    installation: &Installation,
) -> Result<TrailReport> {
    let Some(sealed) = &installation.seal_key else {
        bail!("it has no key to its audit trail: no server ever started on this data");
    };
    let key = trail_key(master, sealed)?;
    let report = verify_trail(store, key).await?;
    if let Some(first) = report.faults.first() {
        bail!(
            "its audit trail is not whole ({} in all), first at {}: {}",
            report.faults.len(),
            first.position,
            first.what
        );
    }
    Ok(report)
}
