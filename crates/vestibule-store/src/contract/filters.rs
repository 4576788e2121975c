//! What lists are narrowed by.

use vestibule_core::filter::{EventFilter, SessionFilter};
use vestibule_core::id::UserId;

/// Every session.
pub(super) fn everybodys() -> SessionFilter {
    SessionFilter::default()
}

/// One user's sessions.
pub(super) fn of_user(user: UserId) -> SessionFilter {
    SessionFilter {
        user: Some(user),
        ..SessionFilter::default()
    }
}

/// Every event.
pub(super) fn every_event() -> EventFilter {
    EventFilter::default()
}

/// What happened to one user.
pub(super) fn about(user: UserId) -> EventFilter {
    EventFilter {
        user: Some(user),
        ..EventFilter::default()
    }
}
