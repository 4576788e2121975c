//! A restore: into an empty place, and whatever was only good for a while is not good any more.

use std::fs;
use std::io;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use vestibule_core::audit::{Act, Actor};
use vestibule_core::id::ActId;
use vestibule_core::keys::MasterKey;
use vestibule_core::time::{REFUSED_BEHIND, UnixMillis};
use vestibule_engine::{Clock as _, Entropy};
use vestibule_sqlite::{Durability, FILE_NAME};
use vestibule_store::archive::{Arrival, End, Import, Settled};

use super::fault;
use super::file::{FileError, Installation, Unlocked};
use super::place::{self, Place};
use super::take::{is_own, tables};
use super::unfinished::Unfinished;
use super::verify::{installation, ticking, verified_trail};
use crate::keys;
use crate::os::SystemClock;
use crate::progress;
use crate::settings::Settings;

/// What is to be restored, and whereto.
pub struct Restoring<'a> {
    /// The settings in force, with the store to restore into.
    pub settings: &'a Settings,
    /// The file, opened.
    pub file: &'a Unlocked,
    /// Spares the logins.
    pub keep_logins: bool,
}

/// What was restored.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Rows in all.
    pub rows: u64,
    /// Rows of each table.
    pub tables: Vec<(&'static str, u64)>,
    /// Logins that were live: ended, or kept.
    pub logins: u64,
    /// Whether they were kept.
    pub logins_kept: bool,
    /// Links in mails that are good no more.
    pub links_dropped: u64,
    /// Letters that waited and are dropped.
    pub letters_dropped: u64,
    /// Events of the trail, where it is whole.
    pub events: u64,
    /// What is wrong with the trail, which came along as it was in the backup.
    pub trail_fault: Option<String>,
    /// Minutes that this machine's clock is behind the backup's, where a server would not start so.
    pub clock_behind_minutes: Option<u64>,
}

/// Restores a backup.
pub async fn restore(restoring: &Restoring<'_>, entropy: &dyn Entropy) -> Result<Report> {
    let settings = restoring.settings;
    let (master, installation) = installation(restoring.file)?;
    if let Some(adopted) = &installation.key_check
        && !is_own(&master, adopted)?
    {
        bail!(
            "the master key in the backup is not the one its data was made with: it is not usable"
        );
    }
    check_empty(settings)?;
    check_key(settings, &master)?;
    // Another command may restore here, or a server begin: of them all one goes on, and looks again.
    let mut way = Unfinished::begin(&settings.data)?;
    check_empty(settings)?;
    check_key(settings, &master)?;
    // Before the rows: data without its key is no installation, and a key alone is nothing yet.
    write_key(settings, &master, &mut way)?;
    let place = match settings.store.postgres {
        Some(_) => Place::open(settings).await?,
        None => Place::open_sqlite(&way.path(), Durability::Full).await?,
    };
    let filled = fill(
        restoring,
        (&master, &installation),
        entropy,
        (&place, &mut way),
    );
    let filled = filled.await;
    place.close().await;
    let report = filled?;
    if settings.store.postgres.is_none() {
        way.name_database()?;
    }
    way.finish()?;
    Ok(report)
}

