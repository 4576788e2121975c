//! A store in a private directory, invented people, and a publisher that remembers.

use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;

use tempfile::TempDir;

use vestibule_core::audit::{Act, Actor};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ActId, SessionId, UserId};
use vestibule_core::lineage::StoreNumber;
use vestibule_core::password::HashedPassword;
use vestibule_core::secret::{HashedSecret, sha256};
use vestibule_core::session::{Acr, Amr, Device, Lifetime, NewSession};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, NewUser, Particulars};
use vestibule_store::{Change, CreateUser, Publish, StoreError, Users as _};

use crate::fault::Fault;
use crate::{Durability, OpenError, Options, Sqlite};

pub(super) const NOON: UnixMillis = UnixMillis(1_800_000_000_000);

type Watch = Box<dyn Fn(&[Change]) + Send + Sync>;

/// Keeps each batch it was told of, and lets a test look on while it is told.
#[derive(Default)]
pub(super) struct Told {
    batches: Mutex<Vec<Vec<Change>>>,
    watch: Mutex<Option<Watch>>,
}

impl Told {
    pub(super) fn watch(&self, watch: impl Fn(&[Change]) + Send + Sync + 'static) {
        *self.watch.lock().unwrap() = Some(Box::new(watch));
    }

    /// Batches told since the last time.
    pub(super) fn take(&self) -> Vec<Vec<Change>> {
        std::mem::take(&mut *self.batches.lock().unwrap())
    }
}

impl Publish for Told {
    fn publish(&self, changes: &[Change]) {
        if let Some(watch) = &*self.watch.lock().unwrap() {
            watch(changes);
        }
        self.batches.lock().unwrap().push(changes.to_vec());
    }

    fn filled(&self, _everything: StoreNumber) {}
}

/// The sessions that these batches opened, in order.
pub(super) fn opened(batches: &[Vec<Change>]) -> Vec<SessionId> {
    batches
        .iter()
        .flatten()
        .filter_map(|change| match change {
            Change::SessionOpened(session) => Some(session.id),
            _ => None,
        })
        .collect()
}

pub(super) struct Home {
    pub(super) directory: TempDir,
    pub(super) told: Arc<Told>,
    pub(super) sqlite: Sqlite,
    made: AtomicU64,
}

pub(super) fn open_in(directory: &Path, told: Arc<Told>) -> Result<Sqlite, OpenError> {
    let options = Options {
        directory: directory.to_owned(),
        durability: Durability::Off,
    };
    Sqlite::open(options, told)
}

impl Home {
    pub(super) async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let told = Arc::new(Told::default());
        let sqlite = open_in(directory.path(), told.clone()).unwrap();
        sqlite.filled().await.unwrap();
        Self {
            directory,
            told,
            sqlite,
            made: AtomicU64::new(1),
        }
    }

    fn bytes(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.made.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }

    pub(super) fn act(&self) -> Act {
        Act {
            id: ActId::new(NOON, self.bytes()),
            at: NOON,
            actor: Actor::System,
            personal: None,
            told: Vec::new(),
        }
    }

    pub(super) fn new_user(&self, name: &str) -> NewUser {
        NewUser {
            disabled: false,
            id: UserId::new(NOON, self.bytes()),
            email: EmailAddress::parse(&format!("{name}@example.test")).unwrap(),
            email_verified: false,
            name: DisplayName::default(),
            roles: Vec::new(),
            password: Some(HashedPassword::from_phc(format!("hash of {name}"))),
            particulars: Particulars::default(),
        }
    }

    pub(super) async fn user(&self, name: &str) -> UserId {
        let new = self.new_user(name);
        let id = new.id;
        let made = self.sqlite.create_user(new, self.act()).await.unwrap();
        assert!(matches!(made, CreateUser::Created(_)));
        id
    }

    pub(super) fn login(&self, user: UserId) -> NewSession {
        NewSession {
            id: SessionId::new(NOON, self.bytes()),
            user,
            secret: HashedSecret::from_bytes(sha256(&self.bytes())),
            credential: CredentialVersion(1),
            auth_time: NOON,
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

    /// Keeps the writer busy until the answer is dropped: what is asked for meanwhile waits together.
    pub(super) async fn hold(&self) -> Held<'_> {
        let (release, held) = mpsc::channel::<()>();
        let (started, begun) = tokio::sync::oneshot::channel();
        let mut busy = self.sqlite.transition(move |_| {
            started.send(()).unwrap();
            held.recv().unwrap_err();
            Ok(())
        });
        assert!(!polled(&mut busy).await);
        begun.await.unwrap();
        Held {
            _busy: busy,
            release,
        }
    }

    /// What a table holds.
    pub(super) async fn count(&self, table: &'static str) -> i64 {
        self.sqlite
            .read(move |conn| {
                let sql = format!("SELECT count(*) FROM {table}");
                Ok(conn.query_row(&sql, [], |row| row.get(0))?)
            })
            .await
            .unwrap()
    }

    /// A statement of the test's own, through the writer.
    pub(super) async fn execute(&self, sql: &'static str) -> Result<(), StoreError> {
        self.sqlite
            .transition(move |tx| tx.conn().execute_batch(sql).map_err(Fault::from))
            .await
    }
}

pub(super) struct Held<'a> {
    _busy: vestibule_store::Answer<'a, ()>,
    release: mpsc::Sender<()>,
}

impl Held<'_> {
    pub(super) fn let_go(self) {
        drop(self.release);
    }
}

/// Polls once; whether it was done.
pub(super) async fn polled<T>(answer: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>) -> bool {
    poll_fn(|context| Poll::Ready(answer.as_mut().poll(context).is_ready())).await
}
