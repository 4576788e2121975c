//! Commands while no server runs, and what they leave to one.

use std::io::{ErrorKind, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::json;

use crate::process::{Data, Done, PASSWORD, Process, program};

const BOB: &str = "bob@example.test";

fn run(data: &Data, arguments: &[&str], settings: &[(&str, &str)]) -> Done {
    run_with(data, arguments, settings, "")
}

fn run_with(data: &Data, arguments: &[&str], settings: &[(&str, &str)], input: &str) -> Done {
    let mut child = program(arguments)
        .arg("--data")
        .arg(&data.path)
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Done::from(child.wait_with_output().unwrap())
}

/// Holds: H01
#[test]
fn h01_a_link_that_assumes_its_issuer_says_so() {
    let data = Data::new();
    for arguments in [
        &["user", "invite", BOB][..],
        &["user", "invite", BOB, "--json"],
    ] {
        let done = run(&data, arguments, &[]);
        assert_eq!(
            done.err,
            "no server runs; the link assumes http://localhost:8080: set server.issuer or start the server\n"
        );
        done.good();
    }
    let issuer = ("VESTIBULE_SERVER__ISSUER", "http://localhost:9000");
    let done = run(&data, &["user", "invite", BOB], &[issuer]);
    assert_eq!(done.err, "");
    assert!(done.good().contains("http://localhost:9000/register/"));
    data.add_user("alice@example.test");
    let done = run(&data, &["user", "recover", "alice@example.test"], &[]);
    assert!(done.err.contains("set server.issuer"), "{done:?}");
}

#[test]
fn a_command_leaves_mail_to_the_server() {
    let mails = TcpListener::bind("127.0.0.1:0").unwrap();
    mails.set_nonblocking(true).unwrap();
    let server = format!("smtp://{}", mails.local_addr().unwrap());
    let settings = [("VESTIBULE_MAIL__SERVER", server.as_str())];
    for later in [&[][..], &settings] {
        let data = Data::new();
        let done = run(&data, &["user", "invite", BOB], &settings);
        assert_eq!(done.err, "", "there is no link to assume anything");
        let said = done.good();
        assert!(said.contains("is in the outbox and goes once a server runs"));
        assert!(!said.contains("token="), "{said}");

        // Hashing takes longer than it would take to try the letter.
        let carla = ["user", "add", "carla@example.test", "--password-stdin"];
        let done = run_with(&data, &carla, later, PASSWORD);
        assert_eq!(done.err, "");
        done.good();
        let status = run(&data, &["mail", "status", "--json"], later).json();
        assert_eq!(status["waiting"], json!(1));
        let tried = mails.accept().unwrap_err();
        assert_eq!(tried.kind(), ErrorKind::WouldBlock, "nobody spoke to it");
    }
}

#[test]
fn behind_a_proxy_no_mailbox_is_made_even_on_loopback() {
    let data = Data::new();
    data.run(&["user", "add", BOB, "--role", "admin"]).good();
    let mut serve = program(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    serve
        .arg(&data.path)
        .args(["--issuer", "https://localhost:8443"]);
    let mut process = Process::start(&mut serve);
    process.line("set mail.server");
    let status = data.run(&["mail", "status", "--json"]).json();
    assert_eq!(status["mails"], false);
    assert!(!data.file("dev-mail-link").exists());
    let invited = data.run(&[
        "user",
        "invite",
        BOB.replace("bob", "carla").as_str(),
        "--json",
    ]);
    let link = invited.json()["link"].clone();
    assert!(
        link.as_str()
            .is_some_and(|link| link.starts_with("https://localhost:8443/register/")),
        "{link}"
    );
}
