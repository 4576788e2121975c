//! The engine: what the use cases share, and its start.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use vestibule_core::app_session::ChallengeKey;
use vestibule_core::audit::{Act, Actor};
use vestibule_core::csrf::CsrfKey;
use vestibule_core::keys::{MasterKey, RecoveryCodes, SealError, SealKey};
use vestibule_core::password::blocklist::Blocklist;
use vestibule_core::throttle::Keyer;
use vestibule_core::time::{HighWater, UnixMillis};
use vestibule_store::{KeyCheck, Store, StoreError};
use zeroize::Zeroizing;

use crate::clock::{Clock, EffectiveTime};
use crate::entropy::{Entropy, EntropyError};
use crate::history::History;
use crate::login::tries::MOST_AT_THE_STORE;
use crate::login::watch::Watch;
use crate::mail::{Mailer, Posted};
use crate::metrics::Metrics;
use crate::passwords::Hasher;
use crate::policy::Policy;
use crate::sessions::index::Index;
use crate::sessions::owed::Owed;

/// What an engine is built from. The binary makes them.
pub struct Parts {
    /// Durable truth.
    pub store: Arc<dyn Store>,
    /// The memory that `store` publishes to.
    pub index: Arc<Index>,
    /// The machine's clocks.
    pub clock: Arc<dyn Clock>,
    /// The machine's randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The threads that hash passwords.
    pub hasher: Hasher,
    /// What may not be a password.
    pub blocklist: Arc<Blocklist>,
    /// Who carries letters. Without one nothing is mailed, and nobody can register or recover by themselves.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// The installation's master key.
    pub master: MasterKey,
    /// What the operator decided.
    pub policy: Policy,
    /// `--accept-clock`: the operator (by user id) who says that a clock behind the mark is right.
    pub accept_clock: Option<u32>,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store failed.
    #[error("the store could not be read at start")]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The data was made with another master key.
    #[error(
        "this data directory was made with another master key: configure the key it was made with (DATA/master.key, or \
         the one in the settings)"
    )]
    KeyMismatch,
    /// A key that is kept sealed does not open.
    #[error("the audit trail's key does not open under this master key")]
    Key(#[from] SealError),
    /// The clock is far behind the latest time this data has seen.
    #[error(
        "the clock is {} minutes behind the latest time this data has seen: set the clock right, or start once with \
         --accept-clock if it is right now",
        behind.as_secs() / 60
    )]
    ClockBehind {
        /// By how much.
        behind: Duration,
    },
}

/// The use cases over one store.
pub struct Engine {
    store: Arc<dyn Store>,
    index: Arc<Index>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    hasher: Hasher,
    places_for_tries: Arc<Semaphore>,
    blocklist: Arc<Blocklist>,
    mailer: Option<Arc<dyn Mailer>>,
    posted: Posted,
    policy: ArcSwap<Policy>,
    master: MasterKey,
    csrf: CsrfKey,
    challenges: ChallengeKey,
    keyer: Keyer,
    watch: Watch,
    recovery_codes: RecoveryCodes,
    seal_key: Arc<SealKey>,
    time: EffectiveTime,
    owed: Owed,
    metrics: Metrics,
    past: History,
}

