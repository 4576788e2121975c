//! Revocations that could not be stored: enforced in memory, owed to the store.
//!
//! The caller was told 503 and may try again, but a session that is dead in memory has no cookie to try with. So what is
//! owed is stored by the chores once the store takes writes again: session by session, which can strike no later login.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_core::audit::Act;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::EndReason;
use vestibule_store::StoreError;

use crate::engine::Engine;

/// Most that is remembered; beyond it a restart before the retry may find a session alive whose end was never
/// acknowledged.
const LIMIT: usize = 100_000;

/// Failures after which the rest waits for the next round.
const FAILURES: usize = 10;

/// One session's end that the store does not know of.
#[derive(Debug, Clone)]
pub(crate) struct OwedEnd {
    pub(crate) id: SessionId,
    /// Whose; unknown where everybody's ended at once, and nobody is there to ask.
    pub(crate) owner: Option<UserId>,
    pub(crate) reason: EndReason,
    pub(crate) act: Act,
}

#[derive(Default)]
pub(crate) struct Owed(Mutex<Ends>);

#[derive(Default)]
struct Ends {
    queue: VecDeque<OwedEnd>,
    /// Whose: whether an end is owed is asked for whatever id a cookie names, and must cost a stranger's request nothing.
    ids: HashMap<SessionId, Option<UserId>>,
}

impl Owed {
    pub(crate) fn push(&self, end: OwedEnd) {
        let mut owed = self.ends();
        if owed.queue.len() < LIMIT && !owed.ids.contains_key(&end.id) {
            owed.ids.insert(end.id, end.owner);
            owed.queue.push_back(end);
        }
    }

    /// Whether this session's end is among what is owed.
    fn has(&self, id: SessionId) -> bool {
        self.ends().ids.contains_key(&id)
    }

    fn has_of(&self, id: SessionId, owner: UserId) -> bool {
        self.ends().ids.get(&id) == Some(&Some(owner))
    }

    fn first(&self) -> Option<OwedEnd> {
        self.ends().queue.front().cloned()
    }

    /// The first is stored. The chores alone pay, so it is the one that [`Owed::first`] answered.
    fn paid(&self) {
        let mut owed = self.ends();
        if let Some(end) = owed.queue.pop_front() {
            owed.ids.remove(&end.id);
        }
    }

    /// The first could not be stored: it waits behind the others.
    fn postpone(&self) {
        let mut owed = self.ends();
        if let Some(end) = owed.queue.pop_front() {
            owed.queue.push_back(end);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends().queue.len()
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Whether this session is over in memory but its end is not stored yet: until it is, nobody may be told that it is done.
    pub fn owes_end(&self, id: SessionId) -> bool {
        self.owed().has(id)
    }

    /// The same of one of this user's alone (ASVS 8.2.2).
    pub fn owes_end_of(&self, id: SessionId, owner: UserId) -> bool {
        self.owed().has_of(id, owner)
    }

    /// Stores what is owed, each at most once, until the store fails again and again: an end that it will never take
    /// holds up no other.
    pub(crate) async fn pay_owed_ends(&self) {
        let mut failures = 0;
        for _ in 0..self.owed().len() {
            let Some(end) = self.owed().first() else {
                return;
            };
            let stored = self
                .store()
                .end_session(end.id, None, end.reason, end.act.clone())
                .await;
            match stored {
                Ok(_) => {
                    self.owed().paid();
                    tracing::info!(session.id = %end.id, "a session's end that could not be stored before is stored now");
                }
                Err(error) => {
                    self.owed().postpone();
                    failures += 1;
                    let away = matches!(error, StoreError::Full(_) | StoreError::Unavailable(_));
                    if away || failures >= FAILURES {
                        return;
                    }
                    tracing::warn!(session.id = %end.id, %error, "a session's end is enforced, but the store does not take it");
                }
            }
        }
    }
}
