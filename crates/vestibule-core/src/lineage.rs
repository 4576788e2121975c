//! Revocation is a cutoff on a node of the tree, ordered by store numbers and never by clocks.
//!
//! The store keeps one ever-growing number; each cutoff takes the next, and nothing else does. A credential carries
//! `rev`: the number its store had applied when it was made. It dies if an ancestor has a cutoff with a higher number.

use crate::id::{SessionId, UserId};

/// The store's ever-growing number. 0: before any cutoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StoreNumber(pub u64);

impl StoreNumber {
    /// The number the next cutoff takes.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Where a cutoff strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Every session of everybody.
    Everything,
    /// Every session of one user, perhaps except one, which takes the cutoff's number as its `rev` in the same
    /// transition.
    User(UserId, Option<SessionId>),
    /// One session, finally: a session that was struck never lives again, whatever its `rev`.
    Session(SessionId),
}

/// A revocation, as it was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoff {
    /// Its place in the order.
    pub number: StoreNumber,
    /// What it strikes.
    pub node: Node,
}

/// Whether a session made at `rev` outlived its ancestors' latest cutoffs (`docs/architecture.md`, Lineage).
pub fn stands(rev: StoreNumber, user: StoreNumber, everything: StoreNumber) -> bool {
    rev >= user && rev >= everything
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cutoff_strikes_what_existed_before_it_and_nothing_after() {
        let (before, cutoff) = (StoreNumber(4), StoreNumber(5));
        assert!(!stands(before, cutoff, StoreNumber(0)));
        assert!(!stands(before, StoreNumber(0), cutoff));
        assert!(
            stands(cutoff, cutoff, cutoff),
            "a login at the cutoff's own commit or later lives"
        );
    }
}
