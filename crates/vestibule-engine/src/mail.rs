//! Mail: who carries letters, and how letters and requests get into the outbox.
//!
//! ```text
//! request ── posts an errand ──▶ outbox (sealed, in the store) ── taken by the chores ──▶ done: letters, tickets
//!                                  ▲                                  │
//!                                  └───────── put off, retried ◀──────┘──▶ given up
//! ```
//!
//! A letter that tells of a change is written by the change's own transition ([`Act::told`]); no change goes untold for a
//! mail server that is away (ASVS 6.3.7, 16.5.2).
//!
//! [`Act::told`]: vestibule_core::audit::Act::told

pub(crate) mod outbox;
mod requests;

use std::error::Error as StdError;
use std::time::Duration;

use tokio::sync::Notify;
use vestibule_core::audit::{Actor, Event};
use vestibule_core::email::EmailAddress;
use vestibule_core::errand::{Errand, Work};
use vestibule_core::id::{ErrandId, UserId};
use vestibule_core::letter::{Letter, Says};
use vestibule_core::throttle::{Rule, Scope, ThrottleKey};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Language;
use vestibule_store::{BoxFuture, OwnDevice, PostErrand, StoreError};
use zeroize::Zeroizing;

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::login::credential::NotNow;
use crate::visit::{Operator, Visit};

/// How long a letter is tried before it is given up.
const LETTERS_FOR: Duration = Duration::from_hours(3 * 24);
/// How long a request waits to be done before it is dropped: nobody waits for its mail any more.
const REQUESTS_FOR: Duration = Duration::from_hours(1);

/// Carries letters: SMTP, or what a developer looks at.
pub trait Mailer: Send + Sync {
    /// Writes a letter out and hands it over. The engine gives it a minute.
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>>;
}

