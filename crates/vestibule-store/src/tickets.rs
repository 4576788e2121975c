//! Tickets: single-use secrets that go out in mails, and what redeeming one does.

use vestibule_core::audit::Act;
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::known_device::DeviceProof;
use vestibule_core::password::HashedPassword;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{NewSession, Session};
use vestibule_core::ticket::Ticket;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{NewUser, User};

use crate::Answer;

/// Outcome of [`Tickets::try_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryCode {
    /// Compare it; it counts as wrong until the ticket is redeemed.
    Counted,
    /// The ticket is gone, or that was one code too many.
    Gone,
}

/// Outcome of [`Tickets::register`].
#[derive(Debug, PartialEq, Eq)]
pub enum Register {
    /// The account exists and is signed in; the ticket is burnt.
    Registered {
        /// The account.
        user: Box<User>,
        /// Its first session.
        session: Box<Session>,
    },
    /// The ticket was used, has expired, or never was.
    Gone,
    /// The address has an account by now; the ticket is burnt.
    AddressTaken,
}

/// A password to be set through a ticket.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The ticket's.
    pub secret: HashedSecret,
    /// The new password.
    pub hash: HashedPassword,
    /// The device that did it, to be known from now on, so that its owner gets in while strangers are throttled (C23).
    pub known: DeviceProof,
}

/// Outcome of [`Tickets::recover`].
#[derive(Debug, PartialEq, Eq)]
pub enum Recover {
    /// The new password is good; `ended` sessions were live until then.
    Recovered {
        /// Whose.
        user: Box<User>,
        /// How many.
        ended: u64,
    },
    /// The ticket was used, has expired, the password was changed since, the user is disabled, or there never was one.
    Gone,
}

/// Outcome of [`Tickets::end_login`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndLogin {
    /// The session was live and is dead now.
    Ended {
        /// Whose it was.
        user: UserId,
        /// Which.
        session: SessionId,
    },
    /// It was over already.
    NotLive,
    /// The ticket was used, has expired, or never was.
    Gone,
}

/// Outcome of [`Tickets::confirm_address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmAddress {
    /// It is one of the user's and verified.
    Confirmed(EmailAddress),
    /// Another account has it by now; the ticket is burnt.
    Taken,
    /// The user has as many as there may be; the ticket stays.
    TooMany,
    /// The ticket was used, has expired, is another user's, or never was.
    Gone,
}

/// Transitions and reads about tickets. Of many parallel tries to redeem one, one wins (H04, ASVS 15.4.2).
pub trait Tickets: Send + Sync {
    /// A ticket that is good at `now`, without using it: for showing its page.
    fn ticket(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, Option<Ticket>>;

    /// Offers a ticket that an operator made. Audit: `user.invited` for a register ticket, `recovery.offered` for a recover
    /// one.
    fn offer_ticket(&self, ticket: Ticket, act: Act) -> Answer<'_, ()>;

    /// Counts a code before it is compared (N45): five, and the ticket is gone (ASVS 6.6.3). Audit: nothing; a wrong one is
    /// recorded by the caller.
    fn try_code(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, TryCode>;

    /// Makes the account that a register ticket is for, and signs it in; every other register ticket for the address is
    /// gone. Where there is a good invitation among those, and the redeemed one is none, the account has the roles of the
    /// latest: what an operator gave is not lost to whoever asked on their own. Audit: `user.registered`, `login.succeeded`, `device.known`. Publishes the user, then the session.
    fn register(
        &self,
        secret: HashedSecret,
        user: NewUser,
        session: NewSession,
        act: Act,
    ) -> Answer<'_, Register>;

    /// Sets a new password through a recover ticket: the credential's version rises, its tallies and those of the user's
    /// addresses start again, every session of the user ends (a cutoff), every device but the one that did it is forgotten,
    /// every other recover and end-login ticket of the user is gone, and the ticket's address is verified. Audit:
    /// `password.reset`, `user_sessions.ended (password_reset)`, `address.verified` where it was not, `device.known`.
    /// Publishes the user where it changed, then the cutoff.
    fn recover(
        &self,
        recovery: Recovery,
        keyer: vestibule_core::throttle::Keyer,
        act: Act,
    ) -> Answer<'_, Recover>;

    /// Ends the session of an end-login ticket, and forgets the device it was on. Audit: `session.ended (ended_by_mail)`.
    /// Publishes the cutoff.
    fn end_login(&self, secret: HashedSecret, act: Act) -> Answer<'_, EndLogin>;

    /// Redeems an address ticket of `user`: their own unverified address is verified, or another one added. Audit:
    /// `address.verified`, or `address.added`. Publishes the user where its primary one became verified.
    fn confirm_address(
        &self,
        secret: HashedSecret,
        user: UserId,
        act: Act,
    ) -> Answer<'_, ConfirmAddress>;

    /// Drops up to `limit` tickets that ended before `before`. Answers how many.
    fn drop_spent_tickets(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize>;
}