async fn fill(
    restoring: &Restoring<'_>,
    (master, installation): (&MasterKey, &Installation),
    entropy: &dyn Entropy,
    (place, way): (&Place, &mut Unfinished),
) -> Result<Report> {
    let Restoring {
        settings,
        file,
        keep_logins,
    } = *restoring;
    let wall = SystemClock.wall();
    let act = act(wall.max(UnixMillis(installation.clock_mark)), entropy)?;
    let bar = progress::bytes("restoring", file.size()?);
    let rows = file.rows(ticking(&bar))?;
    let end = rows.end();
    let store = place.store();
    let arrival = Arrival::Restored { act, keep_logins };
    let elsewhere = settings.store.postgres.is_some();
    if elsewhere {
        // A commit whose answer is lost may have been one: the rows would be there, and must keep their key.
        way.keep();
    }
    let settled = match store.import(Box::new(rows), arrival).await.map_err(fault) {
        Ok(Import::Imported(settled)) => settled,
        Ok(Import::NotEmpty) => {
            way.undo();
            bail!(
                "the store {} holds an installation already: a backup is restored into an empty one alone",
                place::shown(settings)
            )
        }
        Err(error) if error.is::<FileError>() => {
            way.undo();
            return Err(error);
        }
        Err(error) if elsewhere => {
            return Err(error.context(
                "whether it was restored is not known: run the same again, and it is restored, or you are told that it was",
            ));
        }
        Err(error) => return Err(error),
    };
    bar.finish_and_clear();
    // Whatever is found from here on, the data is there and stays.
    let trail = verified_trail(&*store, master, installation).await;
    let end = end.get();
    Ok(Report {
        rows: end.map_or(0, End::rows),
        tables: end.map(tables).unwrap_or_default(),
        events: trail.as_ref().map_or(0, |trail| trail.events),
        trail_fault: trail.err().map(|error| format!("{error:#}")),
        clock_behind_minutes: behind(wall, installation.clock_mark),
        ..Report::of(settled, keep_logins)
    })
}

impl Report {
    const fn of(settled: Settled, logins_kept: bool) -> Self {
        Self {
            rows: 0,
            tables: Vec::new(),
            logins: settled.logins,
            logins_kept,
            links_dropped: settled.tickets,
            letters_dropped: settled.errands,
            events: 0,
            trail_fault: None,
            clock_behind_minutes: None,
        }
    }
}

/// By how much, where a server would refuse to start.
fn behind(wall: UnixMillis, mark: i64) -> Option<u64> {
    let behind = u64::try_from(mark.saturating_sub(wall.0)).ok()?;
    (u128::from(behind) > REFUSED_BEHIND.as_millis()).then_some(behind / 60_000)
}

fn act(at: UnixMillis, entropy: &dyn Entropy) -> Result<Act> {
    Ok(Act {
        id: operator_act(at, entropy)?,
        at,
        actor: Actor::Operator(rustix::process::getuid().as_raw()),
        personal: None,
        told: Vec::new(),
    })
}

/// An act's id.
pub fn operator_act(at: UnixMillis, entropy: &dyn Entropy) -> Result<ActId> {
    let mut random = [0; 10];
    entropy.fill(&mut random)?;
    Ok(ActId::new(at, random))
}

/// Refuses a directory that an installation lives in.
pub fn check_empty(settings: &Settings) -> Result<()> {
    let data = &settings.data;
    match fs::metadata(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot look into {}", data.display()));
        }
        Ok(_) => crate::wiring::check_directory(data)?,
    }
    let database = data.join(FILE_NAME);
    if database.exists() {
        bail!(
            "{} is there already: a backup is restored into an empty place alone. Name another directory with --data, or stop the \
             server and move this one away",
            database.display()
        );
    }
    Ok(())
}

/// The key that a server would use here must be the backup's.
fn check_key(settings: &Settings, master: &MasterKey) -> Result<()> {
    let configured = settings.master_key_file.as_deref();
    let own = settings.data.join(keys::FILE);
    let (path, setting) = match configured {
        // A new machine: the backup's is written there.
        Some(path) if !path.exists() => return Ok(()),
        Some(path) => (path, "keys.master_key_file names"),
        None if own.exists() => (own.as_path(), "in the data directory is"),
        None => return Ok(()),
    };
    let found = keys::existing(&settings.data, configured)?;
    if found.check_value()? == master.check_value()? {
        return Ok(());
    }
    bail!(
        "the master key that {setting} {} is not the backup's: put the installation's own key there, or leave it away, and the \
         backup's is written there",
        path.display()
    )
}

fn write_key(settings: &Settings, master: &MasterKey, way: &mut Unfinished) -> Result<()> {
    let own = settings.data.join(keys::FILE);
    let path = settings.master_key_file.clone().unwrap_or(own);
    if path.exists() {
        return Ok(());
    }
    keys::write_key(&path, master, &settings.data)
        .with_context(|| format!("cannot write the master key to {}", path.display()))?;
    way.made_key(path);
    Ok(())
}
