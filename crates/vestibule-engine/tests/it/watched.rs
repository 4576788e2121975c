//! A store that can be watched, made to fail, and made to lie about its trail.

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use vestibule_core::app_session::{AppSession, Handshake};
use vestibule_core::application::{Application, ApplicationSpec};
use vestibule_core::audit::{Act, Event, Seal, StoredEvent};
use vestibule_core::declaration::Declaration;
use vestibule_core::email::EmailAddress;
use vestibule_core::errand::{DueErrand, Errand};
use vestibule_core::filter::{EventFilter, SessionFilter, UserFilter};
use vestibule_core::id::{ApplicationId, ErrandId, SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::password::HashedPassword;
use vestibule_core::role::RoleSpec;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{EndReason, NewSession, Renewal, Session};
use vestibule_core::session_data::{DataEntry, DataPlace, Datum, NewDatum, Precondition};
use vestibule_core::throttle::{Keyer, Rule, ThrottleKey, Tried};
use vestibule_core::ticket::Ticket;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{Address, CredentialVersion, NewUser, Revision, Role, User};
use vestibule_engine::Index;
use vestibule_sqlite::Sqlite;
use vestibule_store::archive::{Arrival, Import, Source};
use vestibule_store::{
    Addresses, Answer, AppSessions, Applications, Archive, Audit, BeginTry, Change, ChangePassword,
    CompleteSetup, ConfirmAddress, CreateUser, Declare, DeleteDatum, DeleteUser, EndLogin,
    EndOthers, EndSession, EventPage, Failed, FinishErrand, Installation, KeyCheck, MakePrimary,
    NewProfile, OfferHandshake, OfferSetup, OpenSession, Outbox, OwnDevice, PasswordChange,
    PostErrand, Publish as _, PutApplication, PutDatum, PutRole, Recover, Recovery,
    RedeemHandshake, Redemption, Register, RehashPassword, RemoveAddress, RemoveApplication,
    RemoveRole, RenewSession, ReviseUser, RotateSecret, Sealer, SessionData, SessionPage, Sessions,
    SetRoles, SetStatus, SetupTicket, SignInRecord, StoreError, StoredRole, Throttles, Tickets,
    TimedOut, Touch, TrailPage, Try, TryCode, UserPage, Users,
};

pub type Edit<T> = Box<dyn Fn(&mut Vec<T>) + Send + Sync>;

/// SQLite, with somebody at the door.
pub struct Watched {
    pub inner: Sqlite,
    /// Writes fail as on a full disk.
    pub full: AtomicBool,
    /// Reads fail as well.
    pub away: AtomicBool,
    /// Touches are not answered.
    pub stuck: AtomicBool,
    /// Tries wait for the store.
    pub no_try_begins: AtomicBool,
    /// The next sealing panics.
    pub panics: AtomicBool,
    /// Rows that cannot be read.
    pub unreadable: Mutex<HashSet<SessionId>>,
    /// What has run out is ended here alone, by telling the index so: for more sessions than a test would store.
    pub pretended: Mutex<Option<Arc<Index>>>,
    calls: Mutex<Vec<&'static str>>,
    pub edit_events: Mutex<Option<Edit<StoredEvent>>>,
    pub edit_seals: Mutex<Option<Edit<Seal>>>,
}

impl Watched {
    pub fn new(inner: Sqlite) -> Arc<Self> {
        Arc::new(Self {
            inner,
            full: AtomicBool::new(false),
            away: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            no_try_begins: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            unreadable: Mutex::default(),
            pretended: Mutex::default(),
            calls: Mutex::default(),
            edit_events: Mutex::default(),
            edit_seals: Mutex::default(),
        })
    }

    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    pub fn set_away(&self, away: bool) {
        self.full.store(away, Ordering::SeqCst);
        self.away.store(away, Ordering::SeqCst);
    }

    /// The calls since the last time this was asked.
    pub fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn readable(&self, ids: impl IntoIterator<Item = SessionId>) -> Result<(), StoreError> {
        let unreadable = self.unreadable.lock().unwrap();
        match ids.into_iter().find(|id| unreadable.contains(id)) {
            Some(id) => Err(StoreError::Corrupt(id.to_string())),
            None => Ok(()),
        }
    }

    fn enter(&self, name: &'static str, failing: &AtomicBool) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push(name);
        if failing.load(Ordering::SeqCst) {
            return Err(StoreError::Full(Box::new(io::Error::from(
                io::ErrorKind::StorageFull,
            ))));
        }
        Ok(())
    }
}

macro_rules! pass {
    ($($trait:ident { $($kind:ident $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* $(@ $($own:item)*)? })*) => {$(
        impl $trait for Watched {
            $(fn $name(&self, $($arg: $type),*) -> Answer<'_, $answer> {
                Box::pin(async move {
                    let entered = self.enter(stringify!($name), &self.$kind);
                    if entered.is_err() {
                        // No store fails before it was waited for.
                        tokio::task::yield_now().await;
                    }
                    entered?;
                    self.inner.$name($($arg),*).await
                })
            })*
            $($($own)*)?
        }
    )*};
}

pass! {
    Users {
        full create_user(new: NewUser, act: Act) -> CreateUser;
        away sign_in_record(email: EmailAddress) -> Option<SignInRecord>;
        away sign_in_record_of(user: UserId) -> Option<SignInRecord>;
        away users(filter: UserFilter, after: Option<EmailAddress>, limit: usize) -> UserPage;
        full disable_user(user: UserId, act: Act) -> SetStatus;
        full enable_user(user: UserId, act: Act) -> SetStatus;
        full revise_user(email: EmailAddress, revision: Revision, act: Act) -> ReviseUser;
        full change_password(change: PasswordChange, act: Act) -> ChangePassword;
        full change_profile(user: UserId, profile: NewProfile, act: Act) -> Option<Box<User>>;
        full delete_user(user: UserId, act: Act) -> DeleteUser;
        full erase_personal(limit: usize) -> usize;
        full rehash_password(user: UserId, version: CredentialVersion, hash: HashedPassword, act: Act) -> RehashPassword;
    }
    Applications {
        full add_application(id: ApplicationId, spec: ApplicationSpec, act: Act) -> PutApplication;
        full change_application(id: ApplicationId, spec: ApplicationSpec, act: Act) -> PutApplication;
        full remove_application(id: ApplicationId, act: Act) -> RemoveApplication;
        full rotate_secret(id: ApplicationId, secret: HashedSecret, keep_previous: bool, act: Act) -> RotateSecret;
        away applications() -> Vec<Application>;
        full put_role(spec: RoleSpec, act: Act) -> PutRole;
        full remove_role(role: Role, act: Act) -> RemoveRole;
        away roles() -> Vec<StoredRole>;
        full set_roles(user: UserId, roles: Vec<Role>, act: Act) -> SetRoles;
        full declare(declaration: Declaration, act: Act) -> Declare;
    }
    AppSessions {
        full offer_handshake(handshake: Handshake) -> OfferHandshake;
        full redeem_handshake(redemption: Redemption, act: Act) -> RedeemHandshake;
        away app_sessions_of(user: UserId) -> Vec<AppSession>;
        away app_sessions_under(sessions: Vec<SessionId>) -> Vec<AppSession>;
        full drop_stale_app_sessions(now: UnixMillis, limit: usize) -> usize;
    }
    SessionData {
        away session_datum(place: DataPlace) -> Option<Datum>;
        away session_data_keys(session: SessionId, application: ApplicationId) -> Vec<DataEntry>;
        full put_session_datum(datum: NewDatum) -> PutDatum;
        full delete_session_datum(place: DataPlace, precondition: Precondition) -> DeleteDatum;
    }
    Addresses {
        away addresses(user: UserId) -> Vec<Address>;
        full remove_address(user: UserId, email: EmailAddress, act: Act) -> RemoveAddress;
        full make_primary(user: UserId, email: EmailAddress, act: Act) -> MakePrimary;
    }
    Throttles {
        full fail_try(tried: Tried, events: Vec<Event>, act: Act) -> Failed;
        full take_back_try(tried: Tried) -> ();
        full drop_idle_tallies(before: UnixMillis, limit: usize) -> usize;
        @
        fn begin_try(&self, attempt: Try) -> Answer<'_, BeginTry> {
            Box::pin(async move {
                self.enter("begin_try", &self.full)?;
                while self.no_try_begins.load(Ordering::SeqCst) {
                    tokio::task::yield_now().await;
                }
                self.inner.begin_try(attempt).await
            })
        }
    }
    Tickets {
        away ticket(secret: HashedSecret, now: UnixMillis) -> Option<Ticket>;
        full offer_ticket(ticket: Ticket, act: Act) -> ();
        full try_code(secret: HashedSecret, now: UnixMillis) -> TryCode;
        full register(secret: HashedSecret, user: NewUser, session: NewSession, act: Act) -> Register;
        full recover(recovery: Recovery, keyer: Keyer, act: Act) -> Recover;
        full end_login(secret: HashedSecret, act: Act) -> EndLogin;
        full confirm_address(secret: HashedSecret, user: UserId, act: Act) -> ConfirmAddress;
        full drop_spent_tickets(before: UnixMillis, limit: usize) -> usize;
    }
    Outbox {
        full post_errand(errand: Errand, charges: Vec<(ThrottleKey, Rule)>, own: Option<OwnDevice>, events: Vec<Event>, act: Act) -> PostErrand;
        full take_errands(now: UnixMillis, lease: Duration, limit: usize) -> Vec<DueErrand>;
        full finish_errand(id: ErrandId, ticket: Option<Ticket>, events: Vec<Event>, act: Act) -> FinishErrand;
        full put_off_errand(id: ErrandId, due_at: UnixMillis) -> ();
        away waiting_errands() -> u64;
    }
    Sessions {
        full open_session(new: NewSession, act: Act) -> OpenSession;
        full renew_session(renewal: Renewal, act: Act) -> RenewSession;
        full end_other_sessions(spared: SessionId, act: Act) -> EndOthers;
        full end_user_sessions(user: UserId, acting: Option<SessionId>, reason: EndReason, act: Act) -> u64;
        full end_all_sessions(act: Act) -> u64;
        full drop_dead_sessions(before: UnixMillis, limit: usize) -> usize;
        away sessions_of(user: UserId, now: UnixMillis) -> Vec<Session>;
        away session(id: SessionId, now: UnixMillis) -> Option<Session>;
        away sessions(filter: SessionFilter, before: Option<SessionId>, limit: usize, now: UnixMillis) -> SessionPage;
        @
        fn end_session(&self, id: SessionId, owner: Option<UserId>, reason: EndReason, act: Act) -> Answer<'_, EndSession> {
            Box::pin(async move {
                // No store fails before it was waited for.
                tokio::task::yield_now().await;
                self.enter("end_session", &self.full)?;
                self.readable([id])?;
                self.inner.end_session(id, owner, reason, act).await
            })
        }
        fn touch_sessions(&self, touches: Vec<Touch>) -> Answer<'_, ()> {
            Box::pin(async move {
                self.enter("touch_sessions", &self.full)?;
                while self.stuck.load(Ordering::SeqCst) {
                    tokio::task::yield_now().await;
                }
                self.inner.touch_sessions(touches).await
            })
        }
        fn end_timed_out_sessions(&self, sessions: Vec<TimedOut>, act: Act) -> Answer<'_, Vec<SessionId>> {
            Box::pin(async move {
                self.enter("end_timed_out_sessions", &self.full)?;
                self.readable(sessions.iter().map(|one| one.id))?;
                let Some(index) = self.pretended.lock().unwrap().clone() else {
                    return self.inner.end_timed_out_sessions(sessions, act).await;
                };
                let ids: Vec<_> = sessions.into_iter().map(|one| one.id).collect();
                let cut = |id: &SessionId| {
                    let node = Node::Session(*id);
                    Change::Cutoff(Cutoff { node, number: StoreNumber(u64::MAX) })
                };
                index.publish(&ids.iter().map(cut).collect::<Vec<_>>());
                Ok(ids)
            })
        }
    }
    Installation {
        full check_key(check: [u8; 32]) -> KeyCheck;
        full keep_seal_key(sealed: Vec<u8>) -> Vec<u8>;
        away clock_mark() -> UnixMillis;
        full raise_clock_mark(mark: UnixMillis) -> ();
        full accept_clock(mark: UnixMillis, act: Act) -> ();
        full offer_setup(ticket: SetupTicket) -> OfferSetup;
        away is_set_up() -> bool;
        away setup_offered(secret: HashedSecret, now: UnixMillis) -> bool;
        full complete_setup(secret: HashedSecret, user: NewUser, session: NewSession, act: Act) -> CompleteSetup;
    }
}

