//! How many there are: counted as they come and go, so that asking costs nothing however many there are.

use std::sync::atomic::{AtomicU64, Ordering};

use vestibule_core::user::{Role, User, UserStatus};

use super::index::Index;
use super::profile::UserEntry;
use crate::engine::Engine;

/// The accounts of this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Population {
    /// All.
    pub users: u64,
    /// Of them, those that are disabled.
    pub disabled: u64,
    /// Of them, those with the role `admin`, disabled ones included.
    pub administrators: u64,
}

/// What is signed in just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Live {
    /// Sessions in memory. One that has just ended may be among them until it is swept.
    pub sessions: u64,
    /// App sessions in memory, likewise.
    pub app_sessions: u64,
}

/// What of a user is counted, in one byte of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing(u8);

impl Standing {
    const DISABLED: u8 = 1;
    const ADMINISTRATOR: u8 = 2;

    /// Of somebody who is not there.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of(user: &User) -> Self {
        let disabled = user.status == UserStatus::Disabled;
        let administers = user.roles.iter().any(|role| role.as_str() == Role::ADMIN);
        let bit = |holds: bool, bit: u8| if holds { bit } else { 0 };
        Self(bit(disabled, Self::DISABLED) | bit(administers, Self::ADMINISTRATOR))
    }

    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// The counts that are not the number of something in memory.
#[derive(Debug, Default)]
pub(super) struct Census {
    disabled: AtomicU64,
    administrators: AtomicU64,
}

impl Census {
    /// A user stands so from now on. Whoever takes what somebody stood as before is the only one to count it out again.
    pub(super) fn count(&self, entry: &UserEntry, now: Standing) {
        let before = entry.stand(now);
        for (count, bit) in [
            (&self.disabled, Standing::DISABLED),
            (&self.administrators, Standing::ADMINISTRATOR),
        ] {
            match (before.0 & bit != 0, now.0 & bit != 0) {
                (false, true) => drop(count.fetch_add(1, Ordering::AcqRel)),
                (true, false) => drop(count.fetch_sub(1, Ordering::AcqRel)),
                _ => {}
            }
        }
    }

    fn disabled(&self) -> u64 {
        self.disabled.load(Ordering::Acquire)
    }

    fn administrators(&self) -> u64 {
        self.administrators.load(Ordering::Acquire)
    }
}

impl Index {
    fn population(&self) -> Population {
        Population {
            users: count(self.known_users()),
            disabled: self.census().disabled(),
            administrators: self.census().administrators(),
        }
    }
}

impl Engine {
    /// How many accounts there are. In memory: a page may ask as often as it likes.
    pub fn population(&self) -> Population {
        self.index().population()
    }

    /// How much is signed in just now. In memory.
    pub fn live(&self) -> Live {
        Live {
            sessions: count(self.index().len()),
            app_sessions: count(self.index().app_sessions()),
        }
    }
}

pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
