//! `/console/audit/verify`: reads the whole trail and every seal over it (ASVS 16.4.2). That may take minutes, so it goes on
//! after the answer; one at a time, and what it found stays until the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::{IntoResponse as _, Redirect, Response};
use vestibule_core::time::UnixMillis;
use vestibule_engine::TrailReport;

use super::PATH;
use crate::browser::form::Posted;
use crate::console::Administrator;
use crate::errors::Failure;
use crate::views::{ChainCheck, ChainReport};

/// What the last look at the whole chain found, since the start.
#[derive(Default)]
pub struct ChainWatch(Mutex<ChainCheck>);

impl ChainWatch {
    pub(super) fn state(&self) -> ChainCheck {
        self.lock().clone()
    }

    /// The turn to look, unless somebody is at it (ASVS 15.2.2).
    pub fn begin(self: &Arc<Self>) -> Option<Turn> {
        let mut state = self.lock();
        if *state == ChainCheck::Running {
            return None;
        }
        *state = ChainCheck::Running;
        Some(Turn(Some(Arc::clone(self))))
    }

    fn lock(&self) -> MutexGuard<'_, ChainCheck> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one look under way. Dropped before it is over, by a caller that hung up or a panic, it failed.
pub struct Turn(Option<Arc<ChainWatch>>);

impl Turn {
    /// What was found, and when it was asked for.
    pub fn done(mut self, report: &TrailReport, at: UnixMillis) {
        if let Some(watch) = self.0.take() {
            *watch.lock() = ChainCheck::Done(told(report, at));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(watch) = self.0.take() {
            *watch.lock() = ChainCheck::Failed;
        }
    }
}

/// Begins, and leads back. It changes nothing and tells nothing new of anybody: a live session of an administrator is enough.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    by.check(posted)?;
    let caller = Arc::clone(&by.0.caller);
    if let Some(turn) = caller.context.chain.begin() {
        let at = by.now();
        tokio::spawn(async move {
            match caller.context.engine.verify_trail().await {
                Ok(report) => turn.done(&report, at),
                Err(error) => tracing::error!(
                    error = %vestibule_engine::causes(&error),
                    "the audit trail could not be verified to its end"
                ),
            }
        });
    }
    Ok(Redirect::to(PATH).into_response())
}

fn told(report: &TrailReport, at: UnixMillis) -> ChainReport {
    ChainReport {
        at: at.0,
        events: report.events,
        sealed_to: report.sealed_to,
        unsealed: report.unsealed,
        faults: report
            .faults
            .iter()
            .map(|fault| (fault.position, fault.what.clone()))
            .collect(),
    }
}
