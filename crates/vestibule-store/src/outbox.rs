//! The outbox: errands that are done after the answer.

use std::time::Duration;

use vestibule_core::audit::{Act, Event};
use vestibule_core::email::EmailAddress;
use vestibule_core::errand::{DueErrand, Errand};
use vestibule_core::id::ErrandId;
use vestibule_core::known_device::DeviceProof;
use vestibule_core::throttle::{Rule, ThrottleKey, Throttled};
use vestibule_core::ticket::Ticket;
use vestibule_core::time::UnixMillis;

use crate::Answer;

/// Outcome of [`Outbox::post_errand`].
#[derive(Debug, PartialEq, Eq)]
pub enum PostErrand {
    /// It will be done.
    Posted,
    /// Too many: nothing was charged or written.
    Throttled(Throttled),
}

/// Outcome of [`Outbox::finish_errand`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishErrand {
    /// It is done.
    Finished,
    /// It was done, given up, or dropped with its user's account meanwhile; nothing was written.
    Gone,
}

/// A browser that may be the owner's: what a visitor asked for there is charged to it alone, should it be a device known to the
/// account of the address. So no stranger who spends the address's mails keeps its owner from recovery (C23).
#[derive(Debug, Clone)]
pub struct OwnDevice {
    /// The account's address: a verified one, or the primary one.
    pub email: EmailAddress,
    /// The device's cookie.
    pub device: DeviceProof,
    /// What is charged instead.
    pub charges: Vec<(ThrottleKey, Rule)>,
}

/// Transitions and reads about errands. Letters that tell of a transition are not posted here: they are in its act
/// ([`Act::told`]), and are written by it.
pub trait Outbox: Send + Sync {
    /// Posts an errand that a visitor asked for, unless one of its tallies is full; all are charged, in the same transition
    /// (ASVS 2.4.1). With `own`, what is charged instead if that device is known; the same is read whether or not the address
    /// has an account (ASVS 6.3.8). Audit: `events`.
    fn post_errand(
        &self,
        errand: Errand,
        charges: Vec<(ThrottleKey, Rule)>,
        own: Option<OwnDevice>,
        events: Vec<Event>,
        act: Act,
    ) -> Answer<'_, PostErrand>;

    /// Takes up to `limit` errands that are due, requests before letters and the oldest first, and puts each off by `lease`, so
    /// that nobody else takes it meanwhile, and so that it is taken again should this process die. Counts the attempt. One that
    /// lies further ahead than `lease` and the longest back-off is from a clock that was wrong, and is due.
    fn take_errands(
        &self,
        now: UnixMillis,
        lease: Duration,
        limit: usize,
    ) -> Answer<'_, Vec<DueErrand>>;

    /// An errand is done: drops it, and in the same transition offers the ticket it made, if it made one, and writes what
    /// follows from it (`act.told`); neither where the account that it is for was deleted meanwhile. Audit: `events`.
    fn finish_errand(
        &self,
        id: ErrandId,
        ticket: Option<Ticket>,
        events: Vec<Event>,
        act: Act,
    ) -> Answer<'_, FinishErrand>;

    /// An errand could not be done now: it is due again at `due_at`.
    fn put_off_errand(&self, id: ErrandId, due_at: UnixMillis) -> Answer<'_, ()>;

    /// How many errands wait.
    fn waiting_errands(&self) -> Answer<'_, u64>;
}
