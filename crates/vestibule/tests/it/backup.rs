//! `vestibule backup`, `restore` and `migrate` as an operator meets them.

mod whole;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use vestibule_core::time::UnixMillis;
use vestibule_store::archive::{Begin, encode_begin};

use crate::browser::Browser;
use crate::process::{Data, Done};

const ALICE: &str = "alice@example.test";

/// An installation with an account, and a key file for its backups.
struct Home {
    data: Data,
    key: PathBuf,
    file: PathBuf,
}

impl Home {
    fn new() -> Self {
        let data = Data::new();
        data.add_user(ALICE);
        let key = data.beside("unused", "").with_file_name("backup.key");
        data.run(&["backup", "--new-key", text(&key)]).good();
        let file = key.with_file_name("monday.backup");
        Self { data, key, file }
    }

    fn backup(&self) -> Done {
        self.data.run(&[
            "backup",
            text(&self.file),
            "--key-file",
            text(&self.key),
            "--json",
        ])
    }

    fn restore(&self, file: &Path, into: &Data, more: &[&str]) -> Done {
        let key = text(&self.key);
        let mut arguments = vec!["restore", text(file), "--key-file", key, "--yes"];
        arguments.extend(more);
        into.run(&arguments)
    }

    /// The bytes of the backup, changed, in a file beside it.
    fn changed(&self, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
        let mut bytes = fs::read(&self.file).unwrap();
        change(&mut bytes);
        let path = self.file.with_file_name("changed.backup");
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What a command printed.
fn told(done: &Done) -> &str {
    assert_eq!(done.code, 0, "{done:?}");
    &done.out
}

/// What a command that failed said.
fn refused(done: &Done) -> &str {
    assert_eq!(done.code, 2, "{done:?}");
    assert_eq!(done.out, "", "an answer to nothing");
    &done.err
}

#[test]
fn a_backup_is_restored_elsewhere_and_is_the_same_installation() {
    let home = Home::new();
    let told = home.backup().json();
    assert_eq!(told["tables"]["users"], 1);
    assert_eq!(told["verified"]["rows"], told["rows"]);
    assert_eq!(fs::metadata(&home.file).unwrap().mode() & 0o7777, 0o600);
    let bytes = fs::read(&home.file).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("alice"));
    let left = fs::read_dir(&home.data.path).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("backup-check")),
        "{left:?}"
    );

    let other = Data::new();
    let done = home.restore(&home.file, &other, &[]);
    let told = done.good();
    assert!(
        told.contains("ended every login") && told.contains("the trail is whole"),
        "{told}"
    );
    let key = other.file("master.key");
    assert_eq!(fs::metadata(&key).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(
        fs::read(key).unwrap(),
        fs::read(home.data.file("master.key")).unwrap()
    );
    assert!(other.run(&["user", "list"]).good().contains(ALICE));
    other.run(&["audit", "verify"]).good();
    let trail = other.run(&["audit", "tail"]).good();
    for event in [
        "backup.taken",
        "installation.restored",
        "all_sessions.ended",
    ] {
        assert!(trail.contains(event), "{event}");
    }
}

/// A cookie of before opens nothing after a restore; with --keep-logins it does.
///
/// Holds: ASVS 7.4.1
#[test]
fn asvs_7_4_1_no_login_outlives_a_restore_unless_it_is_told_to() {
    let home = Home::new();
    let server = home.data.serve();
    let browser = Browser::sign_in(server.port, ALICE);
    home.backup().good();
    drop(server);
    for (more, alive) in [(&[][..], false), (&["--keep-logins"], true)] {
        let other = Data::new();
        let done = home.restore(&home.file, &other, more);
        assert!(
            told(&done).contains(if alive {
                "kept 1 session"
            } else {
                "1 session that"
            }),
            "{done:?}"
        );
        let server = other.serve();
        assert_eq!(browser.is_signed_in_at(server.port), alive);
    }
}

