//! The envelope of a backup: a plain header, and chunks that only the operator's passphrase or key file opens.
//!
//! ```text
//! file    = header (128) ‖ commitment (32) ‖ chunk*
//! key     = Argon2id(passphrase, salt) | the key file's 32 bytes
//! chunk n = AES-256-GCM, key HKDF(key, salt, "…/chunks" ‖ header), nonce n ‖ last?      64 KiB each, the last one shorter
//! ```
//!
//! STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce is a chunk's number and whether it is the last, so that chunks
//! cannot be cut off, left out, repeated, or put in another order. The header goes into every key, so that no byte of it can be
//! another. The commitment binds the file to one key, and tells a wrong passphrase from a damaged file.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::time::UnixMillis;

/// How a file begins.
const MAGIC: &[u8; 16] = b"VESTIBULE BACKUP";
/// The only format there is.
pub const FORMAT: u32 = 1;
/// Bytes of the header.
pub const HEADER_LEN: usize = 128;
/// Bytes of the commitment.
pub const COMMITMENT_LEN: usize = 32;
/// Bytes that a chunk holds; only the last one holds fewer.
pub const CHUNK_LEN: usize = 64 * 1024;
/// Bytes that a chunk takes in the file.
pub const SEALED_LEN: usize = CHUNK_LEN + 16;
/// Code points of a passphrase, at least: whoever has the file may try as many as they like.
pub const LEAST_PASSPHRASE: usize = 15;
/// Bytes of one, at most.
pub const MOST_PASSPHRASE: usize = 1024;
/// Bytes of a version's name.
const VERSION_LEN: usize = 32;

/// What stretching a passphrase costs (Argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Stretch {
    /// 256 MiB, three passes: about a second, once for each backup.
    pub const DEFAULT: Self = Self {
        memory: 256 * 1024,
        passes: 3,
        lanes: 1,
    };

    /// ASVS 15.2.2: what a file may ask of whoever reads it.
    const MOST: Self = Self {
        memory: 1024 * 1024,
        passes: 16,
        lanes: 16,
    };

    const fn is_bearable(self) -> bool {
        self.memory <= Self::MOST.memory
            && self.passes <= Self::MOST.passes
            && self.lanes <= Self::MOST.lanes
    }
}

/// What opens a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// What somebody remembers.
    Passphrase(Stretch),
    /// 32 random bytes in a file.
    KeyFile,
}

/// Why a file does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// Some other file.
    #[error("it is no backup of Vestibule's")]
    NotABackup,
    /// A newer format.
    #[error(
        "its format is {0}, this vestibule reads format {FORMAT}: restore it with the newer vestibule that wrote it"
    )]
    Format(u32),
    /// A header that cannot be.
    #[error("its header is damaged")]
    Header,
    /// More than is reasonable.
    #[error(
        "its header asks for more memory or time than any backup of ours: it is damaged, or not ours"
    )]
    Unbearable,
    /// It wants a key file.
    #[error("it was locked with a key file: name it by --key-file")]
    WantsKeyFile,
    /// It wants a passphrase.
    #[error("it was locked with a passphrase, not with a key file")]
    WantsPassphrase,
    /// Another key.
    #[error("this is not its passphrase or key, or its first bytes are damaged")]
    WrongKey,
    /// A chunk that is not as it was written.
    #[error("it is damaged or was changed, at byte {0}")]
    Changed(u64),
    /// The end is missing.
    #[error("it is cut off at byte {0}: its end is missing")]
    CutOff(u64),
    /// A passphrase that is too short or too long.
    #[error(
        "a passphrase has at least {LEAST_PASSPHRASE} characters and at most {MOST_PASSPHRASE} bytes"
    )]
    Passphrase,
    /// The machine's own fault.
    #[error("the key could not be made")]
    Key,
}

/// What anybody can read of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Of which make its rows are.
    pub layout: u32,
    /// When its rows were so.
    pub at: UnixMillis,
    /// Where they were stored, and by which Vestibule: for people.
    pub told: Told,
    /// What opens it.
    pub lock: Lock,
    /// 32 random bytes: no two files share a key.
    pub salt: [u8; 32],
}

/// What only people need of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whether the rows were in PostgreSQL.
    pub postgres: bool,
    /// The version that wrote it.
    pub version: String,
}

