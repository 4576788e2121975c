//! What leaves this server as a list or a file: a few at a time, and each told in the audit trail before its first byte.
//!
//! An export that comes in pages is one act: the page after is known by the id of the act that began it, of the same person and
//! about the same. A page that nobody began begins an export.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vestibule_core::audit::{Actor, EventKind};
use vestibule_core::filter::UserFilter;
use vestibule_core::id::ActId;
use vestibule_core::time::UnixMillis;
use vestibule_engine::{Engine, Operator};
use vestibule_store::StoreError;

/// How many are under way at a time: each reads as fast as its reader takes it (ASVS 15.2.2).
const AT_ONCE: usize = 2;
/// When it is worth asking whether there is room again.
pub const AGAIN: Duration = Duration::from_secs(5);
/// How many that were begun are remembered.
const REMEMBERED: usize = 32;
/// How long the next page may be in coming.
const PAUSE: Duration = Duration::from_mins(10);

/// What is under way.
#[derive(Default)]
pub struct Exports(Mutex<UnderWay>);

#[derive(Default)]
struct UnderWay {
    running: usize,
    /// The one that went on last is the last.
    begun: Vec<Begun>,
}

struct Begun {
    act: ActId,
    by: Actor,
    filter: UserFilter,
    at: UnixMillis,
}

impl Exports {
    /// The turn to read, unless as many as may are at it.
    pub fn begin(self: &Arc<Self>) -> Option<Turn> {
        let mut under_way = self.lock();
        (under_way.running < AT_ONCE).then(|| {
            under_way.running += 1;
            Turn(Arc::clone(self))
        })
    }

    /// Writes down that a list of accounts is begun, unless it only goes on. Answers by what its next page is known.
    pub async fn users(
        &self,
        engine: &Arc<Engine>,
        operator: &Operator,
        (went_before, filter): (Option<ActId>, &UserFilter),
    ) -> Result<ActId, StoreError> {
        if let Some(act) = went_before
            && self.goes_on(act, operator, filter)
        {
            return Ok(act);
        }
        let act = engine.begin_export(EventKind::UsersExported, operator);
        let act = act.await?;
        let mut under_way = self.lock();
        if under_way.begun.len() >= REMEMBERED {
            under_way.begun.remove(0);
        }
        under_way.begun.push(Begun {
            act,
            by: operator.actor(),
            filter: filter.clone(),
            at: operator.now,
        });
        Ok(act)
    }

    fn goes_on(&self, act: ActId, operator: &Operator, filter: &UserFilter) -> bool {
        let mut under_way = self.lock();
        let found = under_way.begun.iter().position(|begun| {
            begun.act == act
                && begun.by == operator.actor()
                && begun.filter == *filter
                && begun.at.plus(PAUSE) >= operator.now
        });
        found.is_some_and(|place| {
            let mut begun = under_way.begun.remove(place);
            begun.at = operator.now;
            under_way.begun.push(begun);
            true
        })
    }

    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that is under way, until it is dropped: at its end, by a caller that hung up, or a panic.
pub struct Turn(Arc<Exports>);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut under_way = self.0.lock();
        under_way.running = under_way.running.saturating_sub(1);
    }
}
