//! A restore, whole or not at all: whatever is wrong, whoever else is there, however it ends.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use rustix::process::Signal;

use super::{ALICE, Home, refused, text, told};
use crate::process::{Data, Done, PATIENCE, Process, program};

/// What the directory of a restore that is under way is called.
const MARK: &str = "restore-unfinished";

#[test]
fn a_restore_whose_trail_is_not_whole_leaves_the_data_and_says_so() {
    let home = Home::new();
    home.data
        .database()
        .execute("UPDATE audit_events SET at = at + 1 WHERE position = 1", [])
        .unwrap();
    let key = text(&home.key);
    let done = home
        .data
        .run(&["backup", text(&home.file), "--key-file", key]);
    assert_eq!(done.code, 1, "it is written, and not good: {done:?}");
    assert!(done.out.contains("wrote ") && !done.out.contains("compared"));
    assert!(done.err.contains("is not whole"), "{done:?}");
    fs::remove_file(&home.file).unwrap();
    let untried = ["backup", text(&home.file), "--key-file", key, "--no-verify"];
    home.data.run(&untried).good();

    let other = Data::new();
    let done = home.restore(&home.file, &other, &["--json"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.err.contains("it was restored and is there") && done.err.contains("is not whole"),
        "{done:?}"
    );
    assert!(done.out.contains("\"trail_fault\": \"its audit trail"));
    assert!(other.file("master.key").exists());
    assert!(other.run(&["user", "list"]).good().contains(ALICE));
}

#[test]
fn of_several_restores_at_once_exactly_one_succeeds() {
    let home = Home::new();
    home.backup().good();
    let other = Data::new();
    let done: Vec<Done> = thread::scope(|scope| {
        let all: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| home.restore(&home.file, &other, &[])))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let good = done.iter().filter(|done| done.code == 0).count();
    assert_eq!(good, 1, "{done:?}");
    assert!(other.run(&["user", "list"]).good().contains(ALICE));
    assert_eq!(
        fs::read(other.file("master.key")).unwrap(),
        fs::read(home.data.file("master.key")).unwrap()
    );
}

/// A restore into a database that never answers: it is under way until somebody ends it.
fn hanging(home: &Home, into: &Data) -> (TcpStream, Process) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let store = format!(
        "postgres://nobody@{}/none?sslmode=disable",
        silent.local_addr().unwrap()
    );
    let arguments = ["restore", text(&home.file), "--yes", "--key-file"];
    let mut command = program(&arguments);
    command.arg(&home.key).args(["--store", &store, "--data"]);
    let process = Process::start(command.arg(&into.path));
    // It calls once the key is there; nobody answers.
    let (sender, called) = mpsc::channel();
    thread::spawn(move || sender.send(silent.accept()));
    let (call, _) = called.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(into.file("master.key").exists());
    (call, process)
}

#[test]
fn a_killed_restore_is_no_new_installation_and_can_be_run_again() {
    let home = Home::new();
    home.backup().good();
    let other = Data::new();
    let (_silent, mut process) = hanging(&home, &other);
    process.signal(Signal::KILL);
    process.end();
    assert!(other.file(MARK).exists());
    for command in [&["serve"][..], &["user", "list"]] {
        let done = other.run(command);
        let told = refused(&done);
        assert!(
            told.contains(MARK) && told.contains("run it again"),
            "{told}"
        );
    }
    // Half a database of a killed one goes as well.
    fs::write(other.file(MARK).join("vestibule.db"), "half").unwrap();
    home.restore(&home.file, &other, &[]).good();
    assert!(!other.file(MARK).exists());
    assert!(other.run(&["user", "list"]).good().contains(ALICE));
    // One that was killed when all was done but to take its mark away: the next start does that.
    fs::create_dir(other.file(MARK)).unwrap();
    fs::write(other.file(MARK).join("lock"), "1").unwrap();
    assert!(other.run(&["user", "list"]).good().contains(ALICE));
    assert!(!other.file(MARK).exists());
}

#[test]
fn a_restore_that_is_told_to_end_leaves_nothing() {
    let home = Home::new();
    home.backup().good();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let other = Data::new();
        let (_silent, mut process) = hanging(&home, &other);
        process.signal(signal);
        let (status, said) = process.end();
        assert_eq!(status.code(), Some(2), "{said:?}");
        assert!(said.iter().any(|line| line.contains("broken off")));
        assert!(!other.path.exists(), "{signal:?}");
    }
}

#[test]
fn a_key_that_settings_name_and_a_new_machine_has_not_is_written_there() {
    let home = Home::new();
    home.backup().good();
    let other = Data::new();
    let key = home.key.with_file_name("elsewhere.key");
    let settings = other.beside(
        "vestibule.toml",
        &format!("[keys]\nmaster_key_file = \"{}\"\n", text(&key)),
    );
    let more = ["--config", text(&settings)];
    home.restore(&home.file, &other, &more).good();
    assert_eq!(fs::metadata(&key).unwrap().mode() & 0o7777, 0o600);
    assert!(!other.file("master.key").exists());
    let list = ["user", "list", "--config", text(&settings)];
    assert!(other.run(&list).good().contains(ALICE));
}

