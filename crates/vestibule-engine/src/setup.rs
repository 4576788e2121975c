//! First run: the one-time link that makes the administrator.

use std::time::Duration;

use vestibule_core::audit::Actor;
use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::password::{Concerned, NewPassword, NewPasswordError};
use vestibule_core::secret::PlainSetupSecret;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{
    CredentialVersion, DisplayName, NewUser, ParseNameError, Particulars, Role,
};
use vestibule_store::{CompleteSetup, OfferSetup, SetupTicket, StoreError};
use zeroize::Zeroizing;

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::login::credential::{NotNow, not_now};
use crate::login::password::{PreparedSession, SignedIn};
use crate::visit::Visit;

/// How long a set-up link is good.
const OFFERED: Duration = Duration::from_hours(1);

/// Why no set-up link could be offered.
#[derive(Debug, thiserror::Error)]
pub enum SetupOfferError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// What the holder of the link typed.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// The link's.
    pub secret: &'a PlainSetupSecret,
    /// As typed.
    pub email: &'a str,
    /// As typed; may be empty.
    pub name: &'a str,
    /// As typed.
    pub password: &'a str,
}

/// Why there is no administrator yet.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Not an address.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// May not be a password.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The link was used, replaced, never offered, or has expired.
    #[error("this set-up link is no longer good: start the server again for a new one")]
    Gone,
    /// Another account has this address; the link stays good.
    #[error("another account has this address")]
    AddressTaken,
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(SetupError);

impl Engine {
    /// Offers a set-up link, good for an hour, in place of any earlier one (ASVS 6.3.2: no default account; the first
    /// secret is random and good once). `None`: there is an administrator already.
    pub async fn offer_setup(
        &self,
        now: UnixMillis,
    ) -> Result<Option<PlainSetupSecret>, SetupOfferError> {
        let bytes = Zeroizing::new(self.random::<32>()?);
        let secret = PlainSetupSecret::new(*bytes);
        let ticket = SetupTicket {
            secret: secret.hashed(),
            expires_at: now.plus(OFFERED),
        };
        Ok(match self.store().offer_setup(ticket).await? {
            OfferSetup::Offered => Some(secret),
            OfferSetup::AlreadySetUp => None,
        })
    }

    /// Whether there is an administrator.
    pub async fn is_set_up(&self) -> Result<bool, StoreError> {
        self.store().is_set_up().await
    }

    /// Whether a link is good, without using it.
    pub async fn setup_offered(
        &self,
        secret: &PlainSetupSecret,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        self.store().setup_offered(secret.hashed(), now).await
    }

    /// Makes the administrator and signs them in; burns the link.
    pub async fn complete_setup(
        &self,
        setup: Setup<'_>,
        visit: &Visit,
    ) -> Result<SignedIn, SetupError> {
        // Before any hashing: a stranger without the link costs nothing. The transition judges again.
        if !self.setup_offered(setup.secret, visit.now).await? {
            return Err(SetupError::Gone);
        }
        let email = EmailAddress::parse(setup.email)?;
        let name = DisplayName::parse(setup.name)?;
        let of = Concerned {
            emails: &[&email],
            name: &name,
        };
        let password = NewPassword::parse(setup.password, &of, self.blocklist())?;
        let hash = self.new_hash(password).await??;
        let user = NewUser {
            disabled: false,
            id: self.entropy().user_id(visit.now)?,
            email,
            email_verified: false,
            name,
            roles: vec![Role::admin()],
            password: Some(hash),
            particulars: Particulars {
                language: visit.language.clone(),
                ..Particulars::default()
            },
        };
        // A new account's credentials are at their first version.
        let version = CredentialVersion(1);
        let PreparedSession { cookie, mut new } =
            self.prepare_session(user.id, version, false, visit)?;
        let device = self.entropy().device(visit.now)?;
        new.known = Some(device.proof());
        let act = visit.act(self, Actor::Visitor, Some(user.email.as_str()))?;
        let secret = setup.secret.hashed();
        match self.store().complete_setup(secret, user, new, act).await? {
            CompleteSetup::Completed { .. } => {
                let live = self
                    .index()
                    .live(cookie.id, cookie.secret.hashed(), visit.now);
                // Ended again already: the administrator exists and can sign in.
                let session = live.ok_or(SetupError::Gone)?;
                Ok(SignedIn {
                    cookie,
                    session,
                    device,
                })
            }
            CompleteSetup::Gone => Err(SetupError::Gone),
            CompleteSetup::AddressTaken => Err(SetupError::AddressTaken),
        }
    }
}
