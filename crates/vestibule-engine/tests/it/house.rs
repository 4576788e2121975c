//! One engine with its store, in a private directory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use vestibule_core::email::EmailAddress;
use vestibule_core::keys::MasterKey;
use vestibule_core::known_device::DeviceCookie;
use vestibule_core::letter::Letter;
use vestibule_core::password::{Cost, Peppers};
use vestibule_core::secret::SessionCookie;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{Language, User};
use vestibule_engine::{
    Breached, Check, Chores, Clock, Engine, Entropy, EntropyError, Hasher, HasherSettings, Index,
    LiveSession, Mailer, NewAccount, Operator, Parts, Policy, RegistrationMode, RegistrationPolicy,
    SignIn, SignInError, SignedIn, StartError, Visit,
};
use vestibule_sqlite::{Durability, Options, Sqlite};

use crate::postbox::Postbox;
use crate::watched::Watched;

pub const PASSWORD: &str = "correct horse battery";
pub const OTHER_PASSWORD: &str = "wrong horse battery!";
pub const UID: u32 = 1000;
const START: i64 = 1_800_000_000_000;

/// Clocks that the test moves.
pub struct MovedClock {
    wall: AtomicI64,
    monotonic: AtomicU64,
}

impl MovedClock {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            wall: AtomicI64::new(START),
            monotonic: AtomicU64::new(0),
        })
    }

    /// Time goes by.
    pub fn pass(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap();
        self.monotonic.fetch_add(millis, Ordering::SeqCst);
        self.step(i64::try_from(millis).unwrap());
    }

    /// Somebody sets the time of day.
    pub fn step(&self, millis: i64) {
        self.wall.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn wall(&self) -> UnixMillis {
        UnixMillis(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic.load(Ordering::SeqCst))
    }
}

/// Bytes that never repeat.
#[derive(Default)]
pub struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in out.chunks_mut(8) {
            // SplitMix64.
            let mut z = self
                .0
                .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst)
                .wrapping_add(0x1234_5678);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// What a house is started with.
#[derive(Clone)]
pub struct Plan {
    pub directory: PathBuf,
    pub clock: Arc<MovedClock>,
    pub entropy: Arc<Counted>,
    pub cost: Cost,
    pub queue: usize,
    pub master: [u8; 32],
    pub accept_clock: Option<u32>,
    pub policy: Policy,
    pub postbox: Option<Arc<Postbox>>,
    pub peppers: Peppers,
    pub breached: Option<Arc<dyn Breached>>,
}

impl Plan {
    pub fn new(directory: &TempDir) -> Self {
        Self {
            directory: directory.path().to_owned(),
            clock: MovedClock::new(),
            entropy: Arc::default(),
            cost: Cost {
                memory: 8,
                passes: 1,
            },
            queue: 1000,
            master: [7; 32],
            accept_clock: None,
            policy: Policy {
                registration: RegistrationPolicy {
                    mode: RegistrationMode::Open,
                    ..RegistrationPolicy::default()
                },
                ..Policy::default()
            },
            postbox: Some(Arc::default()),
            peppers: Peppers::default(),
            breached: None,
        }
    }

    /// For tests of something else: as many tries as there are.
    pub fn without_limits(&mut self) {
        let limits = &mut self.policy.limits;
        limits.account.free = u32::MAX;
        limits.device.free = u32::MAX;
        limits.network.burst = u32::MAX;
        limits.alarm.burst = u32::MAX;
    }

    pub async fn start(self) -> Result<House, StartError> {
        let index = Index::new();
        let options = Options {
            directory: self.directory.clone(),
            durability: Durability::Off,
        };
        let sqlite = Sqlite::open(options, index.clone()).unwrap();
        sqlite.filled().await.unwrap();
        let store = Watched::new(sqlite);
        let mut hasher = Hasher::start(HasherSettings {
            threads: 2,
            queue: self.queue,
            cost: self.cost,
        })
        .with_peppers(self.peppers.clone());
        if let Some(breached) = self.breached.clone() {
            hasher = hasher.with_breached(breached);
        }
        let parts = Parts {
            store: store.clone(),
            index: index.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            hasher,
            blocklist: Arc::default(),
            mailer: self
                .postbox
                .clone()
                .map(|postbox| postbox as Arc<dyn Mailer>),
            master: MasterKey::new(self.master),
            policy: self.policy.clone(),
            accept_clock: self.accept_clock,
        };
        let engine = match Engine::start(parts).await {
            Ok(engine) => engine,
            Err(error) => {
                store.inner.close().await;
                return Err(error);
            }
        };
        let chores = Chores::new(engine.clone());
        store.calls();
        Ok(House {
            engine,
            index,
            store,
            chores,
            plan: self,
            directory: None,
            devices: Mutex::default(),
        })
    }
}

pub struct House {
    pub engine: Arc<Engine>,
    pub index: Arc<Index>,
    pub store: Arc<Watched>,
    pub chores: Chores,
    pub plan: Plan,
    pub directory: Option<TempDir>,
    /// Everybody's own device, by their address.
    pub devices: Mutex<HashMap<String, DeviceCookie>>,
}

/// A browser's cookie, as it is now.
pub type Cookie = SessionCookie;

impl House {
    /// A house with nobody in it.
    pub async fn empty() -> Self {
        let directory = TempDir::new().unwrap();
        let mut house = Plan::new(&directory).start().await.unwrap();
        house.directory = Some(directory);
        house
    }

