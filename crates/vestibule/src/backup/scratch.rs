//! A place to restore a backup into and look at it: inside the data directory, where the same data lies already in the clear,
//! and never where the backup goes.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use vestibule_sqlite::Lock;

/// How its name begins.
const PREFIX: &str = "backup-check-";

/// A private directory that goes when it is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes it, and takes away what a killed command left.
    pub fn make(data: &Path) -> io::Result<Self> {
        clear(data)?;
        let path = data.join(format!("{PREFIX}{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::error!(
                %error,
                "the scratch copy {} is still there: remove it, it holds everything that the data directory holds",
                self.0.display()
            );
        }
    }
}

/// Takes away what killed commands left. Whoever uses one has its lock.
pub fn clear(data: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX));
        if ours && entry.file_type()?.is_dir() && Lock::take(&entry.path()).is_ok() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_scratch_is_private_and_leaves_nothing() {
        let data = tempfile::tempdir().unwrap();
        let left = data.path().join("backup-check-1");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("vestibule.db"), "rows").unwrap();
        let held = data.path().join("backup-check-2");
        fs::create_dir(&held).unwrap();
        let lock = Lock::take(&held).unwrap();

        let scratch = Scratch::make(data.path()).unwrap();
        assert_eq!(fs::metadata(scratch.path()).unwrap().mode() & 0o777, 0o700);
        assert!(!left.exists(), "a killed command's");
        assert!(held.exists(), "another's that runs");
        fs::write(scratch.path().join("x"), "rows").unwrap();
        drop((scratch, lock));
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
    }
}
