//! Tries that are counted, exactly and durably.

use vestibule_core::audit::{Act, Event};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::known_device::DeviceProof;
use vestibule_core::throttle::{Keyer, Limits, Scope, ThrottleKey, Throttled, Tried};
use vestibule_core::time::UnixMillis;

use crate::{Answer, SignInRecord};

/// Whose password is tried.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Of the account with this address: a login. `identifier` is what was typed, normalised where it is an address, and
    /// names the tally whether or not there is an account.
    Address {
        /// The address, where it is one.
        email: Option<EmailAddress>,
        /// What was typed.
        identifier: String,
        /// The device's cookie, if the browser has one.
        device: Option<DeviceProof>,
    },
    /// Of the user of a live session: a re-authentication.
    Session {
        /// The session.
        session: SessionId,
        /// Its user.
        user: UserId,
    },
}

/// A try of a password, before it is evaluated.
#[derive(Debug, Clone)]
pub struct Try {
    /// Whose password.
    pub whose: Whose,
    /// The caller's network.
    pub network: Option<ThrottleKey>,
    /// Names the other tallies.
    pub keyer: Keyer,
    /// By which it is judged.
    pub limits: Limits,
    /// The request's clock.
    pub now: UnixMillis,
}

/// Outcome of [`Throttles::begin_try`].
#[derive(Debug, PartialEq, Eq)]
pub enum BeginTry {
    /// It is charged: evaluate it, then open the session with it, or settle it by one of the other two methods.
    Begun {
        /// The account, if there is one.
        record: Option<Box<SignInRecord>>,
        /// What was charged.
        tried: Tried,
        /// The device is known to the account, and has tries left.
        known_device: bool,
        /// The password is disabled (N40): whatever is presented is refused. Nothing was charged to it.
        password_disabled: bool,
        /// Strangers have spent the account's tries by its other addresses: whatever is presented is refused as if it were
        /// wrong, since to be told to wait would tell that those are one account's. Nothing was charged to the password.
        unheard: bool,
    },
    /// It must not be evaluated; nothing was charged.
    Throttled {
        /// By which tally.
        scope: Scope,
        /// Until when.
        throttled: Throttled,
    },
}

/// Outcome of [`Throttles::fail_try`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failed {
    /// Wrong passwords in a row by now.
    pub failures: u32,
    /// This was the one that disabled the password.
    pub disabled: bool,
    /// Tallies that this one closed: until they have room, tries are refused.
    pub closed: Vec<Scope>,
    /// Somebody is at work from many places: everybody's tally is over its limit.
    pub alarmed: bool,
}

/// Transitions about tries.
pub trait Throttles: Send + Sync {
    /// Judges a try and charges it, in one transition, so that parallel tries cannot pass a limit together (N45,
    /// ASVS 15.4.2). Answers the account, so that a login reads nothing else. The same tallies are read and written whether
    /// or not there is an account (ASVS 6.3.8).
    ///
    /// A login is charged to the device's tally where the device is known to the account and that tally has room; else it is a
    /// stranger's, judged by and charged to its network's tally, charged to everybody's (which refuses nobody) and to the
    /// address's, which refuses, and the account's (a dummy's where there is none), which makes it unheard. Either is charged to the password's (N40; to a dummy's where there is no account). A re-authentication is
    /// charged to its session's tally and the password's. Neither audited nor published.
    fn begin_try(&self, attempt: Try) -> Answer<'_, BeginTry>;

    /// Settles a try that failed: what was charged stays, and is charged anew where the tally has started again since. Audit: `events`, and `throttle.closed` for each tally this closed, and `password.disabled`
    /// for the hundredth (N40), for the user of the first event. `act.told` is written if this was the one that disabled the
    /// password, and only then: nobody knows before which one that will be.
    fn fail_try(&self, tried: Tried, events: Vec<Event>, act: Act) -> Answer<'_, Failed>;

    /// Takes every charge of a try back: the try was not evaluated after all. Neither audited nor published.
    fn take_back_try(&self, tried: Tried) -> Answer<'_, ()>;

    /// Drops up to `limit` tallies that are free, say nothing any more, and have been so since before `before`; never a
    /// password's that has failures and an account. Answers how many.
    fn drop_idle_tallies(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize>;
}
