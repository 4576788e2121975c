//! `vestibule config`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

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
    let file = data.beside("settings.toml", "[sessions]\nidle = \"10m\"");
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
        ("\"10m\"".to_owned(), file.display().to_string())
    );
    assert_eq!(
        of("server.brand"),
        (
            "\"Example\"".to_owned(),
            "VESTIBULE_SERVER__BRAND".to_owned()
        )
    );
    assert_eq!(of("server.data").1, "--data");
    assert_eq!(
        of("sessions.absolute"),
        ("\"12h\"".to_owned(), "default".to_owned())
    );
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
