//! One session in the index: small and fixed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use vestibule_core::lineage::{StoreNumber, stands};
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{Acr, Amr, Clocks, EndReason, Session};
use vestibule_core::time::UnixMillis;

use super::profile::UserEntry;

/// The idle clock moves in memory; what it moved by is written once it is this part of the idle life.
const WRITTEN_PARTS: i64 = 20;
/// The idle clock moves in steps of this, so that a busy session does not write memory on every request.
const STEP: i64 = 1000;

pub(super) struct Record {
    pub(super) secret: HashedSecret,
    pub(super) user: Arc<UserEntry>,
    pub(super) created_at: UnixMillis,
    pub(super) auth_time: UnixMillis,
    pub(super) expires_at: UnixMillis,
    idle_millis: i64,
    rev: AtomicU64,
    last_seen: AtomicI64,
    /// The last-seen that is durable.
    written: AtomicI64,
    /// A use waits to be written.
    queued: AtomicBool,
    pub(super) remembered: bool,
    pub(super) acr: Acr,
    pub(super) amr: Amr,
    /// How often it got another secret here: what is under it came after the last time, or is dead (ASVS 7.2.4).
    pub(super) renewals: u32,
}

const _: () = assert!(
    size_of::<Record>() <= 104,
    "ten million of these are kept in memory"
);

impl Record {
    pub(super) fn of(session: &Session, user: Arc<UserEntry>) -> Self {
        Self {
            secret: session.secret,
            user,
            created_at: session.created_at,
            auth_time: session.auth_time,
            expires_at: session.expires_at,
            idle_millis: i64::try_from(session.idle.as_millis()).unwrap_or(i64::MAX),
            rev: AtomicU64::new(session.rev.0),
            last_seen: AtomicI64::new(session.last_seen.0),
            written: AtomicI64::new(session.last_seen.0),
            queued: AtomicBool::new(false),
            remembered: session.remembered,
            acr: session.acr,
            amr: session.amr,
            renewals: 0,
        }
    }

    /// The same session under a new secret, as it was committed; what memory knew better stays.
    pub(super) fn renewed(&self, session: &Session) -> Self {
        let mut new = Self::of(session, Arc::clone(&self.user));
        let again = u32::from(session.secret != self.secret);
        new.renewals = self.renewals.wrapping_add(again);
        new.last_seen
            .fetch_max(self.last_seen().0, Ordering::AcqRel);
        new
    }

    pub(super) fn raise_rev(&self, rev: StoreNumber) {
        self.rev.fetch_max(rev.0, Ordering::AcqRel);
    }

    /// Whether it stands against its ancestors' cutoffs.
    pub(super) fn stands(&self, everything: StoreNumber) -> bool {
        // The cutoff is read before the rev: whoever spares a session raises its rev first, so that no reader sees the
        // new cutoff beside the old rev.
        let user = self.user.cutoff();
        let rev = StoreNumber(self.rev.load(Ordering::Acquire));
        stands(rev, user, everything)
    }

    pub(super) fn last_seen(&self) -> UnixMillis {
        UnixMillis(self.last_seen.load(Ordering::Acquire))
    }

    /// When it runs out if it is not used again.
    pub(super) fn idle_expires_at(&self) -> UnixMillis {
        let seen = self.last_seen().0;
        UnixMillis(seen.saturating_add(self.idle_millis)).min(self.expires_at)
    }

    const fn clocks(&self, last_seen: UnixMillis) -> Clocks {
        Clocks {
            auth_time: self.auth_time,
            last_seen,
            idle: Duration::from_millis(self.idle_millis.unsigned_abs()),
            expires_at: self.expires_at,
        }
    }

    /// Why it has run out by `now`, and the last-seen that was judged by.
    pub(super) fn timed_out(&self, now: UnixMillis) -> Option<(EndReason, UnixMillis)> {
        let seen = self.last_seen();
        let reason = self.clocks(seen).timed_out(now)?;
        Some((reason, seen))
    }

    /// What the store would say by what is durable.
    pub(super) fn timed_out_as_written(&self, now: UnixMillis) -> bool {
        self.clocks(self.written()).timed_out(now).is_some()
    }

    /// Moves the idle clock. Whether this use is to be written behind.
    pub(super) fn touch(&self, now: UnixMillis) -> bool {
        if now.0.saturating_sub(self.last_seen.load(Ordering::Relaxed)) >= STEP {
            self.last_seen.fetch_max(now.0, Ordering::AcqRel);
        }
        let unwritten = now.0.saturating_sub(self.written.load(Ordering::Relaxed));
        unwritten >= (self.idle_millis / WRITTEN_PARTS).max(STEP)
            && !self.queued.load(Ordering::Relaxed)
            && !self.queued.swap(true, Ordering::AcqRel)
    }

    pub(super) fn written(&self) -> UnixMillis {
        UnixMillis(self.written.load(Ordering::Acquire))
    }

    /// `seen` is durable.
    pub(super) fn set_written(&self, seen: UnixMillis) {
        self.written.fetch_max(seen.0, Ordering::AcqRel);
        self.queued.store(false, Ordering::Release);
    }
}
