//! Writing one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use zeroize::Zeroizing;

use vestibule_core::backup::{BackupSecret, CHUNK_LEN, Closing, Header};

use super::{FileError, check_new, io_of};
use crate::keys::sync_directory;

/// A backup on its way into its file.
pub struct Writer {
    path: PathBuf,
    draft: Option<PathBuf>,
    file: File,
    closing: Closing,
    held: Zeroizing<Vec<u8>>,
}

impl Writer {
    /// Begins to write; nothing has the file's name until it is whole.
    pub fn begin(path: &Path, header: &Header, secret: &BackupSecret) -> Result<Self, FileError> {
        check_new(path)?;
        let (closing, start) =
            Closing::begin(header, secret).map_err(|error| FileError::Sealed {
                path: path.to_owned(),
                error,
            })?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let draft = path.with_file_name(name);
        let failed = io_of(&draft);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(&failed)?;
        let written = file.write_all(&start).map_err(failed);
        let writer = Self {
            path: path.to_owned(),
            draft: Some(draft),
            file,
            closing,
            held: Zeroizing::new(Vec::with_capacity(2 * CHUNK_LEN)),
        };
        written.map(|()| writer)
    }

    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.held.extend(bytes);
        // The last chunk is another: it is known only once nothing follows.
        while self.held.len() > CHUNK_LEN {
            let chunk = self.held.drain(..CHUNK_LEN).collect();
            self.close(chunk, false)?;
        }
        Ok(())
    }

    /// The file is whole: durable, and under its name.
    pub fn finish(mut self) -> Result<u64, FileError> {
        let chunk = std::mem::take(&mut *self.held);
        self.close(chunk, true)?;
        self.file.sync_all().map_err(io_of(&self.path))?;
        let size = self.file.metadata().map_err(io_of(&self.path))?.len();
        if let Some(draft) = &self.draft {
            match take_name(draft, &self.path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(FileError::Exists(self.path.clone()));
                }
                Err(error) => return Err(io_of(&self.path)(error)),
            }
        }
        self.draft = None;
        sync_directory(&self.path).map_err(io_of(&self.path))?;
        Ok(size)
    }

    fn close(&mut self, mut chunk: Vec<u8>, last: bool) -> Result<(), FileError> {
        let closed = self.closing.close(&mut chunk, last);
        closed.map_err(|error| FileError::Sealed {
            path: self.path.clone(),
            error,
        })?;
        let draft = self.draft.as_deref().unwrap_or(&self.path);
        self.file.write_all(&chunk).map_err(io_of(draft))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft {
            // Half a backup is none.
            let _ = fs::remove_file(draft);
        }
    }
}

/// Gives a file its name, which nothing may have yet.
pub fn take_name(draft: &Path, path: &Path) -> io::Result<()> {
    match renameat_with(CWD, draft, CWD, path, RenameFlags::NOREPLACE) {
        // Some file systems cannot refuse by themselves; unlike a rename, a link never replaces what is there.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            fs::hard_link(draft, path)?;
            fs::remove_file(draft)
        }
        renamed => Ok(renamed?),
    }
}
