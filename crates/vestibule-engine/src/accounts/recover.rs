//! Recovery: a new password through a mailed link, and the end of a login that a mail told of.
//!
//! ```text
//! ask (shows a code) ──▶ outbox ──▶ link ──┬─ in the browser that asked ─────────┬─▶ new password, everything else ends
//!                                          └─ elsewhere, with the code (5 tries) ┘
//! ```
//!
//! Who reads the mail alone, on a machine of theirs, lacks the code; who sees the asking page alone lacks the link
//! (ASVS 6.6.2). It never signs in by itself (C13, ASVS 6.3.6).

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::audit::{Actor, Event, EventKind};
use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::errand::Work;
use vestibule_core::id::{ErrandId, UserId};
use vestibule_core::known_device::DeviceCookie;
use vestibule_core::letter::Says;
use vestibule_core::password::{Concerned, HashedPassword, NewPassword, NewPasswordError};
use vestibule_core::secret::{HashedSecret, sha256};
use vestibule_core::session::EndReason;
use vestibule_core::ticket::{Grant, PlainTicket, RecoveryCode, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::UserStatus;
use vestibule_store::{EndLogin, Recover, Recovery, SignInRecord, StoreError, TryCode};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::login::credential::{NotNow, not_now};
use crate::mail::Asked;
use crate::metrics::Step;
use crate::sessions::end::see_through;
use crate::visit::{Operator, Visit};

/// Why no recovery was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskRecoveryError {
    /// No mail server is configured.
    #[error("no mail can be sent")]
    NoMail,
    /// Not an address.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// Too many mails were asked for.
    #[error("too many mails were asked for")]
    Throttled {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(AskRecoveryError);

/// What a recovery's link is good for, in this browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recoverable {
    /// For a new password.
    Here {
        /// Where the link was sent.
        email: EmailAddress,
    },
    /// For a new password, with the code that the asking page shows in another browser.
    OtherBrowser {
        /// Where the link was sent.
        email: EmailAddress,
    },
    /// For nothing: it was used, has expired, or never was.
    Gone,
}

/// What the reader of the mail typed.
#[derive(Clone, Copy)]
pub struct FinishRecovery<'a> {
    /// The link's.
    pub ticket: &'a PlainTicket,
    /// The bytes of the browser's form cookie.
    pub browser: Option<[u8; 32]>,
    /// The code, as typed, if it was asked for.
    pub code: Option<&'a str>,
    /// The new password, as typed.
    pub password: &'a str,
}

/// A password set anew. Nobody is signed in by it.
#[derive(Debug)]
pub struct Recovered {
    /// How many sessions this ended.
    pub ended: u64,
    /// To be set: the browser is known to the account from now on (C23).
    pub device: DeviceCookie,
}

/// Why the password is what it was.
#[derive(Debug, thiserror::Error)]
pub enum FinishRecoveryError {
    /// May not be a password.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// Another browser asked: the code it shows is needed.
    #[error("the code is missing")]
    CodeNeeded,
    /// Not the code. Five such, and the link is gone.
    #[error("the code does not fit")]
    WrongCode,
    /// The link was used, has expired, or never was.
    #[error("this link is no longer good")]
    Gone,
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(FinishRecoveryError);

/// A recovery that an operator offers.
#[derive(Debug)]
pub struct Offered {
    /// The link's, for the operator to hand over. `None`: it was mailed, so that no operator can set a password
    /// (ASVS 6.4.6).
    pub token: Option<String>,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// It goes by mail.
    pub mailed: bool,
}

impl Engine {
    /// Asks for a recovery. The same work, the same answer and a code whether or not the address has an account
    /// (ASVS 6.3.8): the mail tells its reader.
    pub async fn ask_recovery(
        &self,
        email: &str,
        browser: Option<[u8; 32]>,
        visit: &Visit,
    ) -> Result<RecoveryCode, AskRecoveryError> {
        if !self.mails() {
            return Err(AskRecoveryError::NoMail);
        }
        let email = EmailAddress::parse(email)?;
        let work = Work::Recover {
            email: email.clone(),
            language: visit.language.clone(),
            browser: browser.map(|bytes| sha256(&bytes)),
            from: visit.whence(),
        };
        let event = Event::plain(EventKind::RecoveryAsked);
        match self.ask(&work, &email, event, visit).await? {
            Asked::Posted(id) => {
                self.metrics().recovery(Step::Asked);
                Ok(self.recovery_codes().code(id))
            }
            Asked::Throttled { retry_after } => Err(AskRecoveryError::Throttled { retry_after }),
        }
    }

