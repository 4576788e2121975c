//! What there is once per installation: its master key's check value, its keys, its mark of time, its set-up link.

use vestibule_core::audit::Act;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{NewSession, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{NewUser, User};

use crate::Answer;

/// Outcome of [`Installation::check_key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    /// The first start: this is the installation's master key from now on.
    Adopted,
    /// The same as ever.
    Matches,
    /// Another master key than the one this data was made with.
    Mismatch,
}

/// Outcome of [`Installation::offer_setup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferSetup {
    /// The link is good until it expires, is used, or another is offered.
    Offered,
    /// There is an administrator already.
    AlreadySetUp,
}

/// What a set-up link proves.
#[derive(Debug, Clone, Copy)]
pub struct SetupTicket {
    /// Hash of the link's token.
    pub secret: HashedSecret,
    /// When the link ends (when offering).
    pub expires_at: UnixMillis,
}

/// Outcome of [`Installation::complete_setup`].
#[derive(Debug, PartialEq, Eq)]
pub enum CompleteSetup {
    /// The administrator exists and is signed in; the link is burnt.
    Completed {
        /// The administrator.
        user: Box<User>,
        /// Their first session.
        session: Box<Session>,
    },
    /// The link was used, replaced, never offered, or has expired; or there is an administrator by another way.
    Gone,
    /// Another account has this address; the link stays good.
    AddressTaken,
}

/// Transitions and reads about the installation itself.
pub trait Installation: Send + Sync {
    /// Adopts the master key's check value at first start, compares it ever after.
    fn check_key(&self, check: [u8; 32]) -> Answer<'_, KeyCheck>;

    /// The sealed seed of the audit trail's key: keeps `sealed` if there is none, answers the one that is kept.
    fn keep_seal_key(&self, sealed: Vec<u8>) -> Answer<'_, Vec<u8>>;

    /// The persisted mark of time; 0 at first start.
    fn clock_mark(&self) -> Answer<'_, UnixMillis>;

    /// Raises the mark; never lowers it.
    fn raise_clock_mark(&self, mark: UnixMillis) -> Answer<'_, ()>;

    /// Sets the mark, even lower: an operator accepted the clock. Audit: `clock.accepted`.
    fn accept_clock(&self, mark: UnixMillis, act: Act) -> Answer<'_, ()>;

    /// Offers a set-up link in place of any earlier one, unless there is a user with the role `admin`.
    fn offer_setup(&self, ticket: SetupTicket) -> Answer<'_, OfferSetup>;

    /// Whether there is a user with the role `admin`.
    fn is_set_up(&self) -> Answer<'_, bool>;

    /// Whether a link is good at `now`, without using it: for showing the page. None is, once there is an administrator.
    fn setup_offered(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, bool>;

    /// Burns the link and makes the administrator, in one transition: parallel tries make one (H04, ASVS 6.3.2). Audit:
    /// `setup.completed`, `user.created`, `login.succeeded`. Publishes the user, then the session.
    fn complete_setup(
        &self,
        secret: HashedSecret,
        user: NewUser,
        session: NewSession,
        act: Act,
    ) -> Answer<'_, CompleteSetup>;
}
