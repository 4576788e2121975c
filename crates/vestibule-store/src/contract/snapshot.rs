//! Everything a caller can observe of a store, to be compared before and after.

use std::collections::BTreeMap;

use vestibule_core::app_session::AppSession;
use vestibule_core::application::Application;
use vestibule_core::audit::{Seal, StoredEvent};
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{SessionFilter, UserFilter};
use vestibule_core::id::{AppSessionId, ApplicationId, SessionId, UserId};
use vestibule_core::session::Session;
use vestibule_core::session_data::{DataEntry, DataKey, DataPlace, Datum};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{Address, Particulars, User};

use super::ledger::Memory;
use crate::{SignInRecord, Store, StoreError};

/// More than any case makes, so that one page is all.
const ALL: usize = 100_000;

/// A time at which no clock has run out, so that what is open and stands is seen whatever its clocks say.
pub const BEFORE_ALL_CLOCKS: UnixMillis = UnixMillis(0);

/// All that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// By id.
    pub users: BTreeMap<UserId, User>,
    /// PHC text and version of each password, by user.
    pub passwords: BTreeMap<UserId, (String, u64)>,
    /// The addresses of each user, the primary one first.
    pub addresses: BTreeMap<UserId, Vec<Address>>,
    /// What is known of each user besides.
    pub particulars: BTreeMap<UserId, Particulars>,
    /// When each last signed in, of those who did.
    pub last_logins: BTreeMap<UserId, UnixMillis>,
    /// How many errands wait.
    pub errands: u64,
    /// Open and standing sessions of users that are not disabled, by id, whatever their clocks say.
    pub sessions: BTreeMap<SessionId, Session>,
    /// By id.
    pub applications: BTreeMap<ApplicationId, Application>,
    /// By id, of open sessions.
    pub app_sessions: BTreeMap<AppSessionId, AppSession>,
    /// By session, application and key: what applications keep under those sessions.
    pub kept: BTreeMap<(SessionId, ApplicationId, DataKey), Datum>,
    /// The whole trail.
    pub events: Vec<StoredEvent>,
    /// Every seal.
    pub seals: Vec<Seal>,
    /// The mark of time.
    pub mark: UnixMillis,
}

impl Snapshot {
    /// Reads everything, both ways where there are two.
    pub async fn take(store: &dyn Store) -> Self {
        Self::try_take(store).await.expect("the store answers")
    }

    /// The same of a store that may be away.
    pub async fn try_take(store: &dyn Store) -> Result<Self, StoreError> {
        let page = store.users(UserFilter::default(), None, ALL).await?;
        assert_eq!(page.next, None);
        let mut passwords = BTreeMap::new();
        let mut by_user = BTreeMap::new();
        let mut app_sessions = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        let mut particulars = BTreeMap::new();
        let mut last_logins = BTreeMap::new();
        for user in &page.users {
            let found = store.sign_in_record_of(user.id).await?;
            let record = found.expect("a listed user has a record");
            let by_email = store.sign_in_record(user.email.clone()).await?;
            assert_eq!(
                by_email.as_ref(),
                Some(&record),
                "one account, found either way"
            );
            let SignInRecord {
                user: same,
                password,
                particulars: told,
                addresses: reached,
                last_login,
                failures: _,
                letters_waiting: _,
            } = record;
            assert_eq!(&same, user);
            let own = store.addresses(user.id).await?;
            assert_addresses(user, &own, &reached);
            addresses.insert(user.id, own);
            particulars.insert(user.id, told);
            last_logins.extend(last_login.map(|at| (user.id, at)));
            if let Some(password) = password {
                passwords.insert(
                    user.id,
                    (password.hash.as_phc().to_owned(), password.version.0),
                );
            }
            let own = store.sessions_of(user.id, BEFORE_ALL_CLOCKS).await?;
            by_user.extend(own.into_iter().map(|session| (session.id, session)));
            let own = store.app_sessions_of(user.id).await?;
            assert!(
                own.is_sorted_by_key(|app| std::cmp::Reverse(app.id)),
                "newest first"
            );
            app_sessions.extend(own.into_iter().map(|app| (app.id, app)));
        }
        let users = page.users.into_iter().map(|user| (user.id, user)).collect();
        let page = store
            .sessions(SessionFilter::default(), None, ALL, BEFORE_ALL_CLOCKS)
            .await?;
        assert_eq!(page.next, None);
        let sessions = page
            .sessions
            .into_iter()
            .map(|stored| (stored.session.id, stored.session));
        let sessions: BTreeMap<_, _> = sessions.collect();
        assert_eq!(sessions, by_user, "the two lists of sessions agree");
        let applications = store.applications().await?;
        let kept = kept(store, &sessions, &applications).await?;
        assert!(
            applications.is_sorted_by_key(|application| application.spec.name.clone()),
            "by name"
        );
        let applications = applications
            .into_iter()
            .map(|application| (application.id, application));
        Ok(Self {
            applications: applications.collect(),
            app_sessions,
            kept,
            users,
            passwords,
            addresses,
            particulars,
            last_logins,
            sessions,
            errands: store.waiting_errands().await?,
            events: store.events_after(0, ALL).await?.events,
            seals: store.seals_after(0, ALL).await?,
            mark: store.clock_mark().await?,
        })
    }

