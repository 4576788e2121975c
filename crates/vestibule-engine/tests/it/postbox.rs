//! A mailer that keeps what it is given, and fails when told to.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Semaphore;
use vestibule_core::letter::{Letter, Says};
use vestibule_core::ticket::{PlainTicket, Purpose};
use vestibule_engine::{MailError, Mailer};
use vestibule_store::BoxFuture;

/// How letters to an address fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whim {
    /// Not just now.
    Later,
    /// Not ever.
    Never,
    /// The mailer panics.
    Panics,
}

/// Keeps letters.
pub struct Postbox {
    letters: Mutex<Vec<Letter>>,
    whims: Mutex<HashMap<String, Whim>>,
    /// How many letters may be handed over; a test takes them all to make it wait.
    pub hands: Semaphore,
    /// The mail server is away.
    pub away: AtomicBool,
    under_way: AtomicUsize,
    pub most_under_way: AtomicUsize,
    pub tries: AtomicUsize,
}

impl Default for Postbox {
    fn default() -> Self {
        Self {
            letters: Mutex::default(),
            whims: Mutex::default(),
            hands: Semaphore::new(1_000_000),
            away: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            tries: AtomicUsize::new(0),
        }
    }
}

impl Postbox {
    /// From now on, letters to this address fare so.
    pub fn whim(&self, to: &str, whim: Option<Whim>) {
        let mut whims = self.whims.lock().unwrap();
        match whim {
            Some(whim) => whims.insert(to.to_owned(), whim),
            None => whims.remove(to),
        };
    }

    /// The letters since the last time this was asked, in the order of their addresses.
    pub fn take(&self) -> Vec<Letter> {
        let mut letters = self.take_in_order();
        letters.sort_by(|one, other| one.to.cmp(&other.to));
        letters
    }

    /// The letters since the last time this was asked, as they came.
    pub fn take_in_order(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.letters.lock().unwrap())
    }
}

impl Mailer for Postbox {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async move {
            self.tries.fetch_add(1, Ordering::SeqCst);
            let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_under_way.fetch_max(under_way, Ordering::SeqCst);
            drop(self.hands.acquire().await.unwrap());
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            if self.away.load(Ordering::SeqCst) {
                return Err(MailError::Later("the mail server is away".into()));
            }
            let whim = self.whims.lock().unwrap().get(letter.to.as_str()).copied();
            let answer = || format!("<{}> is not known here", letter.to);
            match whim {
                None => self.letters.lock().unwrap().push(letter.clone()),
                Some(Whim::Later) => {
                    return Err(MailError::Later(Box::new(io::Error::other("421 busy"))));
                }
                Some(Whim::Never) => return Err(MailError::Never(answer().into())),
                Some(Whim::Panics) => panic!("as a test wants it"),
            }
            Ok(())
        })
    }
}

/// The token of a letter's link, whichever it is.
pub fn token(letter: &Letter) -> &str {
    match &letter.says {
        Says::FinishRegistration { token, .. }
        | Says::Invitation { token, .. }
        | Says::ConfirmAddress { token, .. }
        | Says::Recover { token, .. }
        | Says::NewLogin { token, .. } => token,
        other => panic!("no link in {other:?}"),
    }
}

/// The ticket of a letter's link.
pub fn ticket(letter: &Letter) -> PlainTicket {
    let token = token(letter);
    let mut all = Purpose::ALL.into_iter();
    all.find_map(|purpose| PlainTicket::parse(purpose, token))
        .unwrap()
}
