//! One process at a time on a data directory.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::OpenError;

/// Held as long as this process uses the data directory; the system lets go of it however the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "dropped with the lock")] File);

/// Makes the data directory for its owner alone, unless it is there.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// A file of the data directory, readable by its owner alone.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

impl Lock {
    /// Takes the lock, or says who holds it.
    pub(crate) fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join("lock");
        let failed = |source| OpenError::Io {
            path: path.clone(),
            source,
        };
        let mut file = open_private(&path).map_err(failed)?;
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
