//! Inviting, recovering, deleting and mail, by command, on loopback without a mail server.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::browser::{Browser, request, set_cookie, status};
use crate::process::{Data, Done, PASSWORD, Process, mode, program};

const ALICE: &str = "alice@example.test";

#[test]
fn a_link_that_no_mail_can_carry_is_printed() {
    let data = Data::new();
    data.add_user(ALICE);
    let invited = data
        .run(&[
            "user",
            "invite",
            "bob@example.test",
            "--name",
            "Bob",
            "--json",
        ])
        .json();
    assert_eq!(invited["mailed"], false);
    let link = invited["link"].as_str().unwrap();
    assert!(
        link.starts_with("http://localhost:8080/register/finish?token=vst_register_"),
        "{link}"
    );
    let said = data.run(&["user", "recover", ALICE]).good();
    let link = said.lines().last().unwrap();
    assert!(said.contains("mail.server"), "{said}");
    assert!(
        link.starts_with("http://localhost:8080/recover/finish?token=vst_recover_"),
        "{link}"
    );
    data.run(&["user", "recover", "nobody@example.test"])
        .failed(&["nobody@example.test"]);
    data.run(&["user", "invite", ALICE])
        .failed(&["Another account", "Choose another"]);
    data.run(&["mail", "test", ALICE]).failed(&["mail.server"]);
    let status = data.run(&["mail", "status", "--json"]).json();
    assert_eq!(
        status,
        json!({ "mails": false, "waiting": 0, "mailbox": null })
    );
}

/// Holds: ASVS 7.4.2
#[test]
fn asvs_7_4_2_deleting_an_account_asks_first_and_says_how_much_ends() {
    let data = Data::new();
    data.add_user(ALICE);
    let server = data.serve();
    let browsers = [(); 2].map(|()| Browser::sign_in(server.port, ALICE));
    data.run(&["user", "delete", ALICE]).failed(&["--yes"]);
    data.run(&["user", "delete", "nobody@example.test"])
        .failed(&["nobody@example.test"]);
    assert!(browsers[0].is_signed_in(), "nobody was asked");
    let said = data.run(&["user", "delete", ALICE, "--yes"]).good();
    assert_eq!(said, "alice@example.test deleted; 2 sessions ended\n");
    assert!(browsers.iter().all(|browser| !browser.is_signed_in()));
    data.run(&["user", "delete", ALICE, "--yes"])
        .failed(&[ALICE]);
    let users = data.run(&["user", "list", "--json"]).json();
    assert_eq!(users["users"], json!([]));
    data.run(&["audit", "verify"]).good();
}

#[test]
fn the_only_administrator_is_not_deleted() {
    let data = Data::new();
    data.run(&["user", "add", ALICE, "--role", "admin"]).good();
    data.run(&["user", "delete", ALICE, "--yes"])
        .failed(&["only administrator"]);
}

/// Holds: ASVS 16.2.5
#[test]
fn mails_in_development_are_read_in_the_browser_with_the_key_alone() {
    let data = Data::new();
    data.run(&["user", "add", ALICE, "--role", "admin"]).good();
    let mut server = data.serve();
    let said = server.process.line("mails stay here");
    assert_eq!(mode(&data.file("dev-mail-link")), 0o600);
    let link = fs::read_to_string(data.file("dev-mail-link")).unwrap();
    let origin = format!("http://localhost:{}", server.port);
    let path = link.trim().strip_prefix(&origin).unwrap();
    assert!(path.starts_with("/dev/mail?key="), "{link}");
    assert!(!said.contains(path), "{said}");

    let invited = data
        .run(&["user", "invite", "bob@example.test", "--json"])
        .json();
    assert_eq!(
        (&invited["mailed"], &invited["link"]),
        (&json!(true), &Value::Null)
    );
    // Nothing is printed as if there were a mail server, and no link: the letter is in the mailbox.
    let mailbox = format!("{origin}/dev/mail");
    assert_eq!(invited["mailbox"], json!(mailbox));
    for command in [
        ["mail", "test", "carla@example.test"].as_slice(),
        &["mail", "status"],
        &["user", "recover", ALICE],
    ] {
        let said = data.run(command).good();
        assert!(said.contains(&mailbox), "{said}");
        assert!(!said.contains("server took") && !said.contains("token="));
    }
    let host = format!("localhost:{}", server.port);
    let page = |path: &str, cookie: &str| {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nCookie: {cookie}\r\n"
        );
        request(server.port, &head, "")
    };
    let cookie = set_cookie(&page(path, ""), "-mail");
    let mails = page("/dev/mail", &cookie);
    assert!(mails.contains("carla@example.test"), "{mails}");
    let keyless = status(server.port, &host, "/dev/mail");
    assert!(!keyless.contains("200"), "{keyless}");

    let said = server.stop();
    let key = path.split('=').nth(1).unwrap();
    assert!(said.iter().all(|line| !line.contains(key)), "{said:?}");
    assert!(!data.file("dev-mail-link").exists());
}

