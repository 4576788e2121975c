//! Argon2id on a bounded pool of its own.
//!
//! One hash takes tens of megabytes and tens of milliseconds. So a fixed number of threads does them, each with one
//! block of working memory that it reuses and gives back when idle; they run at low priority, so that checks on other
//! requests go first; and the queue before them is bounded, so that a flood of logins costs a 503 and no memory
//! (ASVS 6.3.1, 15.2.2). At most `threads` × the cost's memory is in use, whatever comes.

use std::collections::VecDeque;
use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use vestibule_core::password::{
    Cost, HashError, HashedPassword, NewPassword, Peppers, PlainPassword, WorkingMemory,
};

/// How long a thread waits for work before it gives its memory back.
const IDLE: Duration = Duration::from_secs(5);
/// What one hash is taken to cost when a caller is told when to come back.
const ONE_HASH: Duration = Duration::from_millis(50);
/// How far the threads step back behind those that answer requests.
const NICE: i32 = 10;

/// How much hashing is done at once.
#[derive(Debug, Clone, Copy)]
pub struct HasherSettings {
    /// Hashes at the same time.
    pub threads: usize,
    /// Callers that may wait; the next one is told to come back.
    pub queue: usize,
    /// What a new hash costs.
    pub cost: Cost,
}

impl Default for HasherSettings {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            threads,
            queue: 64 * threads,
            cost: Cost::DEFAULT,
        }
    }
}

/// Too many callers wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many password checks are waiting")]
pub struct Busy {
    /// When to try again.
    pub retry_after: Duration,
}

/// A list of breached passwords that the operator keeps, asked on a hashing thread: reading it may block.
pub trait Breached: Send + Sync {
    /// Whether the password with this SHA-1 is on the list.
    fn holds(&self, sha1: &[u8; 20]) -> io::Result<bool>;
}

/// Why a new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The operator's list has it (ASVS 6.2.12).
    #[error("the password is known from a breach")]
    Breached,
    /// The operator's list could not be asked. Not to know is not to allow (ASVS 16.5.3).
    #[error("the list of breached passwords cannot be read")]
    Unreadable(#[source] io::Error),
    /// Argon2 refused.
    #[error(transparent)]
    Hash(#[from] HashError),
}

/// The threads that hash passwords. They end when this is dropped; what still waits then is told to come back.
pub struct Hasher {
    pool: Arc<Pool>,
    settings: HasherSettings,
    peppers: Arc<Peppers>,
    breached: Option<Arc<dyn Breached>>,
}

impl Hasher {
    /// Starts the threads.
    pub fn start(settings: HasherSettings) -> Self {
        Self::start_with(settings, IDLE)
    }

    fn start_with(settings: HasherSettings, idle: Duration) -> Self {
        let pool = Arc::new(Pool::default());
        let mut started = 0;
        for number in 0..settings.threads.max(1) {
            let pool = Arc::clone(&pool);
            let spawned = thread::Builder::new()
                .name(format!("argon2-{number}"))
                .spawn(move || pool.work(idle));
            match spawned {
                Ok(_) => started += 1,
                Err(error) => tracing::warn!(%error, "a thread for password hashing did not start"),
            }
        }
        if started == 0 {
            // Nobody would ever take a job: every caller is told to come back rather than left waiting.
            pool.state().closed = true;
        }
        Self {
            pool,
            settings,
            peppers: Arc::default(),
            breached: None,
        }
    }

    /// With these peppers (N31) rather than none.
    #[must_use]
    pub fn with_peppers(mut self, peppers: Peppers) -> Self {
        self.peppers = Arc::new(peppers);
        self
    }

    /// With the operator's list of breached passwords, which is asked before a new password is hashed.
    #[must_use]
    pub fn with_breached(mut self, breached: Arc<dyn Breached>) -> Self {
        self.breached = Some(breached);
        self
    }

    /// What a new hash costs.
    pub const fn cost(&self) -> Cost {
        self.settings.cost
    }

    /// Bytes of working memory held now, at most `threads` × the cost's memory.
    pub fn memory(&self) -> usize {
        self.pool.state().memory
    }

    /// Callers that there is room for, those whose password is being hashed among them.
    pub(crate) const fn room(&self) -> usize {
        self.settings.queue.saturating_add(self.settings.threads)
    }

    /// Hashes at the same time.
    pub(crate) const fn threads(&self) -> usize {
        self.settings.threads
    }

    /// Callers that may wait.
    pub(crate) const fn queue(&self) -> usize {
        self.settings.queue
    }

    /// Callers that wait for a thread now, at most `queue`.
    pub fn waiting(&self) -> usize {
        self.pool.state().jobs.len()
    }

    /// Whether `hash` is as a new one would be; if not, a login hashes anew.
    pub fn is_current(&self, hash: &HashedPassword) -> bool {
        hash.is_current(self.settings.cost, &self.peppers)
    }

    /// Hashes a password that is to be set, unless the operator's list has it.
    pub async fn make(
        &self,
        password: NewPassword,
        salt: [u8; 16],
    ) -> Result<Result<HashedPassword, MakeError>, Busy> {
        let (cost, peppers) = (self.settings.cost, Arc::clone(&self.peppers));
        let breached = self.breached.clone();
        self.run(move |memory| {
            if let Some(list) = breached {
                match list.holds(&password.sha1()) {
                    Ok(false) => {}
                    Ok(true) => return Err(MakeError::Breached),
                    Err(error) => return Err(MakeError::Unreadable(error)),
                }
            }
            let plain = password.plain();
            Ok(HashedPassword::make(plain, salt, cost, &peppers, memory)?)
        })
        .await
    }

    /// Hashes a password that is set already and was just verified, as a new one would be.
    pub async fn remake(
        &self,
        password: PlainPassword,
        salt: [u8; 16],
    ) -> Result<Result<HashedPassword, HashError>, Busy> {
        let (cost, peppers) = (self.settings.cost, Arc::clone(&self.peppers));
        self.run(move |memory| HashedPassword::make(&password, salt, cost, &peppers, memory))
            .await
    }

    /// Whether `password` is the one that was hashed.
    pub async fn verify(
        &self,
        hash: HashedPassword,
        password: PlainPassword,
    ) -> Result<Result<bool, HashError>, Busy> {
        let peppers = Arc::clone(&self.peppers);
        self.run(move |memory| hash.verify(&password, &peppers, memory))
            .await
    }

    /// A hash at present cost that no password fits: the same work for an account that does not exist (ASVS 6.3.8).
    pub fn dummy(&self) -> HashedPassword {
        HashedPassword::of_nothing(self.settings.cost, &self.peppers)
    }

    /// Runs `work` on one of the threads, when its turn comes. A caller that hangs up before is skipped.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WorkingMemory) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Task { reply, work });
        if !self.pool.push(job, self.settings.queue) {
            return Err(self.busy());
        }
        answer.await.map_err(|_| self.busy())
    }

    /// What is told where there is no room.
    pub(crate) fn busy(&self) -> Busy {
        let threads = u32::try_from(self.settings.threads.max(1)).unwrap_or(u32::MAX);
        let waiting = u32::try_from(self.settings.queue).unwrap_or(u32::MAX);
        let wait = ONE_HASH.saturating_mul(waiting) / threads;
        Busy {
            retry_after: wait.clamp(Duration::from_secs(1), Duration::from_mins(1)),
        }
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.pool.state();
            state.closed = true;
            std::mem::take(&mut state.jobs)
        };
        drop(waiting);
        self.pool.ready.notify_all();
    }
}

