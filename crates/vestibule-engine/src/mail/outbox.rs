//! The outbox's line of work: takes errands that are due, does them a few at a time, and puts off what does not go now.
//!
//! At least once, never lost: an errand is dropped by the transition that does what it asks, or after its letter was handed
//! over. A crash between the two sends a letter twice.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};
use vestibule_core::audit::{Event, EventKind};
use vestibule_core::errand::{DueErrand, Work, back_off};
use vestibule_core::letter::Letter;
use vestibule_store::StoreError;

use super::{MailError, Mailer};
use crate::causes::causes;
use crate::chores::{ROUND, outlived, told};
use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::metrics::MailOutcome;

/// Most that are done at the same time: a mail server is not to be flooded.
const PARALLEL: usize = 4;
/// How long one hand-over may take.
const SEND: Duration = Duration::from_mins(1);
/// How long an errand that was taken is nobody else's; more than it can take.
const LEASE: Duration = Duration::from_mins(2);
/// How long a stop waits for what is being handed over; the rest is taken again at the next start.
const GRACE: Duration = Duration::from_secs(5);

/// The line, and what it remembers between rounds.
pub(crate) struct Outbox {
    engine: Arc<Engine>,
    stop: Option<watch::Receiver<bool>>,
    /// The mail server took nothing lately: said once.
    deferring: bool,
    /// The store failed lately: said once.
    failing: bool,
}

/// What became of an errand.
enum Done {
    /// Its letter was handed over.
    Sent,
    /// What it asked for is done.
    Finished,
    /// The mail server did not take it now.
    Deferred(MailError),
    /// Its time is over by a clock that is not to be believed.
    Waits,
    /// It is not tried again.
    GaveUp(GaveUp),
}

enum GaveUp {
    Refused(MailError),
    Expired,
    Unreadable(StoreError),
}

impl Outbox {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            stop: None,
            deferring: false,
            failing: false,
        }
    }

    /// Does what is due: when something is posted, and each round. Returns when `stop` says so.
    pub(crate) async fn keep_at(&mut self, mut stop: watch::Receiver<bool>) {
        self.stop = Some(stop.clone());
        let engine = Arc::clone(&self.engine);
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = told(&mut stop) => break,
                () = engine.posted().told() => {}
                _ = rounds.tick() => {}
            }
            let mut round = std::pin::pin!(outlived(self.round()));
            tokio::select! {
                () = &mut round => {}
                () = told(&mut stop) => {
                    // Whatever is not done by then is taken again, when its lease is over.
                    let _ = timeout(GRACE, round).await;
                    break;
                }
            }
        }
    }

    /// Whatever is due.
    pub(crate) async fn round(&mut self) {
        let waiting = match self.engine.mail_waiting().await {
            Ok(waiting) => waiting,
            Err(error) => return self.store_failed(&error),
        };
        let gauge = usize::try_from(waiting).unwrap_or(usize::MAX);
        let monotonic = self.engine.clock().monotonic();
        self.engine.metrics().mail_waiting(gauge, monotonic);
        if waiting == 0 {
            self.failing = false;
            return;
        }
        let mut running = JoinSet::new();
        let mut more = true;
        loop {
            if more && running.len() < PARALLEL && !self.is_stopped() {
                more = self.take(&mut running).await;
            }
            match running.join_next().await {
                Some(done) => more |= self.note(done),
                None if more && !self.is_stopped() => {}
                None => break,
            }
        }
    }

    /// Takes as many as there is room for and begins them. Answers whether there may be more.
    async fn take(&mut self, running: &mut JoinSet<(DueErrand, Result<Done, StoreError>)>) -> bool {
        let room = PARALLEL - running.len();
        let now = self.engine.now();
        let taken = self.engine.store().take_errands(now, LEASE, room).await;
        let taken = match taken {
            Ok(taken) => taken,
            Err(error) => {
                self.store_failed(&error);
                return false;
            }
        };
        self.failing = false;
        let full = taken.len() == room;
        for errand in taken {
            let engine = Arc::clone(&self.engine);
            running.spawn(async move {
                let done = engine.do_errand(&errand).await;
                (errand, done)
            });
        }
        full
    }

    /// Logs and counts what became of one. Answers whether more may be due by it.
    fn note(&mut self, done: Result<(DueErrand, Result<Done, StoreError>), JoinError>) -> bool {
        let (errand, done) = match done {
            Ok(done) => done,
            Err(error) => {
                // ASVS 16.5.4: the others go on, and this one is taken again when its lease is over.
                tracing::error!(%error, "an errand of the outbox panicked; it is tried again");
                return false;
            }
        };
        let metrics = self.engine.metrics();
        if matches!(done, Ok(Done::Sent | Done::Finished | Done::GaveUp(_))) {
            metrics.mail_moved(self.engine.clock().monotonic());
        }
        match done {
            Ok(Done::Sent) => {
                metrics.mail(MailOutcome::Sent);
                if std::mem::take(&mut self.deferring) {
                    tracing::info!("the mail server takes letters again");
                }
            }
            Ok(Done::Finished | Done::Waits) => {}
            Ok(Done::Deferred(error)) => {
                metrics.mail(MailOutcome::Deferred);
                if !std::mem::replace(&mut self.deferring, true) {
                    tracing::warn!(
                        errand.id = %errand.id,
                        error = %causes(&error),
                        "a letter could not be sent; it and those after it are tried again until they are, or are given up"
                    );
                }
            }
            Ok(Done::GaveUp(why)) => {
                metrics.mail(MailOutcome::GaveUp);
                gave_up(&errand, &why);
            }
            Err(error) => {
                self.store_failed(&error);
                return false;
            }
        }
        true
    }

    fn store_failed(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(%error, "the outbox could not be worked on; it is tried again until it is");
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|stop| *stop.borrow() || stop.has_changed().is_err())
    }
}

