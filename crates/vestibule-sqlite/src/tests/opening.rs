//! Opening: the lock, the schema's history, damage, who may read the files.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use vestibule_core::email::EmailAddress;
use vestibule_core::filter::SessionFilter;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{Address, Particulars};
use vestibule_store::{Addresses as _, Sessions as _, StoreError, Users as _};

use super::make::{Home, NOON, Told, open_in};
use crate::migrate::{MIGRATIONS, Migration, migrate};
use crate::{Durability, FILE_NAME, OpenError, connection};

fn open(directory: &Path) -> Result<crate::Sqlite, OpenError> {
    open_in(directory, Arc::new(Told::default()))
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_until_the_first_is_gone() {
    let home = Home::new().await;
    let refused = open(home.directory.path()).unwrap_err();
    let OpenError::Locked { holder, .. } = &refused else {
        panic!("{refused}")
    };
    assert_eq!(*holder, Some(std::process::id()));
    let message = refused.to_string();
    assert!(message.contains("another vestibule (process "), "{message}");
    assert!(message.contains("stop it"), "{message}");

    home.sqlite.close().await;
    let next = open(home.directory.path()).unwrap();
    drop(next);
    open(home.directory.path()).unwrap();
}

#[test]
fn a_link_in_the_locks_place_is_refused_and_what_it_names_is_untouched() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    fs::create_dir(&data).unwrap();
    let target = scratch.path().join("elsewhere");
    symlink(&target, data.join("lock")).unwrap();

    // One that leads nowhere makes nothing there.
    open(&data).unwrap_err();
    assert!(!target.exists());

    fs::write(&target, "somebody else's").unwrap();
    let refused = open(&data).unwrap_err().to_string();
    assert!(
        refused.contains("data/lock") && refused.contains("symbolic link"),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&target).unwrap(), "somebody else's");
    assert!(!data.join(FILE_NAME).exists());
}

#[tokio::test]
async fn the_files_are_their_owners_alone() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("deep/data");
    let sqlite = open(&data).unwrap();
    sqlite.filled().await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let mut seen = 0;
    for file in fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 4, "database, log, the log's index, lock");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let home = Home::new().await;
    home.sqlite.close().await;
    let path = home.directory.path().join(FILE_NAME);
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = fs::read(&path).unwrap();
    let refused = open(home.directory.path()).unwrap_err();
    let known = MIGRATIONS.last().unwrap().version;
    assert!(matches!(refused, OpenError::NewerSchema { found: 99, known: k } if k == known));
    assert!(refused.to_string().contains("start the newer vestibule"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_step_that_was_applied_may_not_change() {
    let mut conn = Connection::open_in_memory().unwrap();
    let first = Migration {
        version: 1,
        sql: "CREATE TABLE a (x)",
    };
    migrate(&mut conn, &[first]).unwrap();
    migrate(&mut conn, &[first]).unwrap();
    let edited = Migration {
        sql: "CREATE TABLE a (x, y)",
        ..first
    };
    let refused = migrate(&mut conn, &[edited]).unwrap_err();
    assert!(matches!(refused, OpenError::SchemaChanged { version: 1 }));
    let second = Migration {
        version: 2,
        sql: "CREATE TABLE b (x)",
    };
    migrate(&mut conn, &[first, second]).unwrap();
    let older = migrate(&mut conn, &[first]).unwrap_err();
    assert!(matches!(
        older,
        OpenError::NewerSchema { found: 2, known: 1 }
    ));
}

#[test]
fn a_step_that_fails_leaves_the_schema_as_it_was() {
    let mut conn = Connection::open_in_memory().unwrap();
    let steps = [
        Migration {
            version: 1,
            sql: "CREATE TABLE a (x)",
        },
        Migration {
            version: 2,
            sql: "CREATE TABLE b (x); CREATE TABLE a (x)",
        },
    ];
    migrate(&mut conn, &steps).unwrap_err();
    let tables: i64 = conn
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 0);
}

/// Holds: O02
#[tokio::test]
async fn accounts_from_before_there_were_addresses_keep_theirs_and_stay_signed_in() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(FILE_NAME);
    let mut conn = Connection::open(&path).unwrap();
    migrate(&mut conn, &MIGRATIONS[..1]).unwrap();
    conn.execute_batch(
        "INSERT INTO users (id, email, email_verified, name, roles, created_at, password) VALUES \
             (x'00000000000000000000000000000001', 'alice@example.test', 1, 'Alice', 'admin', 5, 'hers'), \
             (x'00000000000000000000000000000002', 'bob@example.test', 0, '', '', 6, NULL); \
         INSERT INTO sessions (id, user_id, secret, rev, created_at, auth_time, last_seen, idle, \
             expires_at, remembered, acr, amr) \
         VALUES (zeroblob(16), x'00000000000000000000000000000001', zeroblob(32), 0, 0, 0, 0, 1000, 1000, 0, 'aal1', 1)",
    )
    .unwrap();
    drop(conn);

    let sqlite = open(directory.path()).unwrap();
    sqlite.filled().await.unwrap();
    let email = |name: &str| EmailAddress::parse(&format!("{name}@example.test")).unwrap();
    for (name, verified, at) in [("alice", true, 5), ("bob", false, 6)] {
        let record = sqlite.sign_in_record(email(name)).await.unwrap().unwrap();
        assert_eq!(record.user.email, email(name));
        assert_eq!(record.particulars, Particulars::default());
        assert_eq!((record.last_login, record.failures), (None, 0));
        assert_eq!(record.addresses, [email(name)]);
        let address = Address {
            email: email(name),
            verified,
            primary: true,
            added_at: UnixMillis(at),
        };
        assert_eq!(sqlite.addresses(record.user.id).await.unwrap(), [address]);
    }
    let alice = sqlite
        .sign_in_record(email("alice"))
        .await
        .unwrap()
        .unwrap();
    let sessions = sqlite.sessions_of(alice.user.id, UnixMillis(1)).await;
    assert_eq!(sessions.unwrap().len(), 1);
}

