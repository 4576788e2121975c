//! The audit trail: sealed within a second, read, and verified.

use std::sync::Arc;

use vestibule_core::audit::{Event, EventKind, GENESIS, Seal, StoredEvent, chain};
use vestibule_core::filter::EventFilter;
use vestibule_core::id::ActId;
use vestibule_core::keys::{PublicSealKey, SealKey};
use vestibule_core::time::UnixMillis;
use vestibule_store::{EventPage, Sealer, Store, StoreError};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::sessions::end::see_through;
use crate::visit::Operator;

/// Events of one seal, and of one page while verifying.
const PAGE: usize = 1000;

/// What verifying the trail found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailReport {
    /// Events read.
    pub events: u64,
    /// Seals read.
    pub seals: u64,
    /// Position of the last event that a seal covers.
    pub sealed_to: u64,
    /// Events after that: a second's worth while the server runs.
    pub unsealed: u64,
    /// What does not hold. Empty: what is there is as it was written. That the trail's end was cut off, seals and all, no
    /// chain can tell: an earlier report's `sealed_to`, kept elsewhere, can.
    pub faults: Vec<TrailFault>,
}

/// One thing in the trail that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailFault {
    /// The event, or the first of the events, that it is about.
    pub position: u64,
    /// In words.
    pub what: String,
}

/// What was written after a position.
#[derive(Debug)]
pub struct Followed {
    /// In order.
    pub events: Vec<StoredEvent>,
    /// Where to go on from: the last of them; where there is none, the position that was asked for, or the end of the trail if
    /// it ends before that.
    pub to: u64,
}

/// Makes seals inside the store's sealing transition.
struct EngineSealer {
    key: Arc<SealKey>,
    at: UnixMillis,
}

impl Sealer for EngineSealer {
    fn seal(&self, previous: &[u8; 32], events: &[StoredEvent]) -> Option<Seal> {
        Seal::make(&self.key, previous, events, self.at)
    }
}

impl Engine {
    /// Events after a position, in order, for whoever follows the trail. Where they are written in another order than they
    /// come to stand in, they are told once they are sealed: none in between is ever missed.
    pub async fn trail_after(&self, position: u64, limit: usize) -> Result<Followed, StoreError> {
        let settled = self.settled().await?;
        let mut events = self.store().events_after(position, limit).await?.events;
        events.retain(|event| event.position <= settled);
        let last = events.last().map(|event| event.position);
        Ok(Followed {
            to: last.unwrap_or_else(|| position.min(settled)),
            events,
        })
    }

    /// The last position of the trail that stays with its event, to follow it from.
    pub async fn settled(&self) -> Result<u64, StoreError> {
        self.store().settled().await
    }

    /// The latest events of everybody, newest first.
    pub async fn latest_events(&self, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let all = EventFilter::default();
        let page = self.store().events(all, None, limit).await?;
        Ok(page.events)
    }