/// What becomes of a file's bytes.
type Change = Box<dyn FnOnce(&mut Vec<u8>)>;

/// Holds: ASVS 11.3.3
#[test]
fn asvs_11_3_3_what_was_changed_or_cut_off_is_refused_and_leaves_nothing() {
    let home = Home::new();
    // More than a chunk, so that there is a middle.
    for n in 0..3 {
        home.data
            .run(&["user", "invite", &format!("i{n}@example.test")])
            .good();
    }
    home.backup().good();
    let length = fs::read(&home.file).unwrap().len();
    let changes: [(Change, &str); 7] = [
        (Box::new(|bytes| bytes[0] ^= 1), "no backup of Vestibule's"),
        (Box::new(|bytes| bytes[19] = 9), "newer vestibule"),
        (Box::new(|bytes| bytes[23] = 2), "layout 2"),
        (
            Box::new(|bytes| bytes[60] ^= 1),
            "not its passphrase or key",
        ),
        (
            Box::new(move |bytes| bytes[length - 40] ^= 1),
            "damaged or was changed",
        ),
        (
            Box::new(move |bytes| bytes.truncate(length - 1)),
            "damaged or was changed",
        ),
        (
            Box::new(|bytes| bytes.truncate(100)),
            "no backup of Vestibule's",
        ),
    ];
    for (change, said) in changes {
        let file = home.changed(change);
        let other = Data::new();
        let done = home.restore(&file, &other, &[]);
        assert!(refused(&done).contains(said), "{said}: {done:?}");
        assert!(!other.path.exists(), "nothing is left: {said}");
    }

    let other = Data::new();
    let wrong = home.key.with_file_name("other.key");
    other.run(&["backup", "--new-key", text(&wrong)]).good();
    let arguments = [
        "restore",
        text(&home.file),
        "--yes",
        "--key-file",
        text(&wrong),
    ];
    let done = other.run(&arguments);
    assert!(
        refused(&done).contains("not its passphrase or key"),
        "{done:?}"
    );
    let done = other.run(&["restore", text(&home.file), "--yes"]);
    assert!(refused(&done).contains("--key-file"), "{done:?}");
    assert!(!other.path.exists());
}

#[test]
fn a_restore_goes_into_an_empty_place_alone() {
    let home = Home::new();
    home.backup().good();
    let before = fs::read(home.data.file("master.key")).unwrap();
    let done = home.restore(&home.file, &home.data, &[]);
    let told = refused(&done);
    assert!(
        told.contains("vestibule.db is there already") && told.contains("--data"),
        "{told}"
    );
    assert_eq!(fs::read(home.data.file("master.key")).unwrap(), before);
    assert!(home.data.run(&["user", "list"]).good().contains(ALICE));

    // A key that is another's: what is sealed in the backup would not open under it.
    let other = Data::new();
    fs::create_dir(&other.path).unwrap();
    fs::set_permissions(&other.path, fs::Permissions::from_mode(0o700)).unwrap();
    fs::copy(&home.key, other.file("master.key")).unwrap();
    let done = home.restore(&home.file, &other, &[]);
    assert!(refused(&done).contains("is not the backup's"), "{done:?}");
    assert_eq!(fs::read_dir(&other.path).unwrap().count(), 1, "as it was");

    // The right one may lie there, and so may settings.
    fs::copy(home.data.file("master.key"), other.file("master.key")).unwrap();
    fs::write(other.file("vestibule.toml"), "[log]\nlevel = \"warn\"\n").unwrap();
    home.restore(&home.file, &other, &[]).good();

    // Nobody is there to be asked.
    let third = Data::new();
    let done = third.run(&["restore", text(&home.file), "--key-file", text(&home.key)]);
    assert!(refused(&done).contains("add --yes"), "{done:?}");
    assert!(!third.path.exists());
}

