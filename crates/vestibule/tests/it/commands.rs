//! The operator's commands, with a running server and without one.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::process::{Data, Done, PASSWORD, Process, program};

/// Ids and times differ from run to run.
fn timeless(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let varies = name == "id" || name.ends_with("_at");
                *field = if varies {
                    json!("…")
                } else {
                    timeless(field.take())
                };
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = timeless(item.take());
            }
        }
        _ => {}
    }
    value
}

#[test]
fn a_command_says_the_same_with_and_without_a_server() {
    let everything = |data: &Data| {
        let add = [
            "user",
            "add",
            "alice@example.test",
            "--name",
            "Alice",
            "--role",
            "staff",
            "--role",
            "admin",
            "--verified",
            "--json",
        ];
        vec![
            data.run(&add).json(),
            data.run_with(
                &[
                    "user",
                    "add",
                    "Bob@Example.test",
                    "--password-stdin",
                    "--json",
                ],
                PASSWORD,
            )
            .json(),
            data.run(&["user", "disable", "bob@example.test", "--json"])
                .json(),
            data.run(&["user", "disable", "bob@example.test", "--json"])
                .json(),
            data.run(&["user", "list", "--json"]).json(),
            data.run(&["user", "enable", "bob@example.test", "--json"])
                .json(),
            data.run(&["session", "list", "--json"]).json(),
            data.run(&["session", "revoke", "--all", "--yes", "--json"])
                .json(),
            data.run(&["session", "revoke", "--user", "bob@example.test", "--json"])
                .json(),
        ]
    };
    let (with, without) = (Data::new(), Data::new());
    let server = with.serve();
    let over_the_socket: Vec<Value> = everything(&with).into_iter().map(timeless).collect();
    server.stop();
    let in_process: Vec<Value> = everything(&without).into_iter().map(timeless).collect();
    assert_eq!(over_the_socket, in_process);

    let alice = &over_the_socket[0];
    assert_eq!(alice["email"], "alice@example.test");
    assert_eq!(alice["name"], "Alice");
    assert_eq!(alice["roles"], json!(["admin", "staff"]));
    assert_eq!(alice["email_verified"], true);
    assert_eq!(over_the_socket[2]["changed"], true);
    assert_eq!(over_the_socket[2]["user"]["status"], "disabled");
    assert_eq!(over_the_socket[3]["changed"], false);
    let emails: Vec<_> = over_the_socket[4]["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["email"])
        .collect();
    assert_eq!(emails, ["alice@example.test", "bob@example.test"]);
}

#[test]
fn what_cannot_be_done_is_told_with_and_without_a_server() {
    let data = Data::new();
    data.add_user("alice@example.test");
    let told = |data: &Data| {
        vec![
            data.run(&["user", "add", "alice@example.test"])
                .failed(&["Another account", "Choose another"]),
            data.run(&["user", "add", "not an address"])
                .failed(&["address"]),
            data.run(&["user", "add", "carol@example.test", "--role", "No Role"])
                .failed(&["role"]),
            data.run_with(
                &["user", "add", "carol@example.test", "--password-stdin"],
                "short",
            )
            .failed(&["15"]),
            data.run(&["user", "disable", "nobody@example.test"])
                .failed(&["nobody@example.test"]),
            data.run(&["session", "list", "--user", "nobody@example.test"])
                .failed(&["nobody@example.test"]),
            data.run(&["session", "revoke", "0190163d-8694-739b-aea5-966c26f8ad91"])
                .failed(&["0190163d"]),
        ]
    };
    let without = told(&data);
    let _server = data.serve();
    assert_eq!(told(&data), without);
}

/// Holds: ASVS 7.4.5, N10
#[test]
fn asvs_7_4_5_an_operator_ends_one_session_a_users_or_all() {
    let data = Data::new();
    for email in ["alice@example.test", "bob@example.test"] {
        data.add_user(email);
    }
    let server = data.serve();
    let [first, second] = [(); 2].map(|()| Browser::sign_in(server.port, "alice@example.test"));
    let bob = Browser::sign_in(server.port, "bob@example.test");

    let alices = ["session", "list", "--user", "alice@example.test", "--json"];
    let listed = data.run(&alices).json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(listed["sessions"][0]["user"]["email"], "alice@example.test");
    assert!(
        listed["sessions"][0]["device"]["name"]
            .as_str()
            .unwrap()
            .contains("Firefox")
    );

    let newest = listed["sessions"][0]["id"].as_str().unwrap();
    let said = data.run(&["session", "revoke", newest]).good();
    assert_eq!(said, "1 session ended\n");
    assert!(first.is_signed_in() && !second.is_signed_in());
    data.run(&["session", "revoke", newest]).failed(&[newest]);

    let dry = data
        .run(&[
            "session",
            "revoke",
            "--user",
            "alice@example.test",
            "--dry-run",
        ])
        .good();
    assert_eq!(dry, "1 session would end\n");
    assert!(first.is_signed_in());
    assert_eq!(
        data.run(&["session", "revoke", "--user", "alice@example.test"])
            .good(),
        "1 session ended\n"
    );
    assert!(!first.is_signed_in() && bob.is_signed_in());

    let all = data.run(&["session", "revoke", "--all"]).failed(&["--yes"]);
    assert!(bob.is_signed_in(), "nobody was asked: {all}");
    assert_eq!(
        data.run(&["session", "revoke", "--all", "--yes"]).good(),
        "1 session ended\n"
    );
    assert!(!bob.is_signed_in());
    assert_eq!(
        data.run(&["session", "list", "--json"]).json()["sessions"],
        json!([])
    );
}

/// Holds: ASVS 7.4.2, N10
#[test]
fn asvs_7_4_2_what_a_command_ends_while_no_server_runs_stays_ended() {
    let data = Data::new();
    for email in ["alice@example.test", "bob@example.test"] {
        data.add_user(email);
    }
    let server = data.serve();
    let alice = Browser::sign_in(server.port, "alice@example.test");
    let bob = Browser::sign_in(server.port, "bob@example.test");
    server.stop();
    let said = data.run(&["user", "disable", "alice@example.test"]).good();
    assert_eq!(said, "alice@example.test disabled; 1 session ended\n");
    data.run(&["user", "enable", "alice@example.test"]).good();

    let server = data.serve();
    assert!(!alice.is_signed_in_at(server.port));
    assert!(bob.is_signed_in_at(server.port));
}

#[test]
fn lists_are_lines_in_a_pipe() {
    let data = Data::new();
    data.add_user("alice@example.test");
    let list = data.run(&["user", "list"]).good();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("address\tname\t") && lines[1].starts_with("alice@example.test\t"),
        "{list}"
    );
}

