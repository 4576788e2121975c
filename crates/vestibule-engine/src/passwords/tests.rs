use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use vestibule_core::password::blocklist::Blocklist;
use vestibule_core::password::{Concerned, Pepper};
use vestibule_core::user::DisplayName;
use zeroize::Zeroizing;

use super::*;

const CHEAP: Cost = Cost {
    memory: 64,
    passes: 1,
};

fn hasher(threads: usize, queue: usize) -> Hasher {
    Hasher::start(HasherSettings {
        threads,
        queue,
        cost: CHEAP,
    })
}

fn plain(text: &str) -> PlainPassword {
    PlainPassword::presented(text)
}

fn new(text: &str) -> NewPassword {
    let of = Concerned {
        emails: &[],
        name: &DisplayName::default(),
    };
    NewPassword::parse(text, &of, &Blocklist::default()).unwrap()
}

fn pepper(byte: u8) -> Pepper {
    Pepper::new(Zeroizing::new([byte; 32]))
}

/// A list with one password on it, or none that can be read.
struct List(Option<&'static str>);

impl Breached for List {
    fn holds(&self, sha1: &[u8; 20]) -> io::Result<bool> {
        assert!(
            thread::current()
                .name()
                .is_some_and(|name| name.starts_with("argon2-"))
        );
        let Self(listed) = self;
        let listed = listed.ok_or_else(|| io::Error::other("the disk is gone"))?;
        Ok(new(listed).sha1() == *sha1)
    }
}

/// Polls a future once: far enough to be queued.
fn begin<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_password_fits_its_hash_and_no_other() {
    let hasher = hasher(1, 8);
    let hash = hasher
        .make(new("correct horse battery"), [1; 16])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(hash.cost(), Ok(CHEAP));
    for (text, fits) in [
        ("correct horse battery", true),
        ("correct horse batterz", false),
    ] {
        let verified = hasher.verify(hash.clone(), plain(text)).await.unwrap();
        assert_eq!(verified, Ok(fits));
    }
}

/// Holds: ASVS 6.2.12
#[tokio::test]
async fn asvs_6_2_12_what_the_operators_list_has_is_not_hashed() {
    let hasher = hasher(1, 8).with_breached(Arc::new(List(Some("turnip cartwheel lantern"))));
    let made = hasher.make(new("turnip cartwheel lantern"), [1; 16]).await;
    assert!(matches!(made.unwrap(), Err(MakeError::Breached)));
    let made = hasher.make(new("turnip cartwheel lanterN"), [1; 16]).await;
    assert!(made.unwrap().is_ok());
    // A password that was set before the list had it goes on being verified, and hashed anew.
    let remade = hasher
        .remake(plain("turnip cartwheel lantern"), [1; 16])
        .await;
    assert!(remade.unwrap().is_ok());
}

/// Holds: ASVS 16.5.3
#[tokio::test]
async fn asvs_16_5_3_a_list_that_cannot_be_read_lets_nothing_through() {
    let hasher = hasher(1, 8).with_breached(Arc::new(List(None)));
    let made = hasher.make(new("turnip cartwheel lantern"), [1; 16]).await;
    assert!(matches!(made.unwrap(), Err(MakeError::Unreadable(_))));
}

/// Holds: N31
#[tokio::test]
async fn n31_the_hasher_peppers_what_it_makes_and_knows_what_is_due_anew() {
    let before = hasher(1, 8);
    let text = "turnip cartwheel lantern";
    let plainly = before.make(new(text), [1; 16]).await.unwrap().unwrap();
    assert!(before.is_current(&plainly));
    let after = hasher(1, 8).with_peppers(Peppers {
        current: Some(pepper(1)),
        older: Vec::new(),
    });
    assert!(!after.is_current(&plainly));
    assert_eq!(after.verify(plainly, plain(text)).await.unwrap(), Ok(true));
    let peppered = after.remake(plain(text), [1; 16]).await.unwrap().unwrap();
    assert!(after.is_current(&peppered) && after.is_current(&after.dummy()));
    assert_eq!(
        after.verify(peppered.clone(), plain(text)).await.unwrap(),
        Ok(true)
    );
    let without = before.verify(peppered, plain(text)).await.unwrap();
    assert_eq!(without, Err(HashError::UnknownPepper));
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_the_dummy_costs_what_a_hash_costs_and_fits_nothing() {
    let hasher = hasher(1, 8);
    assert_eq!(hasher.dummy().cost(), Ok(hasher.cost()));
    for text in ["", "correct horse battery"] {
        let verified = hasher.verify(hasher.dummy(), plain(text)).await.unwrap();
        assert_eq!(verified, Ok(false));
    }
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_no_more_run_than_there_are_threads_and_no_more_wait_than_may() {
    let hasher = hasher(2, 3);
    let (started, starts) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let running = Arc::new(AtomicUsize::new(0));
    let job = || {
        let (started, released, running) = (started.clone(), released.clone(), running.clone());
        hasher.run(move |_| {
            started
                .send(running.fetch_add(1, Ordering::SeqCst) + 1)
                .unwrap();
            released.lock().unwrap().recv().unwrap();
            running.fetch_sub(1, Ordering::SeqCst);
        })
    };
    let (mut one, mut two) = (Box::pin(job()), Box::pin(job()));
    assert!(begin(one.as_mut()).is_pending() && begin(two.as_mut()).is_pending());
    // Both run at once; which of the two threads says so first is nobody's promise.
    let mut both = [starts.recv().unwrap(), starts.recv().unwrap()];
    both.sort_unstable();
    assert_eq!(both, [1, 2]);

    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(job())).collect();
    for job in &mut waiting {
        assert!(begin(job.as_mut()).is_pending());
    }
    for _ in 0..100 {
        let Poll::Ready(Err(Busy { retry_after })) = begin(Box::pin(job()).as_mut()) else {
            panic!("a caller past the bound is told to come back");
        };
        assert!(retry_after >= Duration::from_secs(1));
    }
    assert!(starts.try_recv().is_err(), "a third never ran");

    for _ in 0..5 {
        release.send(()).unwrap();
    }
    one.await.unwrap();
    two.await.unwrap();
    for job in waiting {
        job.await.unwrap();
    }
    assert!(starts.try_iter().all(|running| running <= 2));
}

#[tokio::test]
async fn a_caller_that_hung_up_leaves_its_place_and_is_not_worked_for() {
    let hasher = hasher(1, 1);
    let (started, starts) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let mut first = Box::pin(hasher.run(move |_| {
        started.send(()).unwrap();
        released.recv().unwrap();
    }));
    assert!(begin(first.as_mut()).is_pending());
    starts.recv().unwrap();

    let worked = Arc::new(AtomicUsize::new(0));
    for _ in 0..50 {
        let worked = worked.clone();
        let mut gone = Box::pin(hasher.run(move |_| worked.fetch_add(1, Ordering::SeqCst)));
        assert!(
            begin(gone.as_mut()).is_pending(),
            "the one before left its place"
        );
    }
    let mut stays = pin!(hasher.run(|_| 7));
    assert!(begin(stays.as_mut()).is_pending());
    release.send(()).unwrap();
    first.await.unwrap();
    assert_eq!(stays.await, Ok(7));
    assert_eq!(worked.load(Ordering::SeqCst), 0);
}

/// Holds: ASVS 15.2.2
#[tokio::test(flavor = "multi_thread")]
async fn asvs_15_2_2_a_flood_takes_no_more_memory_than_the_threads() {
    let hasher = Arc::new(hasher(2, 16));
    let bound = 2 * CHEAP.blocks() * 1024;
    let flood = (0..2000).map(|_| {
        let hasher = Arc::clone(&hasher);
        tokio::spawn(async move {
            let verified = hasher.verify(hasher.dummy(), plain("x")).await;
            assert!(hasher.memory() <= bound);
            verified.is_err()
        })
    });
    let flood: Vec<_> = flood.collect();
    let mut busy = 0;
    for caller in flood {
        busy += usize::from(caller.await.unwrap());
    }
    assert!(busy < 2000, "some are served");
    assert!(hasher.memory() > 0);
}

#[tokio::test]
async fn an_idle_thread_gives_its_memory_back() {
    let settings = HasherSettings {
        threads: 1,
        queue: 1,
        cost: CHEAP,
    };
    let hasher = Hasher::start_with(settings, Duration::from_millis(1));
    for _ in 0..3 {
        hasher
            .verify(hasher.dummy(), plain("x"))
            .await
            .unwrap()
            .unwrap();
        while hasher.memory() > 0 {
            thread::yield_now();
        }
    }
}

#[tokio::test]
async fn callers_of_a_pool_that_ends_are_told_so() {
    let hasher = hasher(1, 4);
    let (started, starts) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let pool = Arc::clone(&hasher.pool);
    let (reply, mut first) = oneshot::channel();
    let work = move |_: &mut WorkingMemory| {
        started.send(()).unwrap();
        released.recv().unwrap();
    };
    assert!(pool.push(Box::new(Task { reply, work }), 4));
    starts.recv().unwrap();
    let (reply, waiting) = oneshot::channel();
    assert!(pool.push(
        Box::new(Task {
            reply,
            work: |_: &mut WorkingMemory| ()
        }),
        4
    ));
    drop(hasher);
    assert!(waiting.await.is_err(), "what waits is answered at once");
    assert!(first.try_recv().is_err());
    release.send(()).unwrap();
    assert!(first.await.is_ok(), "what runs is finished");
}

/// Holds: ASVS 16.5.4
#[tokio::test]
async fn asvs_16_5_4_a_job_that_panics_costs_its_caller_alone() {
    let hasher = hasher(1, 8);
    for _ in 0..3 {
        let panicked = hasher.run(|_| panic!("as a test wants it")).await;
        assert!(matches!(panicked, Err::<(), _>(Busy { .. })));
    }
    let next = tokio::time::timeout(Duration::from_secs(20), hasher.run(|_| 7)).await;
    assert_eq!(next.expect("the thread lives on"), Ok(7));
    let bytes = async |hasher: &Hasher| hasher.run(|memory| memory.bytes()).await.unwrap();
    hasher
        .verify(hasher.dummy(), plain("x"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(bytes(&hasher).await, hasher.memory());
    let panicked = hasher.run(|_| panic!("with memory held")).await;
    assert!(matches!(panicked, Err::<(), _>(Busy { .. })));
    assert_eq!(bytes(&hasher).await, 0);
    assert_eq!(hasher.memory(), 0, "none is counted that is not held");
}
