//! A restore: into an empty place, and whatever was only good for a while is not good any more.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use zeroize::Zeroizing;

use vestibule_core::audit::{Act, Actor};
use vestibule_core::id::ActId;
use vestibule_core::keys::MasterKey;
use vestibule_core::time::{REFUSED_BEHIND, UnixMillis};
use vestibule_engine::{Clock as _, Entropy};
use vestibule_sqlite::FILE_NAME;
use vestibule_store::archive::{Arrival, Import, Settled};

use super::file::{Installation, Unlocked};
use super::place::{self, Place};
use super::take::{is_own, tables};
use super::verify::{installation, ticking, verified_trail};
use super::{fault, progress};
use crate::keys::{self, sync_directory, write_private};
use crate::os::SystemClock;
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
    /// Events of the trail, which was verified.
    pub events: u64,
    /// Minutes that this machine's clock is behind the backup's, where a server would not start so.
    pub clock_behind_minutes: Option<u64>,
}

/// What was made on the way, for whoever has to take it away again.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    directory: Option<PathBuf>,
}

impl Made {
    fn undo(&self) {
        for file in &self.files {
            // What was not made yet is gone as well.
            let _ = fs::remove_file(file);
        }
        if let Some(directory) = &self.directory {
            let _ = fs::remove_dir(directory);
        }
    }
}

/// Restores a backup.
pub async fn restore(restoring: &Restoring<'_>, entropy: &dyn Entropy) -> Result<Report> {
    let settings = restoring.settings;
    check_empty(settings)?;
    let (master, installation) = installation(restoring.file)?;
    if let Some(adopted) = &installation.key_check
        && !is_own(&master, adopted)?
    {
        bail!(
            "the master key in the backup is not the one its data was made with: it is not usable"
        );
    }
    check_key(settings, &master)?;
    let mut made = Made::default();
    let restored = run(restoring, (&master, &installation), entropy, &mut made).await;
    if restored.is_err() {
        made.undo();
    }
    restored
}

async fn run(
    restoring: &Restoring<'_>,
    (master, installation): (&MasterKey, &Installation),
    entropy: &dyn Entropy,
    made: &mut Made,
) -> Result<Report> {
    let settings = restoring.settings;
    make(settings, made)?;
    // Another command may restore here, or a server begin: of them all one goes on.
    let lock = match settings.store.postgres {
        Some(_) => Some(place::lock(&settings.data)?),
        None => None,
    };
    let place = Place::open(settings).await?;
    let report = fill(restoring, (master, installation), entropy, (&place, made)).await;
    place.close().await;
    drop(lock);
    report
}

async fn fill(
    restoring: &Restoring<'_>,
    (master, installation): (&MasterKey, &Installation),
    entropy: &dyn Entropy,
    (place, made): (&Place, &mut Made),
) -> Result<Report> {
    let Restoring {
        settings,
        file,
        keep_logins,
    } = *restoring;
    let wall = SystemClock.wall();
    let act = act(wall.max(UnixMillis(installation.clock_mark)), entropy)?;
    // Before the rows: data without its key is no installation, and a key alone is nothing yet.
    write_key(settings, master, made)?;
    let bar = progress::bytes("restoring", file.size()?);
    let rows = file.rows(ticking(&bar))?;
    let end = rows.end();
    let store = place.store();
    let arrival = Arrival::Restored { act, keep_logins };
    let settled = match store.import(Box::new(rows), arrival).await.map_err(fault)? {
        Import::Imported(settled) => settled,
        Import::NotEmpty => bail!(
            "the store {} holds an installation already: a backup is restored into an empty one alone",
            place::shown(settings)
        ),
    };
    bar.finish_and_clear();
    let trail = verified_trail(&*store, master, installation).await;
    let trail = trail.context("it was restored, and is as it was when the backup was taken")?;
    let end = end.get().context("the backup has no end")?;
    Ok(Report {
        rows: end.rows(),
        tables: tables(end),
        events: trail.events,
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
         backup's is written to {}",
        path.display(),
        own.display()
    )
}

fn make(settings: &Settings, made: &mut Made) -> Result<()> {
    let data = &settings.data;
    if !data.exists() {
        vestibule_sqlite::make_directory(data)
            .with_context(|| format!("cannot make {}", data.display()))?;
        made.directory = Some(data.clone());
    }
    let new = |name: &str| Some(data.join(name)).filter(|path| !path.exists());
    made.files.extend(new("lock"));
    if settings.store.postgres.is_none() {
        for name in ["", "-wal", "-shm"] {
            made.files.extend(new(&format!("{FILE_NAME}{name}")));
        }
    }
    Ok(())
}

fn write_key(settings: &Settings, master: &MasterKey, made: &mut Made) -> Result<()> {
    let path = settings.data.join(keys::FILE);
    if settings.master_key_file.is_some() || path.exists() {
        return Ok(());
    }
    let mut text = Zeroizing::new(STANDARD.encode(master.as_bytes()));
    text.push('\n');
    made.files.push(path.clone());
    write_key_file(&path, text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}

fn write_key_file(path: &Path, text: &[u8]) -> io::Result<()> {
    write_private(path, text)?;
    sync_directory(path)
}
