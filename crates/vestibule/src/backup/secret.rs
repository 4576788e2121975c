//! What locks and opens backups: a passphrase or a key file, and never an argument, which everybody on the machine could read.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use vestibule_core::backup::{BackupError, BackupSecret, Lock, Stretch};
use vestibule_engine::Entropy;

use crate::cli::ask_password;
use crate::keys::{sync_directory, write_private};
use crate::private::{self, Purpose};

const KEY: Purpose = Purpose {
    what: "the backup's key",
    setting: "--key-file",
};
const PASSPHRASE: Purpose = Purpose {
    what: "the backup's passphrase",
    setting: "--passphrase-file",
};

/// Where the operator says it is.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `--key-file`.
    pub key_file: Option<PathBuf>,
    /// `--passphrase-file`.
    pub passphrase_file: Option<PathBuf>,
}

/// How often a passphrase is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// To open a backup.
    Once,
    /// To lock one: a slip of the finger would lock it for good.
    Twice,
}

impl Given {
    /// Reads it, or asks at the terminal.
    pub fn read(&self, times: Times) -> Result<BackupSecret> {
        if let Some(path) = &self.key_file {
            return Ok(BackupSecret::Key(*private::key(KEY, path)?));
        }
        if let Some(path) = &self.passphrase_file {
            let typed = private::line(PASSPHRASE, path)?;
            return BackupSecret::passphrase(&typed)
                .with_context(|| format!("the passphrase in {} is none", path.display()));
        }
        if !io::stdin().is_terminal() {
            bail!(
                "nobody is there to be asked for the passphrase: name a file that holds it by --passphrase-file, or a key by \
                 --key-file"
            );
        }
        let typed = ask_password("Passphrase of the backup: ")?;
        let secret = BackupSecret::passphrase(&typed)?;
        if times == Times::Twice && *ask_password("The same again: ")? != *typed {
            bail!("the two are not the same: nothing was written");
        }
        Ok(secret)
    }

    /// The same, once it is known what the file wants: nobody is asked for what does not fit.
    pub fn read_for(&self, lock: Lock) -> Result<BackupSecret> {
        let (key_file, passphrase_file) = (self.key_file.clone(), self.passphrase_file.clone());
        match lock {
            Lock::KeyFile if key_file.is_none() => Err(BackupError::WantsKeyFile.into()),
            Lock::Passphrase(_) if key_file.is_some() && passphrase_file.is_none() => {
                Err(BackupError::WantsPassphrase.into())
            }
            Lock::KeyFile => Self {
                key_file,
                passphrase_file: None,
            }
            .read(Times::Once),
            Lock::Passphrase(_) => Self {
                key_file: None,
                passphrase_file,
            }
            .read(Times::Once),
        }
    }
}

/// How a backup under this secret is locked.
pub const fn lock(secret: &BackupSecret) -> Lock {
    match secret {
        BackupSecret::Passphrase(_) => Lock::Passphrase(Stretch::DEFAULT),
        BackupSecret::Key(_) => Lock::KeyFile,
    }
}

/// Makes a key file, for its owner alone.
pub fn make_key_file(path: &Path, entropy: &dyn Entropy) -> Result<()> {
    super::file::check_new(path)?;
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(&mut *key)?;
    let mut text = Zeroizing::new(STANDARD.encode(*key));
    text.push('\n');
    write_private(path, text.as_bytes())
        .and_then(|()| sync_directory(path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;
    use crate::os::SystemEntropy;

    fn given(key: Option<&Path>, passphrase: Option<&Path>) -> Given {
        Given {
            key_file: key.map(Path::to_owned),
            passphrase_file: passphrase.map(Path::to_owned),
        }
    }

    /// Holds: ASVS 13.3.1
    #[test]
    fn asvs_13_3_1_a_key_file_is_made_once_and_for_its_owner_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("backup.key");
        let entropy = SystemEntropy::new();
        make_key_file(&path, &entropy).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        let BackupSecret::Key(key) = given(Some(&path), None).read(Times::Twice).unwrap().clone()
        else {
            panic!("a key");
        };
        assert_ne!(key, [0; 32]);
        let told = make_key_file(&path, &entropy).unwrap_err().to_string();
        assert!(told.contains("there already"), "{told}");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let told = given(Some(&path), None).read(Times::Once).unwrap_err();
        assert!(told.to_string().contains("chmod 600"), "{told}");
    }

    #[test]
    fn a_passphrase_that_is_too_short_is_refused_and_not_repeated() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("passphrase");
        fs::write(&path, "swordfish\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let told = format!(
            "{:#}",
            given(None, Some(&path)).read(Times::Once).unwrap_err()
        );
        assert!(
            told.contains("15 characters") && !told.contains("swordfish"),
            "{told}"
        );
    }

    #[test]
    fn nobody_is_asked_for_what_does_not_fit() {
        let told = given(None, None).read_for(Lock::KeyFile).unwrap_err();
        assert!(told.to_string().contains("--key-file"), "{told}");
        let lock = Lock::Passphrase(Stretch::DEFAULT);
        let told = given(Some(Path::new("k")), None).read_for(lock);
        assert!(told.unwrap_err().to_string().contains("with a passphrase"));
    }
}
