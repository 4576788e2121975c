//! The streams of events that are open: how many there may be, and the end of all of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use vestibule_core::id::SessionId;

/// Streams of one session at a time: a tab each.
const OF_ONE: usize = 4;
/// Streams at a time in all. Each is asked once in a while, and reads the store.
const IN_ALL: usize = 64;

/// Every stream of this process, whatever settings it was opened under.
pub struct Streams {
    open: Mutex<HashMap<SessionId, usize>>,
    closing: watch::Sender<bool>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            closing: watch::Sender::new(false),
        }
    }
}

/// The place of one stream, until it is left or dropped.
pub struct Place {
    streams: Arc<Streams>,
    session: SessionId,
    left: AtomicBool,
}

impl Streams {
    /// Ends all of them and lets none begin: the server stops, and would wait for them.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// A place for one more stream of this session, if there is one (ASVS 15.2.2).
    pub fn place(self: &Arc<Self>, session: SessionId) -> Option<Place> {
        if *self.closing.borrow() {
            return None;
        }
        let mut open = self.open();
        let in_all: usize = open.values().sum();
        let of_one = open.get(&session).copied().unwrap_or(0);
        if in_all >= IN_ALL || of_one >= OF_ONE {
            return None;
        }
        open.insert(session, of_one + 1);
        Some(Place {
            streams: Arc::clone(self),
            session,
            left: AtomicBool::new(false),
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SessionId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Waits for the end of all streams.
    pub async fn closed(&self) {
        let mut closing = self.streams.closing.subscribe();
        // The sender lives as long as this place.
        let _ = closing.wait_for(|closing| *closing).await;
    }

    /// Gives it back, once.
    pub fn leave(&self) {
        if self.left.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut open = self.streams.open();
        if let Some(count) = open.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.session);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::time::UnixMillis;

    use super::*;

    fn session(n: u8) -> SessionId {
        SessionId::new(UnixMillis(i64::from(n)), [n; 10])
    }

    #[test]
    fn places_are_counted_and_come_back() {
        let streams = Arc::new(Streams::default());
        let mut of_one: Vec<_> = (0..OF_ONE).map(|_| streams.place(session(1))).collect();
        assert!(of_one.iter().all(Option::is_some));
        assert!(streams.place(session(1)).is_none());
        assert!(streams.place(session(2)).is_some());
        let left = of_one.pop().flatten().unwrap();
        left.leave();
        left.leave();
        let again = streams.place(session(1));
        assert!(again.is_some());
        drop(left);
        assert!(streams.place(session(1)).is_none());
        drop((again, of_one));
        assert!(streams.open().is_empty());

        let many: Vec<_> = (0..IN_ALL)
            .map(|n| streams.place(session(u8::try_from(n).unwrap())))
            .collect();
        assert!(many.iter().all(Option::is_some));
        assert!(streams.place(session(200)).is_none());
        drop(many);
        streams.close();
        assert!(streams.place(session(1)).is_none());
    }
}