    /// What a link is good for, in this browser, without using it.
    pub async fn recovery(
        &self,
        ticket: &PlainTicket,
        browser: Option<[u8; 32]>,
        now: UnixMillis,
    ) -> Result<Recoverable, StoreError> {
        let found = self.store().ticket(ticket.hashed(), now).await?;
        Ok(match found {
            Some(found) if matches!(found.grant, Grant::Recover { .. }) => {
                if fits(&found, browser) {
                    Recoverable::Here { email: found.email }
                } else {
                    Recoverable::OtherBrowser { email: found.email }
                }
            }
            _ => Recoverable::Gone,
        })
    }

    /// Sets a new password through a link. Every session of the user ends, their tries start again, and all their
    /// addresses are told (N62). Burns the link: of many that try at once, one does (H04).
    pub async fn finish_recovery(
        self: &Arc<Self>,
        finish: FinishRecovery<'_>,
        visit: &Visit,
    ) -> Result<Recovered, FinishRecoveryError> {
        use FinishRecoveryError as Not;
        let ticket = self.store().ticket(finish.ticket.hashed(), visit.now);
        let ticket = ticket.await?.ok_or(Not::Gone)?;
        let Grant::Recover { user, asked, .. } = ticket.grant else {
            return Err(Not::Gone);
        };
        let record = self.store().sign_in_record_of(user).await?;
        let record = record.ok_or(Not::Gone)?;
        if record.user.status == UserStatus::Disabled || self.index().is_held(user) {
            return Err(Not::Gone);
        }
        let here = fits(&ticket, finish.browser);
        if !here && finish.code.is_none() {
            return Err(Not::CodeNeeded);
        }
        // First whatever may be wrong with the password: no try of the code is spent on it.
        let hash = self.hash_for(&record, finish.password).await?;
        if let (false, Some(code)) = (here, finish.code) {
            self.try_code(&ticket, user, asked, code, visit).await?;
        }
        self.recover(finish.ticket.hashed(), hash, &record, visit)
            .await
    }

    async fn hash_for(
        &self,
        record: &SignInRecord,
        password: &str,
    ) -> Result<HashedPassword, FinishRecoveryError> {
        let of = Concerned {
            emails: &record.addresses.iter().collect::<Vec<_>>(),
            name: &record.user.name,
        };
        let password = NewPassword::parse(password, &of, self.blocklist())?;
        Ok(self.new_hash(password).await??)
    }

    /// Counted before it is compared, so that no more than five are ever compared (N45, ASVS 6.6.3).
    async fn try_code(
        &self,
        ticket: &Ticket,
        user: UserId,
        asked: Option<ErrandId>,
        code: &str,
        visit: &Visit,
    ) -> Result<(), FinishRecoveryError> {
        match self.store().try_code(ticket.secret, visit.now).await? {
            TryCode::Counted => {}
            TryCode::Gone => return Err(FinishRecoveryError::Gone),
        }
        if asked.is_some_and(|asked| self.recovery_codes().code(asked).fits(code)) {
            return Ok(());
        }
        let act = visit.act(self, Actor::Visitor, Some(ticket.email.as_str()))?;
        let event = Event::user(EventKind::CodeRefused, user);
        self.store().record(vec![event], act).await?;
        Err(FinishRecoveryError::WrongCode)
    }

