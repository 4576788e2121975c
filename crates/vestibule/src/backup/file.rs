//! A backup's file: written beside its name and renamed when it is whole; read from its beginning as often as needed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use zeroize::Zeroizing;

use vestibule_core::backup::{
    BackupError, BackupSecret, CHUNK_LEN, COMMITMENT_LEN, Closing, HEADER_LEN, Header, Opening,
    SEALED_LEN,
};
use vestibule_core::keys::MasterKey;
use vestibule_store::archive::{
    Chunk, Decoder, End, LAYOUT, Record, RecordError, Source, Value, failed,
};
use vestibule_store::{Answer, StoreError};

use super::{advice, advice_on_rows};
use crate::keys::sync_directory;

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
            match rename(draft, &self.path) {
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

/// Refuses a name that something has already.
pub fn check_new(path: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(FileError::Exists(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_of(path)(error)),
    }
}

fn rename(draft: &Path, path: &Path) -> io::Result<()> {
    match renameat_with(CWD, draft, CWD, path, RenameFlags::NOREPLACE) {
        // Some file systems cannot refuse by themselves.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => fs::rename(draft, path),
        renamed => Ok(renamed?),
    }
}

fn io_of(path: &Path) -> impl Fn(io::Error) -> FileError + use<> {
    let path = path.to_owned();
    move |source| FileError::Io {
        path: path.clone(),
        source,
    }
}

/// A file whose header was read.
pub struct Found {
    path: PathBuf,
    /// What anybody can read of it.
    pub header: Header,
    commitment: [u8; COMMITMENT_LEN],
}

impl Found {
    /// Reads the header.
    pub fn look(path: &Path) -> Result<Self, FileError> {
        let failed = io_of(path);
        let sealed = |error| FileError::Sealed {
            path: path.to_owned(),
            error,
        };
        let mut file = File::open(path).map_err(&failed)?;
        let mut head = [0; HEADER_LEN];
        let mut commitment = [0; COMMITMENT_LEN];
        let read = |file: &mut File, into: &mut [u8]| match file.read_exact(into) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(sealed(BackupError::NotABackup))
            }
            read => read.map_err(&failed),
        };
        read(&mut file, &mut head)?;
        let header = Header::parse(&head).map_err(sealed)?;
        read(&mut file, &mut commitment)?;
        if header.layout != LAYOUT {
            return Err(FileError::Layout {
                path: path.to_owned(),
                version: header.told.version,
                layout: header.layout,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            header,
            commitment,
        })
    }

    /// Opens it. Slow with a passphrase, on purpose.
    pub fn unlock(self, secret: &BackupSecret) -> Result<Unlocked, FileError> {
        let opening = Opening::begin(&self.header, &self.commitment, secret);
        let opening = opening.map_err(|error| FileError::Sealed {
            path: self.path.clone(),
            error,
        })?;
        Ok(Unlocked {
            path: self.path,
            opening: Arc::new(opening),
        })
    }
}

/// A file that can be read.
pub struct Unlocked {
    path: PathBuf,
    opening: Arc<Opening>,
}

/// Told how many bytes were read.
pub type Tick = Box<dyn Fn(u64) + Send>;

impl Unlocked {
    /// How long it is.
    pub fn size(&self) -> Result<u64, FileError> {
        let metadata = fs::metadata(&self.path).map_err(io_of(&self.path))?;
        Ok(metadata.len())
    }

    /// Its rows, from the first one on; read to the end, they are whole.
    pub fn rows(&self, tick: Tick) -> Result<Rows, FileError> {
        let mut file = File::open(&self.path).map_err(io_of(&self.path))?;
        io::copy(
            &mut (&mut file).take((HEADER_LEN + COMMITMENT_LEN) as u64),
            &mut io::sink(),
        )
        .map_err(io_of(&self.path))?;
        let mut chunks = Chunks {
            path: self.path.clone(),
            file,
            opening: Arc::clone(&self.opening),
            held: Vec::with_capacity(SEALED_LEN + 1),
            number: 0,
            ended: false,
            tick,
        };
        let first = chunks.next()?.unwrap_or_default();
        let Some((master, rest)) = first.split_first_chunk::<32>() else {
            return Err(chunks.sealed(BackupError::Header));
        };
        let master = MasterKey::new(*master);
        let mut decoder = Decoder::default();
        decoder.push(rest);
        let mut rows = Rows {
            chunks,
            decoder,
            master,
            end: Arc::default(),
        };
        match rows.record()? {
            Some(Record::Begin(begin)) => {
                tracing::debug!(backend = begin.backend, at = begin.at.0, "a backup is read");
                Ok(rows)
            }
            _ => Err(rows.wrong(RecordError::Short)),
        }
    }
}

