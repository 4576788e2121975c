//! Starting, being ready, and stopping.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::browser::{Browser, status};
use crate::process::{Data, Process, mode, program};

#[test]
fn a_first_run_is_four_lines_and_its_files_are_its_owners_alone() {
    let data = Data::new();
    let mut server = data.serve();
    server.process.line("stop with Ctrl-C");
    let port = server.port;
    let link = fs::read_to_string(data.file("setup-link")).unwrap();
    let prefix = format!("http://localhost:{port}/setup?token=vst_setup_");
    assert!(link.starts_with(&prefix) && link.ends_with('\n'), "{link}");

    assert_eq!(mode(&data.path), 0o700);
    for name in [
        "control.sock",
        "lock",
        "master.key",
        "setup-link",
        "vestibule.db",
        "vestibule.db-wal",
    ] {
        assert_eq!(mode(&data.file(name)), 0o600, "{name}");
    }
    let said = server.stop();
    let directory = fs::canonicalize(&data.path).unwrap();
    assert_eq!(
        said[..4],
        [
            format!("listening on http://localhost:{port}"),
            format!("data in {}", directory.display()),
            format!(
                "set up the administrator within the hour: the link is in {}",
                data.file("setup-link").display()
            ),
            "stop with Ctrl-C".to_owned(),
        ]
    );
    assert!(!data.file("setup-link").exists() && !data.file("control.sock").exists());
}

#[test]
fn on_a_terminal_the_link_is_shown_and_no_file_is_written() {
    let data = Data::new();
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let side = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let mut child = program(&["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data.path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(side)
        .spawn()
        .unwrap();
    let mut shown = Vec::new();
    let mut terminal = File::from(terminal);
    while !String::from_utf8_lossy(&shown).contains("stop with Ctrl-C") {
        let mut bytes = [0; 1024];
        let read = terminal.read(&mut bytes).unwrap();
        shown.extend_from_slice(&bytes[..read]);
    }
    let shown = String::from_utf8(shown).unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 4, "{shown}");
    assert!(lines[2].contains("/setup?token=vst_setup_"), "{shown}");
    assert!(!data.file("setup-link").exists());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_is_ready_when_it_says_so_and_the_issuer_follows_the_real_port() {
    let data = Data::new();
    let server = data.serve();
    let host = format!("localhost:{}", server.port);
    assert_eq!(status(server.port, &host, "/readyz"), "HTTP/1.1 200 OK");
    assert_eq!(status(server.port, &host, "/healthz"), "HTTP/1.1 200 OK");
    assert_eq!(status(server.port, &host, "/login"), "HTTP/1.1 200 OK");
    let foreign = status(server.port, "evil.example.test", "/login");
    assert!(foreign.starts_with("HTTP/1.1 421"), "{foreign}");
}

#[test]
fn a_set_issuer_is_named_beside_what_the_proxy_speaks_to() {
    let data = Data::new();
    let config = data.beside(
        "settings.toml",
        "[[trusted_proxies]]\naddress = \"127.0.0.1\"\nheaders = \"x-forwarded\"",
    );
    let mut process = Process::start(
        program(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--issuer",
            "https://id.example.test",
        ])
        .args([
            "--config".as_ref(),
            config.as_os_str(),
            "--data".as_ref(),
            data.path.as_os_str(),
        ]),
    );
    let line = process.line("listening on");
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
    assert!(line.ends_with(" for https://id.example.test"), "{line}");
    // Off loopback a key beside its data deserves a word.
    process.line("keys.master_key_file");
    let setup = fs::read_to_string(data.file("setup-link")).unwrap();
    assert!(
        setup.starts_with("https://id.example.test/setup?token="),
        "{setup}"
    );
}

#[test]
fn sigterm_and_ctrl_c_end_it_well() {
    let data = Data::new();
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = data.serve();
        server.process.signal(signal);
        let (status, said) = server.process.end();
        assert_eq!(status.code(), Some(0), "{said:?}");
    }
}

#[test]
fn sighup_ends_nothing() {
    let data = Data::new();
    let mut server = data.serve();
    server.process.signal(Signal::HUP);
    server.process.line("the settings were reloaded");
    let host = format!("localhost:{}", server.port);
    assert_eq!(status(server.port, &host, "/readyz"), "HTTP/1.1 200 OK");
    server.stop();
}

/// Holds: N10
#[test]
fn logins_survive_a_restart_and_a_kill() {
    let data = Data::new();
    data.add_user("alice@example.test");
    let server = data.serve();
    let stays = Browser::sign_in(server.port, "alice@example.test");
    server.stop();

    let mut server = data.serve();
    assert!(stays.is_signed_in_at(server.port));
    server.process.signal(Signal::KILL);
    server.process.end();
    assert!(
        data.file("control.sock").exists(),
        "what a killed server leaves"
    );

    let server = data.serve();
    assert!(stays.is_signed_in_at(server.port));
    UnixStream::connect(data.file("control.sock")).unwrap();
}

#[test]
fn the_set_up_link_goes_when_it_is_no_longer_good_and_is_new_at_each_start() {
    let data = Data::new();
    let link = || fs::read_to_string(data.file("setup-link"));
    let server = data.serve();
    let first = link().unwrap();
    server.stop();
    let server = data.serve();
    assert_ne!(link().unwrap(), first);

    data.run_with(
        &[
            "user",
            "add",
            "alice@example.test",
            "--role",
            "admin",
            "--password-stdin",
        ],
        "a long enough password",
    )
    .good();
    // It goes by itself, soon: a few commands later at the latest.
    let gone = (0..100).any(|_| {
        data.run(&["user", "list"]).good();
        !data.file("setup-link").exists()
    });
    assert!(gone, "the link stays after the administrator was made");
    let said = server.stop();
    assert!(
        said.iter()
            .any(|line| line.contains("set up the administrator")),
        "{said:?}"
    );
    let server = data.serve();
    assert!(!data.file("setup-link").exists());
    let said = server.stop();
    assert!(!said.iter().any(|line| line.contains("set up")), "{said:?}");
}
