//! What cases are made of: invented people, their logins, acts. Nothing is random; everything is made once.

pub(super) mod applications;
pub(super) mod letters;
pub(super) mod session_data;
pub(super) mod tries;

use std::sync::atomic::Ordering;
use std::time::Duration;

use vestibule_core::audit::{Act, Actor, Personal};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ActId, SessionId, UserId};
use vestibule_core::password::HashedPassword;
use vestibule_core::secret::{HashedSecret, sha256};
use vestibule_core::session::{
    Acr, Amr, Device, EndReason, Lifetime, NewSession, Renewal, Session,
};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, DisplayName, NewUser, Particulars, Role, User};

use super::harness::Home;
use crate::{ChangePassword, CreateUser, EndSession, OpenSession, PasswordChange, RenewSession};

pub(super) const ORDER: Ordering = Ordering::Relaxed;

/// When cases begin.
pub const NOON: UnixMillis = UnixMillis(1_800_000_000_000);

/// The version of a first password.
pub const FIRST: CredentialVersion = CredentialVersion(1);

/// So many minutes after [`NOON`].
pub fn noon_and(minutes: u64) -> UnixMillis {
    NOON.plus(Duration::from_mins(minutes))
}

/// An address at the invented domain.
pub fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.test")).expect("an address")
}

/// A stand-in for a password's hash; a store does not look inside.
pub fn hash(text: &str) -> HashedPassword {
    HashedPassword::from_phc(format!("$argon2id$v=19$m=64,t=1,p=1$c2FsdA${text}"))
}

impl Home {
    /// Another number each time.
    pub fn number(&self) -> u64 {
        self.made.fetch_add(1, ORDER)
    }

    pub(super) fn bytes(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.number().to_be_bytes());
        bytes
    }

    /// A fresh id.
    pub fn session_id(&self, at: UnixMillis) -> SessionId {
        SessionId::new(at, self.bytes())
    }

    /// A fresh hash of a secret.
    pub fn secret(&self) -> HashedSecret {
        HashedSecret::from_bytes(sha256(&self.bytes()))
    }

    /// What Vestibule itself does at a time.
    pub fn act(&self, at: UnixMillis) -> Act {
        Act {
            id: ActId::new(at, self.bytes()),
            at,
            actor: Actor::System,
            personal: None,
            told: Vec::new(),
        }
    }

    /// What a user does at a time, from somewhere.
    pub fn act_of(&self, user: &User, at: UnixMillis) -> Act {
        let mut salt = [7; 16];
        salt[..10].copy_from_slice(&self.bytes());
        Act {
            actor: Actor::User(user.id),
            personal: Some(Personal {
                salt,
                email: Some(user.email.as_str().to_owned()),
                address: Some("192.0.2.7".to_owned()),
                user_agent: None,
            }),
            ..self.act(at)
        }
    }

    /// An account to be made, with the password `name`.
    pub fn new_user(&self, name: &str) -> NewUser {
        NewUser {
            disabled: false,
            id: UserId::new(NOON, self.bytes()),
            email: email(name),
            email_verified: true,
            name: DisplayName::parse(name).expect("a name"),
            roles: vec!["staff".parse().expect("a role")],
            password: Some(hash(name)),
            particulars: Particulars::default(),
        }
    }

    /// An administrator to be made.
    pub fn new_admin(&self, name: &str) -> NewUser {
        NewUser {
            disabled: false,
            roles: vec![Role::admin()],
            ..self.new_user(name)
        }
    }

    /// Makes an account at noon, with the password `name`.
    pub async fn user(&self, name: &str) -> User {
        let made = self
            .store
            .create_user(self.new_user(name), self.act(NOON))
            .await;
        match made.expect("the store works") {
            CreateUser::Created(user) => *user,
            CreateUser::AddressTaken => panic!("{name} is taken"),
        }
    }

    /// Makes so many accounts: of many sessions, each user may have [`vestibule_core::session::MOST_SESSIONS`].
    pub async fn users(&self, count: usize) -> Vec<User> {
        let mut users = Vec::new();
        for n in 0..count {
            users.push(self.user(&format!("user-{n}")).await);
        }
        users
    }

    /// A login to be opened, on the user's first password.
    pub fn login(&self, user: &User, at: UnixMillis) -> NewSession {
        NewSession {
            id: self.session_id(at),
            user: user.id,
            secret: self.secret(),
            credential: FIRST,
            auth_time: at,
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

    /// Opens a session on the user's first password.
    pub async fn session(&self, user: &User, at: UnixMillis) -> Session {
        self.open(self.login(user, at)).await
    }

    /// Opens a session that nothing stands in the way of.
    pub async fn open(&self, new: NewSession) -> Session {
        let act = self.act(new.auth_time);
        match self
            .store
            .open_session(new, act)
            .await
            .expect("the store works")
        {
            OpenSession::Opened(session) => *session,
            refused => panic!("refused: {refused:?}"),
        }
    }

    /// A renewal of the session as it is, on the user's first password.
    pub fn renewal(&self, session: &Session, at: UnixMillis) -> Renewal {
        Renewal {
            id: session.id,
            presented: session.secret,
            secret: self.secret(),
            credential: FIRST,
            auth_time: at,
            lifetime: Lifetime::DEFAULT,
            tried: None,
        }
    }

    /// Renews a session.
    pub async fn renew(&self, renewal: Renewal) -> RenewSession {
        let act = self.act(renewal.auth_time);
        self.store
            .renew_session(renewal, act)
            .await
            .expect("the store works")
    }

    /// Ends a session.
    pub async fn end(&self, id: SessionId, at: UnixMillis) -> EndSession {
        let ended = self
            .store
            .end_session(id, None, EndReason::SignedOut, self.act(at))
            .await;
        ended.expect("the store works")
    }

    /// A change of the password to `text`, from inside a session of the user's.
    pub fn password_change(&self, session: &Session, text: &str, at: UnixMillis) -> PasswordChange {
        PasswordChange {
            user: session.user,
            hash: hash(text),
            renewal: self.renewal(session, at),
        }
    }

    /// Changes a password.
    pub async fn change(&self, change: PasswordChange) -> ChangePassword {
        let act = self.act(change.renewal.auth_time);
        self.store
            .change_password(change, act)
            .await
            .expect("the store works")
    }

    /// The ids of a user's live sessions, newest first.
    pub async fn live(&self, user: &User, now: UnixMillis) -> Vec<SessionId> {
        let sessions = self
            .store
            .sessions_of(user.id, now)
            .await
            .expect("the store works");
        sessions.iter().map(|session| session.id).collect()
    }
}
