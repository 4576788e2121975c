//! How long a transition waits.

use std::time::Duration;

/// How long a transition waits for each answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(super) patience: Duration,
    /// What the server gives each of its statements, if that is not what it gives everybody's.
    server: Option<Duration>,
}

impl Pace {
    pub(crate) const fn of(patience: Duration, server: Option<Duration>) -> Self {
        Self { patience, server }
    }

    /// How its transaction begins.
    pub(super) fn begin(self) -> String {
        match self.server {
            None => "BEGIN".to_owned(),
            // Its locks are waited for no longer than anybody's.
            Some(most) => format!("BEGIN; SET LOCAL statement_timeout = {}", most.as_millis()),
        }
    }
}