/// Why a letter was not handed over. The causes reach the log, without the recipient's address.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It may be taken later: the mail server is away, busy, or greylists.
    #[error("the mail server did not take a letter just now")]
    Later(#[source] Box<dyn StdError + Send + Sync>),
    /// The mail server refuses this recipient or this letter for good.
    #[error("the mail server refuses a letter for good")]
    Never(#[source] Box<dyn StdError + Send + Sync>),
}

/// Why a letter was not tried out.
#[derive(Debug, thiserror::Error)]
pub enum TestLetterError {
    /// No mail server is configured.
    #[error("no mail server is configured: set mail.server and mail.from")]
    NoMail,
    /// It did not take it.
    #[error(transparent)]
    Mail(#[from] MailError),
}

/// Wakes the outbox at once, so that whoever waits for a mail does not wait for the next round.
#[derive(Default)]
pub(crate) struct Posted(Notify);

impl Posted {
    fn tell(&self) {
        self.0.notify_one();
    }

    async fn told(&self) {
        self.0.notified().await;
    }
}

/// What became of a mail that a visitor asked for.
pub(crate) enum Asked {
    /// It will be done.
    Posted(ErrandId),
    /// Too many were asked for.
    Throttled { retry_after: Duration },
}

impl Engine {
    /// Whether letters can be sent.
    pub const fn mails(&self) -> bool {
        self.mailer().is_some()
    }

    /// How many errands wait in the outbox: letters, and requests that are not done yet.
    pub async fn mail_waiting(&self) -> Result<u64, StoreError> {
        self.store().waiting_errands().await
    }

    /// Sends a letter at once, for an operator to see whether mail arrives, and why not.
    pub async fn send_test_letter(
        &self,
        to: &EmailAddress,
        operator: &Operator,
    ) -> Result<(), TestLetterError> {
        let mailer = self.mailer().ok_or(TestLetterError::NoMail)?;
        tracing::info!(
            operator.by = operator.actor().code(),
            "a test letter is sent"
        );
        let letter = Letter {
            to: to.clone(),
            language: Language::default(),
            says: Says::Test,
        };
        Ok(outbox::send(&**mailer, &letter).await?)
    }

    /// A letter, sealed, for an act to write with what it tells of. It is dropped with `user`'s account, if there is one
    /// named.
    pub(crate) fn letter(
        &self,
        to: &EmailAddress,
        language: &Language,
        says: Says,
        user: Option<UserId>,
        now: UnixMillis,
    ) -> Result<Errand, StoreError> {
        let letter = Letter {
            to: to.clone(),
            language: language.clone(),
            says,
        };
        self.errand(&Work::Letter(letter), user, now)
    }

    /// The same letter to each of these addresses (N62); none where no mailer is configured.
    pub(crate) fn letters(
        &self,
        to: &[EmailAddress],
        language: &Language,
        says: &Says,
        user: Option<UserId>,
        now: UnixMillis,
    ) -> Result<Vec<Errand>, StoreError> {
        if !self.mails() {
            return Ok(Vec::new());
        }
        to.iter()
            .map(|to| self.letter(to, language, says.clone(), user, now))
            .collect()
    }

    fn errand(
        &self,
        work: &Work,
        user: Option<UserId>,
        now: UnixMillis,
    ) -> Result<Errand, StoreError> {
        let random = self.random().map_err(EntropyError::into_store)?;
        let nonce = self.random().map_err(EntropyError::into_store)?;
        let id = ErrandId::new(now, random);
        let plain =
            serde_json::to_vec(work).map_err(|error| StoreError::Failed(Box::new(error)))?;
        let sealed = self
            .master()
            .seal(&purpose(id), nonce, &Zeroizing::new(plain))
            .map_err(|error| StoreError::Failed(Box::new(error)))?;
        let (request, lasts) = match work {
            Work::Letter(_) => (false, LETTERS_FOR),
            Work::Register { .. } | Work::Recover { .. } | Work::Address { .. } => {
                (true, REQUESTS_FOR)
            }
        };
        Ok(Errand {
            id,
            user,
            sealed,
            request,
            due_at: now,
            expires_at: now.plus(lasts),
        })
    }

    fn open_errand(&self, id: ErrandId, sealed: &[u8]) -> Result<Work, StoreError> {
        let unreadable = || StoreError::Corrupt(format!("errand {id}"));
        let plain = self
            .master()
            .open(&purpose(id), sealed)
            .map_err(|_| unreadable())?;
        serde_json::from_slice(&plain).map_err(|_| unreadable())
    }

    /// Posts what a visitor asked for, to be done in its own time: one store call, whatever the address (ASVS 6.3.8).
    /// Mails have limits, charged in the same transition (ASVS 2.4.1).
    pub(crate) async fn ask(
        &self,
        work: &Work,
        to: &EmailAddress,
        event: Event,
        visit: &Visit,
    ) -> Result<Asked, NotNow> {
        let errand = self.errand(work, event.user, visit.now)?;
        let id = errand.id;
        let actor = event.user.map_or(Actor::Visitor, Actor::User);
        // Whose address was typed is not known here: kept in the trail, it would outlast its owner's account.
        let act = visit.act(self, actor, None)?;
        let charges = self.mail_charges(to, visit);
        let own = match work {
            Work::Recover { .. } => self.own_device(to, visit),
            Work::Letter(_) | Work::Register { .. } | Work::Address { .. } => None,
        };
        let posted = self
            .store()
            .post_errand(errand, charges, own, vec![event], act)
            .await?;
        match posted {
            PostErrand::Posted => {
                self.posted().tell();
                Ok(Asked::Posted(id))
            }
            PostErrand::Throttled(throttled) => {
                self.metrics().throttled(Scope::Mail);
                // ASVS 16.3.3
                tracing::info!(scope = Scope::Mail.code(), "mails were asked for too often");
                let wait = throttled
                    .until
                    .map_or(REQUESTS_FOR, |until| until.since(visit.now));
                Ok(Asked::Throttled {
                    retry_after: wait.max(Duration::from_secs(1)),
                })
            }
        }
    }

    fn mail_charges(&self, to: &EmailAddress, visit: &Visit) -> Vec<(ThrottleKey, Rule)> {
        let (keyer, limits) = (self.keyer(), self.policy().mail_limits);
        let (to, from) = (to.as_str(), visit.address);
        vec![
            (keyer.mail(to, from), Rule::Growing(limits.pair)),
            (keyer.mail_to(to), Rule::Refilling(limits.address)),
            (keyer.mail_from(from), Rule::Refilling(limits.network)),
        ]
    }

    /// C23: what strangers asked for in an owner's name is not charged to a device of theirs. It has a tally of its own, for this
    /// address; no address has a line break.
    fn own_device(&self, to: &EmailAddress, visit: &Visit) -> Option<OwnDevice> {
        let (keyer, limits) = (self.keyer(), self.policy().mail_limits);
        let device = visit.device.as_ref()?.proof();
        let own = keyer.mail_to(&format!("{}\n{}", device.id, to.as_str()));
        let from = keyer.mail_from(visit.address);
        Some(OwnDevice {
            email: to.clone(),
            device,
            charges: vec![
                (own, Rule::Growing(limits.pair)),
                (from, Rule::Refilling(limits.network)),
            ],
        })
    }
}

/// An errand opens under its own id alone: none can be put in another's place.
fn purpose(id: ErrandId) -> Vec<u8> {
    [&b"vestibule/errand/v1/"[..], id.as_bytes()].concat()
}