impl Audit for Watched {
    fn record(&self, events: Vec<Event>, act: Act) -> Answer<'_, ()> {
        Box::pin(async move {
            self.enter("record", &self.full)?;
            self.inner.record(events, act).await
        })
    }

    fn seal_events(&self, sealer: Arc<dyn Sealer>, limit: usize) -> Answer<'_, usize> {
        Box::pin(async move {
            let panics = self.panics.swap(false, Ordering::SeqCst);
            assert!(!panics, "as a test wants it");
            self.enter("seal_events", &self.full)?;
            self.inner.seal_events(sealer, limit).await
        })
    }

    fn events_after(&self, after: u64, limit: usize) -> Answer<'_, TrailPage> {
        Box::pin(async move {
            self.enter("events_after", &self.away)?;
            let mut page = self.inner.events_after(after, limit).await?;
            if let Some(edit) = &*self.edit_events.lock().unwrap() {
                edit(&mut page.events);
            }
            Ok(page)
        })
    }

    fn settled(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            self.enter("settled", &self.away)?;
            self.inner.settled().await
        })
    }

    fn events(
        &self,
        filter: EventFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Answer<'_, EventPage> {
        Box::pin(async move {
            self.enter("events", &self.away)?;
            self.inner.events(filter, before, limit).await
        })
    }

    fn seals_after(&self, after: u64, limit: usize) -> Answer<'_, Vec<Seal>> {
        Box::pin(async move {
            self.enter("seals_after", &self.away)?;
            let mut seals = self.inner.seals_after(after, limit).await?;
            if let Some(edit) = &*self.edit_seals.lock().unwrap() {
                edit(&mut seals);
            }
            Ok(seals)
        })
    }
}

impl Archive for Watched {
    fn backend(&self) -> &'static str {
        self.inner.backend()
    }

    fn export(&self) -> Answer<'_, Box<dyn Source>> {
        Box::pin(async move {
            self.enter("export", &self.away)?;
            self.inner.export().await
        })
    }

    fn import(&self, source: Box<dyn Source>, arrival: Arrival) -> Answer<'_, Import> {
        Box::pin(async move {
            self.enter("import", &self.full)?;
            self.inner.import(source, arrival).await
        })
    }
}
