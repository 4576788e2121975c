//! `/console/audit/verify`: reads the whole trail and every seal over it (ASVS 16.4.2). That may take minutes, so it goes on
//! after the answer; one at a time, and what it found stays until the next.

use std::sync::{Mutex, MutexGuard, PoisonError};

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

    /// Whether it may begin: nobody else is at it.
    fn begin(&self) -> bool {
        let mut state = self.lock();
        if *state == ChainCheck::Running {
            return false;
        }
        *state = ChainCheck::Running;
        true
    }

    fn lock(&self) -> MutexGuard<'_, ChainCheck> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins, and leads back. It changes nothing and tells nothing new of anybody: a live session of an administrator is enough.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    by.check(posted)?;
    let caller = std::sync::Arc::clone(&by.0.caller);
    if caller.context.chain.begin() {
        let at = by.now();
        tokio::spawn(async move {
            let found = caller.context.engine.verify_trail().await;
            *caller.context.chain.lock() = match found {
                Ok(report) => ChainCheck::Done(told(report, at)),
                Err(error) => {
                    tracing::error!(
                        error = %vestibule_engine::causes(&error),
                        "the audit trail could not be verified to its end"
                    );
                    ChainCheck::Failed
                }
            };
        });
    }
    Ok(Redirect::to(PATH).into_response())
}

fn told(report: TrailReport, at: UnixMillis) -> ChainReport {
    ChainReport {
        at: at.0,
        events: report.events,
        sealed_to: report.sealed_to,
        unsealed: report.unsealed,
        faults: report
            .faults
            .into_iter()
            .map(|fault| (fault.position, fault.what))
            .collect(),
    }
}
