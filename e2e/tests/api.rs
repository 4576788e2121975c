//! schemathesis over the committed contract: whatever it thinks of, no answer is a fault of the server's, and none lies outside
//! the contract.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use vestibule_e2e::checkout;
use vestibule_e2e::server::{Launch, Server};

const PASSWORD: &str = "a dozen red bicycles";

/// What is held of every answer. Not that data which fits the schema is taken: it says no more than the shape of an address,
/// or of a role.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,unsupported_method";

/// What would end the session that the run goes on with.
const ENDINGS: [&str; 3] = ["log_out", "end_own_session", "end_sessions"];

fn schemathesis() -> anyhow::Result<PathBuf> {
    let own = checkout().join("target/schemathesis/bin/schemathesis");
    ensure!(
        own.exists(),
        "no schemathesis: run `cargo xtask test --install`"
    );
    Ok(own)
}

/// The session's cookie and token, by the API itself.
fn signed_in(server: &Server, email: &str) -> anyhow::Result<[String; 2]> {
    let mut client = server.client();
    let body = json!({"identifier": email, "password": PASSWORD, "deliver": "cookie"}).to_string();
    let json = [("Content-Type", "application/json")];
    let answer = client.send("POST", "/api/v1/login", &json, &body)?;
    ensure!(answer.status == 200, "{}", answer.body);
    let read: Value = serde_json::from_str(&answer.body)?;
    let token = read["session"]["csrf_token"].as_str().context("no token")?;
    let name = format!("vestibule-{}", server.port);
    let cookie = client.cookies.get(&name).context("no cookie")?;
    Ok([
        format!("Cookie: {name}={cookie}"),
        format!("X-CSRF-Token: {token}"),
    ])
}

/// The committed contract. Who is signed in sends cookie and token with every request: were they told to be parameters,
/// requests that leave them out would be taken for having none.
fn contract_of(with_security: bool) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(checkout().join("docs/reference/openapi.json"))?;
    let mut contract: Value = serde_json::from_str(&text)?;
    if !with_security {
        let paths = contract["paths"].as_object_mut().context("no paths")?;
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            for operation in item.values_mut().filter_map(Value::as_object_mut) {
                operation.remove("security");
            }
        }
    }
    Ok(contract)
}

/// One run over what the filters leave, as somebody or nobody.
fn run(server: &Server, headers: &[String], filters: &[&str]) -> anyhow::Result<()> {
    let directory = server.data.parent().context("no directory")?;
    let contract = directory.join("openapi.json");
    std::fs::write(&contract, contract_of(headers.is_empty())?.to_string())?;
    let mut command = Command::new(schemathesis()?);
    command
        .arg("run")
        .arg(contract)
        .args(["--url", &server.origin(), "--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "15", "--seed", "1"])
        // One worker and no time to fill: what is sent depends on no machine's speed.
        .args(["--workers", "1", "--request-timeout", "20"])
        .args([
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
            "--no-shrink",
        ])
        .args(filters)
        .env("NO_PROXY", "*")
        .env("NO_COLOR", "1")
        .current_dir(directory);
    for header in headers {
        command.args(["--header", header]);
    }
    let output = command.output().context("could not run schemathesis")?;
    ensure!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn town() -> anyhow::Result<Server> {
    let server = Launch::new()?.start()?;
    server.add_user("alice@example.test", PASSWORD)?;
    let arguments = [
        "user",
        "add",
        "root@example.test",
        "--role",
        "admin",
        "--password-stdin",
    ];
    let output = server.command(arguments, PASSWORD)?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(server)
}

/// Holds: ASVS 16.5.4, ASVS 1.5.3
#[test]
fn asvs_16_5_4_a_person_gets_no_answer_outside_the_contract() -> anyhow::Result<()> {
    let server = town()?;
    let headers = signed_in(&server, "alice@example.test")?;
    let endings = ENDINGS.map(|ending| ["--exclude-operation-id", ending]);
    let mut filters = vec!["--exclude-path-regex", "^/vestibule/|^/api/v1/admin/"];
    filters.extend(endings.as_flattened());
    run(&server, &headers, &filters)
}

/// Holds: ASVS 16.5.4, ASVS 8.4.2
#[test]
fn asvs_16_5_4_an_administrator_gets_no_answer_outside_the_contract() -> anyhow::Result<()> {
    let server = town()?;
    let headers = signed_in(&server, "root@example.test")?;
    let endings = ENDINGS.map(|ending| ["--exclude-operation-id", ending]);
    let mut filters = vec!["--include-path-regex", "^/api/v1/admin/"];
    filters.extend(endings.as_flattened());
    run(&server, &headers, &filters)
}

/// Holds: ASVS 16.5.4, ASVS 8.2.1
#[test]
fn asvs_8_2_1_nobody_gets_no_answer_outside_the_contract() -> anyhow::Result<()> {
    // What is on applications' hosts is not there on the issuer's.
    run(&town()?, &[], &["--exclude-path-regex", "^/vestibule/"])
}
