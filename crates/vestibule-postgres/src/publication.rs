//! Publication in the order of the commits, by lanes.
//!
//! Whoever changes what is known of a user holds that user's row from before they judged until their commit, and whoever
//! takes a number holds the installation's. So the order in which transitions *enter* here, each while it holds its rows and
//! just before its COMMIT is sent, is for each row the order in which they commit. A transition is published when it is
//! the first in each of its lanes; those that have no row in common do not wait for each other.
//!
//! ```text
//! hold rows ─▶ judge, write ─▶ enter lanes ─▶ COMMIT ─┬─ committed ───▶ first in every lane? ─▶ publish ─▶ answer
//!                                                     ├─ rolled back ─▶ leave the lanes
//!                                                     └─ unknown ─────▶ leave them; the user is in doubt ─▶ re-read
//! ```
//!
//! A user in doubt is read anew by the next transition that holds their row, or by the mender, and published whole.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot, watch};

use vestibule_core::id::UserId;
use vestibule_core::lineage::{Node, StoreNumber};
use vestibule_store::{Change, Publish};

/// What is published in order within itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// A user and their sessions: the order of `users.version`.
    User(UserId),
    /// Cutoffs: the order of their numbers.
    Numbers,
    /// What belongs to no user: applications, roles.
    House,
}

/// Hands changes over, one transition at a time.
pub(crate) struct Sequencer {
    state: Mutex<State>,
    /// Something came into doubt.
    pub(crate) doubted: Notify,
    /// Counts up when something is out of doubt.
    cleared: watch::Sender<u64>,
}

struct State {
    publish: Arc<dyn Publish>,
    next: u64,
    entered: BTreeMap<u64, Entered>,
    lanes: HashMap<Lane, VecDeque<u64>>,
    /// The latest cutoff on everybody that was published.
    everything: StoreNumber,
    /// With the last place that left it: whoever read it again before that one clears nothing.
    doubtful: BTreeMap<Doubt, u64>,
}

struct Entered {
    lanes: Vec<Lane>,
    settled: Option<Settled>,
}

enum Settled {
    Committed {
        changes: Vec<Change>,
        /// Read again by it, while it held the rows.
        read: Vec<Doubt>,
        told: oneshot::Sender<()>,
    },
    Gone,
}

/// What has to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    User(UserId),
    Everything,
    House,
}

impl Doubt {
    fn of(lane: Lane) -> Self {
        match lane {
            Lane::User(user) => Self::User(user),
            Lane::Numbers => Self::Everything,
            Lane::House => Self::House,
        }
    }
}

impl Sequencer {
    pub(crate) fn new(publish: Arc<dyn Publish>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                publish,
                next: 0,
                entered: BTreeMap::new(),
                lanes: HashMap::new(),
                everything: StoreNumber(0),
                doubtful: BTreeMap::new(),
            }),
            doubted: Notify::new(),
            cleared: watch::Sender::new(0),
        })
    }

    /// Part of the fill: nothing else is published before it is whole.
    pub(crate) fn fill(&self, changes: &[Change]) {
        self.lock().publish.publish(changes);
    }

    /// The fill is whole.
    pub(crate) fn filled(&self, everything: StoreNumber) {
        let mut state = self.lock();
        state.everything = everything;
        state.publish.filled(everything);
    }

    /// Takes the next place in each lane. To be called while the rows are held and before COMMIT is sent.
    pub(crate) fn enter(self: &Arc<Self>, lanes: Vec<Lane>) -> Place {
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        for lane in &lanes {
            state.lanes.entry(*lane).or_default().push_back(id);
        }
        state.entered.insert(
            id,
            Entered {
                lanes,
                settled: None,
            },
        );
        Place {
            sequencer: Arc::clone(self),
            id: Some(id),
        }
    }

    pub(crate) fn is_doubtful(&self, doubt: Doubt) -> bool {
        self.lock().doubtful.contains_key(&doubt)
    }

    /// The latest cutoff on everybody that was published.
    pub(crate) fn everything(&self) -> StoreNumber {
        self.lock().everything
    }

    /// It was read again, and is not certain yet.
    pub(crate) fn doubt_again(&self, doubt: Doubt) {
        let mut state = self.lock();
        let latest = state.next.saturating_sub(1);
        state.doubtful.insert(doubt, latest);
    }

    /// What is in doubt, with the place that left it last.
    pub(crate) fn doubts(&self) -> Vec<(Doubt, u64)> {
        let state = self.lock();
        state
            .doubtful
            .iter()
            .map(|(doubt, at)| (*doubt, *at))
            .collect()
    }

    /// Waits until nothing of these is in doubt.
    pub(crate) async fn certain(&self, doubts: &[Doubt]) {
        let mut cleared = self.cleared.subscribe();
        let certain = || {
            let state = self.lock();
            !doubts
                .iter()
                .any(|doubt| state.doubtful.contains_key(doubt))
        };
        // Refused only when the sequencer itself is gone.
        let _gone = cleared.wait_for(|_| certain()).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, id: u64, settled: Settled) {
        let mut state = self.lock();
        if let Some(entered) = state.entered.get_mut(&id) {
            entered.settled = Some(settled);
        }
        let cleared = state.advance(id);
        drop(state);
        if cleared {
            self.cleared.send_modify(|count| *count += 1);
        }
    }

    fn doubt(&self, id: u64) {
        let mut state = self.lock();
        let lanes = state.entered.get(&id).map(|entered| entered.lanes.clone());
        for lane in lanes.unwrap_or_default() {
            let at = state.doubtful.entry(Doubt::of(lane)).or_default();
            *at = id.max(*at);
        }
        drop(state);
        self.settle(id, Settled::Gone);
        self.doubted.notify_one();
    }

    /// It was read again since `at` left it in doubt.
    pub(crate) fn clear(&self, doubt: Doubt, at: u64) {
        self.lock().clear(doubt, at);
        self.cleared.send_modify(|count| *count += 1);
    }
}

