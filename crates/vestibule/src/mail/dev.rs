//! In development: nothing leaves, letters are shown in the browser.

use std::sync::Arc;

use zeroize::Zeroizing;

use vestibule_core::letter::Letter;
use vestibule_engine::{Clock as _, Entropy as _, EntropyError, MailError, Mailer};
use vestibule_http::dev_mail::DevMailbox;
use vestibule_store::BoxFuture;

use super::Desk;
use crate::os::{SystemClock, SystemEntropy};

/// A mailbox in this process's memory, and the key that opens its page.
#[derive(Clone)]
pub struct Shown {
    /// Holds the letters.
    pub mailbox: Arc<DevMailbox>,
    /// For the operator, and for no log.
    pub key: Zeroizing<String>,
}

impl Shown {
    /// With a fresh key.
    pub fn new() -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        SystemEntropy::new().fill(&mut *bytes)?;
        let (mailbox, key) = DevMailbox::new(*bytes);
        Ok(Self {
            mailbox: Arc::new(mailbox),
            key,
        })
    }
}

/// Puts letters into the mailbox.
pub struct DevMailer {
    pub desk: Desk,
    pub mailbox: Arc<DevMailbox>,
}

impl Mailer for DevMailer {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async move {
            let written = self.desk.write(letter)?;
            self.mailbox
                .put(SystemClock.wall(), letter.to.clone(), written);
            Ok(())
        })
    }
}
