//! Starts that must be refused: each says what is wrong and what to do, and changes nothing.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use crate::process::{Data, Done, PASSWORD, program};

/// A start that ends by itself.
fn refused(data: &Data, arguments: &[&str]) -> Done {
    let output = program(&["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data.path)
        .args(arguments)
        .output()
        .unwrap();
    Done::from(output)
}

/// A data directory that a server has run on.
fn used() -> Data {
    let data = Data::new();
    data.serve().stop();
    data
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let data = Data::new();
    let server = data.serve();
    let directory = data.path.display().to_string();
    refused(&data, &[]).failed(&["another vestibule", "process", &directory]);
    let host = format!("localhost:{}", server.port);
    assert_eq!(
        crate::browser::status(server.port, &host, "/readyz"),
        "HTTP/1.1 200 OK"
    );
    data.run(&["user", "list"]).good();
}

#[test]
fn a_port_in_use_is_told() {
    let data = Data::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program(&["serve", "--listen", &address, "--data"])
        .arg(&data.path)
        .output()
        .unwrap();
    Done::from(output).failed(&[&address, "in use", "--listen"]);
    // It let go of the data.
    data.serve().stop();
}

#[test]
fn wrong_settings_are_told_before_anything_is_made() {
    let data = Data::new();
    for (text, parts) in [
        (
            "[sessions]\nidel = \"1h\"",
            ["sessions.idel", "sessions.idle"],
        ),
        ("[sessions]\nidle = \"soon\"", ["sessions.idle", "soon"]),
        (
            "[server]\nlisten = \"0.0.0.0:8080\"\n[sessions]\nidle = \"13h\"",
            ["sessions.idle", "sessions.absolute"],
        ),
    ] {
        let file = data.beside("settings.toml", text);
        refused(&data, &["--config", file.to_str().unwrap()]).failed(&parts);
    }
    refused(&data, &["--issuer", "http://id.example.test"]).failed(&[
        "server.issuer",
        "--issuer",
        "https://id.example.test",
    ]);
    refused(&data, &["--issuer", "https://id.example.test"]).failed(&["trusted_proxies"]);
    refused(&data, &["--listen", "0.0.0.0:0"]).failed(&["server.listen 0.0.0.0:0", "--issuer"]);
    assert!(!data.path.exists());
}

#[test]
fn another_master_key_is_refused_and_a_missing_one_is_not_made_anew() {
    let data = used();
    let key = data.file("master.key");
    let kept = fs::read(&key).unwrap();

    fs::remove_file(&key).unwrap();
    refused(&data, &[]).failed(&["master.key", "missing", "keys.master_key_file"]);
    assert!(
        !key.exists(),
        "a new key would be in the way of the right one"
    );

    fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    refused(&data, &[]).failed(&["another master key"]);
    data.run(&["user", "list"]).failed(&["another master key"]);

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&data, &[]).failed(&["0644", "chmod 600"]);

    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    data.serve().stop();
}

#[test]
fn a_configured_key_is_used_and_none_is_made() {
    let data = Data::new();
    let key = data.beside("key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    let setting = [("VESTIBULE_KEYS__MASTER_KEY_FILE", key.to_str().unwrap())];
    data.serve_with(&[], &setting).stop();
    assert!(!data.file("master.key").exists());
    refused(&data, &[]).failed(&["master.key", "missing"]);
}

#[test]
fn a_newer_schema_is_refused() {
    let data = used();
    data.database()
        .pragma_update(None, "user_version", 999)
        .unwrap();
    refused(&data, &[]).failed(&["999", "newer", "backup"]);
    data.run(&["user", "list"]).failed(&["999"]);
}

#[test]
fn a_damaged_database_is_refused_and_kept() {
    let data = used();
    let mut bytes = fs::read(data.file("vestibule.db")).unwrap();
    bytes[..100].fill(0x5a);
    fs::write(data.file("vestibule.db"), &bytes).unwrap();
    refused(&data, &[]).failed(&["vestibule.db", "damaged", "backup"]);
    assert_eq!(fs::read(data.file("vestibule.db")).unwrap(), bytes);
}

#[test]
fn a_data_directory_open_to_others_is_refused() {
    let data = used();
    fs::set_permissions(&data.path, fs::Permissions::from_mode(0o755)).unwrap();
    refused(&data, &[]).failed(&["0755", "chmod 700"]);
    data.run(&["user", "list"]).failed(&["chmod 700"]);
}

/// Holds: ASVS 13.3.1
#[test]
fn no_password_is_told_to_who_answers_in_a_directory_open_to_others() {
    let data = used();
    fs::set_permissions(&data.path, fs::Permissions::from_mode(0o777)).unwrap();
    let stranger = UnixListener::bind(data.file("control.sock")).unwrap();
    data.run_with(
        &["user", "add", "alice@example.test", "--password-stdin"],
        PASSWORD,
    )
    .failed(&["0777", "chmod 700"]);
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.accept().is_err(), "nobody spoke to it");
}

#[test]
fn a_data_directory_that_is_a_file_is_told() {
    let data = Data::new();
    fs::write(&data.path, "").unwrap();
    refused(&data, &[]).failed(&["not a directory", "--data"]);
}

#[test]
fn a_clock_far_behind_is_refused_until_an_operator_accepts_it() {
    let data = used();
    // A year ahead of any clock this test runs under.
    data.database()
        .execute(
            "UPDATE installation SET clock_mark = clock_mark + 366 * 86400000",
            [],
        )
        .unwrap();
    refused(&data, &[]).failed(&["clock", "--accept-clock"]);
    data.run(&["user", "list"]).failed(&["--accept-clock"]);

    data.serve_with(&["--accept-clock"], &[]).stop();
    let events = data.run(&["audit", "tail", "--json"]).good();
    assert!(
        events.contains("clock.accepted") && events.contains("operator:"),
        "{events}"
    );
    data.serve().stop();
}

#[test]
fn what_is_in_the_way_of_the_socket_is_not_removed() {
    let data = used();
    fs::write(data.file("control.sock"), "notes").unwrap();
    refused(&data, &[]).failed(&["control.sock", "no socket"]);
    assert_eq!(fs::read(data.file("control.sock")).unwrap(), b"notes");
}

#[test]
fn a_server_that_does_not_answer_on_its_socket_is_told_of() {
    let data = Data::new();
    let server = data.serve();
    fs::remove_file(data.file("control.sock")).unwrap();
    data.run_with(
        &["user", "add", "alice@example.test", "--password-stdin"],
        PASSWORD,
    )
    .failed(&["another vestibule", "control.sock", "try again"]);
    server.stop();
}
