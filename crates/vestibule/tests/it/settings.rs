//! `vestibule config`.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use crate::process::{Data, Done, program};

#[test]
fn check_says_yes_or_every_fault() {
    let data = Data::new();
    let good = data.beside("good.toml", "[sessions]\nidle = \"10m\"");
    let bad = data.beside(
        "bad.toml",
        "[sessions]\nidle = \"10 minutes\"\nabsolut = \"1h\"",
    );

    let yes = data
        .run(&["config", "check", good.to_str().unwrap()])
        .good();
    assert!(yes.contains("good.toml: good"), "{yes}");
    let no = data.run(&["config", "check", bad.to_str().unwrap()]);
    assert_eq!(no.code, 1, "{no:?}");
    assert!(
        no.out.contains("sessions.idle = \"10 minutes\"")
            && no.out.contains("nearest is sessions.absolute"),
        "{no:?}"
    );

    let no = data.run(&[
        "config",
        "check",
        "--json",
        "--config",
        bad.to_str().unwrap(),
    ]);
    assert_eq!(no.code, 1);
    let report: Value = serde_json::from_str(&no.out).unwrap();
    assert_eq!(report["good"], false);
    assert_eq!(report["faults"].as_array().unwrap().len(), 2);
    assert!(!data.path.exists(), "looking makes nothing");
}