/// Opens one chunk after another.
struct Chunks {
    path: PathBuf,
    file: File,
    opening: Arc<Opening>,
    held: Vec<u8>,
    number: u64,
    ended: bool,
    tick: Tick,
}

impl Chunks {
    fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
        if self.ended {
            return Ok(None);
        }
        // One byte more than a chunk tells whether it is the last.
        let wanted = SEALED_LEN + 1 - self.held.len();
        let read = (&mut self.file)
            .take(wanted as u64)
            .read_to_end(&mut self.held)
            .map_err(io_of(&self.path))?;
        (self.tick)(read as u64);
        let last = self.held.len() <= SEALED_LEN;
        let after = if last {
            Vec::new()
        } else {
            self.held.split_off(SEALED_LEN)
        };
        let mut chunk = Zeroizing::new(std::mem::replace(&mut self.held, after));
        let opened = self.opening.open(self.number, &mut chunk, last);
        opened.map_err(|error| self.sealed(error))?;
        self.number += 1;
        self.ended = last;
        Ok(Some(chunk))
    }

    fn sealed(&self, error: BackupError) -> FileError {
        FileError::Sealed {
            path: self.path.clone(),
            error,
        }
    }
}

/// The rows of a file.
pub struct Rows {
    chunks: Chunks,
    decoder: Decoder,
    /// The installation's master key.
    pub master: MasterKey,
    end: Arc<OnceLock<End>>,
}

impl Rows {
    /// What the file says it held, once it was read whole.
    pub fn end(&self) -> Arc<OnceLock<End>> {
        Arc::clone(&self.end)
    }

    /// The next rows; after the last ones, whether that was all.
    pub fn chunk(&mut self) -> Result<Option<Chunk>, FileError> {
        match self.record()? {
            Some(Record::Rows(chunk)) => Ok(Some(chunk)),
            Some(Record::End(end)) => {
                if let Some(after) = self.chunks.next()? {
                    self.decoder.push(&after);
                }
                self.decoder.finish().map_err(|error| self.wrong(error))?;
                let _once = self.end.set(end);
                Ok(None)
            }
            Some(Record::Begin(_)) => Err(self.wrong(RecordError::Unreadable("its type"))),
            None => Ok(None),
        }
    }

    fn record(&mut self) -> Result<Option<Record>, FileError> {
        loop {
            let record = self.decoder.next_record();
            if let Some(record) = record.map_err(|error| self.wrong(error))? {
                return Ok(Some(record));
            }
            match self.chunks.next()? {
                Some(bytes) => self.decoder.push(&bytes),
                None => {
                    self.decoder.finish().map_err(|error| self.wrong(error))?;
                    return Ok(None);
                }
            }
        }
    }

    fn wrong(&self, error: RecordError) -> FileError {
        FileError::Rows {
            path: self.chunks.path.clone(),
            error,
        }
    }
}

impl Source for Rows {
    fn next(&mut self) -> Answer<'_, Option<Chunk>> {
        let next: Result<_, StoreError> = self.chunk().map_err(failed);
        Box::pin(async move { next })
    }
}

/// The first row of what is exported tells what belongs to the installation as a whole.
#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// The master key's check value.
    pub key_check: Option<Vec<u8>>,
    /// The trail's key, sealed.
    pub seal_key: Option<Vec<u8>>,
    /// The latest time that was seen.
    pub clock_mark: i64,
}

impl Installation {
    /// Reads it, if these are its rows.
    pub fn of(chunk: &Chunk) -> Option<Self> {
        let table = chunk.table();
        let row = chunk.rows().first()?;
        let value = |name: &str| {
            let at = table.columns.iter().position(|column| column.name == name);
            at.and_then(|at| row.get(at))
        };
        let bytes = |name: &str| match value(name) {
            Some(Value::Bytes(bytes)) => Some(bytes.clone()),
            _ => None,
        };
        (table.name == "installation").then(|| Self {
            key_check: bytes("key_check"),
            seal_key: bytes("seal_key"),
            clock_mark: match value("clock_mark") {
                Some(Value::Integer(mark)) => *mark,
                _ => 0,
            },
        })
    }
}

