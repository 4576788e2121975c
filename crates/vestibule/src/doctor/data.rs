//! The data directory: whose it is, and what it lies on.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Patient;
use super::finding::Finding;

const CHECK: &str = "data";
/// File systems over a network: locks and shared memory, which the database needs, do not hold there.
const NETWORK: [&str; 18] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];
/// What is looked at in it.
const NAMES: [&str; 7] = [
    "master.key",
    "vestibule.db",
    "vestibule.db-wal",
    "vestibule.db-shm",
    "control.sock",
    "setup-link",
    "dev-mail-link",
];
/// How names of what a backup puts there for a while begin.
const LEFTOVERS: [&str; 1] = ["backup-check-"];
/// As the kernel tells this process.
const MOUNTS: &str = "/proc/self/mountinfo";

/// Who may look into it, and where it lies.
pub fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let data = &patient.settings().data;
    let metadata = match fs::metadata(data) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => {
            return vec![Finding::fault(
                CHECK,
                format!("{} is no directory", data.display()),
                "everything that is kept lies in one directory",
                "name another in server.data (--data)",
            )];
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let what = format!(
                "there is no {} yet: the first start makes it",
                data.display()
            );
            return vec![Finding::skipped(CHECK, what)];
        }
        Err(error) => {
            return vec![Finding::fault(
                CHECK,
                format!("{} cannot be read: {error}", data.display()),
                "the server keeps everything there",
                "run doctor as the user that the data directory belongs to, or name another in server.data (--data)",
            )];
        }
    };
    let mut findings = vec![open(data, &metadata)];
    findings.extend(files(data, metadata.uid()));
    if let Some(key) = &patient.settings().master_key_file {
        findings.extend(file(key, &[metadata.uid(), 0]));
    }
    if patient.settings().store.postgres.is_some() {
        // Keys alone lie there, and are read once.
        return findings;
    }
    let whole = fs::canonicalize(data).unwrap_or_else(|_| data.clone());
    if let Ok(mounts) = fs::read_to_string(MOUNTS) {
        findings.push(placed(&whole, &mounts));
    }
    findings
}

fn open(data: &Path, metadata: &fs::Metadata) -> Finding {
    let (mode, path) = (metadata.mode() & 0o7777, data.display());
    let is_open = mode & 0o077 != 0;
    if !is_open {
        return Finding::good(CHECK, format!("{path} is its owner's alone"));
    }
    Finding::fault(
        CHECK,
        format!("{path} is open to other users (mode {mode:04o})"),
        "sessions, sealed keys and the master key lie there; the server refuses to start on it",
        format!("run `chmod 700 {path}`"),
    )
}

/// Files in it that others could read, should the directory ever be opened, or that are not its owner's.
fn files(data: &Path, owner: u32) -> Vec<Finding> {
    let mut findings: Vec<Finding> = NAMES
        .into_iter()
        .flat_map(|name| file(&data.join(name), &[owner]))
        .collect();
    let Ok(entries) = fs::read_dir(data) else {
        return findings;
    };
    let entries = entries.filter_map(Result::ok);
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| LEFTOVERS.into_iter().any(|of| name.starts_with(of))) {
            findings.push(Finding::fault(
                CHECK,
                format!(
                    "{} was left by a command that was broken off",
                    path.display()
                ),
                "it holds what the data directory holds, and takes room",
                format!(
                    "if no `vestibule backup` runs now, run `rm -r {}`",
                    path.display()
                ),
            ));
        }
    }
    findings
}

