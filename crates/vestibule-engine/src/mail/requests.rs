//! What a visitor's request comes to, once it is seen whether there is an account: here and not in the request, so that
//! neither its answer nor its time tells (ASVS 6.3.8). The mail tells the reader of the address, whose it is.

use vestibule_core::audit::{Act, Actor, Event, EventKind, Personal};
use vestibule_core::email::EmailAddress;
use vestibule_core::errand::{Errand, Whence, Work};
use vestibule_core::id::{ErrandId, UserId};
use vestibule_core::letter::Says;
use vestibule_core::secret::HashedSecret;
use vestibule_core::ticket::{Grant, PlainTicket, Purpose, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, Language, Particulars, UserStatus};
use vestibule_store::{SignInRecord, StoreError};
use zeroize::Zeroizing;

use crate::engine::Engine;
use crate::entropy::EntropyError;

/// What a request comes to: written in one transition with its end.
#[derive(Default)]
struct Outcome {
    ticket: Option<Ticket>,
    letters: Vec<Errand>,
    events: Vec<Event>,
}

/// Who asked, for the trail.
struct Asker {
    actor: Actor,
    email: EmailAddress,
    from: Whence,
}

impl Engine {
    /// Does what was asked for: at most one ticket and one letter, in one transition.
    pub(super) async fn do_request(
        &self,
        id: ErrandId,
        work: Work,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let (outcome, asker) = match work {
            Work::Letter(_) => return Ok(()),
            Work::Register {
                email,
                name,
                particulars,
            } => {
                let outcome = self.do_register(&email, name, particulars, now).await?;
                (outcome, None)
            }
            Work::Recover {
                email,
                language,
                browser,
                from,
            } => {
                let browser = browser.map(HashedSecret::from_bytes);
                let asked = Recovery {
                    id,
                    email: &email,
                    language,
                    browser,
                    from: &from,
                };
                let outcome = self.do_recover(asked, now).await?;
                let actor = Actor::Visitor;
                (outcome, Some(Asker { actor, email, from }))
            }
            Work::Address {
                user,
                email,
                language,
            } => (self.do_address(user, &email, &language, now).await?, None),
        };
        let mut act = self.system_act(now).map_err(EntropyError::into_store)?;
        if let Some(asker) = asker
            && !outcome.events.is_empty()
        {
            self.as_asked(&mut act, asker)
                .map_err(EntropyError::into_store)?;
        }
        act.told = outcome.letters;
        for letter in &mut act.told {
            // Somebody waits for it: it goes before those that only tell.
            letter.request = true;
        }
        self.store()
            .finish_errand(id, outcome.ticket, outcome.events, act)
            .await?;
        Ok(())
    }

    /// The owner of the account is shown who asked, and from where.
    fn as_asked(&self, act: &mut Act, asker: Asker) -> Result<(), EntropyError> {
        act.actor = asker.actor;
        act.personal = Some(Personal {
            salt: self.random()?,
            email: Some(asker.email.as_str().to_owned()),
            address: asker.from.address,
            user_agent: asker.from.user_agent,
        });
        Ok(())
    }

    async fn do_register(
        &self,
        email: &EmailAddress,
        name: DisplayName,
        particulars: Particulars,
        now: UnixMillis,
    ) -> Result<Outcome, StoreError> {
        if !self.policy().registration.is_open() {
            // Closed since it was asked.
            return Ok(Outcome::default());
        }
        if let Some(record) = self.store().sign_in_record(email.clone()).await? {
            let (user, language) = (record.user.id, &record.particulars.language);
            let letter = self.letter(email, language, Says::AlreadyRegistered, Some(user), now)?;
            return Ok(Outcome {
                letters: vec![letter],
                ..Outcome::default()
            });
        }
        let language = particulars.language.clone();
        let grant = Grant::Register {
            name,
            particulars,
            roles: Vec::new(),
            invited: false,
        };
        let (plain, ticket) = self.new_ticket(grant, email, now)?;
        let says = Says::FinishRegistration {
            token: plain.encode(),
            expires_at: ticket.expires_at,
        };
        Ok(Outcome {
            letters: vec![self.letter(email, &language, says, None, now)?],
            ticket: Some(ticket),
            events: Vec::new(),
        })
    }