#[test]
fn a_backup_overwrites_nothing_and_asks_nobody_who_is_not_there() {
    let home = Home::new();
    fs::write(&home.file, "something").unwrap();
    let done = home.backup();
    assert!(refused(&done).contains("is there already"), "{done:?}");
    assert_eq!(fs::read(&home.file).unwrap(), b"something");
    fs::remove_file(&home.file).unwrap();
    let done = home.data.run(&["backup", text(&home.file)]);
    assert!(refused(&done).contains("--passphrase-file"), "{done:?}");
    assert!(!home.file.exists());
    let missing = Data::new();
    let arguments = ["backup", text(&home.file), "--key-file", text(&home.key)];
    let done = missing.run(&arguments);
    assert!(refused(&done).contains("no data directory"), "{done:?}");
}

#[test]
fn a_passphrase_comes_from_a_file_and_opens_what_it_locked() {
    let home = Home::new();
    let passphrase = home.data.beside("passphrase", "a dozen red bicycles\n");
    let wrong = home.data.beside("wrong", "a dozen blue bicycles\n");
    for file in [&passphrase, &wrong] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let given = ["--passphrase-file", text(&passphrase)];
    let done = home
        .data
        .run(&["backup", text(&home.file), given[0], given[1]]);
    assert!(told(&done).contains("the trail is whole"), "{done:?}");
    let other = Data::new();
    let arguments = ["restore", text(&home.file), "--yes", "--passphrase-file"];
    let done = other.run(&[&arguments[..], &[text(&wrong)]].concat());
    assert!(
        refused(&done).contains("not its passphrase or key"),
        "{done:?}"
    );
    other
        .run(&[&arguments[..], &[text(&passphrase)]].concat())
        .good();
    assert!(other.run(&["user", "list"]).good().contains(ALICE));
}

#[test]
fn a_migration_that_cannot_be_is_refused_with_what_to_do() {
    let home = Home::new();
    let done = home.data.run(&["migrate", "--to", "sqlite:"]);
    assert!(refused(&done).contains("same store"), "{done:?}");
    let done = home.data.run(&["migrate", "--to", "mysql://localhost"]);
    assert!(refused(&done).contains("--to must be"), "{done:?}");
    let server = home.data.serve();
    let done = home
        .data
        .run(&["migrate", "--to", "postgres://nobody@127.0.0.1:1/none"]);
    assert!(refused(&done).contains("no server runs"), "{done:?}");
    drop(server);
}

/// Answers one request on the control socket with `body`, and is gone.
fn dying_server(socket: &Path, body: Vec<u8>) -> std::thread::JoinHandle<()> {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        // The first connection only asks whether somebody is there.
        for answer in [None, Some(body)] {
            let (mut stream, _) = listener.accept().unwrap();
            let Some(body) = answer else { continue };
            let mut head = [0; 1024];
            let read = stream.read(&mut head).unwrap();
            assert!(head[..read].starts_with(b"POST /api/v1/admin/backup "));
            let head = format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
            stream.write_all(b"\r\n").unwrap();
        }
    })
}

/// A server that is killed in the middle: no half file is taken for a backup, whether the stream is cut off or ends early.
#[test]
fn a_backup_that_breaks_off_leaves_no_file() {
    let home = Home::new();
    let begin = Begin {
        backend: "sqlite".to_owned(),
        at: UnixMillis(1_800_000_000_000),
    };
    for body in [encode_begin(&begin), Vec::new()] {
        let socket = home.data.file("control.sock");
        let server = dying_server(&socket, body);
        let done = home
            .data
            .run(&["backup", text(&home.file), "--key-file", text(&home.key)]);
        server.join().unwrap();
        fs::remove_file(socket).unwrap();
        let told = refused(&done);
        assert!(told.contains("nothing was written"), "{told}");
        let beside = fs::read_dir(home.file.parent().unwrap()).unwrap();
        let left: Vec<_> = beside.map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            !left
                .iter()
                .any(|name| name.to_string_lossy().contains("monday")),
            "{left:?}"
        );
    }
}
