//! The audit trail.

use std::sync::Arc;

use vestibule_core::audit::{Act, Event, Seal, StoredEvent};
use vestibule_core::filter::EventFilter;

use crate::Answer;

/// Makes a seal over the events that follow on a head. Called inside the sealing transition, so that no two sealers
/// fork the chain. `None` leaves the events unsealed.
pub trait Sealer: Send + Sync {
    /// `previous` is the head of the last seal, or `audit::GENESIS`; `events` are in order, without a gap.
    fn seal(&self, previous: &[u8; 32], events: &[StoredEvent]) -> Option<Seal>;
}

/// A page of the trail.
#[derive(Debug)]
pub struct TrailPage {
    /// In order of position.
    pub events: Vec<StoredEvent>,
}

/// A page of the trail, backwards.
#[derive(Debug, PartialEq, Eq)]
pub struct EventPage {
    /// Newest first; at most as many as were asked for, and perhaps fewer though there is a next page.
    pub events: Vec<StoredEvent>,
    /// Before which position the next page begins, if there is one.
    pub next: Option<u64>,
}

/// The trail, written with the transitions it tells of.
pub trait Audit: Send + Sync {
    /// Writes events that go with no other transition (a refused login).
    fn record(&self, events: Vec<Event>, act: Act) -> Answer<'_, ()>;

    /// Seals up to `limit` events that no seal covers yet. Answers how many were sealed. Until then a position says the
    /// order alone, and may still be given: what is sealed has no gap.
    fn seal_events(&self, sealer: Arc<dyn Sealer>, limit: usize) -> Answer<'_, usize>;

    /// Events after position `after`, in order.
    fn events_after(&self, after: u64, limit: usize) -> Answer<'_, TrailPage>;

    /// The last position that is given for good: whatever is committed from now on comes behind it. Read before a page of the
    /// trail, it says how far that page may be gone on from.
    fn settled(&self) -> Answer<'_, u64>;

    /// A page of the events that match, newest first; with `before`, those before that position. It looks at no more than
    /// [`crate::MOST_LOOKED_AT`] events, and by the filter's times goes no further back than
    /// [`EventFilter::ends_at`] says.
    fn events(
        &self,
        filter: EventFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Answer<'_, EventPage>;

    /// Seals that cover events after position `after`, in order.
    fn seals_after(&self, after: u64, limit: usize) -> Answer<'_, Vec<Seal>>;
}
