//! A backend under test, opened, closed and opened again.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use vestibule_core::audit::{Act, Event, EventKind, StoredEvent};
use vestibule_core::id::UserId;

use super::ledger::Ledger;
use super::snapshot::Snapshot;
use crate::{BoxFuture, Change, Publish, Store};

/// One private, empty place where a backend keeps its data; gone when it is dropped.
pub trait House: Send + Sync + 'static {
    /// Opens the store over what is kept here. Called again only after [`House::close`].
    fn open(&self, publish: Arc<dyn Publish>) -> BoxFuture<'_, Arc<dyn Store>>;

    /// Closes the store that is open, with everything it was asked to do done. No caller holds it any more.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// A house with its store open, and the ledger that its changes are published to.
pub struct Home {
    pub(super) house: Arc<dyn House>,
    pub(super) made: AtomicU64,
    /// The backend under test.
    pub store: Arc<dyn Store>,
    /// Everything it published since it was opened last.
    pub ledger: Arc<Ledger>,
}

/// Runs one case on several threads, so that contention is real.
pub fn run<F, Fut>(house: impl House, case: F)
where
    F: FnOnce(Home) -> Fut,
    Fut: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let home = Home::opened(Arc::new(house), 0).await;
        home.ledger.wait_filled().await;
        case(home).await;
    });
}

/// The same of a case about two stores.
pub fn run_pair<F, Fut>(house: impl House, other: impl House, case: F)
where
    F: FnOnce(Home, Home) -> Fut,
    Fut: Future<Output = ()>,
{
    run(house, async |home| {
        let other = Home::opened(Arc::new(other), 0).await;
        other.ledger.wait_filled().await;
        case(home, other).await;
    });
}

impl Home {
    async fn opened(house: Arc<dyn House>, made: u64) -> Self {
        let ledger = Arc::new(Ledger::default());
        let store = house.open(ledger.clone()).await;
        Self {
            house,
            made: AtomicU64::new(made),
            store,
            ledger,
        }
    }

    /// Closes the store and opens it again over the same data, under a new ledger.
    pub async fn reopen(self) -> Self {
        self.reopen_and(async |_: &dyn Store| ()).await
    }

    /// The same, with something asked of the store before it has said that its fill is whole.
    pub async fn reopen_and(self, ask: impl AsyncFnOnce(&dyn Store)) -> Self {
        let Self {
            house, made, store, ..
        } = self;
        drop(store);
        house.close().await;
        let home = Self::opened(house, made.into_inner()).await;
        ask(&*home.store).await;
        home.ledger.wait_filled().await;
        home
    }

    /// Everything that can be observed now.
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot::take(&*self.store).await
    }

    /// What the transition from `before` to now published.
    pub fn published_since(&self, before: &Before) -> Vec<Change> {
        self.ledger.changes().split_off(before.published)
    }

    /// Remembers the state before a transition.
    pub async fn before(&self) -> Before {
        Before {
            published: self.ledger.changes().len(),
            snapshot: self.snapshot().await,
        }
    }

    /// Nothing was written, audited or published since.
    pub async fn assert_unchanged(&self, before: &Before) {
        assert_eq!(
            self.snapshot().await,
            before.snapshot,
            "a refusal leaves the store as it was"
        );
        assert_eq!(
            self.published_since(before),
            [],
            "a refusal publishes nothing"
        );
    }

    /// Exactly `events` were written since, in this order, each with what their act says.
    pub async fn assert_audited(&self, before: &Before, act: &Act, events: &[Event]) {
        let after = self.snapshot().await.events;
        let written = after
            .strip_prefix(&before.snapshot.events[..])
            .expect("the trail only grows");
        let told: Vec<Event> = written.iter().map(|stored| stored.event).collect();
        assert_eq!(told, events);
        for stored in written {
            assert_tells(stored, act);
        }
    }

    /// The same by their kinds, all about one user.
    pub async fn assert_told(&self, before: &Before, act: &Act, user: UserId, kinds: &[EventKind]) {
        let after = self.snapshot().await.events;
        let written = after
            .strip_prefix(&before.snapshot.events[..])
            .expect("the trail only grows");
        let told: Vec<EventKind> = written.iter().map(|stored| stored.event.kind).collect();
        assert_eq!(told, kinds);
        for stored in written {
            assert_eq!(stored.event.user, Some(user));
            assert_tells(stored, act);
        }
    }
}

/// The state before a transition.
pub struct Before {
    published: usize,
    /// What was stored.
    pub snapshot: Snapshot,
}

/// A stored event carries the facts of its act, personal data included.
pub(super) fn assert_tells(stored: &StoredEvent, act: &Act) {
    assert_eq!(
        (stored.act, stored.at, stored.actor),
        (act.id, act.at, act.actor)
    );
    assert_eq!(stored.personal, act.personal);
    let digest = act
        .personal
        .as_ref()
        .map(vestibule_core::audit::Personal::digest);
    assert_eq!(stored.personal_digest, digest);
}