impl Engine {
    /// Starts: compares the master key with the data's, opens the trail's key, judges the clock by the mark.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        match parts.store.check_key(parts.master.check_value()?).await? {
            KeyCheck::Adopted | KeyCheck::Matches => {}
            KeyCheck::Mismatch => return Err(StartError::KeyMismatch),
        }
        let seal_key = seal_key(&parts).await?;
        let water = high_water(&parts).await?;
        Ok(Arc::new(Self {
            csrf: parts.master.csrf()?,
            challenges: parts.master.challenges()?,
            keyer: parts.master.throttle()?,
            watch: Watch::new(&*parts.entropy)?,
            recovery_codes: parts.master.recovery_codes()?,
            seal_key: Arc::new(seal_key),
            time: EffectiveTime::new(water),
            owed: Owed::default(),
            metrics: Metrics::new(&parts.index),
            past: History::new(parts.clock.monotonic()),
            store: parts.store,
            index: parts.index,
            clock: parts.clock,
            entropy: parts.entropy,
            places_for_tries: Arc::new(Semaphore::new(
                parts
                    .hasher
                    .room()
                    .saturating_add(MOST_AT_THE_STORE)
                    .min(Semaphore::MAX_PERMITS),
            )),
            hasher: parts.hasher,
            blocklist: parts.blocklist,
            mailer: parts.mailer,
            posted: Posted::default(),
            policy: ArcSwap::from_pointee(parts.policy),
            master: parts.master,
        }))
    }

    /// Effective time, for a request to read once and pass down. Lock-free.
    pub fn now(&self) -> UnixMillis {
        self.time.now(&*self.clock)
    }

    /// Whether the index is filled, so that checks can be answered.
    pub fn ready(&self) -> bool {
        self.index.is_filled()
    }

    /// The key of anti-forgery tokens.
    pub const fn csrf(&self) -> &CsrfKey {
        &self.csrf
    }

    /// The key of handshakes' challenges.
    pub const fn challenges(&self) -> &ChallengeKey {
        &self.challenges
    }

    /// Fresh random bytes.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        self.entropy.random()
    }

    /// What the operator decided. Whoever decides by more than one part of it holds on to what they got: another may be in
    /// force at the next call.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// What the operator decides from now on.
    pub fn adopt(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    /// What is counted for whoever watches.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) const fn index(&self) -> &Arc<Index> {
        &self.index
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    pub(crate) const fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    pub(crate) const fn places_for_tries(&self) -> &Arc<Semaphore> {
        &self.places_for_tries
    }

    pub(crate) fn blocklist(&self) -> &Blocklist {
        &self.blocklist
    }

    pub(crate) const fn mailer(&self) -> Option<&Arc<dyn Mailer>> {
        self.mailer.as_ref()
    }

    pub(crate) const fn posted(&self) -> &Posted {
        &self.posted
    }

    pub(crate) const fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Names the tallies of throttling.
    pub(crate) const fn keyer(&self) -> &Keyer {
        &self.keyer
    }

    /// What looks for attacks.
    pub(crate) const fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) const fn recovery_codes(&self) -> &RecoveryCodes {
        &self.recovery_codes
    }

    pub(crate) const fn seal_key(&self) -> &Arc<SealKey> {
        &self.seal_key
    }

    pub(crate) const fn time(&self) -> &EffectiveTime {
        &self.time
    }

    /// The last day.
    pub(crate) const fn past(&self) -> &History {
        &self.past
    }

    pub(crate) const fn owed(&self) -> &Owed {
        &self.owed
    }

    /// An act of Vestibule itself.
    pub(crate) fn system_act(&self, now: UnixMillis) -> Result<Act, EntropyError> {
        Ok(Act {
            id: self.entropy.act_id(now)?,
            at: now,
            actor: Actor::System,
            personal: None,
            told: Vec::new(),
        })
    }
}

/// The trail's key: the one kept since the first start, or, at the first start, a fresh one.
async fn seal_key(parts: &Parts) -> Result<SealKey, StartError> {
    let seed = Zeroizing::new(parts.entropy.random::<32>()?);
    let nonce = parts.entropy.random::<12>()?;
    let fresh = parts.master.seal(SealKey::PURPOSE, nonce, &*seed)?;
    let kept = parts.store.keep_seal_key(fresh).await?;
    let seed = parts.master.open(SealKey::PURPOSE, &kept)?;
    Ok(SealKey::from_seed(&seed)?)
}

async fn high_water(parts: &Parts) -> Result<HighWater, StartError> {
    let (wall, monotonic) = (parts.clock.wall(), parts.clock.monotonic());
    let mark = parts.store.clock_mark().await?;
    if let Some(uid) = parts.accept_clock
        && wall < mark
    {
        let act = Act {
            id: parts.entropy.act_id(wall)?,
            at: wall,
            actor: Actor::Operator(uid),
            personal: None,
            told: Vec::new(),
        };
        parts.store.accept_clock(wall, act).await?;
        return Ok(HighWater::accepted(wall, monotonic));
    }
    HighWater::start(mark, wall, monotonic).map_err(|behind| StartError::ClockBehind { behind })
}
