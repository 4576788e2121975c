//! A user's addresses. Another one is theirs once they have proved that they read its mail; one of them is primary and
//! names the account. Every change is told to all of them, before and after (ASVS 6.3.7, N62).

use std::time::Duration;

use vestibule_core::audit::{Actor, Event, EventKind};
use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::errand::{Errand, Work};
use vestibule_core::letter::Says;
use vestibule_core::ticket::{Grant, PlainTicket};
use vestibule_core::user::{Address, MOST_ADDRESSES};
use vestibule_store::{ConfirmAddress, MakePrimary, RemoveAddress, SignInRecord, StoreError};

use crate::engine::Engine;
use crate::login::credential::{NotNow, not_now};
use crate::mail::Asked;
use crate::sessions::live::{FreshLogin, LiveSession};
use crate::visit::Visit;

/// Why no address was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AddAddressError {
    /// Not an address.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// It is one of the user's own, and proved where that was asked for.
    #[error("this address is yours")]
    Own,
    /// The user has as many as there may be.
    #[error("an account has at most {MOST_ADDRESSES} addresses")]
    TooMany,
    /// No mail server is configured.
    #[error("no mail can be sent")]
    NoMail,
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

not_now!(AddAddressError);

impl Engine {
    /// The addresses of the session's user, the primary one first.
    pub async fn addresses(&self, session: &LiveSession) -> Result<Vec<Address>, StoreError> {
        self.store().addresses(session.user_id()).await
    }

    /// Asks for another address. The same answer whether or not it is another account's (ASVS 6.3.8): the mail tells its
    /// reader.
    pub async fn add_address(
        &self,
        fresh: &FreshLogin,
        email: &str,
        visit: &Visit,
    ) -> Result<EmailAddress, AddAddressError> {
        let session = fresh.session();
        if !self.mails() {
            return Err(AddAddressError::NoMail);
        }
        let email = EmailAddress::parse(email)?;
        let own = self.addresses(session).await?;
        if own.iter().any(|address| address.email == email) {
            return Err(AddAddressError::Own);
        }
        if own.len() >= MOST_ADDRESSES {
            return Err(AddAddressError::TooMany);
        }
        self.ask_address(session, &email, visit).await?;
        Ok(email)
    }

    /// Asks for the mail that proves the user's own primary address, which somebody else declared.
    pub async fn prove_address(
        &self,
        session: &LiveSession,
        visit: &Visit,
    ) -> Result<(), AddAddressError> {
        if !self.mails() {
            return Err(AddAddressError::NoMail);
        }
        let own = self.addresses(session).await?;
        let unproved = own.into_iter().find(|address| !address.verified);
        let unproved = unproved.ok_or(AddAddressError::Own)?;
        self.ask_address(session, &unproved.email, visit).await
    }

    async fn ask_address(
        &self,
        session: &LiveSession,
        email: &EmailAddress,
        visit: &Visit,
    ) -> Result<(), AddAddressError> {
        let user = session.user_id();
        let particulars = self.particulars(session).await?;
        let work = Work::Address {
            user,
            email: email.clone(),
            language: particulars.language,
        };
        let event = Event::user(EventKind::AddressAsked, user);
        match self.ask(&work, email, event, visit).await? {
            Asked::Posted(_) => Ok(()),
            Asked::Throttled { retry_after } => Err(AddAddressError::Throttled { retry_after }),
        }
    }

    /// Redeems a mailed link: the address is the user's, and all of theirs are told. It takes both the mail and a session
    /// of the user who asked, so that nobody's address is added to another's account by a click in its mail.
    pub async fn confirm_address(
        &self,
        session: &LiveSession,
        ticket: &PlainTicket,
        visit: &Visit,
    ) -> Result<ConfirmAddress, NotNow> {
        let (user, secret) = (session.user_id(), ticket.hashed());
        let found = self.store().ticket(secret, visit.now).await?;
        let theirs = Grant::Address { user };
        let Some(found) = found.filter(|found| found.grant == theirs) else {
            return Ok(ConfirmAddress::Gone);
        };
        let Some(mut record) = self.store().sign_in_record_of(user).await? else {
            return Ok(ConfirmAddress::Gone);
        };
        let mut act = visit.act(self, Actor::User(user), Some(found.email.as_str()))?;
        // One of theirs already, it is proved and nothing changes hands.
        if !record.addresses.contains(&found.email) {
            let says = Says::AddressAdded {
                address: found.email.clone(),
                from: visit.whence(),
            };
            record.addresses.push(found.email);
            act.told = self.tell(&record, &says, visit)?;
        }
        Ok(self.store().confirm_address(secret, user, act).await?)
    }

    /// Removes an address that is not the primary one.
    pub async fn remove_address(
        &self,
        fresh: &FreshLogin,
        email: &EmailAddress,
        visit: &Visit,
    ) -> Result<RemoveAddress, NotNow> {
        let user = fresh.session().user_id();
        let Some(record) = self.store().sign_in_record_of(user).await? else {
            return Ok(RemoveAddress::Unknown);
        };
        let mut act = visit.act(self, Actor::User(user), Some(email.as_str()))?;
        let says = Says::AddressRemoved {
            address: email.clone(),
            from: visit.whence(),
        };
        act.told = self.tell(&record, &says, visit)?;
        let removed = self.store().remove_address(user, email.clone(), act);
        Ok(removed.await?)
    }

    /// Makes another address of the user primary.
    pub async fn make_primary(
        &self,
        fresh: &FreshLogin,
        email: &EmailAddress,
        visit: &Visit,
    ) -> Result<MakePrimary, NotNow> {
        let user = fresh.session().user_id();
        let Some(record) = self.store().sign_in_record_of(user).await? else {
            return Ok(MakePrimary::Unknown);
        };
        let mut act = visit.act(self, Actor::User(user), Some(email.as_str()))?;
        let says = Says::PrimaryChanged {
            before: record.user.email.clone(),
            after: email.clone(),
            from: visit.whence(),
        };
        act.told = self.tell(&record, &says, visit)?;
        let made = self.store().make_primary(user, email.clone(), act);
        Ok(made.await?)
    }

    /// A letter to each of the user's addresses, in their language.
    fn tell(
        &self,
        record: &SignInRecord,
        says: &Says,
        visit: &Visit,
    ) -> Result<Vec<Errand>, StoreError> {
        let (user, language) = (record.user.id, &record.particulars.language);
        self.letters(&record.addresses, language, says, Some(user), visit.now)
    }
}
