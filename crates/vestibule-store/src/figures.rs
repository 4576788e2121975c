//! What a backend tells of its own work: how long it took, how much waits, what failed. Counted where all of it passes, by
//! held atomics; read when somebody asks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::Instrument as _;

use crate::StoreError;

/// How much work of one kind took how long. Counting is lock-free.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [Duration],
    /// One for each bound, and one for what took longer.
    counts: Box<[AtomicU64]>,
    nanoseconds: AtomicU64,
}

impl Histogram {
    /// Nothing counted yet; `bounds` ascend.
    pub fn new(bounds: &'static [Duration]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            nanoseconds: AtomicU64::new(0),
        }
    }

    /// Something took so long.
    pub fn count(&self, took: Duration) {
        let place = self.bounds.partition_point(|bound| *bound < took);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// How much took at most so long and longer than the bound before; `None` is without a bound. Each on its own, not
    /// summed up.
    pub fn counts(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let counts = self.counts.iter();
        bounds.zip(counts.map(|count| count.load(Ordering::Relaxed)))
    }

    /// How long everything took together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
}

/// Measures how long something takes, for whoever watches. Nothing is decided by it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long something took is told to whoever watches and decides nothing"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// So long so far.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Work of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A state transition.
    Transition,
    /// A read.
    Read,
}

/// How a store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// No room.
    Full,
    /// Out of reach.
    Unavailable,
    /// Not to be read.
    Corrupt,
    /// Otherwise.
    Failed,
}

impl Failing {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Full, Self::Unavailable, Self::Corrupt, Self::Failed];

    const fn of(error: &StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::Full,
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::Corrupt(_) => Self::Corrupt,
            StoreError::Failed(_) => Self::Failed,
        }
    }
}

/// From half a millisecond, which a disk takes for a sync, to the seconds of one that is overloaded.
const BOUNDS: [Duration; 12] = [
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// One store's figures.
#[derive(Debug)]
pub struct Figures {
    transitions: Histogram,
    reads: Histogram,
    failures: [AtomicU64; Failing::ALL.len()],
    waiting: AtomicU64,
    commits: AtomicU64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            transitions: Histogram::new(&BOUNDS),
            reads: Histogram::new(&BOUNDS),
            failures: std::array::from_fn(|_| AtomicU64::new(0)),
            waiting: AtomicU64::new(0),
            commits: AtomicU64::new(0),
        }
    }
}

impl Figures {
    /// Carries out `answer`, and counts it: that it waits, how long it took with its wait, and how it failed. `Named` is the
    /// work itself, whose type tells the store's method that asked for it: a trace names it.
    pub async fn measured<T, Named>(
        &self,
        work: Work,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.named(work, method_of::<Named>, answer).await
    }

    /// The same of work whose name is known otherwise.
    pub async fn named<T>(
        &self,
        work: Work,
        name: impl FnOnce() -> &'static str,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let span = tracing::info_span!(target: "trace", "store", otel.name = tracing::field::Empty);
        if !span.is_disabled() {
            span.record("otel.name", format!("store.{}", name()));
        }
        let started = Stopwatch::start();
        let waits = Waits::begin(&self.waiting);
        let answer = answer.instrument(span).await;
        drop(waits);
        let histogram = match work {
            Work::Transition => &self.transitions,
            Work::Read => &self.reads,
        };
        histogram.count(started.elapsed());
        if let Err(error) = &answer {
            self.failure(Failing::of(error))
                .fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// A commit, of however many transitions, is done.
    pub fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// How long work of this kind took.
    pub const fn took(&self, work: Work) -> &Histogram {
        match work {
            Work::Transition => &self.transitions,
            Work::Read => &self.reads,
        }
    }

    /// How much failed in this way.
    pub fn failures(&self, how: Failing) -> u64 {
        self.failure(how).load(Ordering::Relaxed)
    }

    /// How much waits for its answer just now.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many commits there were.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    const fn failure(&self, how: Failing) -> &AtomicU64 {
        let [full, unavailable, corrupt, failed] = &self.failures;
        match how {
            Failing::Full => full,
            Failing::Unavailable => unavailable,
            Failing::Corrupt => corrupt,
            Failing::Failed => failed,
        }
    }
}

/// Somebody waits for an answer; a caller that hangs up no longer does.
struct Waits<'a>(&'a AtomicU64);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicU64) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The method in which a closure stands, for people to read.
fn method_of<Named>() -> &'static str {
    let mut name = std::any::type_name::<Named>();
    while let Some(outer) = name.strip_suffix("::{{closure}}") {
        name = outer;
    }
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: [Duration; 3] = [
        Duration::from_millis(1),
        Duration::from_millis(2),
        Duration::from_millis(5),
    ];

    #[test]
    fn what_took_just_a_bound_is_within_it() {
        let histogram = Histogram::new(&THREE);
        for microseconds in [0, 1_000, 1_001, 2_000, 5_001, 9_000_000] {
            histogram.count(Duration::from_micros(microseconds));
        }
        let counts: Vec<u64> = histogram.counts().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 2, 0, 2]);
        assert_eq!(histogram.sum(), Duration::from_micros(9_009_002));
    }

    #[test]
    fn a_closure_is_named_by_the_method_it_stands_in() {
        fn named<F: FnOnce()>(_: F) -> &'static str {
            method_of::<F>()
        }
        let inner = || {
            let innermost = || {};
            named(innermost)
        };
        assert_eq!(inner(), "a_closure_is_named_by_the_method_it_stands_in");
    }

    #[test]
    fn who_hangs_up_waits_no_more() {
        let figures = Figures::default();
        {
            let never = std::future::pending::<Result<(), StoreError>>();
            let mut asked = Box::pin(figures.measured::<_, ()>(Work::Read, never));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(asked.as_mut().poll(&mut context).is_pending());
            assert_eq!(figures.waiting(), 1);
        }
        assert_eq!(figures.waiting(), 0);
    }
}
