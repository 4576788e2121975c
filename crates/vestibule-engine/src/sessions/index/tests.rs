use std::collections::HashMap as Model;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;

use vestibule_core::lineage::stands;
use vestibule_core::secret::PlainSessionSecret;
use vestibule_core::session::{Acr, Amr, Device, Lifetime, NewSession, Renewal};
use vestibule_core::user::{CredentialVersion, DisplayName, Role, UserStatus};

use super::*;

const START: UnixMillis = UnixMillis(1_700_000_000_000);

fn user_id(number: u8) -> UserId {
    UserId::new(START, [number; 10])
}

fn session_id(number: u8) -> SessionId {
    SessionId::new(START, [number; 10])
}

fn user(number: u8, status: UserStatus, cutoff: StoreNumber) -> User {
    User {
        id: user_id(number),
        email: EmailAddress::parse(&format!("user{number}@example.test")).unwrap(),
        email_verified: true,
        name: DisplayName::parse("Zoë Example").unwrap(),
        roles: vec![Role::admin(), "shop".parse().unwrap()],
        status,
        created_at: START,
        cutoff,
    }
}

fn session(number: u8, owner: u8, secret: u8, rev: StoreNumber) -> Session {
    let new = NewSession {
        id: session_id(number),
        user: user_id(owner),
        secret: PlainSessionSecret::new([secret; 32]).hashed(),
        credential: CredentialVersion(1),
        auth_time: START,
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
    Session::open(new, rev)
}

fn renewed(number: u8, owner: u8, secret: u8, rev: StoreNumber) -> Session {
    let renewal = Renewal {
        id: session_id(number),
        presented: HashedSecret::from_bytes([0; 32]),
        secret: PlainSessionSecret::new([secret; 32]).hashed(),
        credential: CredentialVersion(1),
        auth_time: START.plus(Duration::from_mins(1)),
        lifetime: Lifetime::DEFAULT,
        tried: None,
    };
    session(number, owner, 0, rev).renewed(&renewal)
}

fn cookie(number: u8, secret: u8) -> SessionCookie {
    SessionCookie {
        id: session_id(number),
        secret: PlainSessionSecret::new([secret; 32]),
    }
}

fn is_live(index: &Index, number: u8, secret: u8, now: UnixMillis) -> bool {
    matches!(index.check(&cookie(number, secret), now), Check::Live(_))
}

fn cutoff(number: u64, node: Node) -> Change {
    Change::Cutoff(Cutoff {
        number: StoreNumber(number),
        node,
    })
}

/// User 1 with session 1 under secret 1, filled.
fn filled() -> Arc<Index> {
    let index = Index::new();
    index.publish(&[
        Change::User(Box::new(user(1, UserStatus::Active, StoreNumber(0)))),
        Change::SessionOpened(Box::new(session(1, 1, 1, StoreNumber(0)))),
    ]);
    index.filled(StoreNumber(0));
    index
}

#[test]
fn nobody_is_judged_before_the_fill_is_whole() {
    let index = Index::new();
    index.publish(&[
        Change::User(Box::new(user(1, UserStatus::Active, StoreNumber(0)))),
        Change::SessionOpened(Box::new(session(1, 1, 1, StoreNumber(0)))),
    ]);
    assert!(matches!(index.check(&cookie(1, 1), START), Check::NotReady));
    assert!(matches!(index.check(&cookie(2, 1), START), Check::NotReady));
    index.filled(StoreNumber(0));
    assert!(is_live(&index, 1, 1, START));
    assert!(matches!(index.check(&cookie(2, 1), START), Check::Dead));
}

/// Holds: ASVS 7.2.1, ASVS 7.2.4
#[test]
fn asvs_7_2_4_a_renewal_makes_the_old_secret_dead_at_once() {
    let index = filled();
    assert!(!is_live(&index, 1, 2, START));
    index.publish(&[Change::SessionRenewed(Box::new(renewed(
        1,
        1,
        2,
        StoreNumber(0),
    )))]);
    assert!(is_live(&index, 1, 2, START));
    assert!(!is_live(&index, 1, 1, START));
}

/// Holds: ASVS 7.4.1, N10
#[test]
fn asvs_7_4_1_nothing_but_a_login_inserts() {
    let index = filled();
    index.publish(&[cutoff(1, Node::Session(session_id(1)))]);
    assert!(!is_live(&index, 1, 1, START));
    index.publish(&[
        Change::SessionRenewed(Box::new(renewed(1, 1, 2, StoreNumber(9)))),
        cutoff(2, Node::User(user_id(1), Some(session_id(1)))),
        Change::User(Box::new(user(1, UserStatus::Active, StoreNumber(0)))),
    ]);
    index.written(&[Touch {
        id: session_id(1),
        seen: START,
    }]);
    assert!(!is_live(&index, 1, 1, START) && !is_live(&index, 1, 2, START));
    assert!(index.is_empty());
}

fn reloaded(user: Option<User>, sessions: Vec<Session>) -> Change {
    Change::UserReloaded {
        id: user_id(1),
        user: user.map(Box::new),
        sessions,
        app_sessions: Vec::new(),
    }
}

/// Holds: ASVS 7.4.1, ASVS 7.4.3
#[test]
fn asvs_7_4_1_a_user_read_again_loses_what_ended_and_gains_no_session() {
    let index = filled();
    index.publish(&[Change::SessionOpened(Box::new(session(
        2,
        1,
        2,
        StoreNumber(0),
    )))]);
    // A change of password whose answer was lost: session 1 did it, session 2 died of it, session 3 nobody was told of.
    let changed = user(1, UserStatus::Active, StoreNumber(4));
    let spared = renewed(1, 1, 9, StoreNumber(4));
    let unknown = session(3, 1, 3, StoreNumber(4));
    index.publish(&[reloaded(Some(changed), vec![spared, unknown])]);
    assert!(is_live(&index, 1, 9, START) && !is_live(&index, 1, 1, START));
    assert!(!is_live(&index, 2, 2, START) && !is_live(&index, 3, 3, START));
    assert_eq!(index.len(), 1);
    index.publish(&[reloaded(None, Vec::new())]);
    assert!(!is_live(&index, 1, 9, START));
    assert!(index.is_empty() && index.profile(user_id(1)).is_none());
}

/// Holds: ASVS 7.4.2
#[test]
fn asvs_7_4_2_a_disabled_users_sessions_are_dead_and_stay_so() {
    let index = filled();
    index.publish(&[
        Change::User(Box::new(user(1, UserStatus::Disabled, StoreNumber(1)))),
        cutoff(1, Node::User(user_id(1), None)),
    ]);
    assert!(!is_live(&index, 1, 1, START));
    index.publish(&[Change::User(Box::new(user(
        1,
        UserStatus::Active,
        StoreNumber(1),
    )))]);
    assert!(!is_live(&index, 1, 1, START));
}

/// Holds: ASVS 7.3.1, ASVS 7.3.2, N07
#[test]
fn asvs_7_3_1_use_moves_the_idle_clock_and_never_the_absolute_end() {
    let index = filled();
    let minutes = |minutes: u64| START.plus(Duration::from_mins(minutes));
    assert!(is_live(&index, 1, 1, minutes(29)));
    assert!(is_live(&index, 1, 1, minutes(58)));
    assert!(!is_live(&index, 1, 1, minutes(88)), "30 minutes unused");
    assert!(!is_live(&index, 1, 1, minutes(12 * 60)));

    let index = filled();
    for minute in 0..12 * 60 {
        assert!(is_live(&index, 1, 1, minutes(minute)));
    }
    assert!(!is_live(&index, 1, 1, minutes(12 * 60)));
}

#[test]
fn a_use_is_written_behind_once_in_a_twentieth_of_the_idle_life() {
    let index = filled();
    let at = |seconds: u64| START.plus(Duration::from_secs(seconds));
    for second in 0..90 {
        assert!(is_live(&index, 1, 1, at(second)));
    }
    assert_eq!(index.take_touched(), []);
    for second in 90..200 {
        assert!(is_live(&index, 1, 1, at(second)));
    }
    let touched = index.take_touched();
    let first = Touch {
        id: session_id(1),
        seen: at(90),
    };
    assert_eq!(touched, [first], "and not again while that one waits");
    assert_eq!(index.latest(first).seen, at(199));
    index.written(&[first]);
    assert!(is_live(&index, 1, 1, at(200)));
    assert_eq!(index.take_touched().len(), 1);
}

#[test]
fn what_the_store_would_take_for_run_out_is_known() {
    let index = filled();
    let minutes = |minutes: u64| START.plus(Duration::from_mins(minutes));
    assert!(is_live(&index, 1, 1, minutes(29)));
    assert_eq!(index.unwritten(session_id(1), minutes(29)), None);
    let touch = Touch {
        id: session_id(1),
        seen: minutes(29),
    };
    assert_eq!(index.unwritten(session_id(1), minutes(31)), Some(touch));
    index.written(&[touch]);
    assert_eq!(index.unwritten(session_id(1), minutes(31)), None);
}

#[test]
fn sweeping_drops_what_was_struck_and_names_what_ran_out() {
    let index = filled();
    index.publish(&[
        Change::User(Box::new(user(2, UserStatus::Active, StoreNumber(0)))),
        Change::SessionOpened(Box::new(session(2, 2, 2, StoreNumber(0)))),
        cutoff(1, Node::User(user_id(1), None)),
    ]);
    let now = START.plus(Duration::from_mins(30));
    let over = index.sweep(now, 10);
    let ids: Vec<_> = over.iter().map(|over| (over.id, over.seen)).collect();
    assert_eq!(ids, [(session_id(2), START)]);
    assert_eq!(index.len(), 1, "the struck one left");
    assert_eq!(index.sweep(now, 0), []);
}

#[test]
fn a_sessions_users_facts_are_shared_and_kept_up() {
    let index = filled();
    let Check::Live(before) = index.check(&cookie(1, 1), START) else {
        panic!("live");
    };
    let identity = before.profile().identity();
    assert_eq!(identity.user, user_id(1));
    assert_eq!(identity.email, b"user1@example.test");
    assert_eq!(identity.name, b"Zo%C3%AB%20Example");
    assert_eq!(identity.groups, b"admin,shop");
    let mut changed = user(1, UserStatus::Active, StoreNumber(0));
    changed.email_verified = false;
    changed.roles.clear();
    changed.name = DisplayName::default();
    index.publish(&[Change::User(Box::new(changed))]);
    let Check::Live(after) = index.check(&cookie(1, 1), START) else {
        panic!("live");
    };
    let identity = after.profile().identity();
    assert!(identity.email.is_empty() && identity.name.is_empty() && identity.groups.is_empty());
}

/// What may come: published, in commit order, or enforced in memory.
#[derive(Debug, Clone)]
enum Step {
    Open { session: u8, owner: u8 },
    Renew { session: u8 },
    EndOne { session: u8 },
    EndUser { owner: u8, spared: Option<u8> },
    EndAll,
    Disable { owner: u8 },
    Enable { owner: u8 },
    RemoveInMemory { session: u8 },
    RemoveUserInMemory { owner: u8, spared: Option<u8> },
    Hold { owner: u8, held: bool },
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    let session = || 0..6_u8;
    let owner = || 0..3_u8;
    prop_oneof![
        4 => (session(), owner()).prop_map(|(session, owner)| Step::Open { session, owner }),
        2 => session().prop_map(|session| Step::Renew { session }),
        1 => session().prop_map(|session| Step::EndOne { session }),
        2 => (owner(), proptest::option::of(session()))
            .prop_map(|(owner, spared)| Step::EndUser { owner, spared }),
        1 => Just(Step::EndAll),
        1 => owner().prop_map(|owner| Step::Disable { owner }),
        1 => owner().prop_map(|owner| Step::Enable { owner }),
        1 => session().prop_map(|session| Step::RemoveInMemory { session }),
        1 => (owner(), proptest::option::of(session()))
            .prop_map(|(owner, spared)| Step::RemoveUserInMemory { owner, spared }),
        1 => (owner(), any::<bool>()).prop_map(|(owner, held)| Step::Hold { owner, held }),
        1 => Just(Step::Sweep),
    ]
}

/// The store and the index in the plainest words.
#[derive(Default)]
struct Plain {
    sessions: Model<u8, (u8, u8, StoreNumber)>,
    cutoffs: Model<u8, StoreNumber>,
    disabled: Model<u8, bool>,
    held: Model<u8, bool>,
    everything: StoreNumber,
    number: StoreNumber,
    secrets: u8,
}

impl Plain {
    fn lives(&self, session: u8) -> Option<u8> {
        let (owner, secret, rev) = self.sessions.get(&session)?;
        let shut_out = |model: &Model<u8, bool>| model.get(owner).copied().unwrap_or(false);
        let cutoff = self.cutoffs.get(owner).copied().unwrap_or_default();
        let lives = stands(*rev, cutoff, self.everything)
            && !shut_out(&self.disabled)
            && !shut_out(&self.held);
        lives.then_some(*secret)
    }

    fn is_disabled(&self, owner: u8) -> bool {
        self.disabled.get(&owner).copied().unwrap_or(false)
    }

    fn next(&mut self) -> StoreNumber {
        self.number = self.number.next();
        self.number
    }

    fn user(&self, owner: u8) -> Change {
        let status = if self.is_disabled(owner) {
            UserStatus::Disabled
        } else {
            UserStatus::Active
        };
        let cutoff = self.cutoffs.get(&owner).copied().unwrap_or_default();
        Change::User(Box::new(user(owner, status, cutoff)))
    }

    /// Does what a store would, tells `index` what a store would, and does what the engine does in memory.
    fn take(&mut self, step: &Step, index: &Index) {
        match *step {
            Step::Open { session: id, owner } => {
                if !self.sessions.contains_key(&id) && !self.is_disabled(owner) {
                    self.secrets += 1;
                    self.sessions.insert(id, (owner, self.secrets, self.number));
                    let opened = session(id, owner, self.secrets, self.number);
                    index.publish(&[Change::SessionOpened(Box::new(opened))]);
                }
            }
            Step::Renew { session } => {
                // A slow request's renewal may be published for a session that memory has removed.
                self.secrets += 1;
                let secret = self.secrets;
                let (owner, rev) = match self.sessions.get_mut(&session) {
                    Some((owner, old, rev)) => {
                        *old = secret;
                        (*owner, *rev)
                    }
                    None => (0, self.number),
                };
                let renewed = renewed(session, owner, secret, rev);
                index.publish(&[Change::SessionRenewed(Box::new(renewed))]);
            }
            Step::EndOne { session } => {
                let number = self.next();
                self.sessions.remove(&session);
                index.publish(&[cutoff(number.0, Node::Session(session_id(session)))]);
            }
            Step::EndUser { owner, spared } => {
                let spared = spared.filter(|id| {
                    self.lives(*id).is_some()
                        && self.sessions.get(id).is_some_and(|(of, ..)| *of == owner)
                });
                let number = self.next();
                if let Some((_, _, rev)) = spared.and_then(|id| self.sessions.get_mut(&id)) {
                    *rev = number;
                }
                self.cutoffs.insert(owner, number);
                let node = Node::User(user_id(owner), spared.map(session_id));
                index.publish(&[cutoff(number.0, node)]);
            }
            Step::EndAll => {
                self.everything = self.next();
                index.publish(&[cutoff(self.everything.0, Node::Everything)]);
            }
            Step::Disable { owner } => {
                let number = self.next();
                self.disabled.insert(owner, true);
                self.cutoffs.insert(owner, number);
                let node = Node::User(user_id(owner), None);
                index.publish(&[self.user(owner), cutoff(number.0, node)]);
            }
            Step::Enable { owner } => {
                self.disabled.insert(owner, false);
                index.publish(&[self.user(owner)]);
            }
            Step::RemoveInMemory { session } => {
                self.sessions.remove(&session);
                index.remove(session_id(session));
            }
            Step::RemoveUserInMemory { owner, spared } => {
                self.sessions
                    .retain(|id, (of, ..)| *of != owner || Some(*id) == spared);
                index.remove_user(user_id(owner), spared.map(session_id));
            }
            Step::Hold { owner, held } => {
                self.held.insert(owner, held);
                index.hold(user_id(owner), held);
            }
            Step::Sweep => {
                index.sweep(START, 10);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Holds: ASVS 7.4.1, ASVS 7.4.2, ASVS 7.4.5
    #[test]
    fn whatever_is_published_the_index_says_what_the_plain_words_say(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let (index, mut plain) = (Index::new(), Plain::default());
        for owner in 0..3 {
            index.publish(&[plain.user(owner)]);
        }
        index.filled(StoreNumber(0));
        for step in &steps {
            plain.take(step, &index);
            for id in 0..6 {
                for secret in 0..=plain.secrets {
                    prop_assert_eq!(
                        is_live(&index, id, secret, START),
                        plain.lives(id) == Some(secret),
                        "session {} secret {} after {:?}", id, secret, step
                    );
                }
            }
        }
    }
}

/// One thread publishes, as a store's writer does; the others check without pause. A session is never seen live by a
/// check that began after its end was published, and the spared one is never seen dead.
///
/// Holds: ASVS 7.4.1
#[test]
fn asvs_7_4_1_a_check_that_begins_after_the_publication_sees_it() {
    const ROUNDS: usize = 3000;
    let index = filled();
    // Session 1 is spared each time; session 2 is opened and struck in each round, by a cutoff or by its own end.
    let opened = AtomicUsize::new(0);
    let struck = AtomicUsize::new(0);
    let spared_checks = AtomicUsize::new(0);
    let secret_of = |round: usize| u8::try_from(round % 251).unwrap() + 2;
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while struck.load(Ordering::SeqCst) < ROUNDS {
                    let dead_by_now = struck.load(Ordering::SeqCst);
                    let round = opened.load(Ordering::SeqCst);
                    if is_live(&index, 2, secret_of(round), START) {
                        assert!(
                            opened.load(Ordering::SeqCst) != round || dead_by_now <= round,
                            "alive after its end was published"
                        );
                    }
                    assert!(
                        is_live(&index, 1, 1, START),
                        "the spared one is never struck"
                    );
                    spared_checks.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 0..ROUNDS {
            let number = u64::try_from(round).unwrap();
            let login = session(2, 1, secret_of(round), StoreNumber(number));
            opened.store(round, Ordering::SeqCst);
            index.publish(&[Change::SessionOpened(Box::new(login))]);
            if round % 7 == 0 {
                thread::yield_now();
            }
            let node = Node::User(user_id(1), Some(session_id(1)));
            index.publish(&[cutoff(number + 1, node)]);
            if round % 3 == 0 {
                index.publish(&[cutoff(number + 1, Node::Session(session_id(2)))]);
            }
            struck.store(round + 1, Ordering::SeqCst);
            if round % 5 == 0 {
                index.sweep(START, 0);
            }
        }
    });
    assert!(spared_checks.load(Ordering::Relaxed) > 0);
    assert!(!is_live(&index, 2, secret_of(ROUNDS - 1), START));
}
