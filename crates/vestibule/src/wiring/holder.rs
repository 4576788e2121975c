//! Which data directory works on a database, told apart by an id of its own.

use std::fs;
use std::io;
use std::path::Path;

use vestibule_engine::Entropy as _;
use vestibule_postgres::Holder;

use super::WireError;
use crate::keys::{KeyError, sync_directory, write_private};
use crate::os::SystemEntropy;

/// Its name in the data directory.
const FILE: &str = "holder";

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
    let shown = fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
    Ok(Holder {
        id,
        label: format!("the vestibule on the data directory {}", shown.display()),
    })
}
