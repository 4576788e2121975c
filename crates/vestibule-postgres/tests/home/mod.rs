//! A store over a link that can be cut and frozen, and what is done there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use vestibule_core::application::{Application, ApplicationSpec, Demand, Kind};
use vestibule_core::audit::{Act, Actor};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ActId, ApplicationId, SessionId, UserId};
use vestibule_core::password::HashedPassword;
use vestibule_core::secret::{HashedSecret, sha256};
use vestibule_core::session::{Acr, Amr, Device, EndReason, Lifetime, NewSession, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, NewUser, Particulars, User};
use vestibule_postgres::{Options, Patience, Postgres};
use vestibule_store::contract::{Ledger, Snapshot};
use vestibule_store::{
    Applications as _, BoxFuture, CreateUser, EndSession, OpenSession, PutApplication,
    Sessions as _, StoreError, Users as _,
};

use crate::database::Database;
use crate::link::Link;

/// When everything here happens.
pub const NOON: UnixMillis = UnixMillis(1_800_000_000_000);

/// Far more than anything here takes.
pub const LONG: Duration = Duration::from_mins(1);

/// A store over a link that can be cut and frozen.
pub struct Home {
    pub database: Database,
    pub link: Link,
    pub store: Arc<Postgres>,
    pub ledger: Arc<Ledger>,
    made: AtomicU64,
}

impl Home {
    pub async fn open() -> Self {
        Self::with(Patience {
            connect: Duration::from_secs(5),
            wait: Duration::from_secs(5),
            statement: Duration::from_secs(10),
            bulk: Duration::from_secs(10),
        })
        .await
    }

    pub async fn with(patience: Patience) -> Self {
        let database = Database::new();
        let link = Link::to(&database.url()).await;
        let ledger = Arc::new(Ledger::default());
        let options = Options {
            url: link.url(&database.url()),
            patience,
            ..database.options()
        };
        let store = Postgres::open(options, ledger.clone()).await.unwrap();
        store.filled().await.unwrap();
        Self {
            database,
            link,
            store: Arc::new(store),
            ledger,
            made: AtomicU64::new(0),
        }
    }

    fn bytes(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.made.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }

    pub fn act(&self) -> Act {
        Act {
            id: ActId::new(NOON, self.bytes()),
            at: NOON,
            actor: Actor::System,
            personal: None,
            told: Vec::new(),
        }
    }

    pub fn new_user(&self, name: &str) -> NewUser {
        NewUser {
            disabled: false,
            id: UserId::new(NOON, self.bytes()),
            email: EmailAddress::parse(&format!("{name}@example.test")).unwrap(),
            email_verified: true,
            name: DisplayName::default(),
            roles: Vec::new(),
            password: Some(HashedPassword::from_phc("$argon2id$x".to_owned())),
            particulars: Particulars::default(),
        }
    }

    pub async fn user(&self, name: &str) -> User {
        let made = self.store.create_user(self.new_user(name), self.act());
        match made.await.unwrap() {
            CreateUser::Created(user) => *user,
            CreateUser::AddressTaken => panic!("{name} is taken"),
        }
    }

    pub fn login(&self, user: &User) -> NewSession {
        NewSession {
            id: SessionId::new(NOON, self.bytes()),
            user: user.id,
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

    pub async fn session(&self, user: &User) -> Session {
        let opened = self.store.open_session(self.login(user), self.act()).await;
        match opened.unwrap() {
            OpenSession::Opened(session) => *session,
            refused => panic!("{refused:?}"),
        }
    }

    /// Makes an application known at `https://NAME.example.test`.
    pub async fn application(&self, name: &str) -> Application {
        let spec = ApplicationSpec {
            name: name.parse().unwrap(),
            title: DisplayName::default(),
            kind: Kind::Proxy,
            origins: vec![format!("https://{name}.example.test").parse().unwrap()],
            demand: Demand::default(),
            rules: Vec::new(),
        };
        let id = ApplicationId::new(NOON, self.bytes());
        match self.store.add_application(id, spec, self.act()).await {
            Ok(PutApplication::Put(application)) => *application,
            refused => panic!("{refused:?}"),
        }
    }

    pub async fn end(&self, session: &Session) -> Result<EndSession, StoreError> {
        let act = self.act();
        self.store
            .end_session(session.id, None, EndReason::SignedOut, act)
            .await
    }

    /// Waits until what was published is what is stored.
    pub async fn settles(&self) -> Snapshot {
        let settled = async {
            loop {
                if let Some(snapshot) = self.settled().await {
                    return snapshot;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, settled).await.unwrap()
    }

    async fn settled(&self) -> Option<Snapshot> {
        // Nothing answers yet.
        self.store.clock_mark_of_test().await.ok()?;
        let snapshot = Snapshot::try_take(&*self.store).await.ok()?;
        let memory = self.ledger.memory();
        let same = snapshot.users == memory.users
            && snapshot.sessions == memory.sessions
            && snapshot.applications == memory.applications;
        same.then_some(snapshot)
    }
}

/// Asks whether the database answers.
trait Answers {
    fn clock_mark_of_test(&self) -> BoxFuture<'_, Result<UnixMillis, StoreError>>;
}

impl Answers for Postgres {
    fn clock_mark_of_test(&self) -> BoxFuture<'_, Result<UnixMillis, StoreError>> {
        vestibule_store::Installation::clock_mark(self)
    }
}

/// A quick 503, in the end.
pub fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    match answer {
        Err(StoreError::Unavailable(_)) => {}
        other => panic!("{other:?}"),
    }
}