/// A file that others could read, or that belongs to somebody else than it may.
fn file(path: &Path, owners: &[u32]) -> Vec<Finding> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Vec::new();
    };
    let metadata = if metadata.is_symlink() {
        let Ok(metadata) = fs::metadata(path) else {
            return Vec::new();
        };
        metadata
    } else {
        metadata
    };
    let (mode, uid, path) = (metadata.mode() & 0o777, metadata.uid(), path.display());
    let open = (mode & 0o077 != 0).then(|| {
        Finding::fault(
            CHECK,
            format!("{path} can be read by other users (mode {mode:04o})"),
            "it is a secret, or holds some",
            format!("run `chmod 600 {path}`"),
        )
    });
    let another = (!owners.contains(&uid)).then(|| {
        let owner = owners.first().copied().unwrap_or_default();
        Finding::fault(
            CHECK,
            format!("{path} belongs to user {uid}, and the data directory to user {owner}"),
            "the server runs as the data directory's owner, and cannot use it; a command that ran as another user made it",
            format!("run `chown {owner} {path}`"),
        )
    });
    open.into_iter().chain(another).collect()
}

fn placed(data: &Path, mounts: &str) -> Finding {
    let path = data.display();
    let Some((point, kind)) = mount_of(data, mounts) else {
        return Finding::skipped(CHECK, format!("what {path} lies on is not known"));
    };
    if !NETWORK.contains(&kind.as_str()) {
        return Finding::good(CHECK, format!("it lies on {kind}"));
    }
    Finding::fault(
        CHECK,
        format!(
            "{path} lies on a network file system ({kind}, mounted at {})",
            point.display()
        ),
        "the database needs locks and shared memory that hold, and syncs that are true: over a network it can be \
         damaged",
        "set server.data (--data) to a directory on a disk of this machine, and move the data there while the server \
         is stopped; for several machines use PostgreSQL",
    )
}

/// The innermost mount that holds `path`, and its kind (proc(5): `mountinfo`).
fn mount_of(path: &Path, mounts: &str) -> Option<(PathBuf, String)> {
    let mut found: Option<(PathBuf, String)> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else {
            continue;
        };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else {
            continue;
        };
        let point = PathBuf::from(unescaped(point));
        let inner = found
            .as_ref()
            .is_none_or(|(known, _)| point.as_os_str().len() >= known.as_os_str().len());
        // A later mount at the same place covers an earlier one.
        if path.starts_with(&point) && inner {
            found = Some((point, kind.to_owned()));
        }
    }
    found
}

/// Blanks in a path are written `\040`.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    const MOUNTS: &str = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /srv rw shared:2 - nfs4 server:/export rw,vers=4.2
31 30 0:31 / /srv/local\\040disk rw - xfs /dev/sdb1 rw
32 22 0:32 / /mnt rw - ext4 /dev/sdc1 rw
33 22 0:33 / /mnt rw - fuse.sshfs somebody@else: rw
";

    #[test]
    fn what_is_open_or_somebody_else_s_or_left_behind_is_told() {
        use std::os::unix::fs::PermissionsExt as _;

        let data = tempfile::tempdir().unwrap();
        let us = fs::metadata(data.path()).unwrap().uid();
        for name in NAMES {
            let path = data.path().join(name);
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let found = files(data.path(), us);
            assert!(
                found.len() == 1 && found[0].what.contains("0640"),
                "{found:?}"
            );
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(files(data.path(), us), []);
            let found = files(data.path(), us + 1);
            assert!(
                found[0].change.as_ref().unwrap().contains("chown"),
                "{found:?}"
            );
            fs::remove_file(&path).unwrap();
        }
        fs::create_dir(data.path().join("backup-check-1")).unwrap();
        assert_eq!(files(data.path(), us).len(), 1);
    }

    #[test]
    fn the_innermost_and_latest_mount_counts() {
        for (path, verdict) in [
            ("/var/lib/vestibule", Verdict::Good),
            ("/srv/vestibule", Verdict::Fault),
            ("/srv/local disk/vestibule", Verdict::Good),
            ("/srvx", Verdict::Good),
            ("/mnt/data", Verdict::Fault),
        ] {
            let found = placed(Path::new(path), MOUNTS);
            assert_eq!(found.verdict, verdict, "{path}: {}", found.what);
        }
        let told = placed(Path::new("/srv/vestibule"), MOUNTS);
        assert!(told.what.contains("nfs4") && told.what.contains("/srv"));
        assert!(told.change.unwrap().contains("server.data"));
    }
}