    async fn do_recover(
        &self,
        asked: Recovery<'_>,
        now: UnixMillis,
    ) -> Result<Outcome, StoreError> {
        let Recovery { email, .. } = asked;
        let Some(record) = self.store().sign_in_record(email.clone()).await? else {
            let letter = self.letter(email, &asked.language, Says::NoAccount, None, now)?;
            return Ok(Outcome {
                letters: vec![letter],
                ..Outcome::default()
            });
        };
        let user = record.user.id;
        if record.user.status == UserStatus::Disabled || self.index().is_held(user) {
            // Nothing a letter could say would be both true and of use: that there is no account is false, and a link
            // would do nothing. The operator who disabled it finds in the trail that it was asked for.
            return Ok(Outcome {
                events: vec![Event::user(EventKind::RecoveryAsked, user)],
                ..Outcome::default()
            });
        }
        let (plain, mut ticket) = self.recover_ticket(&record, email, now)?;
        if let Grant::Recover { asked: of, .. } = &mut ticket.grant {
            *of = Some(asked.id);
        }
        ticket.browser = asked.browser;
        let says = Says::Recover {
            token: plain.encode(),
            expires_at: ticket.expires_at,
            from: Some(asked.from.clone()),
        };
        let language = &record.particulars.language;
        Ok(Outcome {
            letters: vec![self.letter(email, language, says, Some(user), now)?],
            ticket: Some(ticket),
            events: vec![Event::user(EventKind::RecoveryOffered, user)],
        })
    }

    async fn do_address(
        &self,
        user: UserId,
        email: &EmailAddress,
        language: &Language,
        now: UnixMillis,
    ) -> Result<Outcome, StoreError> {
        let owner = self.store().sign_in_record(email.clone()).await?;
        if let Some(owner) = owner.filter(|owner| owner.user.id != user) {
            let (id, language) = (owner.user.id, &owner.particulars.language);
            let letter = self.letter(email, language, Says::AddressInUse, Some(id), now)?;
            return Ok(Outcome {
                letters: vec![letter],
                ..Outcome::default()
            });
        }
        let (plain, ticket) = self.new_ticket(Grant::Address { user }, email, now)?;
        let says = Says::ConfirmAddress {
            token: plain.encode(),
            expires_at: ticket.expires_at,
        };
        Ok(Outcome {
            letters: vec![self.letter(email, language, says, Some(user), now)?],
            ticket: Some(ticket),
            events: Vec::new(),
        })
    }

    /// A ticket with a fresh secret (ASVS 6.4.1), good for as long as its purpose says.
    pub(crate) fn new_ticket(
        &self,
        grant: Grant,
        email: &EmailAddress,
        now: UnixMillis,
    ) -> Result<(PlainTicket, Ticket), StoreError> {
        let bytes = self.random::<32>().map_err(EntropyError::into_store)?;
        let bytes = Zeroizing::new(bytes);
        let purpose: Purpose = grant.purpose();
        let plain = PlainTicket::new(purpose, *bytes);
        let ticket = Ticket {
            secret: plain.hashed(),
            email: email.clone(),
            grant,
            browser: None,
            wrong_codes: 0,
            created_at: now,
            expires_at: now.plus(purpose.lifetime()),
        };
        Ok((plain, ticket))
    }

    /// A ticket to set a new password, by nobody's asking yet.
    ///
    /// It may go to a primary address that nobody proved: an operator or the set-up declared it, and without it the account
    /// could not be recovered at all. Recovering through it proves it.
    pub(crate) fn recover_ticket(
        &self,
        record: &SignInRecord,
        email: &EmailAddress,
        now: UnixMillis,
    ) -> Result<(PlainTicket, Ticket), StoreError> {
        // Before its first password, an account's credentials are at their first version.
        let credential = record
            .password
            .as_ref()
            .map_or(CredentialVersion(1), |password| password.version);
        let grant = Grant::Recover {
            user: record.user.id,
            credential,
            asked: None,
        };
        self.new_ticket(grant, email, now)
    }
}

/// A recovery that was asked for.
struct Recovery<'a> {
    id: ErrandId,
    email: &'a EmailAddress,
    language: Language,
    browser: Option<HashedSecret>,
    from: &'a Whence,
}
