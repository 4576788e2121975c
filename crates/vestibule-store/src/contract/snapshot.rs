//! Everything a caller can observe of a store, to be compared before and after.

use std::collections::BTreeMap;

use vestibule_core::audit::{Seal, StoredEvent};
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::Session;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::User;

use super::ledger::Memory;
use crate::{SignInRecord, Store};

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
    /// Open and standing sessions of users that are not disabled, by id, whatever their clocks say.
    pub sessions: BTreeMap<SessionId, Session>,
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
        let page = store.users(None, ALL).await.expect("users");
        assert_eq!(page.next, None);
        let mut passwords = BTreeMap::new();
        let mut by_user = BTreeMap::new();
        for user in &page.users {
            let found = store.sign_in_record_of(user.id).await.expect("a record");
            let record = found.expect("a listed user has a record");
            let by_email = store
                .sign_in_record(user.email.clone())
                .await
                .expect("a record");
            assert_eq!(
                by_email.as_ref(),
                Some(&record),
                "one account, found either way"
            );
            let SignInRecord {
                user: same,
                password,
            } = record;
            assert_eq!(&same, user);
            if let Some(password) = password {
                passwords.insert(
                    user.id,
                    (password.hash.as_phc().to_owned(), password.version.0),
                );
            }
            let own = store
                .sessions_of(user.id, BEFORE_ALL_CLOCKS)
                .await
                .expect("sessions");
            by_user.extend(own.into_iter().map(|session| (session.id, session)));
        }
        let users = page.users.into_iter().map(|user| (user.id, user)).collect();
        let page = store
            .sessions(None, None, ALL, BEFORE_ALL_CLOCKS)
            .await
            .expect("sessions");
        assert_eq!(page.next, None);
        let sessions = page
            .sessions
            .into_iter()
            .map(|stored| (stored.session.id, stored.session));
        let sessions: BTreeMap<_, _> = sessions.collect();
        assert_eq!(sessions, by_user, "the two lists of sessions agree");
        Self {
            users,
            passwords,
            sessions,
            events: store.events_after(0, ALL).await.expect("events").events,
            seals: store.seals_after(0, ALL).await.expect("seals"),
            mark: store.clock_mark().await.expect("a mark"),
        }
    }

    /// What was published, held against what is stored. Last-seen times are written behind and published by nobody.
    pub fn assert_told(&self, memory: &Memory) {
        assert_eq!(memory.users, self.users);
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
