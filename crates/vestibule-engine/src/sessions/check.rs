//! The check on every request.

use vestibule_core::secret::SessionCookie;
use vestibule_core::time::UnixMillis;

use super::live::LiveSession;
use crate::engine::Engine;

/// What a cookie is worth.
#[derive(Debug)]
pub enum Check<S = LiveSession> {
    /// A live session.
    Live(S),
    /// Unknown, ended, run out, or not its secret: the caller learns no difference.
    Dead,
    /// The index is not filled yet: nobody knows (503, never 401).
    NotReady,
}

impl Engine {
    /// Judges a cookie, in memory alone: one look-up and one SHA-256, no store, no lock that a writer can hold. Moves
    /// the session's idle clock.
    pub fn check(&self, cookie: &SessionCookie, now: UnixMillis) -> Check {
        self.index().check(cookie, now)
    }

    /// The same, for what a page asks for by itself, again and again: nobody need be there, so the idle clock stays (ASVS 7.3.1).
    pub fn look(&self, cookie: &SessionCookie, now: UnixMillis) -> Check {
        self.index().look(cookie, now)
    }

    /// The session as it is now, if it lives on under the secret that was presented: for a connection that stays open and
    /// is asked about at each thing it is told (ASVS 7.4.1, 8.3.2). Nobody need be there, so the idle clock stays.
    pub fn still(&self, session: &LiveSession, now: UnixMillis) -> Option<LiveSession> {
        self.index().still(session.id(), session.presented(), now)
    }
}
