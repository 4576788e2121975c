//! Reading one.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use zeroize::Zeroizing;

use vestibule_core::backup::{
    BackupError, BackupSecret, COMMITMENT_LEN, HEADER_LEN, Header, Opening, SEALED_LEN,
};
use vestibule_core::keys::MasterKey;
use vestibule_store::archive::{
    Chunk, Decoder, End, LAYOUT, Record, RecordError, Source, Value, failed,
};
use vestibule_store::{Answer, StoreError};

use super::{FileError, io_of};

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
            let Some(bytes) = self.chunks.next()? else {
                self.decoder.finish().map_err(|error| self.wrong(error))?;
                return Ok(None);
            };
            self.decoder.push(&bytes);
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
