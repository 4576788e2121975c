//! What the log says of a refusal: enough to put a proxy right or to notice an attempt, and nothing a stranger wrote.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::asker::{Ask, Street};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The log of one question.
async fn log_of(ask: Ask) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(lines.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    ask.send().await;
    drop(guard);
    let lines = lines.0.lock().unwrap().clone();
    String::from_utf8(lines).unwrap()
}

/// Holds: ASVS 16.3.2, ASVS 16.3.3, ASVS 16.4.1
#[tokio::test]
async fn asvs_16_3_2_a_refusal_is_logged_with_its_reason_and_who() {
    let street = Street::new().await;
    let alice = street.alice.id.to_string();
    let stranger = "stranger\t\u{e9}";
    for (ask, code, who) in [
        (street.ask("/app").query("role=owners"), "role", &*alice),
        (street.ask("/app").query("acr=aal2"), "acr", &alice),
        (
            street.ask_by(vestibule_http::HeaderFamily::XForwarded, "POST", "/app"),
            "foreign_origin",
            &alice,
        ),
        (street.ask("/app//x"), "forwarded_ambiguous", ""),
        (
            street.ask("/app").with("x-original-uri", stranger),
            "forwarded_other_family",
            "",
        ),
        (
            street.ask("/app").with("x-forwarded-host", stranger),
            "forwarded_malformed",
            "",
        ),
        (
            street.ask("/app").from("203.0.113.1:1"),
            "unknown_proxy",
            "",
        ),
    ] {
        let log = log_of(ask.with("user-agent", stranger)).await;
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains(&format!("code=\"{code}\"")), "{log}");
        assert!(log.contains(who), "{log}");
        assert!(!log.contains("stranger"), "{log}");
    }
}

/// A crowd without a cookie fills no disk.
#[tokio::test]
async fn who_only_has_to_sign_in_leaves_no_line() {
    let street = Street::new().await;
    for ask in [
        street.ask("/app"),
        street.ask("/app").of_nobody(),
        street.ask("/app").with("cookie", "__Host-vestibule=x"),
        street.ask("/app").with("authorization", "Bearer x"),
    ] {
        assert_eq!(log_of(ask).await, "");
    }
}
