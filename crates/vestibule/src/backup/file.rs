//! A backup's file: written beside its name and renamed when it is whole; read from its beginning as often as needed.

mod read;
mod write;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vestibule_core::backup::BackupError;
use vestibule_store::archive::{LAYOUT, RecordError};

use super::{advice, advice_on_rows};

pub use read::{Found, Installation, Unlocked};
pub use write::{Writer, take_name};

/// Why a backup's file cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing is overwritten.
    #[error("{0} is there already: name another file, or move that one away")]
    Exists(PathBuf),
    /// Not what was expected in it.
    #[error("{path} cannot be restored: {error}{}", advice(.error))]
    Sealed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: BackupError,
    },
    /// Not what was expected in what it holds.
    #[error("{path} cannot be restored: {error}{}", advice_on_rows(.error))]
    Rows {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: RecordError,
    },
    /// Rows of another layout.
    #[error(
        "{path} was written by vestibule {version}, whose rows have layout {layout} where this one's have {LAYOUT}: restore it \
         with that vestibule, then start this one on the data it restored"
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// Who wrote it.
        version: String,
        /// Its layout.
        layout: u32,
    },
    /// What the system said.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Refuses a name that something has already.
pub fn check_new(path: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(FileError::Exists(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_of(path)(error)),
    }
}

fn io_of(path: &Path) -> impl Fn(io::Error) -> FileError + use<> {
    let path = path.to_owned();
    move |source| FileError::Io {
        path: path.clone(),
        source,
    }
}
