//! The mail server of the tests itself: that it takes, refuses and keeps silent as the tests of the product rely on.

use std::process::{Command, Output};

use anyhow::ensure;
use vestibule_e2e::smtp::{Launch, Silent, Smtp};

const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";

/// Python's own client, so that neither side of the dialogue is ours.
const CLIENT: &str = r#"
import email.message, smtplib, ssl, sys
url, recipient, authority, login = sys.argv[1:]
scheme, rest = url.split("://")
host, port = rest.split(":")
context = ssl.create_default_context(cafile=authority) if authority else None
if scheme == "smtps":
    client = smtplib.SMTP_SSL(host, int(port), context=context, timeout=60)
else:
    client = smtplib.SMTP(host, int(port), timeout=60)
    if context:
        client.starttls(context=context)
if login:
    client.login(*login.split(":"))
message = email.message.EmailMessage()
message["From"], message["To"], message["Subject"] = "Vestibule <id@example.test>", "Undisclosed", "Schön, daß Sie da sind"
message.set_content("Guten Tag,\n\nhttps://id.example.test/help\n<https://id.example.test/register?token=" + "a1" * 60 + "&lang=de>\n.\nEnde\n")
message.add_alternative("<p>Schön, daß Sie da sind</p>", subtype="html")
client.send_message(message, "bounces@example.test", [recipient])
client.quit()
"#;

fn deliver(smtp: &Smtp, recipient: &str, secured: bool, login: &str) -> anyhow::Result<Output> {
    let authority = if secured {
        smtp.authority().display().to_string()
    } else {
        String::new()
    };
    Ok(Command::new("/usr/bin/python3")
        .args(["-c", CLIENT, &smtp.url(), recipient, &authority, login])
        .output()?)
}

#[track_caller]
fn delivered(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "not delivered:\n{said}");
}

#[track_caller]
fn refused(output: &Output, with: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it was delivered");
    assert!(said.contains(with), "refused, but not with {with}:\n{said}");
}

#[test]
fn a_message_is_read_back_as_its_recipient_reads_it() -> anyhow::Result<()> {
    let smtp = Smtp::start()?;
    delivered(&deliver(&smtp, ALICE, false, "")?);
    let message = smtp.wait_for(ALICE, 1)?;
    assert_eq!(message.to, [ALICE]);
    assert_eq!(message.from, "bounces@example.test");
    assert_eq!(message.subject, "Schön, daß Sie da sind");
    assert_eq!(message.header("to"), Some("Undisclosed"));
    let token = "a1".repeat(60);
    assert_eq!(
        message.link(),
        Some(format!("https://id.example.test/register?token={token}&lang=de").as_str())
    );
    // The dialogue doubles a dot that begins a line, and undoes it.
    assert!(message.text.ends_with("\n.\nEnde\n"), "{}", message.text);
    assert_eq!(
        message.html.as_deref().map(str::trim),
        Some("<p>Schön, daß Sie da sind</p>")
    );
    assert!(
        message
            .raw
            .starts_with(b"From: Vestibule <id@example.test>\r\n")
    );
    assert!(!message.over_tls);
    assert_eq!(smtp.messages_to(BOB)?.len(), 0);
    Ok(())
}

#[test]
fn starttls_and_the_login_come_before_any_mail() -> anyhow::Result<()> {
    let smtp = Launch::new()
        .starttls()
        .login("vestibule", "a password")
        .start()?;
    refused(&deliver(&smtp, ALICE, false, "")?, "530");
    refused(&deliver(&smtp, ALICE, true, "")?, "530");
    refused(&deliver(&smtp, ALICE, true, "vestibule:another")?, "535");
    delivered(&deliver(&smtp, ALICE, true, "vestibule:a password")?);
    let message = smtp.wait_for(ALICE, 1)?;
    assert!(message.over_tls);
    assert_eq!(message.login.as_deref(), Some("vestibule"));
    Ok(())
}

#[test]
fn tls_from_the_first_byte() -> anyhow::Result<()> {
    let smtp = Launch::new()
        .implicit_tls()
        .login("vestibule", "a password")
        .start()?;
    assert!(smtp.url().starts_with("smtps://"));
    delivered(&deliver(&smtp, ALICE, true, "vestibule:a password")?);
    assert!(smtp.wait_for(ALICE, 1)?.over_tls);
    Ok(())
}

#[test]
fn a_certificate_is_for_the_server_or_for_another() -> anyhow::Result<()> {
    let smtp = Launch::new()
        .implicit_tls()
        .misnamed("other.example.test")
        .start()?;
    refused(
        &deliver(&smtp, ALICE, true, "")?,
        "certificate is not valid for '127.0.0.1'",
    );
    assert!(smtp.messages()?.is_empty());
    Ok(())
}

#[test]
fn a_greylisted_recipient_gets_it_the_second_time() -> anyhow::Result<()> {
    let smtp = Launch::new().greylisting().start()?;
    refused(&deliver(&smtp, ALICE, false, "")?, "451");
    delivered(&deliver(&smtp, ALICE, false, "")?);
    smtp.wait_for(ALICE, 1)?;
    let attempts = smtp.attempts(ALICE);
    ensure!(attempts.len() == 2, "{attempts:?}");
    assert!(attempts[0].starts_with("451 4.7.1 "), "{attempts:?}");
    assert!(attempts[1].starts_with("250 "), "{attempts:?}");
    Ok(())
}

#[test]
fn one_recipient_is_refused_for_good_and_the_others_are_not() -> anyhow::Result<()> {
    let smtp = Smtp::start()?;
    smtp.answer(BOB, "550 5.1.1 No such user")?;
    refused(&deliver(&smtp, BOB, false, "")?, "550");
    delivered(&deliver(&smtp, ALICE, false, "")?);
    assert_eq!(smtp.wait_for_attempt(BOB, 1)?, "550 5.1.1 No such user");
    smtp.answer_nothing()?;
    delivered(&deliver(&smtp, BOB, false, "")?);
    smtp.wait_for(BOB, 1)?;
    Ok(())
}

#[test]
fn a_server_that_was_away_is_back_with_its_port_and_its_mail() -> anyhow::Result<()> {
    let mut smtp = Smtp::start()?;
    let url = smtp.url();
    delivered(&deliver(&smtp, ALICE, false, "")?);
    smtp.close()?;
    refused(&deliver(&smtp, ALICE, false, "")?, "ConnectionRefused");
    smtp.open()?;
    assert_eq!(smtp.url(), url);
    delivered(&deliver(&smtp, ALICE, false, "")?);
    smtp.wait_for(ALICE, 2)?;
    assert_eq!(smtp.attempts(ALICE).len(), 2);
    Ok(())
}

#[test]
fn a_silent_server_takes_the_connection_and_says_nothing() -> anyhow::Result<()> {
    let silent = Silent::start()?;
    let stream = std::net::TcpStream::connect(("127.0.0.1", silent.port))?;
    stream.set_nonblocking(true)?;
    let said = std::io::Read::read(&mut &stream, &mut [0; 1]);
    assert_eq!(
        said.err().map(|error| error.kind()),
        Some(std::io::ErrorKind::WouldBlock)
    );
    Ok(())
}