    /// What was published, held against what is stored. Last-seen times are written behind and published by nobody.
    pub fn assert_told(&self, memory: &Memory) {
        assert_eq!(memory.users, self.users);
        assert_eq!(memory.applications, self.applications);
        let under_open: BTreeMap<_, _> = memory
            .app_sessions
            .iter()
            .filter(|(_, app)| memory.sessions.contains_key(&app.session))
            .map(|(id, app)| (*id, app.clone()))
            .collect();
        let standing: BTreeMap<_, _> = self
            .app_sessions
            .iter()
            .filter(|(_, app)| memory.sessions.contains_key(&app.session))
            .map(|(id, app)| (*id, app.clone()))
            .collect();
        assert_eq!(under_open, standing);
        let told: BTreeMap<_, _> = memory
            .sessions
            .iter()
            .map(|(id, session)| {
                let last_seen = self
                    .sessions
                    .get(id)
                    .map_or(session.last_seen, |stored| stored.last_seen);
                (
                    *id,
                    Session {
                        last_seen,
                        ..session.clone()
                    },
                )
            })
            .collect();
        assert_eq!(told, self.sessions);
    }
}

/// What applications keep under these sessions, both ways.
async fn kept(
    store: &dyn Store,
    sessions: &BTreeMap<SessionId, Session>,
    applications: &[Application],
) -> Result<BTreeMap<(SessionId, ApplicationId, DataKey), Datum>, StoreError> {
    let mut kept = BTreeMap::new();
    for session in sessions.keys().copied() {
        for application in applications.iter().map(|application| application.id) {
            let entries = store.session_data_keys(session, application).await;
            for entry in entries? {
                let DataEntry {
                    key,
                    version,
                    length,
                } = entry;
                let place = DataPlace {
                    session,
                    application,
                    key: key.clone(),
                };
                let datum = store.session_datum(place).await?;
                let datum = datum.expect("a listed key has a value");
                assert_eq!((datum.version, datum.value.len()), (version, length));
                kept.insert((session, application, key), datum);
            }
        }
    }
    Ok(kept)
}

/// The addresses of one user: one primary, as the account says; the verified ones and that one get letters.
fn assert_addresses(user: &User, own: &[Address], reached: &[EmailAddress]) {
    let (primary, others) = own.split_first().expect("everybody has an address");
    assert!(primary.primary, "the primary one comes first");
    assert_eq!(
        (&primary.email, primary.verified),
        (&user.email, user.email_verified)
    );
    assert!(
        others.iter().all(|other| other.verified && !other.primary),
        "every other one is proved"
    );
    assert!(
        others.is_sorted_by_key(|other| other.added_at),
        "then by age"
    );
    let mut reached = reached.to_vec();
    let mut all: Vec<_> = own.iter().map(|address| address.email.clone()).collect();
    reached.sort();
    all.sort();
    assert_eq!(reached, all, "letters go to all of them");
}
