//! Errands, and the tickets they make.

use std::time::Duration;

use vestibule_core::audit::Act;
use vestibule_core::errand::Errand;
use vestibule_core::id::{ErrandId, UserId};
use vestibule_core::password::HashedPassword;
use vestibule_core::session::NewSession;
use vestibule_core::ticket::{Grant, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, NewUser, Particulars, User};

use super::{FIRST, email, hash};
use crate::contract::harness::Home;
use crate::contract::setup::first_login;
use crate::{FinishErrand, PostErrand, Recover, Recovery, Register};

impl Home {
    /// An errand that is due at once, of a user's or of nobody's.
    pub fn errand(&self, user: Option<UserId>, at: UnixMillis) -> Errand {
        Errand {
            id: ErrandId::new(at, self.bytes()),
            user,
            sealed: self.bytes().to_vec(),
            request: false,
            due_at: at,
            expires_at: at.plus(Duration::from_hours(24)),
        }
    }

    /// Posts an errand that nothing limits.
    pub async fn post(&self, errand: Errand, at: UnixMillis) {
        let posted = self
            .store
            .post_errand(errand, Vec::new(), None, Vec::new(), self.act(at))
            .await;
        assert_eq!(posted.expect("the store works"), PostErrand::Posted);
    }

    /// An act that leaves an errand to be done.
    pub fn act_telling(&self, user: Option<UserId>, at: UnixMillis) -> Act {
        Act {
            told: vec![self.errand(user, at)],
            ..self.act(at)
        }
    }

    /// A ticket as it is made, good for its purpose's time.
    pub fn ticket(&self, name: &str, grant: Grant, at: UnixMillis) -> Ticket {
        Ticket {
            secret: self.secret(),
            email: email(name),
            browser: None,
            wrong_codes: 0,
            created_at: at,
            expires_at: at.plus(grant.purpose().lifetime()),
            grant,
        }
    }

    /// Offers a ticket, as the errand that makes it does.
    pub async fn offer(&self, ticket: Ticket) -> Ticket {
        let at = ticket.created_at;
        let errand = self.errand(None, at);
        let id = errand.id;
        self.post(errand, at).await;
        let finished = self
            .store
            .finish_errand(id, Some(ticket.clone()), Vec::new(), self.act(at))
            .await;
        assert_eq!(finished.expect("the store works"), FinishErrand::Finished);
        ticket
    }

    /// Offers a ticket that makes an account.
    pub async fn offer_register(&self, name: &str, at: UnixMillis) -> Ticket {
        self.offer(self.ticket(name, register(name), at)).await
    }

    /// Offers a ticket that confirms an address for a user.
    pub async fn offer_address(&self, user: &User, name: &str, at: UnixMillis) -> Ticket {
        let grant = Grant::Address { user: user.id };
        self.offer(self.ticket(name, grant, at)).await
    }

    /// Offers a ticket that sets a new password in place of a user's first, sent to one of their addresses.
    pub async fn offer_recover(&self, user: &User, name: &str, at: UnixMillis) -> Ticket {
        let grant = recover(user);
        self.offer(self.ticket(name, grant, at)).await
    }

    /// Adds an address to a user's.
    pub async fn add_address(&self, user: &User, name: &str, at: UnixMillis) {
        let ticket = self.offer_address(user, name, at).await;
        let confirmed = self
            .store
            .confirm_address(ticket.secret, user.id, self.act(at))
            .await;
        assert_eq!(
            confirmed.expect("the store works"),
            crate::ConfirmAddress::Confirmed(email(name))
        );
    }

    /// An account to be made through a ticket, and its first login.
    pub fn registrant(&self, name: &str, minutes: u64) -> (NewUser, NewSession) {
        let new = self.new_user(name);
        let session = NewSession {
            known: Some(self.device()),
            ..first_login(self, &new, minutes)
        };
        (new, session)
    }

    /// Redeems a register ticket.
    pub async fn register(&self, ticket: &Ticket, name: &str, minutes: u64) -> Register {
        let (new, session) = self.registrant(name, minutes);
        let act = self.act(session.auth_time);
        let registered = self.store.register(ticket.secret, new, session, act).await;
        registered.expect("the store works")
    }

    /// A password to be set through a ticket.
    pub fn recovery(&self, ticket: &Ticket, text: &str) -> Recovery {
        Recovery {
            secret: ticket.secret,
            hash: hash(text),
            known: self.device(),
        }
    }

    /// Redeems a recover ticket.
    pub async fn recover(&self, ticket: &Ticket, text: &str, at: UnixMillis) -> Recover {
        let recovery = self.recovery(ticket, text);
        let recovered = self
            .store
            .recover(recovery, self.keyer(), self.act(at))
            .await;
        recovered.expect("the store works")
    }

    /// Whether a ticket may be redeemed.
    pub async fn is_good(&self, ticket: &Ticket, now: UnixMillis) -> bool {
        let found = self.store.ticket(ticket.secret, now).await;
        found.expect("the store works").is_some()
    }

    /// A user's password as stored, as text.
    pub async fn password_of(&self, user: UserId) -> Option<HashedPassword> {
        let record = self.store.sign_in_record_of(user).await;
        let record = record.expect("the store works")?;
        record.password.map(|password| password.hash)
    }
}

/// What makes an account.
pub fn register(name: &str) -> Grant {
    Grant::Register {
        name: DisplayName::parse(name).expect("a name"),
        particulars: Particulars::default(),
        roles: Vec::new(),
        invited: false,
    }
}

/// What sets a new password in place of a user's first.
pub fn recover(user: &User) -> Grant {
    Grant::Recover {
        user: user.id,
        credential: FIRST,
        asked: None,
    }
}
