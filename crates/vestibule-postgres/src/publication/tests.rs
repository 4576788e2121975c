use super::*;

use std::collections::BTreeSet;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use vestibule_core::id::SessionId;
use vestibule_core::lineage::Cutoff;
use vestibule_core::time::UnixMillis;

/// Keeps what it was told, by the numbers of the cutoffs.
#[derive(Default)]
struct Kept(Mutex<Vec<u64>>);

impl Kept {
    fn told(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

impl Publish for Kept {
    fn publish(&self, changes: &[Change]) {
        // Refused, so that a second call at a time would panic.
        let mut kept = self.0.try_lock().unwrap();
        for change in changes {
            let Change::Cutoff(cutoff) = change else {
                panic!("{change:?}")
            };
            kept.push(cutoff.number.0);
        }
    }

    fn filled(&self, _: StoreNumber) {}
}

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn change(number: u64) -> Vec<Change> {
    let id = SessionId::new(UnixMillis(0), [0; 10]);
    vec![Change::Cutoff(Cutoff {
        number: StoreNumber(number),
        node: Node::Session(id),
    })]
}

/// Whether it is told within this one look.
fn is_told(told: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(told.poll(&mut context), Poll::Ready(()))
}

/// A small generator: the same walk each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

/// Whatever order the answers to COMMIT come in, each lane is told in the order it was entered, everything that was committed
/// once, and nothing else.
#[test]
fn lanes_are_published_in_the_order_they_were_entered() {
    let mut dice = Dice(7);
    for _ in 0..200 {
        let kept = Arc::new(Kept::default());
        let sequencer = Sequencer::new(Arc::<Kept>::clone(&kept));
        let (mut lanes, mut places, mut expected) = (Vec::new(), Vec::new(), BTreeSet::new());
        for number in 0..12_u64 {
            let mut own = vec![Lane::User(user(u8::try_from(dice.roll(3)).unwrap()))];
            if dice.roll(3) == 0 {
                own.push(Lane::Numbers);
            }
            lanes.push(own.clone());
            places.push((number, sequencer.enter(own)));
        }
        let mut waiting = Vec::new();
        while !places.is_empty() {
            let (number, place) = places.swap_remove(dice.roll(places.len()));
            match dice.roll(6) {
                0 => place.rolled_back(),
                1 => drop(place),
                _ => {
                    expected.insert(number);
                    let mut told = Box::pin(place.committed(change(number), Vec::new()));
                    if !is_told(told.as_mut()) {
                        waiting.push(told);
                    }
                }
            }
        }
        let told = kept.told();
        assert_eq!(told.iter().copied().collect::<BTreeSet<_>>(), expected);
        assert_eq!(told.len(), expected.len(), "each once");
        for (at, number) in told.iter().enumerate() {
            let own = &lanes[usize::try_from(*number).unwrap()];
            for earlier in &told[at..] {
                let other = &lanes[usize::try_from(*earlier).unwrap()];
                let share = own.iter().any(|lane| other.contains(lane));
                assert!(!share || earlier >= number, "{told:?} in {lanes:?}");
            }
        }
        assert!(waiting.iter_mut().all(|told| is_told(told.as_mut())));
    }
}

#[test]
fn who_shares_no_row_does_not_wait() {
    let kept = Arc::new(Kept::default());
    let sequencer = Sequencer::new(Arc::<Kept>::clone(&kept));
    let slow = sequencer.enter(vec![Lane::User(user(1))]);
    let quick = sequencer.enter(vec![Lane::User(user(2))]);
    let behind = sequencer.enter(vec![Lane::User(user(1)), Lane::User(user(3))]);
    let mut behind = pin!(behind.committed(change(3), Vec::new()));
    assert!(!is_told(behind.as_mut()), "the slow one is first");
    assert!(is_told(pin!(quick.committed(change(2), Vec::new()))));
    assert!(is_told(pin!(slow.committed(change(1), Vec::new()))));
    assert!(is_told(behind.as_mut()));
    assert_eq!(kept.told(), [2, 1, 3]);
}

#[test]
fn who_hangs_up_is_published_all_the_same() {
    let kept = Arc::new(Kept::default());
    let sequencer = Sequencer::new(Arc::<Kept>::clone(&kept));
    let first = sequencer.enter(vec![Lane::Numbers]);
    let second = sequencer.enter(vec![Lane::Numbers]);
    {
        let second = pin!(second.committed(change(2), Vec::new()));
        assert!(!is_told(second));
    }
    assert!(is_told(pin!(first.committed(change(1), Vec::new()))));
    assert_eq!(kept.told(), [1, 2]);
}

#[test]
fn what_nobody_knows_is_in_doubt_until_it_is_read_again() {
    let sequencer = Sequencer::new(Arc::new(Kept::default()));
    drop(sequencer.enter(vec![Lane::User(user(1)), Lane::Numbers]));
    assert_eq!(
        sequencer.doubts(),
        [(Doubt::User(user(1)), 0), (Doubt::Everything, 0)]
    );
    let users = [Doubt::User(user(1))];
    let mut certain = Box::pin(sequencer.certain(&users));
    assert!(!is_told(certain.as_mut()));
    assert!(is_told(pin!(sequencer.certain(&[Doubt::User(user(2))]))));
    let again = sequencer.enter(vec![Lane::User(user(1))]);
    let doubts = vec![Doubt::User(user(1))];
    assert!(is_told(pin!(again.committed(change(1), doubts))));
    assert!(is_told(certain.as_mut()));
    assert_eq!(sequencer.doubts(), [(Doubt::Everything, 0)]);
}

/// Whoever reads a user again knows nothing of who holds them afterwards.
#[test]
fn what_comes_into_doubt_behind_a_reader_stays_in_doubt() {
    let sequencer = Sequencer::new(Arc::new(Kept::default()));
    let read = vec![Doubt::User(user(1))];
    drop(sequencer.enter(vec![Lane::User(user(1))]));
    let slow = sequencer.enter(vec![Lane::Numbers]);
    let reader = sequencer.enter(vec![Lane::User(user(1)), Lane::Numbers]);
    let mut reader = pin!(reader.committed(change(2), read.clone()));
    assert!(!is_told(reader.as_mut()), "the slow one is first");
    drop(sequencer.enter(vec![Lane::User(user(1))]));
    slow.rolled_back();
    assert!(is_told(reader.as_mut()));
    assert_eq!(sequencer.doubts(), [(Doubt::User(user(1)), 3)]);
    let again = sequencer.enter(vec![Lane::User(user(1))]);
    assert!(is_told(pin!(again.committed(change(4), read))));
    assert_eq!(sequencer.doubts(), []);
}

#[test]
fn a_login_that_a_cutoff_on_everybody_struck_is_not_told_behind_it() {
    use vestibule_core::session::{Acr, Amr, Device, Lifetime, NewSession, Session};

    struct Counted(Mutex<usize>);
    impl Publish for Counted {
        fn publish(&self, changes: &[Change]) {
            *self.0.lock().unwrap() += changes.len();
        }
        fn filled(&self, _: StoreNumber) {}
    }
    let counted = Arc::new(Counted(Mutex::new(0)));
    let sequencer = Sequencer::new(Arc::<Counted>::clone(&counted));
    let login = |rev| {
        let new = NewSession {
            id: SessionId::new(UnixMillis(0), [0; 10]),
            user: user(1),
            secret: vestibule_core::secret::HashedSecret::from_bytes([0; 32]),
            credential: vestibule_core::user::CredentialVersion(1),
            auth_time: UnixMillis(0),
            lifetime: Lifetime::DEFAULT,
            remembered: false,
            acr: Acr::Aal1,
            amr: Amr::PASSWORD,
            device: Device::default(),
            replaces: None,
            tried: None,
            known: None,
            end_ticket: None,
        };
        vec![Change::SessionOpened(Box::new(Session::open(
            new,
            StoreNumber(rev),
        )))]
    };
    let everybody = vec![Change::Cutoff(Cutoff {
        number: StoreNumber(2),
        node: Node::Everything,
    })];
    let told = |lane, changes| {
        let place = sequencer.enter(vec![lane]);
        assert!(is_told(pin!(place.committed(changes, Vec::new()))));
        *counted.0.lock().unwrap()
    };
    assert_eq!(told(Lane::Numbers, everybody), 1);
    assert_eq!(told(Lane::User(user(1)), login(1)), 1, "it was before");
    assert_eq!(told(Lane::User(user(1)), login(2)), 2, "it came after");
}