impl State {
    fn clear(&mut self, doubt: Doubt, at: u64) {
        if self.doubtful.get(&doubt).is_some_and(|left| *left <= at) {
            self.doubtful.remove(&doubt);
        }
    }

    /// Publishes what can be, beginning with this one. Answers whether that put anything out of doubt.
    fn advance(&mut self, id: u64) -> bool {
        let (mut ready, mut cleared) = (vec![id], false);
        while let Some(id) = ready.pop() {
            let Some(entered) = self.entered.get(&id) else {
                continue;
            };
            let first = |lane| self.lanes.get(lane).and_then(VecDeque::front) == Some(&id);
            if entered.settled.is_none() || !entered.lanes.iter().all(first) {
                continue;
            }
            let Some(Entered { lanes, settled }) = self.entered.remove(&id) else {
                continue;
            };
            if let Some(Settled::Committed {
                changes,
                read,
                told,
            }) = settled
            {
                self.publish(changes);
                cleared |= !read.is_empty();
                // Who came into doubt behind it, it did not read.
                for doubt in read {
                    self.clear(doubt, id);
                }
                // Whoever asked may have gone: what was committed stays.
                let _gone = told.send(());
            }
            for lane in lanes {
                let Some(queue) = self.lanes.get_mut(&lane) else {
                    continue;
                };
                queue.pop_front();
                match queue.front() {
                    Some(next) => ready.push(*next),
                    None => drop(self.lanes.remove(&lane)),
                }
            }
        }
        cleared
    }

    fn publish(&mut self, mut changes: Vec<Change>) {
        changes.retain(|change| match change {
            // A login that committed beside a cutoff on everybody came before it, and was struck by it.
            Change::SessionOpened(session) | Change::SessionRenewed(session) => {
                session.rev >= self.everything
            }
            Change::Cutoff(cutoff) if cutoff.node == Node::Everything => {
                self.everything = self.everything.max(cutoff.number);
                true
            }
            _ => true,
        });
        if !changes.is_empty() {
            self.publish.publish(&changes);
        }
    }
}

/// A transition's place in its lanes. Dropped without a word, its outcome is unknown.
pub(crate) struct Place {
    sequencer: Arc<Sequencer>,
    id: Option<u64>,
}

impl Place {
    /// It is committed. Answers when it is published; `read` are out of doubt then.
    pub(crate) async fn committed(mut self, changes: Vec<Change>, read: Vec<Doubt>) {
        let (told, published) = oneshot::channel();
        if let Some(id) = self.id.take() {
            let settled = Settled::Committed {
                changes,
                read,
                told,
            };
            self.sequencer.settle(id, settled);
        }
        // Refused only when the sequencer itself is gone.
        let _gone = published.await;
    }

    /// It did not happen.
    pub(crate) fn rolled_back(mut self) {
        if let Some(id) = self.id.take() {
            self.sequencer.settle(id, Settled::Gone);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.sequencer.doubt(id);
        }
    }
}

#[cfg(test)]
mod tests;