impl Header {
    /// Its bytes.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let (kind, stretch) = match self.lock {
            Lock::Passphrase(stretch) => (1, stretch),
            Lock::KeyFile => (2, NO_STRETCH),
        };
        let mut version = [0; VERSION_LEN];
        let length = self.told.version.floor_char_boundary(VERSION_LEN);
        version[..length].copy_from_slice(&self.told.version.as_bytes()[..length]);
        let parts: [&[u8]; 11] = [
            MAGIC,
            &FORMAT.to_be_bytes(),
            &self.layout.to_be_bytes(),
            &self.at.0.to_be_bytes(),
            &[u8::from(self.told.postgres), kind],
            &stretch.memory.to_be_bytes(),
            &stretch.passes.to_be_bytes(),
            &stretch.lanes.to_be_bytes(),
            &self.salt,
            &version,
            &[0; HEADER_LEN - USED],
        ];
        let mut bytes = [0; HEADER_LEN];
        let mut rest = &mut bytes[..];
        for part in parts {
            let (here, after) = rest.split_at_mut(part.len());
            here.copy_from_slice(part);
            rest = after;
        }
        bytes
    }

    /// Reads them, strictly: one header has one spelling.
    pub fn parse(bytes: &[u8; HEADER_LEN]) -> Result<Self, BackupError> {
        let mut rest = &bytes[..];
        if take::<16>(&mut rest)? != *MAGIC {
            return Err(BackupError::NotABackup);
        }
        let format = u32::from_be_bytes(take(&mut rest)?);
        if format != FORMAT {
            return Err(BackupError::Format(format));
        }
        let layout = u32::from_be_bytes(take(&mut rest)?);
        let at = UnixMillis(i64::from_be_bytes(take(&mut rest)?));
        let [postgres, kind] = take(&mut rest)?;
        let stretch = Stretch {
            memory: u32::from_be_bytes(take(&mut rest)?),
            passes: u32::from_be_bytes(take(&mut rest)?),
            lanes: u32::from_be_bytes(take(&mut rest)?),
        };
        let lock = match kind {
            1 => Lock::Passphrase(stretch),
            2 => Lock::KeyFile,
            _ => return Err(BackupError::Header),
        };
        if !stretch.is_bearable() {
            return Err(BackupError::Unbearable);
        }
        let salt = take(&mut rest)?;
        let version: [u8; VERSION_LEN] = take(&mut rest)?;
        let version = str::from_utf8(&version).map_err(|_| BackupError::Header)?;
        let header = Self {
            layout,
            at,
            told: Told {
                postgres: postgres == 1,
                version: version.trim_end_matches('\0').to_owned(),
            },
            lock,
            salt,
        };
        if header.encode() == *bytes {
            Ok(header)
        } else {
            Err(BackupError::Header)
        }
    }
}

const NO_STRETCH: Stretch = Stretch {
    memory: 0,
    passes: 0,
    lanes: 0,
};
/// Bytes of the header that say something.
const USED: usize = 16 + 4 + 4 + 8 + 2 + 12 + 32 + VERSION_LEN;

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], BackupError> {
    let (taken, after) = rest.split_first_chunk().ok_or(BackupError::Header)?;
    *rest = after;
    Ok(*taken)
}

/// What the operator locks and opens backups with.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub enum BackupSecret {
    /// Remembered. In NFC: it may be typed on another keyboard one day.
    Passphrase(String),
    /// From a key file.
    Key([u8; 32]),
}

impl fmt::Debug for BackupSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupSecret")
    }
}

impl BackupSecret {
    /// A passphrase of a length that is some protection.
    pub fn passphrase(typed: &str) -> Result<Self, BackupError> {
        let text: String = typed.nfc().collect();
        if text.len() > MOST_PASSPHRASE || text.chars().count() < LEAST_PASSPHRASE {
            return Err(BackupError::Passphrase);
        }
        Ok(Self::Passphrase(text))
    }

    /// Whether it can be what `lock` asks for.
    pub const fn fits(&self, lock: Lock) -> Result<(), BackupError> {
        match (self, lock) {
            (Self::Passphrase(_), Lock::Passphrase(_)) | (Self::Key(_), Lock::KeyFile) => Ok(()),
            (Self::Passphrase(_), Lock::KeyFile) => Err(BackupError::WantsKeyFile),
            (Self::Key(_), Lock::Passphrase(_)) => Err(BackupError::WantsPassphrase),
        }
    }
}

struct Len32;

impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

