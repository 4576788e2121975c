//! How fast a backend writes, for the page that tells it: many callers, each with one transition at a time.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a measurement fails by panicking"
)]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use vestibule_core::audit::{Act, Actor, Event, EventKind, Personal, RefusalReason};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ActId, SessionId, UserId};
use vestibule_core::lineage::StoreNumber;
use vestibule_core::password::HashedPassword;
use vestibule_core::secret::{HashedSecret, sha256};
use vestibule_core::session::{Acr, Amr, Device, EndReason, Lifetime, NewSession};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, NewUser, Particulars};

use crate::{Change, CreateUser, OpenSession, Publish, Store};

const NOON: UnixMillis = UnixMillis(1_800_000_000_000);

/// Nobody listens.
pub struct Nobody;

impl Publish for Nobody {
    fn publish(&self, _: &[Change]) {}

    fn filled(&self, _: StoreNumber) {}
}

/// What came of it.
#[derive(Debug)]
pub struct Pace {
    /// Transitions a second.
    pub per_second: f64,
    /// Half of them took no longer.
    pub p50: Duration,
    /// Of a hundred, 99 took no longer.
    pub p99: Duration,
}

impl Pace {
    /// Of so many transitions that took so long in all, and each.
    pub fn of(mut each: Vec<Duration>, all: Duration) -> Self {
        each.sort_unstable();
        let at = |part: usize| {
            each.get(each.len() * part / 100)
                .copied()
                .unwrap_or_default()
        };
        #[expect(clippy::cast_precision_loss, reason = "some millions at most")]
        let count = each.len() as f64;
        Self {
            per_second: count / all.as_secs_f64(),
            p50: at(50),
            p99: at(99),
        }
    }
}

/// One line of the page: a backend with so many callers, beside its database alone.
#[derive(Debug)]
pub struct Measured {
    /// The database's name.
    pub store: &'static str,
    /// So many at once.
    pub callers: usize,
    /// [`refusals`], round by round.
    pub events: Vec<Pace>,
    /// The same rows written by nothing but a loop, round by round.
    pub raw: Vec<Pace>,
    /// [`logins`], round by round.
    pub logins: Vec<Pace>,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (store, callers) = (self.store, self.callers);
        let [events, raw, logins] = [&self.events, &self.raw, &self.logins].map(|all| median(all));
        write!(f, "writes: what={store},_{callers}_at_once")?;
        write!(
            f,
            " events_s={:.0} raw_events_s={:.0}",
            events.per_second, raw.per_second
        )?;
        write!(f, " of_raw={:.2}", events.per_second / raw.per_second)?;
        write!(
            f,
            " event_p50_us={} event_p99_us={}",
            events.p50.as_micros(),
            events.p99.as_micros()
        )?;
        write!(f, " logins_and_logouts_s={:.0}", logins.per_second)?;
        write!(
            f,
            " pair_p50_us={} pair_p99_us={}",
            logins.p50.as_micros(),
            logins.p99.as_micros()
        )
    }
}

fn median(rounds: &[Pace]) -> &Pace {
    let mut sorted: Vec<&Pace> = rounds.iter().collect();
    sorted.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    sorted[sorted.len() / 2]
}

static MADE: AtomicU64 = AtomicU64::new(1);

fn bytes() -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

/// An act of somebody from somewhere, each a millisecond after the one before.
pub fn act() -> Act {
    let bytes = bytes();
    let n = MADE.load(Ordering::Relaxed);
    let at = NOON.plus(Duration::from_millis(n));
    let mut salt = [0; 16];
    salt[..10].copy_from_slice(&bytes);
    Act {
        id: ActId::new(at, bytes),
        at,
        actor: Actor::Visitor,
        personal: Some(Personal {
            salt,
            email: Some(format!("somebody-{}@example.test", n % 1000)),
            address: Some("192.0.2.7".to_owned()),
            user_agent: Some(
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
            ),
        }),
        told: Vec::new(),
    }
}

/// The events that [`refusals`] writes.
pub const REFUSED: EventKind = EventKind::LoginRefused(RefusalReason::UnknownUser);

/// Refused logins are written into the trail: an event and its personal data each.
pub async fn refusals(store: Arc<dyn Store>, callers: usize, during: Duration) -> Pace {
    many(callers, during, |_| {
        let store = Arc::clone(&store);
        async move {
            let recorded = store.record(vec![Event::plain(REFUSED)], act()).await;
            recorded.expect("the store works");
        }
    })
    .await
}

/// Somebody signs in and out again: two transitions, of which the pair is timed. Each caller has an account.
pub async fn logins(store: Arc<dyn Store>, callers: usize, during: Duration) -> Pace {
    let mut users = Vec::new();
    for _ in 0..callers {
        let id = UserId::new(NOON, bytes());
        let new = NewUser {
            disabled: false,
            id,
            email: EmailAddress::parse(&format!("{id}@example.test")).expect("an address"),
            email_verified: true,
            name: DisplayName::default(),
            roles: Vec::new(),
            password: Some(HashedPassword::from_phc(
                "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$eA".to_owned(),
            )),
            particulars: Particulars::default(),
        };
        let made = store.create_user(new, act()).await;
        assert!(matches!(
            made.expect("the store works"),
            CreateUser::Created(_)
        ));
        users.push(id);
    }
    many(callers, during, |caller| {
        let (store, user) = (Arc::clone(&store), users[caller]);
        async move {
            let act = act();
            let new = login(user, act.at);
            let id = new.id;
            let opened = store.open_session(new, act).await;
            assert!(matches!(
                opened.expect("the store works"),
                OpenSession::Opened(_)
            ));
            let ended = store.end_session(id, Some(user), EndReason::SignedOut, self::act());
            ended.await.expect("the store works");
        }
    })
    .await
}

fn login(user: UserId, at: UnixMillis) -> NewSession {
    NewSession {
        id: SessionId::new(at, bytes()),
        user,
        secret: HashedSecret::from_bytes(sha256(&bytes())),
        credential: CredentialVersion(1),
        auth_time: at,
        lifetime: Lifetime::DEFAULT,
        remembered: false,
        acr: Acr::Aal1,
        amr: Amr::PASSWORD,
        device: Device::default(),
        replaces: None,
        tried: None,
        known: None,
        end_ticket: None,
    }
}

/// So many callers at once, each with one of these at a time.
pub async fn many<F, Fut>(callers: usize, during: Duration, work: F) -> Pace
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let begun = now();
    let mut tasks = tokio::task::JoinSet::new();
    let mut each = Vec::new();
    let start = |caller: usize, tasks: &mut tokio::task::JoinSet<(usize, Duration)>| {
        let one = work(caller);
        tasks.spawn(async move {
            let begun = now();
            one.await;
            (caller, begun.elapsed())
        });
    };
    for caller in 0..callers {
        start(caller, &mut tasks);
    }
    while let Some(done) = tasks.join_next().await {
        let (caller, took) = done.expect("nothing panics");
        each.push(took);
        if begun.elapsed() < during {
            start(caller, &mut tasks);
        }
    }
    Pace::of(each, begun.elapsed())
}

/// The clock that a measurement is made by.
pub fn now() -> Instant {
    Instant::now()
}