    async fn recover(
        self: &Arc<Self>,
        secret: HashedSecret,
        hash: HashedPassword,
        record: &SignInRecord,
        visit: &Visit,
    ) -> Result<Recovered, FinishRecoveryError> {
        let device = self.entropy().device(visit.now)?;
        let recovery = Recovery {
            secret,
            hash,
            known: device.proof(),
        };
        let user = record.user.id;
        let mut act = visit.act(self, Actor::Visitor, Some(record.user.email.as_str()))?;
        let says = Says::PasswordReset {
            from: visit.whence(),
        };
        let language = &record.particulars.language;
        act.told = self.letters(&record.addresses, language, &says, Some(user), visit.now)?;
        let engine = Arc::clone(self);
        let recovered = see_through(async move {
            let keyer = engine.keyer().clone();
            engine.store().recover(recovery, keyer, act).await
        });
        match recovered.await? {
            Recover::Recovered { ended, .. } => {
                self.metrics().recovery(Step::Finished);
                Ok(Recovered { ended, device })
            }
            Recover::Gone => Err(FinishRecoveryError::Gone),
        }
    }

    /// Offers a recovery to the account with this address: an operator starts it, and never learns or sets the password
    /// where mail can be sent (ASVS 6.4.6). `None`: there is no such account, or it is disabled.
    pub async fn offer_recovery(
        &self,
        email: &EmailAddress,
        operator: &Operator,
    ) -> Result<Option<Offered>, NotNow> {
        let record = self.store().sign_in_record(email.clone()).await?;
        let enabled = |record: &SignInRecord| record.user.status == UserStatus::Active;
        let Some(record) = record.filter(enabled) else {
            return Ok(None);
        };
        let (user, now) = (record.user.id, operator.now);
        let (plain, ticket) = self.recover_ticket(&record, email, now)?;
        let expires_at = ticket.expires_at;
        let says = Says::Recover {
            token: plain.encode(),
            expires_at,
            from: None,
        };
        let mut act = operator.act(self, Some(email.as_str()))?;
        let language = &record.particulars.language;
        let to = std::slice::from_ref(email);
        act.told = self.letters(to, language, &says, Some(user), now)?;
        self.store().offer_ticket(ticket, act).await?;
        let mailed = self.mails();
        Ok(Some(Offered {
            token: (!mailed).then(|| plain.encode()),
            expires_at,
            mailed,
        }))
    }

    /// Ends the login that a mail told of (ASVS 6.3.5, 7.4.2). An end that cannot be stored is enforced in memory, and the
    /// error returned.
    pub async fn end_login(
        self: &Arc<Self>,
        ticket: &PlainTicket,
        visit: &Visit,
    ) -> Result<EndLogin, NotNow> {
        let secret = ticket.hashed();
        let found = self.store().ticket(secret, visit.now).await?;
        let Some(Ticket {
            grant: Grant::EndLogin { user, session },
            email,
            ..
        }) = found
        else {
            return Ok(EndLogin::Gone);
        };
        let act = visit.act(self, Actor::Visitor, Some(email.as_str()));
        let act = act.map_err(EntropyError::into_store);
        let engine = Arc::clone(self);
        let ended = see_through(async move {
            let owed = act.as_ref().ok().cloned();
            let ended = match act {
                Ok(act) => engine.store().end_login(secret, act).await,
                Err(error) => Err(error),
            };
            if ended.is_err() && engine.index().may_end(session, Some(user)) {
                let reason = EndReason::EndedByMail;
                engine.owe(vec![session], Some(user), reason, owed.as_ref());
            }
            if !matches!(ended, Ok(EndLogin::Gone)) {
                // Whatever the store says of it, here it is over.
                engine.index().remove_of(session, user);
            }
            ended
        });
        Ok(ended.await?)
    }
}

/// ASVS 6.6.2: bound to the browser that asked.
fn fits(ticket: &Ticket, browser: Option<[u8; 32]>) -> bool {
    ticket.fits_browser(browser.map(|bytes| HashedSecret::from_bytes(sha256(&bytes))))
}