    /// A house with alice and bob in it, who have the same password.
    pub async fn new() -> Self {
        let house = Self::empty().await;
        house.add("alice@example.test").await;
        house.add("bob@example.test").await;
        house.store.calls();
        house
    }

    /// As after a `kill -9` and a start.
    pub async fn crashed(self, plan: impl FnOnce(&mut Plan)) -> Self {
        self.store.inner.close().await;
        let mut next = self.plan.clone();
        plan(&mut next);
        let (directory, devices) = (self.directory, self.devices);
        drop((self.engine, self.chores, self.store));
        let mut house = next.start().await.unwrap();
        house.directory = directory;
        house.devices = devices;
        house
    }

    /// As after a stop and a start.
    pub async fn restarted(mut self) -> Self {
        self.chores.finish().await;
        self.crashed(|_| ()).await
    }

    pub fn now(&self) -> UnixMillis {
        self.engine.now()
    }

    pub fn pass(&self, duration: Duration) {
        self.plan.clock.pass(duration);
    }

    pub fn visit(&self) -> Visit {
        Visit {
            now: self.now(),
            address: Some(IpAddr::from([192, 0, 2, 7])),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".to_owned()),
            device: None,
            language: Language::default(),
        }
    }

    pub fn operator(&self) -> Operator {
        Operator::at_the_machine(UID, self.now())
    }

    pub async fn add(&self, email: &str) -> User {
        self.add_with(email, Some(PASSWORD)).await
    }

    pub async fn add_with(&self, email: &str, password: Option<&str>) -> User {
        let account = NewAccount {
            email,
            name: "Alice Example",
            roles: &[],
            password,
            verified: false,
        };
        self.engine
            .add_user(account, &self.operator())
            .await
            .unwrap()
    }

    /// A visit on the device that this person has signed in on before, if they have.
    pub fn visit_of(&self, email: &str) -> Visit {
        let devices = self.devices.lock().unwrap();
        Visit {
            device: devices.get(email).cloned(),
            ..self.visit()
        }
    }

    /// Signs in from anywhere, with whatever device.
    pub async fn try_at(
        &self,
        visit: &Visit,
        email: &str,
        password: &str,
    ) -> Result<SignedIn, SignInError> {
        let attempt = SignIn {
            identifier: email,
            password,
            remember: false,
            over: None,
        };
        self.engine.sign_in(attempt, visit).await
    }

    /// Somebody without a device that is known, from the address with this number.
    pub fn stranger(&self, number: u32) -> Visit {
        let [_, b, c, d] = number.to_be_bytes();
        Visit {
            address: Some(IpAddr::from([10, b, c, d])),
            ..self.visit()
        }
    }

    /// Signs in on this person's own device.
    pub async fn try_sign_in(&self, email: &str, password: &str) -> Result<SignedIn, SignInError> {
        self.sign_in_with(email, password, false).await
    }

    async fn sign_in_with(
        &self,
        email: &str,
        password: &str,
        remember: bool,
    ) -> Result<SignedIn, SignInError> {
        let attempt = SignIn {
            identifier: email,
            password,
            remember,
            over: None,
        };
        let done = self.engine.sign_in(attempt, &self.visit_of(email)).await;
        if let Ok(signed_in) = &done {
            let mut devices = self.devices.lock().unwrap();
            devices.insert(email.to_owned(), signed_in.device.clone());
        }
        done
    }

    pub async fn sign_in(&self, email: &str) -> SignedIn {
        self.try_sign_in(email, PASSWORD).await.unwrap()
    }

    pub async fn remembered(&self, email: &str) -> SignedIn {
        self.sign_in_with(email, PASSWORD, true).await.unwrap()
    }

    /// A request with this cookie, now.
    pub fn request(&self, cookie: &Cookie) -> Option<LiveSession> {
        match self.engine.check(cookie, self.now()) {
            Check::Live(session) => Some(session),
            Check::Dead => None,
            Check::NotReady => panic!("the index is filled"),
        }
    }

    pub fn is_live(&self, cookie: &Cookie) -> bool {
        self.request(cookie).is_some()
    }

    /// The events in the trail since `position`, as `code` or `code (reason)`.
    pub async fn told_since(&self, position: u64) -> Vec<String> {
        let events = self
            .engine
            .trail_after(position, 1000)
            .await
            .unwrap()
            .events;
        let words = events.iter().map(|stored| {
            let kind = stored.event.kind;
            match kind.reason() {
                "" => kind.code().to_owned(),
                reason => format!("{} ({reason})", kind.code()),
            }
        });
        words.collect()
    }

    /// The letters that went out since the last time this was asked; one round of the chores sends them.
    pub async fn letters(&mut self) -> Vec<Letter> {
        self.chores.round().await;
        self.plan.postbox.as_ref().unwrap().take()
    }

    /// The only letter that went out since the last time.
    pub async fn letter(&mut self) -> Letter {
        let mut letters = self.letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }

    /// The mailer.
    pub fn postbox(&self) -> &Postbox {
        self.plan.postbox.as_deref().unwrap()
    }

    /// The last position of the trail.
    pub async fn position(&self) -> u64 {
        let latest = self.engine.latest_events(1).await.unwrap();
        latest.first().map_or(0, |event| event.position)
    }
}

pub fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

pub const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}
