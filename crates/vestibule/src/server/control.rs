//! The control socket: `control.sock` in the data directory, for the server's own user and root.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tokio::net::{UnixListener, UnixStream};

/// Its name in the data directory.
pub const FILE: &str = "control.sock";
/// Longest path that a Unix socket's address holds, with its closing zero.
const LONGEST: usize = 107;

/// The socket, listening.
pub struct Socket {
    /// Accepts.
    pub listener: UnixListener,
    /// Removes the file when dropped.
    pub file: SocketFile,
}

/// The socket's file, removed with its owner.
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.0);
    }
}

/// Binds the socket. Call it holding the data directory's lock: what lies there then is a dead server's.
pub fn bind(data: &Path) -> Result<Socket> {
    let path = data.join(FILE);
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.file_type().is_socket() => fs::remove_file(&path)
            .with_context(|| format!("cannot remove the last server's {}", path.display()))?,
        Ok(_) => bail!(
            "{} is in the way and is no socket: move it elsewhere",
            path.display()
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot look at {}", path.display()));
        }
    }
    let length = path.as_os_str().len();
    if length > LONGEST {
        bail!(
            "the path {} is too long for a socket ({length} bytes, at most {LONGEST}): choose a shorter data directory \
             with --data (setting server.data), perhaps a relative one",
            path.display()
        );
    }
    // Until its mode is set, the directory's (0700) keeps others out.
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("cannot listen on {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot close {} to others", path.display()))?;
    Ok(Socket {
        listener,
        file: SocketFile(path),
    })
}

/// The user at the other end, if it may give orders: our own, or root (the kernel's word, `SO_PEERCRED`).
pub fn operator(stream: &UnixStream) -> Option<u32> {
    let uid = stream.peer_cred().ok()?.uid();
    may_operate(uid, rustix::process::geteuid().as_raw()).then_some(uid)
}

const fn may_operate(peer: u32, ours: u32) -> bool {
    peer == ours || peer == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 8.3.1
    #[test]
    fn only_our_own_user_and_root_give_orders() {
        assert!(may_operate(1000, 1000));
        assert!(may_operate(0, 1000));
        assert!(!may_operate(1001, 1000));
        assert!(!may_operate(1000, 0));
    }

    #[tokio::test]
    async fn the_socket_is_its_owners_alone_and_goes_with_the_server() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(FILE);
        let socket = bind(data.path()).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let (there, here) = tokio::join!(UnixStream::connect(&path), socket.listener.accept());
        there.unwrap();
        assert_eq!(
            operator(&here.unwrap().0),
            Some(rustix::process::geteuid().as_raw())
        );
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_dead_servers_socket_is_replaced_and_anything_else_is_not() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(FILE);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "what a killed server leaves");
        drop(bind(data.path()).unwrap());

        fs::write(&path, "notes").unwrap();
        let told = bind(data.path()).err().unwrap().to_string();
        assert!(told.contains("no socket"), "{told}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_is_told() {
        let data = tempfile::tempdir().unwrap();
        let deep = data.path().join("x".repeat(120));
        let told = bind(&deep).err().unwrap().to_string();
        assert!(
            told.contains("too long") && told.contains("--data"),
            "{told}"
        );
    }
}
