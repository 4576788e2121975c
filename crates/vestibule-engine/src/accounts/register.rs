//! Registration: a stranger, or somebody an operator invited, makes an account by the mail of its address.
//!
//! ```text
//! ask ──▶ outbox ──▶ link to the address ──▶ name, terms, password ──▶ account and first session
//!                └──▶ 'you have an account' to its owner
//! ```
//!
//! Nothing is reserved before the link is used: whoever reads the mail makes the account, whoever asked.

use std::time::Duration;

use vestibule_core::audit::{Actor, Event, EventKind};
use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::errand::Work;
use vestibule_core::letter::Says;
use vestibule_core::password::{Concerned, NewPassword, NewPasswordError};
use vestibule_core::ticket::{Grant, INVITED_FOR, PlainTicket, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{
    CredentialVersion, DisplayName, Language, NewUser, ParseNameError, ParseRoleError, Particulars,
    Role,
};
use vestibule_store::{Register, StoreError};

use super::answers::ProfileFault;
use crate::engine::Engine;
use crate::login::credential::{NotNow, not_now};
use crate::login::password::{PreparedSession, SignedIn};
use crate::mail::Asked;
use crate::metrics::Step;
use crate::sessions::live::LiveSession;
use crate::visit::{Operator, Visit};

/// What a stranger typed who wants an account.
#[derive(Clone, Copy)]
pub struct AskRegistration<'a> {
    /// As typed.
    pub email: &'a str,
    /// As typed; may be empty.
    pub name: &'a str,
    /// To the fields that the settings ask for, by id.
    pub answers: &'a [(&'a str, &'a str)],
    /// The terms were accepted.
    pub terms: bool,
}

/// Why no account was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskRegistrationError {
    /// Nobody may make an account unasked.
    #[error("registration is not open")]
    Closed,
    /// No mail server is configured.
    #[error("no mail can be sent")]
    NoMail,
    /// Not an address.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// What they tell of themselves may not be kept so.
    #[error(transparent)]
    Profile(#[from] ProfileFault),
    /// The terms were not accepted.
    #[error("the terms were not accepted")]
    Terms,
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

not_now!(AskRegistrationError);

/// What the reader of the mail typed.
#[derive(Clone, Copy)]
pub struct FinishRegistration<'a> {
    /// The link's.
    pub ticket: &'a PlainTicket,
    /// As typed; may be empty.
    pub name: &'a str,
    /// To the fields that the settings ask for, by id.
    pub answers: &'a [(&'a str, &'a str)],
    /// The terms were accepted.
    pub terms: bool,
    /// As typed.
    pub password: &'a str,
}

