//! One process at a time on a data directory.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::OpenError;

/// Held as long as this process uses the data directory; the system lets go of it however the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "dropped with the lock")] File);

/// Makes the data directory for its owner alone, unless it is there, and what it lies in. Waits until the name of each
/// directory made is on the disk: a power cut could take a whole fresh directory, with the administrator that was
/// acknowledged in it.
pub fn make_directory(directory: &Path) -> io::Result<()> {
    make_and(directory, &mut |parent| File::open(parent)?.sync_all())
}

fn make_and(directory: &Path, sync: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    make_and(parent, sync)?;
    match DirBuilder::new().mode(0o700).create(directory) {
        // Somebody else made it just now, and may not have synced it yet.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
        made => made?,
    }
    sync(parent)
}

/// A file of the data directory, readable by its owner alone.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    private().open(path)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(0o600);
    options
}

/// The lock's file itself: it is written to, by root as well, and a link that the server's user put there could name
/// any file of the machine.
fn open_lock(path: &Path) -> io::Result<File> {
    let itself = OFlags::NOFOLLOW.bits().cast_signed();
    let opened = private().custom_flags(itself).open(path);
    opened.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => {
            io::Error::other("it is a symbolic link, which is not followed: remove it")
        }
        _ => error,
    })
}

impl Lock {
    /// Takes the lock, or says who holds it.
    pub fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join("lock");
        let failed = |source| OpenError::Io {
            path: path.clone(),
            source,
        };
        let mut file = open_lock(&path).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                let known = file.read_to_string(&mut holder).is_ok();
                return Err(OpenError::Locked {
                    directory: directory.to_owned(),
                    holder: known.then(|| holder.trim().parse().ok()).flatten(),
                });
            }
            Err(errno) => return Err(failed(errno.into())),
        }
        // Its last holder may have taken the file away meanwhile: then this is the lock of nothing, and nobody's way is barred.
        let named = std::fs::symlink_metadata(&path).map_err(failed)?;
        if file.metadata().map_err(failed)?.ino() != named.ino() {
            return Err(OpenError::Locked {
                directory: directory.to_owned(),
                holder: None,
            });
        }
        // The number is for a person's eyes; on a full disk the lock holds without it.
        let noted = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = noted {
            tracing::debug!(%error, "the lock file does not name its holder");
        }
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_name_of_each_directory_made_is_synced() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path();
        let made = root.join("a/b");
        let mut synced = Vec::new();
        let mut sync = |parent: &Path| {
            synced.push(parent.to_owned());
            Ok(())
        };
        make_and(&made, &mut sync).unwrap();
        make_and(&made, &mut sync).unwrap();
        assert_eq!(synced, [root.to_owned(), root.join("a")]);
        let permissions = made.metadata().unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o700);
    }

    #[test]
    fn what_cannot_be_synced_is_told() {
        let scratch = tempfile::tempdir().unwrap();
        let made = scratch.path().join("a");
        let failed = make_and(&made, &mut |_| Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        let file = scratch.path().join("file");
        std::fs::write(&file, "").unwrap();
        make_directory(&file).unwrap_err();
        make_directory(&file.join("x")).unwrap_err();
    }
}
