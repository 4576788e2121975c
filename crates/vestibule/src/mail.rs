//! Letters leave: through the operator's mail server, or, in development, into a mailbox that is read in the browser.

mod dev;
mod message;
mod reply;
mod smtp;

use std::sync::Arc;

use lettre::message::Mailbox;

use vestibule_core::letter::Letter;
use vestibule_engine::{EntropyError, MailError, Mailer, Places};
use vestibule_http::Issuer;
use vestibule_http::letters::{self, Written};
use vestibule_http::texts::Texts;

use crate::private::PrivateError;
use crate::settings::{Settings, is_development};

use self::dev::DevMailer;
use self::message::{Stationery, mailbox};
use self::smtp::SmtpMailer;

pub use self::dev::Shown;

/// Why no mail can leave as the settings have it.
#[derive(Debug, thiserror::Error)]
pub enum MailSettingError {
    /// The password cannot be read.
    #[error(transparent)]
    Password(#[from] PrivateError),
    /// The authorities cannot be read.
    #[error("mail.authority_file {path} {what}: it must hold certificates in PEM form")]
    Authority {
        /// As set.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// The address that mails come from is none.
    #[error("mails cannot come from {0}: set mail.from to an address of yours")]
    From(String),
    /// TLS cannot be set up.
    #[error("mail.server: TLS cannot be set up: {0}")]
    Tls(lettre::transport::smtp::Error),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Writes letters out for one installation. Links begin with its issuer, whatever a request said (H01).
pub struct Desk {
    issuer: Issuer,
    brand: String,
    texts: Texts,
    places: Option<Arc<dyn Places>>,
}

impl Desk {
    /// For a server known as `issuer`.
    pub fn new(settings: &Settings, issuer: &Issuer, places: Option<Arc<dyn Places>>) -> Self {
        Self {
            issuer: issuer.clone(),
            brand: settings.brand.clone(),
            texts: Texts::embedded(),
            places,
        }
    }

    fn write(&self, letter: &Letter) -> Result<Written, MailError> {
        let places = self.places.as_deref();
        // A defect of ours: the next version may write it.
        letters::write(letter, &self.issuer, &self.brand, &self.texts, places)
            .map_err(|error| MailError::Later(Box::new(error)))
    }
}

/// Where letters go.
pub struct Post {
    /// Who carries them; `None` is nobody.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Where they are read, in development.
    pub shown: Option<Shown>,
}

/// Through the configured server; without one, in development and where `reader` is there to show them, into a
/// mailbox in this process's memory.
pub fn post(settings: &Settings, desk: Desk, reader: Reader) -> Result<Post, MailSettingError> {
    if let Some(server) = &settings.mail.server {
        let from = from(settings, &desk.issuer)?;
        let stationery = Stationery::new(from, &desk.issuer);
        let mailer = SmtpMailer::new(&settings.mail, server, desk, stationery)?;
        return Ok(Post {
            mailer: Some(Arc::new(mailer)),
            shown: None,
        });
    }
    if is_development(&desk.issuer) && reader == Reader::Browser {
        let shown = Shown::new()?;
        let mailbox = Arc::clone(&shown.mailbox);
        return Ok(Post {
            mailer: Some(Arc::new(DevMailer { desk, mailbox })),
            shown: Some(shown),
        });
    }
    Ok(Post {
        mailer: None,
        shown: None,
    })
}

/// Whether the configured server takes our login; sends nothing. In one sentence why not.
pub async fn try_out(settings: &Settings, issuer: &Issuer) -> Result<(), String> {
    let Some(server) = &settings.mail.server else {
        return Ok(());
    };
    let told = |error: MailSettingError| error.to_string();
    let stationery = Stationery::new(from(settings, issuer).map_err(told)?, issuer);
    let desk = Desk::new(settings, issuer, None);
    let mailer = SmtpMailer::new(&settings.mail, server, desk, stationery).map_err(told)?;
    mailer.try_out().await
}

/// Whatever [`post`] would refuse, and not just the first.
pub fn faults(settings: &Settings, issuer: &Issuer) -> Vec<MailSettingError> {
    let Some(server) = &settings.mail.server else {
        return Vec::new();
    };
    let sender = from(settings, issuer).err();
    let login = smtp::faults(&settings.mail, server);
    sender.into_iter().chain(login).collect()
}

/// Whether somebody could read a mailbox in this process's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A server's visitors.
    Browser,
    /// A command ends, and its memory with it.
    Nobody,
}

/// The address that mails come from, the brand beside it.
fn from(settings: &Settings, issuer: &Issuer) -> Result<Mailbox, MailSettingError> {
    let address = match &settings.mail.from {
        Some(from) => from.as_str().to_owned(),
        None if issuer.is_loopback() => "vestibule@localhost".to_owned(),
        None => format!("vestibule@{}", issuer.name()),
    };
    let brand = Some(settings.brand.clone());
    mailbox(brand, &address).map_err(|_| MailSettingError::From(address))
}