#[test]
fn what_is_said_on_the_line_wins_over_the_environment() {
    let home = Home::new();
    let passphrase = home.data.beside("passphrase", "a dozen red bicycles\n");
    fs::set_permissions(
        &passphrase,
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let run = |data: &Data, arguments: &[&str], environment: &[(&str, &Path)]| {
        let mut command = program(arguments);
        command.arg("--data").arg(&data.path);
        command.envs(environment.iter().copied());
        Done::from(command.output().unwrap())
    };
    let key = ("VESTIBULE_BACKUP_KEY_FILE", home.key.as_path());
    let phrase = ("VESTIBULE_BACKUP_PASSPHRASE_FILE", passphrase.as_path());
    let said = [
        "backup",
        text(&home.file),
        "--passphrase-file",
        text(&passphrase),
    ];
    told(&run(&home.data, &said, &[key]));
    // It was locked with the passphrase; of the two that are named the one that fits is taken.
    let other = Data::new();
    told(&run(
        &other,
        &["restore", text(&home.file), "--yes"],
        &[key, phrase],
    ));
}

#[test]
fn a_new_key_is_told_as_json() {
    let data = Data::new();
    let key = data.beside("unused", "").with_file_name("new.key");
    let told = data
        .run(&["backup", "--new-key", text(&key), "--json"])
        .json();
    assert_eq!(told["key_file"], text(&key));
}

/// Holds: ASVS 13.3.1
#[test]
fn asvs_13_3_1_no_password_is_an_argument() {
    let home = Home::new();
    home.backup().good();
    let store = "postgres://vestibule:swordfish@localhost/vestibule";
    let other = Data::new();
    let all = [
        home.restore(&home.file, &other, &["--store", store]),
        home.data.run(&["migrate", "--to", store]),
        home.data
            .run(&["migrate", "--from", store, "--to", "sqlite:"]),
    ];
    for done in all {
        let told = refused(&done);
        assert!(
            told.contains("store.password_file") && !told.contains("swordfish"),
            "{told}"
        );
    }
}

/// Needs two users, and so root: elsewhere it says that it was not tried.
#[test]
fn as_root_commands_work_on_a_servers_data_and_do_not_lock_it_out() {
    const SERVER: u32 = 4242;
    if !rustix::process::geteuid().is_root() {
        println!("not tried: this takes root, to be two users");
        return;
    }
    let home = Home::new();
    let own = |path: &Path| chown(path, Some(SERVER), Some(SERVER)).unwrap();
    let files = |data: &Data| {
        let all = fs::read_dir(&data.path).unwrap();
        all.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let all_are_the_servers = |data: &Data| {
        for path in files(data) {
            let owner = fs::metadata(&path).unwrap().uid();
            assert_eq!(owner, SERVER, "{}", path.display());
        }
    };
    own(&home.data.path);
    for path in &files(&home.data) {
        own(path);
    }
    home.backup().good();
    all_are_the_servers(&home.data);

    // A restore, and a first command, into directories that are the server's and empty.
    for restored in [true, false] {
        let other = Data::new();
        fs::create_dir(&other.path).unwrap();
        fs::set_permissions(
            &other.path,
            std::os::unix::fs::PermissionsExt::from_mode(0o700),
        )
        .unwrap();
        own(&other.path);
        if restored {
            home.restore(&home.file, &other, &[]).good();
        } else {
            other.add_user(ALICE);
        }
        all_are_the_servers(&other);
        own(other.path.parent().unwrap());
        let mut list: Command = program(&["user", "list", "--data"]);
        let list = list.arg(&other.path).uid(SERVER).gid(SERVER).output();
        assert!(Done::from(list.unwrap()).good().contains(ALICE));
    }

    // A command that fails on its way, its database away.
    let other = Data::new();
    fs::create_dir(&other.path).unwrap();
    fs::set_permissions(
        &other.path,
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    own(&other.path);
    // What an earlier one left that was killed.
    for log in ["vestibule.db-wal", "vestibule.db-shm"] {
        fs::write(other.file(log), "").unwrap();
    }
    // Nobody but root could listen there.
    let store = "postgres://nobody@127.0.0.1:1/none?sslmode=disable";
    let mut list = program(&["user", "list", "--data"]);
    let list = list.arg(&other.path).env("VESTIBULE_STORE__URL", store);
    let failed = Done::from(list.output().unwrap());
    assert_ne!(failed.code, 0, "{failed:?}");
    assert!(other.file("lock").exists() && other.file("holder").exists());
    all_are_the_servers(&other);

    // Somebody else's is still nobody's here.
    chown(home.data.file("master.key"), Some(SERVER + 1), None).unwrap();
    fs::remove_file(&home.file).unwrap();
    let done = home.backup();
    let told = refused(&done);
    assert!(
        told.contains("belongs to user 4243") && told.contains("must belong to user 4242"),
        "{told}"
    );
}