trait Job: Send {
    /// Nobody waits for the answer any more.
    fn abandoned(&self) -> bool;
    fn run(self: Box<Self>, memory: &mut WorkingMemory);
}

struct Task<T, F> {
    reply: oneshot::Sender<T>,
    work: F,
}

impl<T: Send, F: FnOnce(&mut WorkingMemory) -> T + Send> Job for Task<T, F> {
    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(self: Box<Self>, memory: &mut WorkingMemory) {
        let Self { reply, work } = *self;
        // The caller may have gone while this ran; then nobody wants the answer.
        let _ = reply.send(work(memory));
    }
}

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    memory: usize,
    closed: bool,
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Box<dyn Job>, limit: usize) -> bool {
        let mut state = self.state();
        if state.jobs.len() >= limit {
            state.jobs.retain(|job| !job.abandoned());
        }
        if state.closed || state.jobs.len() >= limit {
            return false;
        }
        state.jobs.push_back(job);
        drop(state);
        self.ready.notify_one();
        true
    }

    /// One thread's life.
    fn work(&self, idle: Duration) {
        if let Err(error) = rustix::process::nice(NICE) {
            tracing::debug!(%error, "password hashing runs at normal priority");
        }
        let mut memory = WorkingMemory::default();
        while let Some(job) = self.next(&mut memory, idle) {
            let before = memory.bytes();
            // A job that panics is answered with a failure (its reply is dropped), and the thread lives on: without
            // one, all later callers would wait for ever.
            if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
                tracing::error!("a password check panicked; its caller was told to come back");
                memory = WorkingMemory::default();
            }
            let after = memory.bytes();
            if after != before {
                let mut state = self.state();
                state.memory = state.memory.saturating_add(after).saturating_sub(before);
            }
        }
    }

    /// The next job somebody still waits for; `None` when the pool is closed.
    fn next(&self, memory: &mut WorkingMemory, idle: Duration) -> Option<Box<dyn Job>> {
        let mut state = self.state();
        loop {
            while let Some(job) = state.jobs.pop_front() {
                if !job.abandoned() {
                    return Some(job);
                }
            }
            if state.closed {
                state.memory = state.memory.saturating_sub(memory.bytes());
                return None;
            }
            if memory.bytes() == 0 {
                state = self
                    .ready
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (woken, timeout) = self
                .ready
                .wait_timeout(state, idle)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() && state.jobs.is_empty() {
                state.memory = state.memory.saturating_sub(memory.bytes());
                memory.release();
            }
        }
    }
}

#[cfg(test)]
mod tests;