/// Why there is no account yet.
#[derive(Debug, thiserror::Error)]
pub enum FinishRegistrationError {
    /// What they tell of themselves may not be kept so.
    #[error(transparent)]
    Profile(#[from] ProfileFault),
    /// The terms were not accepted.
    #[error("the terms were not accepted")]
    Terms,
    /// May not be a password.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The link was used, has expired, or never was.
    #[error("this link is no longer good")]
    Gone,
    /// The address has an account by now.
    #[error("this address has an account")]
    AddressTaken,
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(FinishRegistrationError);

/// Somebody to be invited.
#[derive(Clone)]
pub struct Invitation<'a> {
    /// As typed.
    pub email: &'a str,
    /// As typed; may be empty.
    pub name: &'a str,
    /// Names of roles.
    pub roles: &'a [String],
    /// Of the mail.
    pub language: Language,
}

/// An invitation that is good.
#[derive(Debug)]
pub struct Invited {
    /// The link's, for the operator to hand over. `None`: it was mailed.
    pub token: Option<String>,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// It goes by mail.
    pub mailed: bool,
}

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Not an address.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// Not a role.
    #[error(transparent)]
    Role(#[from] ParseRoleError),
    /// The address has an account.
    #[error("another account has this address")]
    AddressTaken,
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(InviteError);

impl Engine {
    /// Asks for an account. The same work and the same answer whether or not the address has one (ASVS 6.3.8): the mail
    /// tells its reader.
    pub async fn ask_registration(
        &self,
        ask: AskRegistration<'_>,
        visit: &Visit,
    ) -> Result<(), AskRegistrationError> {
        let policy = &self.policy().registration;
        if !policy.is_open() {
            return Err(AskRegistrationError::Closed);
        }
        if !self.mails() {
            return Err(AskRegistrationError::NoMail);
        }
        let email = EmailAddress::parse(ask.email)?;
        let told = policy.told(ask.name, ask.answers)?;
        if policy.terms.is_some() && !ask.terms {
            return Err(AskRegistrationError::Terms);
        }
        let work = Work::Register {
            email: email.clone(),
            name: told.name,
            particulars: Particulars {
                language: visit.language.clone(),
                details: told.details,
                terms_accepted_at: policy.terms.as_ref().map(|_| visit.now),
            },
        };
        let event = Event::plain(EventKind::RegistrationAsked);
        match self.ask(&work, &email, event, visit).await? {
            Asked::Posted(_) => {
                self.metrics().registration(Step::Asked);
                Ok(())
            }
            Asked::Throttled { retry_after } => {
                Err(AskRegistrationError::Throttled { retry_after })
            }
        }
    }

    /// What a link does, without using it; nothing when it is no longer good.
    pub async fn ticket(
        &self,
        ticket: &PlainTicket,
        now: UnixMillis,
    ) -> Result<Option<Ticket>, StoreError> {
        let found = self.store().ticket(ticket.hashed(), now).await?;
        let open = self.policy().registration.is_open();
        // Closed since it was mailed: invitations alone are good.
        Ok(found.filter(|found| match found.grant {
            Grant::Register { invited, .. } => invited || open,
            Grant::Address { .. } | Grant::Recover { .. } | Grant::EndLogin { .. } => true,
        }))
    }

    /// Makes the account and signs its owner in; burns the link. Of many that try at once, one does (H04).
    pub async fn finish_registration(
        &self,
        finish: FinishRegistration<'_>,
        over: Option<&LiveSession>,
        visit: &Visit,
    ) -> Result<SignedIn, FinishRegistrationError> {
        // Before any hashing: a stranger without the link costs nothing. The transition judges again.
        let ticket = self.ticket(finish.ticket, visit.now).await?;
        let ticket = ticket.ok_or(FinishRegistrationError::Gone)?;
        let Grant::Register { roles, .. } = ticket.grant else {
            return Err(FinishRegistrationError::Gone);
        };
        let policy = &self.policy().registration;
        let told = policy.told(finish.name, finish.answers)?;
        if policy.terms.is_some() && !finish.terms {
            return Err(FinishRegistrationError::Terms);
        }
        let of = Concerned {
            emails: &[&ticket.email],
            name: &told.name,
        };
        let password = NewPassword::parse(finish.password, &of, self.blocklist())?;
        let hash = self.new_hash(password).await??;
        let user = NewUser {
            disabled: false,
            id: self.entropy().user_id(visit.now)?,
            email: ticket.email,
            // Its mail was read.
            email_verified: true,
            name: told.name,
            roles,
            password: Some(hash),
            particulars: Particulars {
                language: visit.language.clone(),
                details: told.details,
                terms_accepted_at: policy.terms.as_ref().map(|_| visit.now),
            },
        };
        self.register(finish.ticket, user, over, visit).await
    }

    async fn register(
        &self,
        ticket: &PlainTicket,
        user: NewUser,
        over: Option<&LiveSession>,
        visit: &Visit,
    ) -> Result<SignedIn, FinishRegistrationError> {
        // A new account's credentials are at their first version.
        let version = CredentialVersion(1);
        let PreparedSession { cookie, mut new } =
            self.prepare_session(user.id, version, false, visit)?;
        let device = self.entropy().device(visit.now)?;
        new.known = Some(device.proof());
        new.replaces = over.map(LiveSession::id);
        let act = visit.act(self, Actor::User(user.id), Some(user.email.as_str()))?;
        let secret = ticket.hashed();
        match self.store().register(secret, user, new, act).await? {
            Register::Registered { .. } => {
                if let Some(over) = over {
                    // The transition ended it; whatever the store made of its clocks, here it is over.
                    self.index().remove(over.id());
                }
                self.metrics().registration(Step::Finished);
                let live = self
                    .index()
                    .live(cookie.id, cookie.secret.hashed(), visit.now);
                // Ended again already: the account exists and its owner can sign in.
                let session = live.ok_or(FinishRegistrationError::Gone)?;
                Ok(SignedIn {
                    cookie,
                    session,
                    device,
                })
            }
            Register::Gone => Err(FinishRegistrationError::Gone),
            Register::AddressTaken => Err(FinishRegistrationError::AddressTaken),
        }
    }

    /// Invites an address: a link to make an account, good for a week (ASVS 6.4.1). It goes by mail, or through the
    /// operator's hands where no mailer is configured.
    pub async fn invite(
        &self,
        invitation: Invitation<'_>,
        operator: &Operator,
    ) -> Result<Invited, InviteError> {
        let email = EmailAddress::parse(invitation.email)?;
        let name = DisplayName::parse(invitation.name)?;
        let roles = invitation.roles.iter().map(|role| role.parse());
        let mut roles = roles.collect::<Result<Vec<Role>, _>>()?;
        roles.sort_unstable();
        roles.dedup();
        if self.store().sign_in_record(email.clone()).await?.is_some() {
            return Err(InviteError::AddressTaken);
        }
        let now = operator.now;
        let grant = Grant::Register {
            name,
            particulars: Particulars {
                language: invitation.language.clone(),
                ..Particulars::default()
            },
            roles,
            invited: true,
        };
        let (plain, mut ticket) = self.new_ticket(grant, &email, now)?;
        let expires_at = now.plus(INVITED_FOR);
        ticket.expires_at = expires_at;
        let says = Says::Invitation {
            token: plain.encode(),
            expires_at,
        };
        // Nobody's account yet, whose deletion would erase the address from the trail: it is not kept there (O02).
        let mut act = operator.act(self, None)?;
        act.told = self.letters(&[email], &invitation.language, &says, None, now)?;
        self.store().offer_ticket(ticket, act).await?;
        let mailed = self.mails();
        Ok(Invited {
            token: (!mailed).then(|| plain.encode()),
            expires_at,
            mailed,
        })
    }
}