/// The keys of one file. Slow to make from a passphrase, on purpose.
fn keys(header: &Header, secret: &BackupSecret) -> Result<(LessSafeKey, [u8; 32]), BackupError> {
    secret.fits(header.lock)?;
    let mut ikm = Zeroizing::new([0; 32]);
    match (secret, header.lock) {
        (BackupSecret::Passphrase(text), Lock::Passphrase(stretch)) => {
            let params = Params::new(stretch.memory, stretch.passes, stretch.lanes, Some(32))
                .map_err(|_| BackupError::Header)?;
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into(text.as_bytes(), &header.salt, &mut *ikm)
                .map_err(|_| BackupError::Key)?;
        }
        (BackupSecret::Key(key), _) => ikm.copy_from_slice(key),
        (BackupSecret::Passphrase(_), Lock::KeyFile) => return Err(BackupError::WantsKeyFile),
    }
    let extracted: Prk = Salt::new(HKDF_SHA256, &header.salt).extract(&*ikm);
    let header = header.encode();
    let derive = |label: &[u8]| {
        let mut key = Zeroizing::new([0; 32]);
        extracted
            .expand(&[label, &header[..]], Len32)
            .and_then(|okm| okm.fill(&mut *key))
            .map_err(|Unspecified| BackupError::Key)?;
        Ok::<_, BackupError>(key)
    };
    let chunks = derive(b"vestibule/backup/v1/chunks")?;
    let commitment = derive(b"vestibule/backup/v1/commitment")?;
    let chunks = UnboundKey::new(&AES_256_GCM, &*chunks).map_err(|Unspecified| BackupError::Key)?;
    Ok((LessSafeKey::new(chunks), *commitment))
}

/// ASVS 11.3.4: a chunk's number and whether it is the last; a key is one file's alone.
fn nonce(number: u64, last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[3..11].copy_from_slice(&number.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

/// Closes chunks, in order.
pub struct Closing {
    key: LessSafeKey,
    number: u64,
}

impl fmt::Debug for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closing")
    }
}

impl Closing {
    /// Begins a file; answers what stands before its chunks.
    pub fn begin(header: &Header, secret: &BackupSecret) -> Result<(Self, Vec<u8>), BackupError> {
        let (key, commitment) = keys(header, secret)?;
        let start = [&header.encode()[..], &commitment].concat();
        Ok((Self { key, number: 0 }, start))
    }

    /// Closes the next chunk: [`CHUNK_LEN`] bytes, or fewer if it is the last.
    pub fn close(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), BackupError> {
        let full = chunk.len() == CHUNK_LEN;
        if !full && (!last || chunk.len() > CHUNK_LEN) {
            return Err(BackupError::Key);
        }
        self.key
            .seal_in_place_append_tag(nonce(self.number, last), Aad::empty(), chunk)
            .map_err(|Unspecified| BackupError::Key)?;
        self.number += 1;
        Ok(())
    }
}

/// Opens chunks.
pub struct Opening {
    key: LessSafeKey,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}

impl Opening {
    /// Begins to read a file, if `secret` is its own.
    pub fn begin(
        header: &Header,
        commitment: &[u8; COMMITMENT_LEN],
        secret: &BackupSecret,
    ) -> Result<Self, BackupError> {
        let (key, expected) = keys(header, secret)?;
        verify_slices_are_equal(&expected, commitment)
            .map_err(|Unspecified| BackupError::WrongKey)?;
        Ok(Self { key })
    }

    /// Opens chunk `number`, counted from 0: [`SEALED_LEN`] bytes, or whatever is left if nothing follows it (`last`).
    pub fn open(&self, number: u64, sealed: &mut Vec<u8>, last: bool) -> Result<(), BackupError> {
        let at = begins_at(number);
        if sealed.len() > SEALED_LEN || (!last && sealed.len() < SEALED_LEN) {
            return Err(BackupError::Changed(at));
        }
        let whole = last.then(|| sealed.clone());
        let opened = self
            .key
            .open_in_place(nonce(number, last), Aad::empty(), sealed)
            .map(|plain| plain.len());
        let Ok(length) = opened else {
            sealed.zeroize();
            // What opens as one that others follow is one that others followed.
            let follows = whole.is_some_and(|mut whole| {
                let nonce = nonce(number, false);
                let opened = self.key.open_in_place(nonce, Aad::empty(), &mut whole);
                let follows = opened.is_ok();
                whole.zeroize();
                follows
            });
            return Err(if follows {
                BackupError::CutOff(at + SEALED_LEN as u64)
            } else {
                BackupError::Changed(at)
            });
        };
        sealed.truncate(length);
        Ok(())
    }
}

/// Where a chunk begins in the file.
const fn begins_at(number: u64) -> u64 {
    (HEADER_LEN + COMMITMENT_LEN) as u64 + number * SEALED_LEN as u64
}

#[cfg(test)]
mod tests;
