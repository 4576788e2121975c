//! The audit trail: sealed within a second, read, and verified.

use std::sync::Arc;

use vestibule_core::audit::{GENESIS, Seal, StoredEvent, chain};
use vestibule_core::keys::{PublicSealKey, SealKey};
use vestibule_core::time::UnixMillis;
use vestibule_store::{Sealer, StoreError, TrailPage};

use crate::engine::Engine;

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
    /// Events after a position, in order.
    pub async fn trail_after(&self, position: u64, limit: usize) -> Result<TrailPage, StoreError> {
        self.store().events_after(position, limit).await
    }

    /// The latest events of everybody, newest first.
    pub async fn latest_events(&self, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.store().latest_events(None, limit).await
    }

    /// Reads the whole trail and checks every seal against it (ASVS 16.4.2).
    pub async fn verify_trail(&self) -> Result<TrailReport, StoreError> {
        let mut verification = Verification {
            key: self.seal_key().public(),
            head: GENESIS,
            report: TrailReport::default(),
        };
        loop {
            let after = verification.report.sealed_to;
            let seals = self.store().seals_after(after, PAGE).await?;
            let before = verification.report.seals;
            for seal in &seals {
                self.verify_seal(&mut verification, seal).await?;
            }
            if verification.report.seals == before {
                break;
            }
        }
        let mut position = verification.report.sealed_to;
        loop {
            let tail = self.store().events_after(position, PAGE).await?.events;
            let Some(last) = tail.last() else { break };
            position = last.position;
            verification.read_unsealed(&tail);
        }
        Ok(verification.report)
    }

    async fn verify_seal(
        &self,
        verification: &mut Verification,
        seal: &Seal,
    ) -> Result<(), StoreError> {
        // Seals come in order; one that goes back could never end the reading.
        if seal.last <= verification.report.sealed_to {
            return Ok(());
        }
        let between = self
            .events(verification.report.sealed_to, seal.first.saturating_sub(1))
            .await?;
        if !between.is_empty() {
            verification.read_uncovered(&between);
        }
        let from = verification
            .report
            .sealed_to
            .max(seal.first.saturating_sub(1));
        let covered = self.events(from, seal.last).await?;
        verification.read_sealed(seal, &covered);
        Ok(())
    }

    /// The events after `after`, up to `to`, as far as there are any.
    async fn events(&self, after: u64, to: u64) -> Result<Vec<StoredEvent>, StoreError> {
        let mut events = Vec::new();
        let mut after = after;
        while after < to {
            let page = self.store().events_after(after, PAGE).await?.events;
            let Some(last) = page.last() else { break };
            after = last.position;
            events.extend(page.into_iter().take_while(|event| event.position <= to));
        }
        Ok(events)
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

struct Verification {
    key: PublicSealKey,
    head: [u8; 32],
    report: TrailReport,
}

impl Verification {
    fn read_sealed(&mut self, seal: &Seal, events: &[StoredEvent]) {
        self.count(events);
        self.report.seals += 1;
        self.report.sealed_to = seal.last;
        if seal.key != self.key.id() {
            self.fault(seal.first, "the seal was made with another key".to_owned());
        } else if !seal.verifies(&self.key, &self.head, events) {
            self.explain(seal, events);
        }
        // Each seal is judged by what the one before it says, so that one fault is not reported ever after.
        self.head = seal.head;
    }

    /// Says what is wrong with a seal as closely as can be told.
    fn explain(&mut self, seal: &Seal, events: &[StoredEvent]) {
        let faults_before = self.report.faults.len();
        let mut expected = seal.first;
        for event in events {
            if event.position != expected {
                self.missing(expected, event.position - 1);
            }
            expected = event.position.saturating_add(1);
            let altered = event
                .personal
                .as_ref()
                .is_some_and(|personal| Some(personal.digest()) != event.personal_digest);
            if altered {
                let what = "the personal data of this event was changed".to_owned();
                self.fault(event.position, what);
            }
        }
        if expected <= seal.last {
            self.missing(expected, seal.last);
        }
        if self.report.faults.len() == faults_before {
            let what = format!(
                "the seal over events {} to {} does not fit them: one of them, or the seal, was changed",
                seal.first, seal.last
            );
            self.fault(seal.first, what);
        }
    }

    fn missing(&mut self, first: u64, last: u64) {
        let what = if first == last {
            "this event is missing".to_owned()
        } else {
            format!("events {first} to {last} are missing")
        };
        self.fault(first, what);
    }

    /// Events before a seal that no seal covers, though seals leave none out.
    fn read_uncovered(&mut self, events: &[StoredEvent]) {
        self.count(events);
        if let (Some(first), Some(last)) = (events.first(), events.last()) {
            let what = format!(
                "no seal covers events {} to {}, though later ones are sealed",
                first.position, last.position
            );
            self.fault(first.position, what);
            self.head = events
                .iter()
                .fold(self.head, |head, event| chain(&head, event));
            self.report.sealed_to = last.position;
        }
    }

    fn read_unsealed(&mut self, events: &[StoredEvent]) {
        self.count(events);
        self.report.unsealed += u64::try_from(events.len()).unwrap_or(u64::MAX);
    }

    fn count(&mut self, events: &[StoredEvent]) {
        self.report.events += u64::try_from(events.len()).unwrap_or(u64::MAX);
    }

    fn fault(&mut self, position: u64, what: String) {
        self.report.faults.push(TrailFault { position, what });
    }
}