    /// A page of the events that match, newest first; with `before`, those before that position. A page may be shorter than
    /// asked for and still have a next one.
    pub async fn events(
        &self,
        filter: EventFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<EventPage, StoreError> {
        self.store().events(filter, before, limit).await
    }

    /// Writes down that somebody takes accounts or the trail out of here, before they get any of it (ASVS 16.2.1, 14.2.4).
    /// Answers the act's id.
    pub async fn begin_export(
        self: &Arc<Self>,
        what: EventKind,
        operator: &Operator,
    ) -> Result<ActId, StoreError> {
        let act = operator.act(self, None).map_err(EntropyError::into_store)?;
        let id = act.id;
        let engine = Arc::clone(self);
        see_through(async move {
            let begun = vec![Event::plain(what)];
            engine.store().record(begun, act).await.map(|()| id)
        })
        .await
    }

    /// Reads the whole trail and checks every seal against it (ASVS 16.4.2).
    pub async fn verify_trail(&self) -> Result<TrailReport, StoreError> {
        verify_trail(self.store(), self.seal_key().public()).await
    }

    /// Seals what no seal covers yet.
    pub(crate) async fn seal_events(&self, now: UnixMillis) -> Result<(), StoreError> {
        let sealer = Arc::new(EngineSealer {
            key: Arc::clone(self.seal_key()),
            at: now,
        });
        while self
            .store()
            .seal_events(Arc::clone(&sealer) as _, PAGE)
            .await?
            >= PAGE
        {}
        Ok(())
    }
}

/// Reads the whole trail of a store and checks every seal against it (ASVS 16.4.2), by the half of the trail's key that
/// verifies.
pub async fn verify_trail(
    store: &dyn Store,
    key: PublicSealKey,
) -> Result<TrailReport, StoreError> {
    let mut verification = Verification {
        key,
        head: GENESIS,
        report: TrailReport::default(),
    };
    loop {
        let after = verification.report.sealed_to;
        let seals = store.seals_after(after, PAGE).await?;
        let before = verification.report.seals;
        for seal in &seals {
            verify_seal(store, &mut verification, seal).await?;
        }
        if verification.report.seals == before {
            break;
        }
    }
    let mut position = verification.report.sealed_to;
    loop {
        let tail = store.events_after(position, PAGE).await?.events;
        let Some(last) = tail.last() else { break };
        position = last.position;
        verification.read_unsealed(&tail);
    }
    Ok(verification.report)
}

/// Reads what a seal says it covers, a page at a time: however far that is, no more is held in memory.
async fn verify_seal(
    store: &dyn Store,
    verification: &mut Verification,
    seal: &Seal,
) -> Result<(), StoreError> {
    // Seals come in order; one that goes back could never end the reading.
    if seal.last <= verification.report.sealed_to {
        return Ok(());
    }
    let mut uncovered = Uncovered::default();
    let mut covered = Covered::by(seal);
    let mut after = verification.report.sealed_to;
    while after < seal.last {
        let mut page = store.events_after(after, PAGE).await?.events;
        let Some(last) = page.last() else { break };
        after = last.position;
        page.retain(|event| event.position <= seal.last);
        for event in &page {
            if event.position < seal.first {
                uncovered.read(event, verification);
            } else {
                covered.read(event, verification);
            }
        }
    }
    uncovered.close(verification);
    covered.close(seal, verification);
    Ok(())
}

struct Verification {
    key: PublicSealKey,
    head: [u8; 32],
    report: TrailReport,
}

/// Events before a seal that no seal covers, though seals leave none out.
#[derive(Default)]
struct Uncovered {
    range: Option<(u64, u64)>,
}

impl Uncovered {
    fn read(&mut self, event: &StoredEvent, verification: &mut Verification) {
        verification.report.events += 1;
        verification.head = chain(&verification.head, event);
        let first = self.range.map_or(event.position, |(first, _)| first);
        self.range = Some((first, event.position));
    }

    fn close(&self, verification: &mut Verification) {
        if let Some((first, last)) = self.range {
            let what =
                format!("no seal covers events {first} to {last}, though later ones are sealed");
            verification.fault(first, what);
        }
    }
}

/// The events that a seal covers, as they are read.
struct Covered {
    expected: u64,
    /// What is wrong with them, as closely as can be told.
    found: Vec<TrailFault>,
}

impl Covered {
    const fn by(seal: &Seal) -> Self {
        Self {
            expected: seal.first,
            found: Vec::new(),
        }
    }

    fn read(&mut self, event: &StoredEvent, verification: &mut Verification) {
        verification.report.events += 1;
        verification.head = chain(&verification.head, event);
        if event.position != self.expected {
            self.missing(event.position.saturating_sub(1));
        }
        self.expected = event.position.saturating_add(1);
        if !event.is_whole() {
            let what = "the personal data of this event was changed".to_owned();
            self.found(event.position, what);
        }
    }

    fn missing(&mut self, last: u64) {
        let first = self.expected;
        let what = if first == last {
            "this event is missing".to_owned()
        } else {
            format!("events {first} to {last} are missing")
        };
        self.found(first, what);
    }

    /// A seal is broken by one fault as by many: no more than a page of them is told.
    fn found(&mut self, position: u64, what: String) {
        if self.found.len() < PAGE {
            self.found.push(TrailFault { position, what });
        }
    }

    fn close(mut self, seal: &Seal, verification: &mut Verification) {
        if self.expected <= seal.last {
            self.missing(seal.last);
        }
        let fits = verification.head == seal.head && seal.is_signed_by(&verification.key);
        if seal.key != verification.key.id() {
            let what = "the seal was made with another key".to_owned();
            verification.fault(seal.first, what);
        } else if !self.found.is_empty() {
            verification.report.faults.append(&mut self.found);
        } else if !fits {
            let what = format!(
                "the seal over events {} to {} does not fit them: one of them, or the seal, was changed",
                seal.first, seal.last
            );
            verification.fault(seal.first, what);
        }
        verification.report.seals += 1;
        verification.report.sealed_to = seal.last;
        // Each seal is judged by what the one before it says, so that one fault is not reported ever after.
        verification.head = seal.head;
    }
}

impl Verification {
    fn read_unsealed(&mut self, events: &[StoredEvent]) {
        let events = u64::try_from(events.len()).unwrap_or(u64::MAX);
        self.report.events += events;
        self.report.unsealed += events;
    }

    fn fault(&mut self, position: u64, what: String) {
        self.report.faults.push(TrailFault { position, what });
    }
}
