//! Which data directory works on a database, told apart by an id of its own. A copy of the directory, here or on another
//! machine, is another: it must not take the database from the one that it was copied from.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};

use vestibule_engine::Entropy as _;
use vestibule_postgres::Holder;

use super::WireError;
use crate::keys::{KeyError, sync_directory, write_private};
use crate::os::SystemEntropy;

/// Its name in the data directory.
const FILE: &str = "holder";

/// Names this machine, since it was last started. Where there is none, copies on this machine alone are told apart.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// Who this data directory is. Call it holding the directory's lock: whoever has the same id then has the lock no more.
pub fn holder(data: &Path) -> Result<Holder, WireError> {
    let path = data.join(FILE);
    let failed = |source| WireError::Directory {
        path: path.clone(),
        source,
    };
    let id = match fs::read(&path) {
        Ok(bytes) => <[u8; 16]>::try_from(bytes).ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let id = if let Some(id) = id {
        id
    } else {
        let mut id = [0; 16];
        SystemEntropy::new().fill(&mut id).map_err(KeyError::from)?;
        // A crash may have left half of one.
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed(error));
        }
        write_private(&path, &id).map_err(failed)?;
        sync_directory(&path).map_err(failed)?;
        id
    };
    let inode = fs::metadata(&path).map_err(failed)?.ino();
    let boot = fs::read(BOOT).unwrap_or_default();
    let id = here(&id, inode, &boot);
    let shown = fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
    Ok(Holder {
        id,
        label: format!("the vestibule on the data directory {}", shown.display()),
    })
}

/// What is written in the file, in this place on this machine.
fn here(written: &[u8; 16], inode: u64, boot: &[u8]) -> [u8; 16] {
    let mut digest = Context::new(&SHA256);
    digest.update(written);
    digest.update(&inode.to_be_bytes());
    digest.update(boot);
    let mut id = [0; 16];
    id.copy_from_slice(&digest.finish().as_ref()[..16]);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_data_directory_is_another_holder_and_a_restart_the_same() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let made = holder(first.path()).unwrap();
        assert_eq!(holder(first.path()).unwrap().id, made.id);
        fs::copy(first.path().join(FILE), second.path().join(FILE)).unwrap();
        assert_ne!(holder(second.path()).unwrap().id, made.id);
        // The same inode on another machine, or after another start of this one.
        assert_ne!(here(&[7; 16], 9, b"one"), here(&[7; 16], 9, b"other"));
    }
}
