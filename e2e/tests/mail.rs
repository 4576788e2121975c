//! Mail leaves through real mail servers: by TLS or not at all, again after a no for now, and never after a no for good.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of the running product reads the real clock to bound its waits"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tempfile::TempDir;
use vestibule_e2e::http::Client;
use vestibule_e2e::process::PATIENCE;
use vestibule_e2e::server::{Launch, Server};
use vestibule_e2e::smtp::{Launch as MailLaunch, Silent, Smtp};

const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";
const FROM: &str = "accounts@example.test";

/// A server that sends through `url`.
fn launch(url: &str) -> anyhow::Result<Launch> {
    Ok(Launch::new()?
        .environment("VESTIBULE_MAIL__SERVER", url)
        .environment("VESTIBULE_MAIL__FROM", FROM)
        .environment("VESTIBULE_SERVER__BRAND", "Example & Söhne"))
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// A password's file, its owner's alone.
fn password_file(room: &TempDir, password: &str) -> anyhow::Result<PathBuf> {
    let path = room.path().join("mail-password");
    std::fs::write(&path, format!("{password}\n"))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(path)
}

fn invite(server: &Server, email: &str) -> anyhow::Result<()> {
    let output = server.command(["user", "invite", email], "")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{output:?}");
    ensure!(
        said.contains("a mail with the link is on its way") && !said.contains("token="),
        "{said}"
    );
    Ok(())
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// `mail test`, which the mail server must not take; answers why.
fn refused(server: &Server, to: &str) -> anyhow::Result<String> {
    let output = server.command(["mail", "test", to], "")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(code(&output) == Some(1), "{output:?}");
    Ok(said)
}

fn taken(server: &Server, to: &str) -> anyhow::Result<()> {
    let output = server.command(["mail", "test", to], "")?;
    ensure!(code(&output) == Some(0), "{output:?}");
    Ok(())
}

fn json<const N: usize>(server: &Server, arguments: [&str; N]) -> anyhow::Result<Value> {
    let output = server.command(arguments, "")?;
    ensure!(output.status.success(), "{output:?}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn waiting(server: &Server) -> anyhow::Result<u64> {
    let status = json(server, ["mail", "status", "--json"])?;
    status["waiting"].as_u64().context("no number")
}

/// The trail's events of a kind.
fn events(server: &Server, kind: &str) -> anyhow::Result<usize> {
    let output = server.command(["audit", "tail", "-n", "1000", "--json"], "")?;
    ensure!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout)?;
    let named = format!("\"event\":\"{kind}\"");
    Ok(said.lines().filter(|line| line.contains(&named)).count())
}

/// Asks until it is so; the outbox is emptied behind the answer.
fn eventually(mut is_so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so()? {
        ensure!(Instant::now() < deadline, "it never came to be so");
        std::thread::yield_now();
    }
    Ok(())
}

/// Holds: ASVS 1.3.11, H01, ASVS 6.4.1
#[test]
fn an_invitation_arrives_in_text_and_html_with_a_link_to_the_issuer() -> anyhow::Result<()> {
    let smtp = Smtp::start()?;
    let server = launch(&smtp.url())?.start()?;
    let said = server.command(
        [
            "user",
            "invite",
            ALICE,
            "--name",
            "Alice\" <x@y.test>",
            "--language",
            "de",
        ],
        "",
    )?;
    ensure!(said.status.success(), "{said:?}");
    let message = smtp.wait_for(ALICE, 1)?;

    ensure!(message.to == [ALICE] && message.from == FROM, "{message:?}");
    let header = |name: &str| message.header(name).unwrap_or_default();
    ensure!(header("To") == ALICE, "{message:?}");
    ensure!(header("From").contains(&format!("<{FROM}>")), "{message:?}");
    ensure!(header("Auto-Submitted") == "auto-generated", "{message:?}");
    let id = header("Message-ID");
    ensure!(id.starts_with('<') && id.ends_with("@localhost>"), "{id}");
    ensure!(!header("Date").is_empty() && !message.subject.is_empty());
    ensure!(message.raw.is_ascii(), "it travels by any server");

    let prefix = format!("{}/register/finish?token=vst_register_", server.origin());
    let link = message.link().context("no link")?;
    ensure!(link.starts_with(&prefix), "{link}");
    let html = message.html.as_deref().context("no HTML")?;
    ensure!(
        html.contains(link) && html.contains("Example &#38; Söhne"),
        "{html}"
    );
    eventually(|| Ok(waiting(&server)? == 0))?;
    Ok(())
}

/// Holds: ASVS 12.3.1, ASVS 12.3.2
#[test]
fn asvs_12_3_1_starttls_and_login_come_before_any_mail() -> anyhow::Result<()> {
    let smtp = MailLaunch::new()
        .starttls()
        .login("vestibule", "sword fish")
        .start()?;
    let room = tempfile::tempdir()?;
    let file = password_file(&room, "sword fish")?;
    let server = launch(&smtp.url())?
        .environment("VESTIBULE_MAIL__USERNAME", "vestibule")
        .environment("VESTIBULE_MAIL__PASSWORD_FILE", path(&file))
        .environment("VESTIBULE_MAIL__AUTHORITY_FILE", path(&smtp.authority()))
        .environment("VESTIBULE_LOG__LEVEL", "trace")
        .start()?;
    taken(&server, ALICE)?;
    invite(&server, BOB)?;
    for to in [ALICE, BOB] {
        let message = smtp.wait_for(to, 1)?;
        ensure!(message.over_tls, "{message:?}");
        ensure!(message.login.as_deref() == Some("vestibule"), "{message:?}");
    }
    let said = server.process.said();
    ensure!(
        !said.contains("sword"),
        "the password is in the log: {said}"
    );
    ensure!(
        !said.contains("vst_register"),
        "a link is in the log: {said}"
    );
    Ok(())
}

/// Holds: ASVS 12.3.1
#[test]
fn asvs_12_3_1_tls_from_the_first_byte() -> anyhow::Result<()> {
    let smtp = MailLaunch::new()
        .implicit_tls()
        .login("vestibule", "swordfish")
        .start()?;
    let server = launch(&smtp.url())?
        .environment("VESTIBULE_MAIL__USERNAME", "vestibule")
        .environment("VESTIBULE_MAIL__PASSWORD", "swordfish")
        .environment("VESTIBULE_MAIL__AUTHORITY_FILE", path(&smtp.authority()))
        .start()?;
    taken(&server, ALICE)?;
    ensure!(smtp.wait_for(ALICE, 1)?.over_tls);
    Ok(())
}

/// Holds: ASVS 12.3.2
#[test]
fn asvs_12_3_2_a_certificate_for_another_or_of_nobody_gets_nothing() -> anyhow::Result<()> {
    for misnamed in [true, false] {
        for launched in [
            MailLaunch::new().implicit_tls(),
            MailLaunch::new().starttls(),
        ] {
            let smtp = if misnamed {
                launched.misnamed("other.example.test").start()?
            } else {
                launched.start()?
            };
            // The unknown authority's is another's: a mail server's that has nothing to do with it.
            let other = MailLaunch::new().implicit_tls().start()?;
            let authority = if misnamed { &smtp } else { &other }.authority();
            let server = launch(&smtp.url())?
                .environment("VESTIBULE_MAIL__USERNAME", "vestibule")
                .environment("VESTIBULE_MAIL__PASSWORD", "swordfish")
                .environment("VESTIBULE_MAIL__AUTHORITY_FILE", path(&authority))
                .start()?;
            let why = refused(&server, ALICE)?;
            ensure!(
                why.contains("does not prove who it is") && why.contains("mail.authority_file"),
                "{why}"
            );
            ensure!(smtp.messages()?.is_empty());
        }
    }
    Ok(())
}

/// Holds: ASVS 12.3.1
#[test]
fn asvs_12_3_1_a_server_that_offers_no_starttls_gets_nothing() -> anyhow::Result<()> {
    let plain = Smtp::start()?;
    let other = MailLaunch::new().implicit_tls().start()?;
    let server = launch(&plain.url())?
        .environment("VESTIBULE_MAIL__AUTHORITY_FILE", path(&other.authority()))
        .start()?;
    let why = refused(&server, ALICE)?;
    ensure!(why.contains("offers no STARTTLS"), "{why}");
    ensure!(plain.messages()?.is_empty());
    Ok(())
}

#[test]
fn what_the_operator_has_to_mend_is_said_with_the_setting() -> anyhow::Result<()> {
    let locked = MailLaunch::new()
        .starttls()
        .login("vestibule", "swordfish")
        .start()?;
    let secured = |url: &str| -> anyhow::Result<Launch> {
        Ok(launch(url)?.environment("VESTIBULE_MAIL__AUTHORITY_FILE", path(&locked.authority())))
    };
    let wrong = secured(&locked.url())?
        .environment("VESTIBULE_MAIL__USERNAME", "vestibule")
        .environment("VESTIBULE_MAIL__PASSWORD", "catfish")
        .start()?;
    let why = refused(&wrong, ALICE)?;
    ensure!(
        why.contains("mail.username") && why.contains("535"),
        "{why}"
    );
    ensure!(!why.contains("catfish"), "{why}");

    let nameless = secured(&locked.url())?.start()?;
    let why = refused(&nameless, ALICE)?;
    ensure!(
        why.contains("set mail.username") && why.contains("530"),
        "{why}"
    );

    let plain = launch(&locked.url())?.start()?;
    let why = refused(&plain, ALICE)?;
    ensure!(
        why.contains("mail.authority_file") && why.contains("530"),
        "{why}"
    );

    let mut away = Smtp::start()?;
    away.close()?;
    let server = launch(&away.url())?.start()?;
    let why = refused(&server, ALICE)?;
    ensure!(
        why.contains("cannot be reached") && why.contains(&away.url()),
        "{why}"
    );

    let none = Launch::new()?.start()?;
    taken(&none, ALICE)?;
    Ok(())
}

#[test]
fn a_greylisted_letter_goes_out_the_second_time() -> anyhow::Result<()> {
    let smtp = MailLaunch::new().greylisting().start()?;
    let (launch, clock) = launch(&smtp.url())?.movable_clock()?;
    let server = launch.start()?;
    invite(&server, ALICE)?;
    let first = smtp.wait_for_attempt(ALICE, 1)?;
    ensure!(first.starts_with("451 "), "{first}");
    ensure!(waiting(&server)? == 1);
    std::fs::write(&clock, "+30s")?;
    smtp.wait_for(ALICE, 1)?;
    eventually(|| Ok(waiting(&server)? == 0))?;
    ensure!(
        smtp.attempts(ALICE).len() == 2,
        "{:?}",
        smtp.attempts(ALICE)
    );
    ensure!(events(&server, "mail.given_up")? == 0);
    Ok(())
}

/// Holds: ASVS 16.2.5
#[test]
fn a_recipient_refused_for_good_is_given_up_and_the_trail_says_so() -> anyhow::Result<()> {
    let smtp = Smtp::start()?;
    smtp.answer(BOB, "550 5.1.1 <bob@example.test>: no such user")?;
    let server = launch(&smtp.url())?.start()?;
    invite(&server, BOB)?;
    smtp.wait_for_attempt(BOB, 1)?;
    eventually(|| Ok(waiting(&server)? == 0))?;
    ensure!(events(&server, "mail.given_up")? == 1);
    ensure!(smtp.attempts(BOB).len() == 1, "{:?}", smtp.attempts(BOB));
    let said = server.process.said();
    ensure!(!said.contains(BOB), "the log names the recipient: {said}");

    let tested = server.command(["mail", "test", BOB, "--json"], "")?;
    ensure!(code(&tested) == Some(1), "{tested:?}");
    let tested: Value = serde_json::from_slice(&tested.stdout)?;
    ensure!(
        tested["sent"] == false && tested["for_good"] == true,
        "{tested}"
    );
    Ok(())
}

/// Holds: ASVS 16.5.2
#[test]
fn asvs_16_5_2_what_a_server_that_is_away_cannot_take_arrives_later_and_once() -> anyhow::Result<()>
{
    let mut smtp = Smtp::start()?;
    let (launch, clock) = launch(&smtp.url())?.movable_clock()?;
    smtp.close()?;
    let mut server = launch.start()?;
    invite(&server, ALICE)?;
    server.process.wait_line("cannot be reached")?;
    ensure!(waiting(&server)? == 1);
    ensure!(!server.process.said().contains(ALICE));

    // It survives a kill, too.
    server.process.kill()?;
    smtp.open()?;
    let server = launch.start()?;
    std::fs::write(&clock, "+1h")?;
    smtp.wait_for(ALICE, 1)?;
    eventually(|| Ok(waiting(&server)? == 0))?;
    ensure!(
        smtp.attempts(ALICE).len() == 1,
        "{:?}",
        smtp.attempts(ALICE)
    );
    Ok(())
}

/// Holds: ASVS 16.5.2
#[test]
fn asvs_16_5_2_a_mail_server_that_says_nothing_keeps_nobody_waiting() -> anyhow::Result<()> {
    let silent = Silent::start()?;
    let server = launch(&silent.url())?.start()?;
    let password = "seven green doors open";
    server.add_user(ALICE, password)?;
    for n in 0..8 {
        invite(&server, &format!("guest{n}@example.test"))?;
    }
    let mut client = server.client();
    ensure!(client.sign_in(ALICE, password)?.status == 303);
    ensure!(client.signed_in()?);
    ensure!(waiting(&server)? >= 8);
    let mut server = server;
    ensure!(
        server.process.terminate()?.success(),
        "nor does a stop wait for it"
    );
    Ok(())
}

/// Without a server running, what cannot be mailed is printed, and what can is kept for the server.
#[test]
fn a_command_without_a_server_only_queues() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let mut server = launch.start()?;
    server.add_user(ALICE, "seven green doors open")?;
    ensure!(server.process.terminate()?.success());
    let output = server.command(["user", "recover", ALICE], "")?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(said.contains("hand over this link"), "{said}");
    let link = said.lines().last().unwrap_or_default();
    ensure!(
        link.starts_with("http://localhost:8080/recover/finish?token=vst_recover_"),
        "{link}"
    );
    Ok(())
}

/// Holds: H01
#[test]
fn h01_a_link_is_the_issuers_whatever_the_request_says_of_hosts() -> anyhow::Result<()> {
    let smtp = Smtp::start()?;
    let server = launch(&smtp.url())?.start()?;
    let add = ["user", "add", ALICE, "--verified", "--password-stdin"];
    ensure!(
        server
            .command(add, "seven green doors open")?
            .status
            .success()
    );

    let mut client = server.client();
    let csrf = client.get("/recover")?.hidden("csrf")?;
    let body = vestibule_e2e::http::encode(&[("csrf", csrf.as_str()), ("identifier", ALICE)]);
    let origin = client.origin();
    let form = [
        ("Accept", "text/html"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Origin", origin.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
    ];
    let lies = [
        ("X-Forwarded-Host", "evil.example.test"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Server", "evil.example.test"),
        ("X-Original-URL", "https://evil.example.test/recover"),
        ("X-Host", "evil.example.test"),
        ("Forwarded", "host=evil.example.test;proto=https"),
    ];
    let answer = client.send("POST", "/recover", &[&form[..], &lies[..]].concat(), &body)?;
    ensure!(answer.status == 200, "{answer:?}");
    let message = smtp.wait_for(ALICE, 1)?;
    let prefix = format!("{}/recover/finish?token=vst_recover_", server.origin());
    let link = message.link().context("no link")?;
    ensure!(link.starts_with(&prefix), "{link}");
    ensure!(!String::from_utf8_lossy(&message.raw).contains("evil.example.test"));

    let mut stranger = Client::new(server.port, "evil.example.test".to_owned());
    let answer = stranger.send("POST", "/recover", &form, &body)?;
    ensure!(answer.status == 421, "{answer:?}");
    ensure!(smtp.messages()?.len() == 1);
    Ok(())
}
