//! What the operator sees at the start: where it listens, where its data is, the one-time set-up link, or else where mails
//! are read in development, how to stop it. Four lines, whatever there is to tell.
//!
//! Each link is a secret (ASVS 16.2.5): it goes to the terminal, or, where there is none, to a file for its owner alone;
//! never to the log.

use std::fs;
use std::future;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use zeroize::Zeroizing;

use vestibule_core::secret::PlainSetupSecret;
use vestibule_http::Issuer;

use crate::keys::write_private;
use crate::mail::Shown;
use crate::settings::Settings;
use crate::wiring::Wired;

/// The set-up link's file in the data directory.
const FILE: &str = "setup-link";
/// The file of the link to mails in development.
const MAIL_FILE: &str = "dev-mail-link";

/// A set-up link, placed where its reader finds it.
pub struct SetupLink {
    secret: PlainSetupSecret,
    place: Place,
}

enum Place {
    /// The link itself, for the terminal.
    Terminal(String),
    /// The file that holds it.
    File(PathBuf),
}

impl Place {
    /// The terminal if there is one, else the file, written anew.
    fn of(link: String, path: PathBuf) -> Result<Self> {
        if io::stderr().is_terminal() {
            return Ok(Self::Terminal(link));
        }
        write_private(&path, format!("{link}\n").as_bytes())
            .with_context(|| format!("cannot write to {}", path.display()))?;
        Ok(Self::File(path))
    }
}

/// The link to mails in development, placed where its reader finds it.
pub struct MailLink(Place);

impl MailLink {
    /// Keeps the link for the terminal, or writes its file where there is no terminal. Without it an administrator reads
    /// mails all the same.
    pub fn place(data: &Path, issuer: &Issuer, mails: &Shown) -> Option<Self> {
        let link = Zeroizing::new(format!("{}/dev/mail?key={}", issuer.origin(), *mails.key));
        Place::of(link.to_string(), data.join(MAIL_FILE))
            .inspect_err(|error| {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "no link to the mails that are shown in development; an administrator finds them at /dev/mail"
                );
            })
            .map(Self)
            .ok()
    }

    fn line(&self) -> String {
        match &self.0 {
            Place::Terminal(link) => format!("mails stay here: {link}"),
            Place::File(path) => format!("mails stay here: the link is in {}", path.display()),
        }
    }
}

impl SetupLink {
    /// Keeps the link for the terminal, or writes its file where there is no terminal.
    pub fn place(data: &Path, issuer: &Issuer, secret: PlainSetupSecret) -> Result<Self> {
        let link = format!("{}/setup?token={}", issuer.origin(), secret.encode());
        let place = Place::of(link, data.join(FILE)).context("the set-up link")?;
        Ok(Self { secret, place })
    }

    fn line(&self) -> String {
        match &self.place {
            Place::Terminal(link) => {
                format!("set up the administrator within the hour: {link}")
            }
            Place::File(path) => format!(
                "set up the administrator within the hour: the link is in {}",
                path.display()
            ),
        }
    }
}

/// Removes the set-up link's file of this or an earlier run.
pub fn remove_setup_link(data: &Path) {
    remove(&data.join(FILE));
}

/// Removes the file of the link to mails of this or an earlier run.
pub fn remove_mail_link(data: &Path) {
    remove(&data.join(MAIL_FILE));
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "the used link {} cannot be removed; it opens nothing any more", path.display());
    }
}

/// Removes the link's file as soon as the link is no longer good; never returns.
pub async fn remove_when_used(link: Option<&SetupLink>, wired: &Wired) {
    if let Some(SetupLink {
        secret,
        place: Place::File(path),
    }) = link
    {
        let mut administrators = wired.told.administrators();
        loop {
            match wired.engine.setup_offered(secret, wired.engine.now()).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!(%error, "whether the set-up link is still good is not known just now");
                }
            }
            if administrators.changed().await.is_err() {
                break;
            }
        }
        if let Some(data) = path.parent() {
            remove_setup_link(data);
        }
    }
    future::pending::<()>().await;
}

/// Prints the lines, the one that says it is ready first.
pub fn announce(
    settings: &Settings,
    issuer: &Issuer,
    bound: &[SocketAddr],
    setup: Option<&SetupLink>,
    mails: Option<&MailLink>,
) {
    // The administrator to be finds the mails by signing in: the first run stays four lines.
    let link = setup
        .map(SetupLink::line)
        .or_else(|| mails.map(MailLink::line));
    let text = lines(settings, issuer, bound, link);
    // A closed standard error is no reason to stop serving.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn lines(
    settings: &Settings,
    issuer: &Issuer,
    bound: &[SocketAddr],
    link: Option<String>,
) -> String {
    let mut lines = vec![listening(settings, issuer, bound)];
    let data = fs::canonicalize(&settings.data).unwrap_or_else(|_| settings.data.clone());
    lines.push(format!("data in {}", data.display()));
    lines.extend(link);
    lines.push("stop with Ctrl-C".to_owned());
    lines.push(String::new());
    lines.join("\n")
}

/// `listening on http://…`, or https: the address to open, or, behind a proxy, the ones that the proxy is to speak to.
fn listening(settings: &Settings, issuer: &Issuer, bound: &[SocketAddr]) -> String {
    if settings.issuer.is_none() {
        return format!("listening on {}", issuer.origin());
    }
    let scheme = if settings.tls.pair().is_some() {
        "https"
    } else {
        "http"
    };
    let each: Vec<String> = bound
        .iter()
        .map(|address| format!("{scheme}://{address}"))
        .collect();
    format!(
        "listening on {} for {}",
        each.join(" and "),
        issuer.origin()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).unwrap()
    }

    #[test]
    fn a_first_run_is_four_lines() {
        let settings = Settings {
            data: PathBuf::from("/"),
            ..Settings::default()
        };
        let bound = ["127.0.0.1:8080".parse().unwrap()];
        let shown = lines(
            &settings,
            &issuer("http://localhost:8080"),
            &bound,
            Some("set up".to_owned()),
        );
        assert_eq!(
            shown,
            "listening on http://localhost:8080\ndata in /\nset up\nstop with Ctrl-C\n"
        );
    }

    #[test]
    fn behind_a_proxy_the_line_names_what_the_proxy_speaks_to() {
        let settings = Settings {
            issuer: Some("https://id.example.test".to_owned()),
            ..Settings::default()
        };
        let bound = [
            "127.0.0.1:8080".parse().unwrap(),
            "[::1]:8080".parse().unwrap(),
        ];
        assert_eq!(
            listening(&settings, &issuer("https://id.example.test"), &bound),
            "listening on http://127.0.0.1:8080 and http://[::1]:8080 for https://id.example.test"
        );
    }

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_without_a_terminal_the_link_is_in_a_file_and_not_in_the_line() {
        let data = tempfile::tempdir().unwrap();
        // The test's standard error is no terminal under a runner; on one there is nothing to look at here.
        if io::stderr().is_terminal() {
            return;
        }
        let secret = PlainSetupSecret::new([7; 32]);
        let encoded = secret.encode();
        let link = SetupLink::place(data.path(), &issuer("http://localhost:8080"), secret).unwrap();
        assert!(!link.line().contains(&encoded));
        let written = fs::read_to_string(data.path().join(FILE)).unwrap();
        assert_eq!(
            written,
            format!("http://localhost:8080/setup?token={encoded}\n")
        );
        remove_setup_link(data.path());
        remove_setup_link(data.path());
        assert!(!data.path().join(FILE).exists());
    }
}
