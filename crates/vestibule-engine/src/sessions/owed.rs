//! Revocations that could not be stored: enforced in memory, owed to the store.
//!
//! The caller was told 503 and may try again, but a session that is dead in memory has no cookie to try with. So what is
//! owed is stored by the chores once the store takes writes again: session by session, which can strike no later login.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use vestibule_core::audit::Act;
use vestibule_core::id::SessionId;
use vestibule_core::session::EndReason;

use crate::engine::Engine;

/// Most that is remembered; beyond it a restart before the retry may find a session alive whose end was never
/// acknowledged.
const LIMIT: usize = 100_000;

/// One session's end that the store does not know of.
#[derive(Debug, Clone)]
pub(crate) struct OwedEnd {
    pub(crate) id: SessionId,
    pub(crate) reason: EndReason,
    pub(crate) act: Act,
}

#[derive(Default)]
pub(crate) struct Owed(Mutex<VecDeque<OwedEnd>>);

impl Owed {
    pub(crate) fn push(&self, end: OwedEnd) {
        let mut owed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if owed.len() < LIMIT {
            owed.push_back(end);
        }
    }

    fn pop(&self) -> Option<OwedEnd> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }

    fn put_back(&self, end: OwedEnd) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_front(end);
    }
}

impl Engine {
    /// Stores what is owed, until the store fails again.
    pub(crate) async fn pay_owed_ends(&self) {
        while let Some(end) = self.owed().pop() {
            let stored = self
                .store()
                .end_session(end.id, None, end.reason, end.act.clone())
                .await;
            if stored.is_err() {
                self.owed().put_back(end);
                return;
            }
            tracing::info!(session.id = %end.id, "a session's end that could not be stored before is stored now");
        }
    }
}