/// Steps are numbered from 1 without a gap.
#[test]
fn the_schemas_steps_are_numbered_in_order() {
    let versions: Vec<u32> = MIGRATIONS.iter().map(|step| step.version).collect();
    let expected: Vec<u32> = (1..).take(versions.len()).collect();
    assert_eq!(versions, expected);
}

async fn some_sessions() -> Home {
    let home = Home::new().await;
    for n in 0..5 {
        let user = home.user(&format!("user-{n}")).await;
        for _ in 0..100 {
            home.sqlite
                .open_session(home.login(user), home.act())
                .await
                .unwrap();
        }
    }
    home.sqlite.close().await;
    home
}

#[tokio::test]
async fn a_damaged_database_is_refused_with_what_to_do() {
    let damages: [fn(&File, u64); 4] = [
        |file, _| {
            let letter = b"not a database, but a letter to alice";
            file.write_all_at(letter, 0).unwrap();
        },
        |file, _| file.write_all_at(&[0xa5; 4096], 4096 * 3).unwrap(),
        |file, pages| {
            let middle = pages / 2 * 4096;
            file.write_all_at(&[0xa5; 4096 * 4], middle).unwrap();
        },
        |file, pages| file.set_len(pages / 2 * 4096).unwrap(),
    ];
    for (n, damage) in damages.into_iter().enumerate() {
        let home = some_sessions().await;
        let path = home.directory.path().join(FILE_NAME);
        let file = File::options().write(true).open(&path).unwrap();
        damage(&file, fs::metadata(&path).unwrap().len() / 4096);
        let bytes = fs::read(&path).unwrap();
        let refused = open(home.directory.path()).unwrap_err();
        assert!(
            matches!(refused, OpenError::Corrupt { .. }),
            "{n}: {refused:?}"
        );
        let message = refused.to_string();
        assert!(
            message.contains(&path.display().to_string()),
            "{n}: {message}"
        );
        assert!(
            message.contains("restore it from a backup"),
            "{n}: {message}"
        );
        assert_eq!(fs::read(&path).unwrap(), bytes, "{n}: it is left as it is");
    }
}

/// Damage that opening does not look for is met by the fill, and everything is refused from then on.
#[tokio::test]
async fn damage_met_by_the_fill_refuses_every_transition() {
    let home = some_sessions().await;
    let conn = Connection::open(home.directory.path().join(FILE_NAME)).unwrap();
    conn.execute("UPDATE sessions SET acr = 'aal9'", [])
        .unwrap();
    drop(conn);
    let sqlite = open(home.directory.path()).unwrap();
    assert!(matches!(sqlite.filled().await, Err(StoreError::Corrupt(_))));
    let refused = sqlite.end_all_sessions(home.act()).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    let refused = sqlite
        .sessions(SessionFilter::default(), None, 10, NOON)
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = open(&file.join("data")).unwrap_err();
    assert!(
        matches!(&refused, OpenError::Io { path, .. } if path.starts_with(&file)),
        "{refused}"
    );
}

/// What is acknowledged must be in a log that is synced; where there can be none, nothing is taken on.
#[test]
fn where_no_log_can_be_kept_nothing_is_opened() {
    // SQLite's own memory has no log, as some network file systems have none.
    let refused = connection::writer(Path::new(":memory:"), Durability::Full).unwrap_err();
    assert!(
        refused.to_string().contains("local file system"),
        "{refused}"
    );
}
