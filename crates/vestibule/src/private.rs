//! Files that hold a secret of the operator's: for their owner alone, small, and read whole (ASVS 13.3.1).

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::regular;

/// Longer than any secret here.
const MOST: u64 = 4096;

/// What a file holds, for whoever is told that it does not, and the setting that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose {
    /// 'the master key'.
    pub what: &'static str,
    /// `keys.master_key_file`.
    pub setting: &'static str,
}

/// Why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// It is not there.
    #[error("{what}'s file {path} does not exist: {setting} names it", what = .0.what, setting = .0.setting, path = .1.display())]
    Missing(Purpose, PathBuf),
    /// Others can read it (ASVS 13.3.1).
    #[error(
        "{what}'s file {path} can be read by others than its owner (mode {mode:04o}): run `chmod 600 {path}`"
    )]
    Open {
        /// Of what.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error(
        "{what}'s file {path} belongs to user {owner}, and to be read here it must belong to user {expected}: run `chown {expected} \
         {path}` if that is the server's user, or run vestibule as the server's user"
    )]
    Owner {
        /// Of what.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The owner's id.
        owner: u32,
        /// Whom it is read for.
        expected: u32,
    },
    /// Not a key.
    #[error(
        "{0}'s file {1} does not hold a key: it must be 32 bytes in base64, 44 characters, and nothing else"
    )]
    NotAKey(&'static str, PathBuf),
    /// Not a line of text.
    #[error("{0}'s file {1} does not hold it: it must be one line of text, and nothing else")]
    NotALine(&'static str, PathBuf),
    /// Anything else.
    #[error("{what}'s file {path}: {source}")]
    Io {
        /// Of what.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The user that the data directory belongs to: what is the server's is good for root, who works in its place.
static SERVER: OnceLock<u32> = OnceLock::new();

/// Takes the owner of the data directory, if it is there, for the server's user.
pub fn serves(data: &Path) {
    if let Ok(metadata) = fs::metadata(data) {
        SERVER.get_or_init(|| metadata.uid());
    }
}

/// Gives a file that root made to the user that the data directory belongs to: a server must not find itself locked out.
pub fn hand_over(data: &Path, path: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = fs::metadata(data)?;
    match fs::symlink_metadata(path) {
        Ok(file) if file.is_file() && file.uid() != owner.uid() => {
            lchown(path, Some(owner.uid()), Some(owner.gid()))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads a key: 32 bytes in base64.
pub fn key(of: Purpose, path: &Path) -> Result<Zeroizing<[u8; 32]>, PrivateError> {
    let not = || PrivateError::NotAKey(of.what, path.to_owned());
    let text = text(of, path)?.ok_or_else(not)?;
    let bytes = Zeroizing::new(STANDARD.decode(text.trim_end()).map_err(|_| not())?);
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(not());
    }
    key.copy_from_slice(&bytes);
    Ok(key)
}

/// Reads one line, without its end.
pub fn line(of: Purpose, path: &Path) -> Result<Zeroizing<String>, PrivateError> {
    let not = || PrivateError::NotALine(of.what, path.to_owned());
    let text = text(of, path)?.ok_or_else(not)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.chars().any(char::is_control) {
        return Err(not());
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// The whole file, once it is its owner's alone; `None` if it is no short text.
fn text(of: Purpose, path: &Path) -> Result<Option<Zeroizing<String>>, PrivateError> {
    let what = of.what;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => PrivateError::Missing(of, path.to_owned()),
        _ => PrivateError::Io {
            what,
            path: path.to_owned(),
            source,
        },
    };
    let (file, metadata) = match regular::open(path, MOST) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    if metadata.mode() & 0o077 != 0 {
        return Err(PrivateError::Open {
            what,
            path: path.to_owned(),
            mode: metadata.mode() & 0o7777,
        });
    }
    let us = rustix::process::geteuid().as_raw();
    let server = SERVER.get().copied().filter(|_| us == 0);
    if ![us, 0, server.unwrap_or(us)].contains(&metadata.uid()) {
        return Err(PrivateError::Owner {
            what,
            path: path.to_owned(),
            owner: metadata.uid(),
            expected: server.unwrap_or(us),
        });
    }
    let mut text = Zeroizing::new(String::new());
    match file.take(MOST).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const PASSWORD: Purpose = Purpose {
        what: "the mail server's password",
        setting: "mail.password_file",
    };

    fn read(text: &[u8], mode: u32) -> Result<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        line(PASSWORD, &path)
            .map(|line| line.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_read_without_its_end() {
        for text in ["sword fish ", "sword fish \n", "sword fish \r\n"] {
            assert_eq!(read(text.as_bytes(), 0o600).unwrap(), "sword fish ");
        }
    }

    /// Holds: ASVS 13.3.1
    #[test]
    fn asvs_13_3_1_a_file_that_others_can_read_is_refused() {
        let told = read(b"swordfish", 0o644).unwrap_err();
        assert!(
            told.contains("0644") && told.contains("chmod 600"),
            "{told}"
        );
    }

    #[test]
    fn what_is_no_line_is_refused_and_not_repeated() {
        let long = "x".repeat(5000);
        for text in [&b""[..], b"\n", b"sword\nfish", b"\xff", long.as_bytes()] {
            let told = read(text, 0o600).unwrap_err();
            assert!(
                told.contains("one line") && !told.contains("sword\n"),
                "{told}"
            );
        }
        let missing = line(PASSWORD, Path::new("/nonexistent"))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("mail.password_file names it"), "{missing}");
    }
}