#[test]
fn commands_that_only_look_make_no_data_directory() {
    let data = Data::new();
    for command in [
        &["user", "list"][..],
        &["session", "list"],
        &["audit", "verify"],
        &["audit", "tail", "-f"],
    ] {
        data.run(command)
            .failed(&["no data directory", "vestibule serve", "--data"]);
        assert!(!data.path.exists());
    }
}

#[test]
fn a_password_is_read_from_standard_input_alone() {
    let data = Data::new();
    let add = ["user", "add", "alice@example.test", "--password-stdin"];
    data.run_with(&add, "\n")
        .failed(&["--password-stdin", "empty"]);
    data.run_with(&add, &"long ".repeat(10_000))
        .failed(&["--password-stdin"]);
    // A line's end is the terminal's, not the password's; blanks are the password's.
    data.run_with(&add, &format!("{PASSWORD}\r\n")).good();
    let server = data.serve();
    assert!(Browser::sign_in(server.port, "alice@example.test").is_signed_in());
    let without = data.run(&["user", "add", "bob@example.test"]).good();
    assert!(
        without.contains("no password") && without.contains("--password-stdin"),
        "{without}"
    );
}

/// Holds: ASVS 16.2.1
#[test]
fn the_trail_tells_who_did_what_and_verifies() {
    let data = Data::new();
    data.add_user("alice@example.test");
    data.run(&["user", "disable", "alice@example.test"]).good();
    let events: Vec<Value> = data
        .run(&["audit", "tail", "--json"])
        .good()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["user.created", "user.disabled", "user_sessions.ended"]
    );
    let operator = format!("operator:{}", rustix::process::getuid().as_raw());
    assert!(
        events
            .iter()
            .all(|event| event["actor"] == operator.as_str()),
        "{events:?}"
    );
    let last = data.run(&["audit", "tail", "-n", "1"]).good();
    assert!(
        last.starts_with("3 ") && last.lines().count() == 1,
        "{last}"
    );

    let report = data.run(&["audit", "verify", "--json"]).json();
    assert_eq!(report["events"], 3);
    assert_eq!(report["faults"], json!([]));
    assert!(
        data.run(&["audit", "verify"])
            .good()
            .contains("whole: 3 events")
    );
}

/// Holds: ASVS 16.4.2
#[test]
fn asvs_16_4_2_an_edited_trail_does_not_verify() {
    let data = Data::new();
    data.add_user("alice@example.test");
    data.run(&["user", "disable", "alice@example.test"]).good();
    let edited = data
        .database()
        .execute(
            "UPDATE audit_events SET kind = 'user.enabled' WHERE kind = 'user.disabled'",
            [],
        )
        .unwrap();
    assert_eq!(edited, 1);
    let verified = data.run(&["audit", "verify"]);
    assert_eq!(verified.code, 1, "{verified:?}");
    assert!(verified.out.contains("NOT whole"), "{verified:?}");
    let verified = data.run(&["audit", "verify", "--json"]);
    assert_eq!(verified.code, 1);
    let report: Value = serde_json::from_str(&verified.out).unwrap();
    assert!(!report["faults"].as_array().unwrap().is_empty());
    // A running server finds it as well.
    let _server = data.serve();
    assert_eq!(data.run(&["audit", "verify"]).code, 1);
}

#[test]
fn the_trail_can_be_followed() {
    let data = Data::new();
    let _server = data.serve();
    data.add_user("alice@example.test");
    let mut tail =
        Process::start(program(&["audit", "tail", "-f", "--json", "--data"]).arg(&data.path));
    tail.line("\"operator:");
    data.run(&["user", "disable", "alice@example.test"]).good();
    let line = tail.line("user.disabled");
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["position"], 2);
}

#[test]
fn following_needs_a_server() {
    let data = Data::new();
    data.add_user("alice@example.test");
    data.run(&["audit", "tail", "-f"])
        .failed(&["no server runs", "-f"]);
}

#[test]
fn a_command_line_that_makes_no_sense_is_two() {
    let data = Data::new();
    data.run(&["user", "ad", "x"]).failed(&["ad", "add"]);
    data.run(&["session", "revoke"])
        .failed(&["--user", "--all"]);
    data.run(&["session", "revoke", "--all", "--user", "alice@example.test"])
        .failed(&["cannot be used with"]);
}

#[test]
fn a_data_directory_too_deep_for_a_socket_is_told() {
    let data = Data::new();
    let deep = data.path.join("x".repeat(120));
    let output = program(&["user", "add", "alice@example.test", "--data"])
        .arg(&deep)
        .output()
        .unwrap();
    Done::from(output).failed(&["too long", "--data"]);
    assert!(!data.path.exists());
}