#[test]
fn open_registration_off_loopback_needs_mail() {
    let data = Data::new();
    let config = data.beside(
        "settings.toml",
        "[registration]\nmode = \"open\"\n[[trusted_proxies]]\naddress = \"127.0.0.1\"\nheaders = \"x-forwarded\"",
    );
    let serve = || {
        let mut command = program(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .args(["--issuer", "https://id.example.test", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(&data.path);
        command
    };
    let refused = Done::from(serve().output().unwrap());
    refused.failed(&["registration.mode", "mail.server", "\"invited\""]);

    // By invitation it starts, and says what is missing.
    let mut process = Process::start(serve().env("VESTIBULE_REGISTRATION__MODE", "invited"));
    process.line("listening on");
    process.line("set mail.server");
}

#[test]
fn what_the_operators_files_lack_is_told_at_the_start() {
    let data = Data::new();
    let file = data.beside("nothing", "no secret, no list\n");
    let wide = data.beside("wide", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    let path = file.to_str().unwrap();
    let server = ("VESTIBULE_MAIL__SERVER", "smtps://mail.example.test");
    let name = ("VESTIBULE_MAIL__USERNAME", "vestibule");
    for (environment, parts) in [
        (
            vec![("VESTIBULE_PLACES__FILE", path)],
            vec!["places.file", "MaxMind"],
        ),
        (
            vec![("VESTIBULE_PASSWORDS__BREACHED_FILE", path)],
            vec!["breached passwords", "Pwned"],
        ),
        (
            vec![("VESTIBULE_PASSWORDS__PEPPER_FILE", wide.to_str().unwrap())],
            vec!["the pepper's file", "chmod 600"],
        ),
        (
            vec![("VESTIBULE_PASSWORDS__OLDER_PEPPER_FILES", "/nonexistent")],
            vec!["passwords.older_pepper_files", "/nonexistent"],
        ),
        (
            vec![server, ("VESTIBULE_MAIL__AUTHORITY_FILE", path)],
            vec!["mail.authority_file", "PEM"],
        ),
        (
            vec![server, name, ("VESTIBULE_MAIL__PASSWORD_FILE", path)],
            vec!["mail server's password", "chmod 600"],
        ),
    ] {
        let output = program(&["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data.path)
            .envs(environment)
            .output()
            .unwrap();
        Done::from(output).failed(&parts);
    }
}

/// Runs `user add` with these settings and answers how it went.
fn added(data: &Data, email: &str, password: &str, settings: &[(&str, &str)]) -> Done {
    let mut child = program(&["user", "add", email, "--password-stdin", "--data"])
        .arg(&data.path)
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(password.as_bytes()).unwrap();
    drop(stdin);
    Done::from(child.wait_with_output().unwrap())
}

/// Holds: ASVS 6.1.2, ASVS 6.2.11, ASVS 6.2.12
#[test]
fn asvs_6_2_11_the_operators_words_and_list_are_no_passwords() {
    let data = Data::new();
    // SHA-1 of 'a list somebody leaked', between two others.
    let list = data.beside(
        "breached",
        "0000000000000000000000000000000000000001:1\nE4C22F22D01AA289B23257B27D96E8E710B4338D:7\nFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:1\n",
    );
    let settings = [
        ("VESTIBULE_SERVER__BRAND", "Roadrunner Express"),
        (
            "VESTIBULE_PASSWORDS__SITE_WORDS",
            "anvils and rockets, tunnels",
        ),
        ("VESTIBULE_PASSWORDS__BREACHED_FILE", list.to_str().unwrap()),
    ];
    for word in ["roadrunner express", "Anvils and Rockets"] {
        added(&data, ALICE, word, &settings).failed(&["name of this service"]);
    }
    added(&data, ALICE, "a list somebody leaked", &settings).failed(&["password"]);
    added(&data, ALICE, "seven green doors open", &settings).good();
}

/// Holds: N31
#[test]
fn n31_a_pepper_is_needed_and_may_be_changed() {
    let data = Data::new();
    let pepper = |name: &str, text: &str| {
        let path = data.beside(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let first = pepper("first", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    let second = pepper("second", "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    let (key, older) = (
        "VESTIBULE_PASSWORDS__PEPPER_FILE",
        "VESTIBULE_PASSWORDS__OLDER_PEPPER_FILES",
    );
    added(&data, ALICE, PASSWORD, &[(key, &first)]).good();
    let signs_in = |settings: &[(&str, &str)]| {
        let server = data.serve_with(&[], settings);
        let is_in = Browser::try_sign_in(server.port, ALICE).is_some();
        server.stop();
        is_in
    };
    assert!(!signs_in(&[]), "the hash alone is no use");
    assert!(!signs_in(&[(key, &second)]));
    assert!(signs_in(&[(key, &second), (older, &first)]));
    assert!(signs_in(&[(key, &second)]), "it was made anew at the login");
}
