//! A restore or a move on its way into a data directory: under its lock, and whole or not at all.
//!
//! The rows go into a directory of their own, which is the mark that something is under way; the database gets its name at the
//! end. A command that is killed leaves the mark: no server takes what is there for a new installation.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use vestibule_sqlite::{FILE_NAME, Lock};

use super::file::take_name;
use super::place;
use crate::keys::sync_directory;
use crate::private::hand_over;
use crate::settings::Settings;

/// The mark's name.
const NAME: &str = "restore-unfinished";

/// What is on its way. Dropped before it is kept, it takes away what it made, and nothing else: it holds the lock.
pub struct Unfinished {
    data: PathBuf,
    new_directory: bool,
    new_lock: bool,
    key: Option<PathBuf>,
    kept: bool,
    #[expect(dead_code, reason = "held until the undo is over")]
    lock: Lock,
}

impl Unfinished {
    /// Takes the data directory's lock, and takes away what a killed command left.
    pub fn begin(data: &Path) -> Result<Self> {
        let new_directory = !data.exists();
        vestibule_sqlite::make_directory(data)
            .with_context(|| format!("cannot make {}", data.display()))?;
        let new_lock = !data.join("lock").exists();
        let lock = place::lock(data)?;
        let begun = Self {
            data: data.to_owned(),
            new_directory,
            new_lock,
            key: None,
            kept: false,
            lock,
        };
        hand_over(data, &data.join("lock"))?;
        let path = begun.path();
        let made = clear(&path)
            .and_then(|()| DirBuilder::new().mode(0o700).create(&path))
            .and_then(|()| sync_directory(&path));
        made.with_context(|| format!("cannot make {}", path.display()))?;
        Ok(begun)
    }

    /// Where the rows go.
    pub fn path(&self) -> PathBuf {
        self.data.join(NAME)
    }

    /// A key's file that was made for it.
    pub fn made_key(&mut self, path: PathBuf) {
        self.key = Some(path);
    }

    /// From here on what was made stays, the mark as well: rows may be where they belong.
    pub const fn keep(&mut self) {
        self.kept = true;
    }

    /// It is known that no row is there.
    pub const fn undo(&mut self) {
        self.kept = false;
    }

    /// Gives the database its name.
    pub fn name_database(&mut self) -> Result<()> {
        let from = self.path().join(FILE_NAME);
        let log = self.path().join(format!("{FILE_NAME}-wal"));
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            bail!("{} was not copied into the database", log.display());
        }
        let to = self.data.join(FILE_NAME);
        hand_over(&self.data, &from)?;
        let named = File::open(&from)
            .and_then(|file| file.sync_all())
            .and_then(|()| take_name(&from, &to))
            .and_then(|()| sync_directory(&to));
        // It may have its name and something else have failed: it is nothing without its key.
        if named.is_ok() || !matches!(to.try_exists(), Ok(false)) {
            self.keep();
        }
        named.with_context(|| format!("cannot make {}", to.display()))
    }

    /// It is whole.
    pub fn finish(mut self) -> Result<()> {
        self.keep();
        let path = self.path();
        clear(&path).with_context(|| format!("cannot remove {}", path.display()))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // What was not made yet is gone as well.
        let _ = clear(&self.path());
        if let Some(key) = &self.key {
            let _ = fs::remove_file(key);
        }
        if self.new_directory {
            let _ = fs::remove_file(self.data.join("holder"));
        }
        // Behind everything else: once it is gone, another may have its own here.
        if self.new_lock {
            let _ = fs::remove_file(self.data.join("lock"));
        }
        if self.new_directory {
            let _ = fs::remove_dir(&self.data);
        }
    }
}

/// The mark of one that was killed, where a start would make a new installation.
pub fn left(settings: &Settings) -> Option<PathBuf> {
    mark(settings).filter(|_| !whole(settings))
}

/// The mark of one that was killed when its database had its name: all that was left to do was to take the mark away.
pub fn outlived(settings: &Settings) -> Option<PathBuf> {
    mark(settings).filter(|_| whole(settings))
}

fn mark(settings: &Settings) -> Option<PathBuf> {
    let mark = settings.data.join(NAME);
    mark.exists().then_some(mark)
}

/// The database gets its name when it is whole.
fn whole(settings: &Settings) -> bool {
    settings.store.postgres.is_none() && settings.data.join(FILE_NAME).exists()
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_beside_a_database_that_has_its_name_stays_whatever_fails() {
        for named in [false, true] {
            let scratch = tempfile::tempdir().unwrap();
            let data = scratch.path().join("data");
            let key = scratch.path().join("master.key");
            let mut way = Unfinished::begin(&data).unwrap();
            fs::write(&key, "key").unwrap();
            way.made_key(key.clone());
            if named {
                fs::write(way.path().join(FILE_NAME), "rows").unwrap();
                fs::write(data.join(FILE_NAME), "rows").unwrap();
            }
            way.name_database().unwrap_err();
            drop(way);
            assert_eq!(key.exists(), named);
            assert_eq!(data.join(FILE_NAME).exists(), named);
            assert_eq!(data.exists(), named);
        }
    }
}