fn gave_up(errand: &DueErrand, why: &GaveUp) {
    let id = errand.id;
    match why {
        GaveUp::Refused(error) => {
            tracing::warn!(errand.id = %id, error = %causes(error), "a letter was refused for good and is given up");
        }
        GaveUp::Expired => {
            tracing::warn!(errand.id = %id, "a letter or a request for one was tried for too long and is given up");
        }
        GaveUp::Unreadable(error) => {
            tracing::error!(errand.id = %id, %error, "an errand of the outbox cannot be read and is given up");
        }
    }
}

/// Hands a letter over, in bounded time (ASVS 16.5.2). What is told of a failure does not name the recipient (ASVS 16.2.5).
pub(super) async fn send(mailer: &dyn Mailer, letter: &Letter) -> Result<(), MailError> {
    let sent = timeout(SEND, mailer.send(letter)).await;
    let error = match sent {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error,
        Err(elapsed) => return Err(MailError::Later(Box::new(elapsed))),
    };
    Err(match error {
        MailError::Later(cause) => MailError::Later(discreet(cause, letter)),
        MailError::Never(cause) => MailError::Never(discreet(cause, letter)),
    })
}

/// Mail servers like to repeat the address they refuse: then the cause stays behind.
fn discreet(
    cause: Box<dyn StdError + Send + Sync>,
    letter: &Letter,
) -> Box<dyn StdError + Send + Sync> {
    let address = letter.to.as_str();
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let mut next: Option<&(dyn StdError + 'static)> = Some(&*cause);
    while let Some(error) = next {
        if names(&error.to_string().to_lowercase(), address, local) {
            return "the mail server's answer names the recipient and is not repeated here".into();
        }
        next = error.source();
    }
    cause
}

/// Whether the address stands in the text, or the part before its `@` as a word.
fn names(text: &str, address: &str, local: &str) -> bool {
    let parts = |c: char| !c.is_alphanumeric() && !".+_-".contains(c);
    text.contains(address) || text.split(parts).any(|word| word == local)
}

impl Engine {
    /// `Err`: the store failed, and the errand is taken again when its lease is over.
    async fn do_errand(&self, errand: &DueErrand) -> Result<Done, StoreError> {
        let now = self.now();
        if now >= errand.expires_at {
            // What only time decides waits where the clock was stepped lately. The reading is this moment's: that of the upkeep
            // may be of before the step.
            if self.time().read(self.clock()).0.stepped {
                let due = now.plus(back_off(errand.attempts));
                self.store().put_off_errand(errand.id, due).await?;
                return Ok(Done::Waits);
            }
            return self.give_up(errand, GaveUp::Expired).await;
        }
        let work = match self.open_errand(errand.id, &errand.sealed) {
            Ok(work) => work,
            Err(error) => return self.give_up(errand, GaveUp::Unreadable(error)).await,
        };
        let Work::Letter(letter) = work else {
            self.do_request(errand.id, work, now).await?;
            return Ok(Done::Finished);
        };
        match self.carry(&letter).await {
            Ok(()) => {
                let act = self.system_act(now).map_err(EntropyError::into_store)?;
                self.store()
                    .finish_errand(errand.id, None, Vec::new(), act)
                    .await?;
                Ok(Done::Sent)
            }
            Err(error @ MailError::Later(_)) => {
                let due = self.now().plus(back_off(errand.attempts));
                let due = due.min(errand.expires_at);
                self.store().put_off_errand(errand.id, due).await?;
                Ok(Done::Deferred(error))
            }
            Err(error @ MailError::Never(_)) => self.give_up(errand, GaveUp::Refused(error)).await,
        }
    }

    async fn carry(&self, letter: &Letter) -> Result<(), MailError> {
        match self.mailer() {
            Some(mailer) => send(&**mailer, letter).await,
            None => Err(MailError::Later("no mail server is configured".into())),
        }
    }

    async fn give_up(&self, errand: &DueErrand, why: GaveUp) -> Result<Done, StoreError> {
        let act = self
            .system_act(self.now())
            .map_err(EntropyError::into_store)?;
        let event = Event {
            kind: EventKind::MailGivenUp,
            user: errand.user,
            session: None,
            application: None,
        };
        self.store()
            .finish_errand(errand.id, None, vec![event], act)
            .await?;
        Ok(Done::GaveUp(why))
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io;

    use vestibule_core::email::EmailAddress;
    use vestibule_core::letter::Says;
    use vestibule_core::user::Language;
    use vestibule_store::BoxFuture;

    use super::*;

    /// Never answers, or says so much.
    struct Server(Option<&'static str>);

    impl Mailer for Server {
        fn send<'a>(&'a self, _: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
            Box::pin(async {
                match self.0 {
                    None => pending().await,
                    Some(answer) => Err(MailError::Never(Box::new(io::Error::other(answer)))),
                }
            })
        }
    }

    async fn sent(answer: Option<&'static str>) -> MailError {
        let letter = Letter {
            to: EmailAddress::from_stored("alice@example.test".to_owned()),
            language: Language::default(),
            says: Says::Test,
        };
        send(&Server(answer), &letter).await.unwrap_err()
    }

    /// Holds: ASVS 16.5.2
    #[tokio::test(start_paused = true)]
    async fn asvs_16_5_2_a_mail_server_that_never_answers_has_a_minute() {
        let started = tokio::time::Instant::now();
        assert!(matches!(sent(None).await, MailError::Later(_)));
        assert_eq!(started.elapsed(), SEND);
    }

    /// Holds: ASVS 16.2.5
    #[tokio::test]
    async fn asvs_16_2_5_a_failure_names_no_recipient() {
        for (answer, told) in [
            ("554 no such domain", true),
            ("550 <Alice@example.test> unknown", false),
            ("550 mailbox alice unavailable", false),
        ] {
            let MailError::Never(cause) = sent(Some(answer)).await else {
                panic!("of {answer}");
            };
            assert_eq!(cause.to_string() == answer, told, "{cause}");
        }
    }
}
