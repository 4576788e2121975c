//! Watching the tries that fail, across accounts, for attacks (C23).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vestibule_core::attack::{Origin, Recognised, Sighting, Sightings, Tagger};
use vestibule_core::audit::{Actor, Attack, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::throttle::{Charged, Limits, Refilling, Scope, Tried};
use vestibule_core::time::UnixMillis;
use vestibule_store::StoreError;

use crate::engine::Engine;
use crate::entropy::{Entropy, EntropyError};
use crate::visit::Visit;

/// What was seen lately, in memory: at a restart it begins anew, and the durable tallies hold meanwhile.
pub(crate) struct Watch {
    tagger: Tagger,
    seen: Mutex<Sightings>,
}

impl Watch {
    /// Nothing seen yet, under a key of its own that is never stored.
    pub(crate) fn new(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self {
            tagger: Tagger::new(&entropy.random()?),
            seen: Mutex::default(),
        })
    }

    fn seen(&self) -> MutexGuard<'_, Sightings> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// A login, as it is watched.
    pub(super) fn sighting(&self, identifier: &str, password: &str, visit: &Visit) -> Sighting {
        let keyer = self.keyer();
        let network = visit.address.map(|address| keyer.network(address));
        self.watch()
            .tagger
            .sighting(keyer.account(identifier), network, password)
    }

    /// How long to wait, if the password is one that is being sprayed.
    pub(super) fn refuses_sprayed(&self, sighting: &Sighting, now: UnixMillis) -> Option<Duration> {
        self.watch().seen().refuses(sighting, now)
    }

    /// A try was turned away by an account's tally: it tells of guessing all the same.
    pub(super) async fn watch_turned_away(&self, sighting: &Sighting, visit: &Visit) {
        let recognised = self.watch().seen().tried(sighting, visit.now);
        if let Some(recognised) = recognised {
            self.tell_attack(recognised, None, visit).await;
        }
    }

    /// A login on a new device held.
    pub(super) fn watch_succeeded(&self, now: UnixMillis) {
        self.watch().seen().succeeded(now);
    }

    /// A password was wrong.
    pub(super) async fn watch_failed(
        &self,
        sighting: &Sighting,
        alarmed: bool,
        user: Option<UserId>,
        visit: &Visit,
    ) {
        let recognised = self.watch().seen().failed(sighting, alarmed, visit.now);
        for recognised in recognised {
            self.tell_attack(recognised, user, visit).await;
        }
    }

    /// Tells of an attack (ASVS 16.3.3). A network that it comes from waits: its tally is filled in the same transition.
    /// Never stands in the way of an answer: the attack goes on being slowed by the tallies if this cannot be stored.
    async fn tell_attack(&self, recognised: Recognised, user: Option<UserId>, visit: &Visit) {
        let Recognised { attack, from } = recognised;
        self.metrics().attack(attack);
        match (from, visit.address) {
            (Origin::Network { closed_for }, Some(address)) => {
                tracing::warn!(attack.kind = attack.code(), network.address = %address, throttle.seconds = closed_for.as_secs(), "an attack on accounts was recognised; its network waits");
            }
            _ => {
                tracing::warn!(
                    attack.kind = attack.code(),
                    "an attack on accounts was recognised, from wherever"
                );
            }
        }
        if let Err(error) = self.record_attack(recognised, user, visit).await {
            tracing::warn!(%error, attack.kind = attack.code(), "a recognised attack could not be written down");
        }
    }

    async fn record_attack(
        &self,
        Recognised { attack, from }: Recognised,
        user: Option<UserId>,
        visit: &Visit,
    ) -> Result<(), StoreError> {
        let event = Event {
            kind: EventKind::AttackRecognised(attack),
            // Whoever's account was tried last is not the one that an attack on many is about.
            user: user.filter(|_| attack == Attack::Guessing),
            session: None,
            application: None,
        };
        let mut act = visit
            .act(self, Actor::Visitor, None)
            .map_err(EntropyError::into_store)?;
        act.actor = Actor::System;
        let (Origin::Network { closed_for }, Some(address)) = (from, visit.address) else {
            // The one try that gave it away stands for none of the places it comes from.
            act.personal = None;
            return self.store().record(vec![event], act).await;
        };
        let filling = Tried {
            charged: Vec::new(),
            around: vec![Charged::to_come(
                Scope::Network,
                self.keyer().network(address),
            )],
            limits: closing(self.policy().limits, closed_for),
        };
        self.store().fail_try(filling, vec![event], act).await?;
        Ok(())
    }
}

/// Limits by which one failure fills a network's tally for so long.
fn closing(limits: Limits, closed_for: Duration) -> Limits {
    let Refilling { burst, refill } = limits.network;
    let room = refill.saturating_mul(burst.saturating_sub(1));
    Limits {
        network: Refilling {
            burst,
            refill: closed_for.saturating_add(room),
        },
        ..limits
    }
}