#[test]
fn check_reads_the_files_that_the_settings_name() {
    let data = Data::new();
    let wide = data.beside("wide", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    let text = "no secret, no list\n";
    data.beside("nothing", text);
    let bad = data.beside(
        "bad.toml",
        "[passwords]\nbreached_file = \"nothing\"\npepper_file = \"wide\"\nolder_pepper_files = [\"gone\"]\n\
         [places]\nfile = \"nothing\"\n[keys]\nmaster_key_file = \"lost\"\n\
         [mail]\nserver = \"smtps://mail.example.test\"\nusername = \"vestibule\"\npassword_file = \"wide\"\n\
         authority_file = \"nothing\"\n",
    );
    let no = data.run(&["config", "check", bad.to_str().unwrap()]);
    assert_eq!(no.code, 1, "{no:?}");
    for part in [
        "breached passwords",
        "the pepper's file",
        "chmod 600",
        "passwords.older_pepper_files",
        "places.file",
        "keys.master_key_file",
        "the mail server's password's file",
        "mail.authority_file",
    ] {
        assert!(no.out.contains(part), "no {part:?} in {no:?}");
    }
    assert_eq!(no.out.lines().count(), 7, "{no:?}");
    assert!(!no.out.contains("no secret"), "{no:?}");

    let good = data.beside("good.toml", "[passwords]\npepper_file = \"wide\"");
    fs::set_permissions(&wide, fs::Permissions::from_mode(0o600)).unwrap();
    let good = good.to_str().unwrap();
    let yes = data.run(&["config", "check", good]).good();
    assert!(yes.contains("good.toml: good"), "{yes}");
    assert!(!data.path.exists(), "looking makes nothing");
}

#[test]
fn show_tells_where_each_value_comes_from() {
    let data = Data::new();
    let file = data.beside(
        "settings.toml",
        "[sessions]\nidle = \"10m\"\n[[roles]]\nname = \"staff\"\n[mail]\npassword = \"not to be shown\"\n\
         username = \"me\"\nserver = \"smtps://mail.example.test\"\nfrom = \"id@example.test\"",
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let output = program(&["config", "show", "--json", "--config"])
        .arg(&file)
        .arg("--data")
        .arg(&data.path)
        .env("VESTIBULE_SERVER__BRAND", "Example")
        .output()
        .unwrap();
    let shown = Done::from(output).json();
    let of = |key: &str| {
        let entry = shown
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["setting"] == key)
            .unwrap();
        (
            entry["value"].as_str().unwrap().to_owned(),
            entry["from"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        of("sessions.idle"),
        ("\"10m\"".to_owned(), format!("{}:2", file.display()))
    );
    assert_eq!(
        of("server.brand"),
        (
            "\"Example\"".to_owned(),
            "VESTIBULE_SERVER__BRAND".to_owned()
        )
    );
    assert_eq!(
        of("roles"),
        ("[\"staff\"]".to_owned(), file.display().to_string())
    );
    assert_eq!(of("applications").0, "[]");
    // ASVS 16.2.5: that there is one, and nothing of it.
    let (told, from) = of("mail.password");
    assert_eq!(from, format!("{}:6", file.display()));
    assert!(told.starts_with("set"), "{told}");
    assert!(!shown.to_string().contains("not to be shown"), "{shown}");
    assert_eq!(of("server.data").1, "--data");
    assert_eq!(
        of("sessions.absolute"),
        ("\"12h\"".to_owned(), "default".to_owned())
    );
}

/// The five answers of somebody on this machine, by default.
const DEFAULTS: &str = "\n\n\n\n";

#[test]
fn init_writes_what_check_finds_good_and_serve_starts_with() {
    let data = Data::new();
    // `--data` answers the third question, and http needs no second.
    let input = "http://localhost:8099\n\ninvited\n";
    let said = data.run_with(&["config", "init"], input).good();
    let file = data.file("vestibule.toml");
    assert!(said.contains(file.to_str().unwrap()), "{said}");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("issuer = \"http://localhost:8099\""),
        "{text}"
    );
    assert!(
        text.contains("# server = \"smtps://mail.example.com\""),
        "{text}"
    );
    let checked = data.run(&["config", "check"]).good();
    assert!(checked.contains("good"), "{checked}");
    data.serve().stop();
}

#[test]
fn at_a_terminal_init_asks_and_lets_try_again() {
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
    // Typed ahead, as somebody in a hurry does.
    let typed = "https://id.example.test\nperhaps\nproxy caddy\n\n\n";
    File::from(terminal.try_clone().unwrap())
        .write_all(typed.as_bytes())
        .unwrap();
    let child = program(&["config", "init", "--data"])
        .arg(&data.path)
        .stdin(side)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let done = Done::from(child.wait_with_output().unwrap());
    assert_eq!(done.code, 0, "{done:?}");
    for part in [
        "1. Where will people reach Vestibule?",
        "[http://localhost:8080]",
        "2. Who ends TLS?",
        "perhaps: must be 'proxy'",
        "4. Who may have an account?",
    ] {
        assert!(done.err.contains(part), "no {part:?} in {done:?}");
    }
    let text = fs::read_to_string(data.file("vestibule.toml")).unwrap();
    assert!(text.contains("headers = \"x-forwarded\""), "{text}");
}

#[test]
fn init_overwrites_nothing() {
    let data = Data::new();
    data.run_with(&["config", "init"], DEFAULTS).good();
    let file = data.file("vestibule.toml");
    let before = fs::read_to_string(&file).unwrap();
    let input = "http://localhost:8099\n\n\n";
    data.run_with(&["config", "init"], input).failed(&[
        "vestibule.toml",
        "not overwritten",
        "--config",
    ]);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let others = fs::read_dir(&data.path).unwrap().count();
    assert_eq!(others, 1, "no draft is left behind");
}

#[test]
fn init_takes_every_answer_as_a_flag_and_asks_nothing_then() {
    let data = Data::new();
    data.beside("password", "secret\n");
    let file = data.path.with_file_name("named.toml");
    let password = data.beside("mail-password", "a secret\n");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let mail = format!(
        "smtps://mail.example.test id@example.test vestibule {}",
        password.display()
    );
    let arguments = [
        "config",
        "init",
        "--config",
        file.to_str().unwrap(),
        "--issuer",
        "https://id.example.test",
        "--tls",
        "proxy nginx",
        "--store",
        "sqlite",
        "--mail",
        &mail,
        "--registration",
        "open",
    ];
    let said = data.run(&arguments).good();
    assert!(said.contains("--config"), "{said}");
    assert!(!data.path.exists(), "it is only named");
    let output = program(&["config", "show", "--json", "--config"])
        .arg(&file)
        .output()
        .unwrap();
    let shown = Done::from(output).json();
    let of = |key: &str| {
        let mut entries = shown.as_array().unwrap().iter();
        let entry = entries.find(|entry| entry["setting"] == key).unwrap();
        entry["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("server.issuer"), "\"https://id.example.test\"");
    assert_eq!(of("server.data"), format!("\"{}\"", data.path.display()));
    assert_eq!(
        of("trusted_proxies"),
        "[{ address = \"127.0.0.1\", headers = \"x-original\" }]"
    );
    assert_eq!(of("mail.from"), "\"id@example.test\"");
    assert_eq!(of("registration.mode"), "\"open\"");
    let checked = data.run(&["config", "check", file.to_str().unwrap()]);
    assert_eq!(checked.code, 0, "{checked:?}");
}

#[test]
fn init_writes_nothing_for_answers_that_make_no_sense() {
    for (arguments, input, parts) in [
        (
            &[][..],
            "ftp://example.test\n",
            &["answer 1", "https://id.example.com"][..],
        ),
        (
            &[],
            "https://id.example.test\nperhaps\n",
            &["answer 2", "here CERTIFICATE KEY"],
        ),
        (&[], "\n", &["question 2 has no answer", "--mail"]),
        (
            &[],
            "\nnone\nmaybe\n",
            &["answer 3", "'invited', 'open' or 'off'"],
        ),
        (
            &["--mail", "mail.example.test"],
            "\n\n",
            &["--mail", "smtps://"],
        ),
        (&["--tls", "proxy"], "\n\n\n", &["--tls", "https"]),
        (
            &["--store", "mysql://x"],
            "\n\n\n",
            &["--store", "postgres://"],
        ),
        // Each makes sense, and both together do not.
        (
            &[],
            "https://id.example.test\n\nnone\nopen\n",
            &["do not go together", "mail.server"],
        ),
        (
            &["--tls", "here /nonexistent/cert.pem /nonexistent/key.pem"],
            "https://id.example.test\nnone\n\n",
            &["/nonexistent/cert.pem"],
        ),
    ] {
        let data = Data::new();
        let mut all = vec!["config", "init"];
        all.extend(arguments);
        data.run_with(&all, input).failed(parts);
        assert!(!data.file("vestibule.toml").exists(), "{input}");
    }
}

#[test]
fn the_committed_reference_is_what_the_binary_prints() {
    let data = Data::new();
    let printed = data.run(&["config", "reference"]).good();
    let committed = include_str!("../../../../docs/reference/settings.md");
    assert!(
        printed == committed,
        "docs/reference/settings.md is stale: `cargo xtask check --write`"
    );
    let entries = data.run(&["config", "reference", "--json"]).json();
    assert!(
        entries
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["setting"] == "login.fresh")
    );
}
