//! The commands as an operator uses them, on the built binary: with a server running, and with none.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use vestibule_e2e::server::{Launch, Server};

const PASSWORD: &str = "seven green doors open";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn done(output: &Output) -> anyhow::Result<String> {
    ensure!(output.status.success(), "{}", said(output));
    Ok(text(output))
}

fn json_of(output: &Output) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&done(output)?)?)
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// What an operator does with a list of people, from an empty installation on.
fn imports_and_exports(server: &Server) -> anyhow::Result<()> {
    let person = |n| format!("{{\"email\":\"user{n:04}@example.test\",\"roles\":[\"staff\"]}}\n");
    let people = (0..2000).map(person).collect::<Vec<_>>().concat();
    let dry = json_of(&server.command(["user", "import", "-", "--dry-run", "--json"], &people)?)?;
    assert_eq!(
        (&dry["added"], &dry["dry_run"]),
        (&json!(2000), &json!(true))
    );
    let none = json_of(&server.command(["user", "list", "--role", "staff", "--json"], "")?)?;
    assert_eq!(none["users"], json!([]), "a dry run does nothing");

    let slip = format!("{people}{{\"email\":\"nobody\"}}\n");
    let refused = server.command(["user", "import", "-"], &slip)?;
    assert_eq!(code(&refused), Some(2));
    let why = said(&refused);
    assert!(
        why.contains("line 2001") && why.contains("nothing was imported"),
        "{why}"
    );
    let checked = server.command(["user", "import", "-", "--dry-run"], &slip)?;
    assert_eq!(code(&checked), Some(1), "the answer is no");

    let imported = json_of(&server.command(["user", "import", "-", "--json"], &people)?)?;
    assert_eq!(
        (&imported["added"], &imported["refused"]),
        (&json!(2000), &json!([]))
    );
    let again = done(&server.command(["user", "import", "-"], &people)?)?;
    assert!(
        again.contains("0 added") && again.contains("2000 skipped"),
        "{again}"
    );

    let lines = done(&server.command(["user", "export"], "")?)?;
    assert_eq!(lines.lines().count(), 2000);
    let csv = done(&server.command(["user", "export", "--format", "csv"], "")?)?;
    assert_eq!(csv.lines().count(), 2001);
    for file in [lines, csv] {
        let same = json_of(&server.command(["user", "import", "-", "--update", "--json"], &file)?)?;
        assert_eq!(
            same["unchanged"], 2000,
            "an export is read by the import: {same}"
        );
    }
    let found = done(&server.command(["user", "list", "--search", "user1999"], "")?)?;
    assert_eq!(found.lines().count(), 2, "{found}");
    Ok(())
}

#[test]
fn a_list_of_people_goes_in_and_out_with_a_server() -> anyhow::Result<()> {
    imports_and_exports(&Launch::new()?.start()?)
}

#[test]
fn a_list_of_people_goes_in_and_out_without_a_server() -> anyhow::Result<()> {
    let mut server = Launch::new()?.start()?;
    server.process.terminate()?;
    imports_and_exports(&server)
}

#[test]
fn a_dry_run_where_nothing_is_installed_installs_nothing() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let nowhere = scratch.path().join("data");
    let line = "{\"email\":\"alice@example.test\"}";
    let dry = vestibule_e2e::server::command(&nowhere, ["user", "import", "-", "--dry-run"], line)?;
    assert_eq!(code(&dry), Some(2), "{}", said(&dry));
    assert!(!nowhere.exists());
    Ok(())
}

/// Holds: ASVS 7.4.5
#[test]
fn asvs_7_4_5_an_operator_sees_ends_and_finds_on_record() -> anyhow::Result<()> {
    let server = Launch::new()?.start()?;
    server.add_user("alice@example.test", PASSWORD)?;
    let shown = json_of(&server.command(["user", "show", "alice@example.test", "--json"], "")?)?;
    assert_eq!(
        (&shown["has_password"], &shown["live"]["sessions"]),
        (&json!(true), &json!(0))
    );
    let would = ["session", "revoke", "--all", "--dry-run", "--json"];
    let would = json_of(&server.command(would, "")?)?;
    assert_eq!(would["would_end"]["sessions"], 0);
    let asked = server.command(["session", "revoke", "--all"], "")?;
    assert_eq!(code(&asked), Some(2));
    assert!(said(&asked).contains("--yes"), "{}", said(&asked));
    let would = ["user", "delete", "alice@example.test", "--dry-run"];
    let would = done(&server.command(would, "")?)?;
    assert!(would.contains("would be deleted"), "{would}");
    let found = [
        "audit", "search", "--event", "user.", "--since", "1h", "--json",
    ];
    let found = done(&server.command(found, "")?)?;
    let event: Value = serde_json::from_str(found.lines().next().context("no event")?)?;
    assert_eq!(
        (&event["event"], &event["user"]),
        (&json!("user.created"), &shown["id"])
    );
    Ok(())
}

/// Holds: ASVS 13.3.4
#[test]
fn asvs_13_3_4_an_application_gets_a_secret_that_is_shown_once() -> anyhow::Result<()> {
    let server = Launch::new()?.start()?;
    let add = [
        "app",
        "add",
        "shop",
        "--origin",
        "http://shop.localhost:8081",
        "--json",
    ];
    let added = json_of(&server.command(add, "")?)?;
    assert!(added["client_id"].is_string());
    let refused = server.command(["app", "rotate-secret", "shop"], "")?;
    assert_eq!(code(&refused), Some(2));
    let rotate = ["app", "rotate-secret", "shop", "--yes", "--json"];
    let rotated = json_of(&server.command(rotate, "")?)?;
    assert_eq!(rotated["client_id"], added["client_id"]);
    let secret = rotated["client_secret"].as_str().context("no secret")?;
    let shown = done(&server.command(["app", "show", "shop", "--json"], "")?)?;
    assert!(
        !shown.contains(secret) && shown.contains("\"has_secret\": true"),
        "{shown}"
    );
    let web = [
        "app",
        "add",
        "web",
        "--kind",
        "web",
        "--origin",
        "http://web.localhost:8081",
    ];
    assert!(said(&server.command(web, "")?).contains("come with tokens"));
    Ok(())
}

#[test]
fn completions_are_a_script_and_every_command_has_a_manual_page() -> anyhow::Result<()> {
    let server = Launch::new()?.start()?;
    let script = done(&server.command(["completions", "bash"], "")?)?;
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()?;
    let mut input = bash.stdin.take().context("no standard input")?;
    input.write_all(script.as_bytes())?;
    drop(input);
    ensure!(bash.wait()?.success(), "bash cannot read it");
    let directory = tempfile::tempdir()?;
    let dir = directory.path().to_str().context("a path")?;
    done(&server.command(["man", "--dir", dir], "")?)?;
    let page = fs::read_to_string(directory.path().join("vestibule-user-import.1"))?;
    ensure!(page.contains(".SH SYNOPSIS"), "{page}");
    Ok(())
}

/// In a pipe there is no colour and no bar, whatever is done.
#[test]
fn a_pipe_gets_plain_text() -> anyhow::Result<()> {
    let server = Launch::new()?.start()?;
    let imported = server.command(["user", "import", "-"], "email\nbob@example.test\n")?;
    let listed = server.command(["user", "list"], "")?;
    for output in [imported, listed] {
        for stream in [text(&output), said(&output)] {
            assert!(
                !stream.contains('\u{1b}') && !stream.contains('\r'),
                "{stream:?}"
            );
        }
    }
    Ok(())
}
