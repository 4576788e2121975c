//! The master key's file: made at the first start, read at every other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use vestibule_core::keys::MasterKey;
use vestibule_engine::{Entropy, EntropyError};

use crate::private::{self, PrivateError, Purpose};

/// Its name in the data directory.
pub const FILE: &str = "master.key";
const PURPOSE: Purpose = Purpose {
    what: "the master key",
    setting: "keys.master_key_file",
};

/// Where the key came from.
#[derive(Debug)]
pub struct Loaded {
    /// The key.
    pub key: MasterKey,
    /// The file was made just now: if the data turns out to belong to another key, it must go again.
    pub made: Option<PathBuf>,
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The data was made with a key that is not there.
    #[error(
        "the master key {0} is missing, and the data was made with it: put the file back from its copy, or name it in keys.master_key_file"
    )]
    Gone(PathBuf),
    /// The file does not hold it.
    #[error(transparent)]
    File(#[from] PrivateError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Anything else.
    #[error("the master key's file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The master key: from the configured file, or from the data directory, where it is made if it is missing.
///
/// Call it holding the data directory's lock: of two first starts only one makes a key.
pub fn load(
    data: &Path,
    configured: Option<&Path>,
    entropy: &dyn Entropy,
) -> Result<Loaded, KeyError> {
    if let Some(path) = configured {
        let key = read(path)?;
        return Ok(Loaded { key, made: None });
    }
    let path = data.join(FILE);
    match read(&path) {
        Ok(key) => Ok(Loaded { key, made: None }),
        Err(PrivateError::Missing(..)) => {
            let key = make(&path, data, entropy)?;
            Ok(Loaded {
                key,
                made: Some(path),
            })
        }
        Err(other) => Err(other.into()),
    }
}

/// The master key that is there already.
pub fn existing(data: &Path, configured: Option<&Path>) -> Result<MasterKey, PrivateError> {
    match configured {
        Some(path) => read(path),
        None => read(&data.join(FILE)),
    }
}

/// Whether the configured file holds a key.
pub fn check(path: &Path) -> Result<(), PrivateError> {
    read(path).map(drop)
}

fn read(path: &Path) -> Result<MasterKey, PrivateError> {
    Ok(MasterKey::new(*private::key(PURPOSE, path)?))
}

/// Makes the key and its file.
fn make(path: &Path, data: &Path, entropy: &dyn Entropy) -> Result<MasterKey, KeyError> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(&mut *bytes)?;
    let key = MasterKey::new(*bytes);
    write_key(path, &key, data).map_err(|source| KeyError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(key)
}

/// Writes a key's file, where there is none, for the user that `data` belongs to. It is durable before anything is sealed
/// under it: written beside, synced, then named.
pub fn write_key(path: &Path, key: &MasterKey, data: &Path) -> io::Result<()> {
    let mut text = Zeroizing::new(STANDARD.encode(key.as_bytes()));
    text.push('\n');
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    // A crash may have left one, never yet used.
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    write_private(&draft, text.as_bytes())?;
    private::hand_over(data, &draft)?;
    // Unlike a rename, a link never replaces a key that is there.
    fs::hard_link(&draft, path)?;
    fs::remove_file(&draft)?;
    sync_directory(path)
}

/// Writes a new file for its owner alone and waits until it is on the disk.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Waits until the name of `path` is on the disk.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;
    use crate::os::SystemEntropy;

    fn loaded(data: &Path, configured: Option<&Path>) -> Result<Loaded, String> {
        load(data, configured, &SystemEntropy::new()).map_err(|error| error.to_string())
    }

    fn file(directory: &Path, text: &str, mode: u32) -> PathBuf {
        let path = directory.join("key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// Holds: ASVS 13.3.1
    #[test]
    fn asvs_13_3_1_the_key_is_made_once_for_its_owner_alone() {
        let data = tempfile::tempdir().unwrap();
        let first = loaded(data.path(), None).unwrap();
        let path = data.path().join(FILE);
        assert_eq!(first.made.as_deref(), Some(path.as_path()));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        let second = loaded(data.path(), None).unwrap();
        assert!(second.made.is_none());
        assert_eq!(first.key.as_bytes(), second.key.as_bytes());
        assert_eq!(
            fs::read_dir(data.path()).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn a_crash_before_the_first_key_had_its_name_is_no_obstacle() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("master.key.new"), "half").unwrap();
        assert!(loaded(data.path(), None).unwrap().made.is_some());
    }

    #[test]
    fn a_configured_file_is_read_and_never_made() {
        let data = tempfile::tempdir().unwrap();
        let missing = data.path().join("nowhere");
        let told = loaded(data.path(), Some(&missing)).unwrap_err();
        assert!(
            told.contains("nowhere") && told.contains("keys.master_key_file"),
            "{told}"
        );
        assert!(!missing.exists());

        let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
        let path = file(data.path(), text, 0o400);
        let loaded = loaded(data.path(), Some(&path)).unwrap();
        assert_eq!(loaded.key.as_bytes()[31], 31);
        assert!(!data.path().join(FILE).exists());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let path = file(
            data.path(),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            0o640,
        );
        let told = loaded(data.path(), Some(&path)).unwrap_err();
        assert!(
            told.contains("0640") && told.contains("chmod 600"),
            "{told}"
        );
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        let data = tempfile::tempdir().unwrap();
        for text in [
            "",
            "AAEC",
            "not base64 at all",
            &"A".repeat(400),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISI=",
        ] {
            let path = file(data.path(), text, 0o600);
            let told = loaded(data.path(), Some(&path)).unwrap_err();
            assert!(told.contains("32 bytes in base64"), "{told}");
            assert!(text.is_empty() || !told.contains(text), "{told}");
        }
        let told = loaded(data.path(), Some(data.path())).unwrap_err();
        assert!(told.contains("it is no file"), "{told}");
    }
}
