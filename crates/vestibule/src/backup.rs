//! Backup, restore and migrate: one stream of rows, in and out of a file, a server, a store.
//!
//! ```text
//! backup    server ── control socket ──▶ records ──▶ encrypted file, then restored into a scratch place and compared
//! restore   encrypted file ──▶ records ──▶ an empty store
//! migrate   a store ──▶ an empty store of the other kind, then compared
//! ```

mod file;
mod place;
mod restore;
mod scratch;
mod secret;
mod take;
mod transfer;
mod unfinished;
mod verify;

use vestibule_core::backup::BackupError;
use vestibule_core::lineage::StoreNumber;
use vestibule_store::archive::RecordError;
use vestibule_store::{Change, Publish, StoreError};

pub use file::{Found, check_new};
pub use place::{shown, with_store};
pub use restore::{Report as RestoreReport, Restoring, check_empty, restore};
pub use scratch::clear as clear_scratch;
pub use secret::{Given, Times, make_key_file};
pub use take::{Report as BackupReport, take};
pub use transfer::migrate;
pub use unfinished::{left as left_unfinished, outlived as outlived_mark};
pub use verify::{Verified, verify};

/// A store that nobody looks at through an index.
struct Nobody;

impl Publish for Nobody {
    fn publish(&self, _: &[Change]) {}

    fn filled(&self, _: StoreNumber) {}
}

/// What is wrong with a backup's file, where the store that reads it is told of it and is not to blame.
fn fault(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Failed(source) if source.is::<file::FileError>() => {
            match source.downcast::<file::FileError>() {
                Ok(own) => anyhow::Error::new(*own),
                Err(source) => anyhow::anyhow!(source),
            }
        }
        other => other.into(),
    }
}

/// What to do about it.
fn advice(error: &BackupError) -> &'static str {
    match error {
        BackupError::CutOff(_) | BackupError::Changed(_) | BackupError::Header => {
            "; nothing of it was used: take another copy of the file, or an older backup"
        }
        _ => "",
    }
}

/// The same of its rows.
fn advice_on_rows(error: &RecordError) -> &'static str {
    match error {
        RecordError::Layout(_) => {
            "; restore it with the vestibule that wrote it, then start this one on the data it restored"
        }
        _ => "",
    }
}
