//! The audit trail: what happened, in a chain that shows edits.
//!
//! An act (a request or a command) writes its events in the same transition that does what they tell. Events hold ids
//! and codes. Personal data lies in a detachable row of which the event holds only a salted hash, so that erasing it
//! drops row and salt and leaves the chain whole. A sealer chains events in batches and signs each head.
//!
//! ```text
//! head₀ = 0…0      headₙ = SHA-256(headₙ₋₁ ‖ event)      seal = Ed25519(first ‖ last ‖ head ‖ time)
//! ```

mod kind;

use crate::errand::Errand;
use crate::id::{ActId, ApplicationId, SessionId, UserId};
use crate::keys::{PublicSealKey, SealKey};
use crate::secret::sha256;
use crate::time::UnixMillis;

pub use kind::{Attack, EventKind, RefusalReason};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody not signed in.
    Visitor,
    /// A signed-in user.
    User(UserId),
    /// A person at the machine, by operating-system user id.
    Operator(u32),
    /// Vestibule itself, by the clock.
    System,
}

impl Actor {
    /// The code that stores and logs hold, with the id it names.
    pub fn code(self) -> String {
        match self {
            Self::Visitor => "visitor".to_owned(),
            Self::User(id) => format!("user:{id}"),
            Self::Operator(uid) => format!("operator:{uid}"),
            Self::System => "system".to_owned(),
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        match code.split_once(':') {
            None if code == "visitor" => Some(Self::Visitor),
            None if code == "system" => Some(Self::System),
            Some(("user", id)) => id.parse().ok().map(Self::User),
            Some(("operator", uid)) => uid.parse().ok().map(Self::Operator),
            _ => None,
        }
    }
}

/// Personal data of an act, erasable on its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Personal {
    /// 16 random bytes, so that the digest that stays behind tells nothing.
    pub salt: [u8; 16],
    /// The address that was typed or concerned.
    pub email: Option<String>,
    /// The caller's network address.
    pub address: Option<String>,
    /// The caller's `User-Agent`.
    pub user_agent: Option<String>,
}

impl Personal {
    /// What the chain holds of it.
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&self.salt);
        for field in [&self.email, &self.address, &self.user_agent] {
            push(&mut bytes, field.as_deref());
        }
        sha256(&bytes)
    }
}

/// Who acts, when, and from where: what every transition is told, and what its events share.
#[derive(Debug, Clone)]
pub struct Act {
    /// Fresh.
    pub id: ActId,
    /// The request's clock.
    pub at: UnixMillis,
    /// Who.
    pub actor: Actor,
    /// From where, where that is known.
    pub personal: Option<Personal>,
    /// What is to be done once it has happened: letters that tell of it, written in the same transition (ASVS 6.3.7).
    pub told: Vec<Errand>,
}

/// One event of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// To whom.
    pub user: Option<UserId>,
    /// To which session, or which one was spared.
    pub session: Option<SessionId>,
    /// At which application.
    pub application: Option<ApplicationId>,
}

impl Event {
    /// An event about nobody in particular.
    pub const fn plain(kind: EventKind) -> Self {
        Self {
            kind,
            user: None,
            session: None,
            application: None,
        }
    }

    /// An event about an application.
    pub const fn application(kind: EventKind, application: ApplicationId) -> Self {
        Self {
            application: Some(application),
            ..Self::plain(kind)
        }
    }

    /// The same event, at an application.
    #[must_use]
    pub const fn at(self, application: ApplicationId) -> Self {
        Self {
            application: Some(application),
            ..self
        }
    }

    /// An event about a user.
    pub const fn user(kind: EventKind, user: UserId) -> Self {
        Self {
            user: Some(user),
            ..Self::plain(kind)
        }
    }

    /// An event about a user's session.
    pub const fn session(kind: EventKind, user: UserId, session: SessionId) -> Self {
        Self {
            user: Some(user),
            session: Some(session),
            ..Self::plain(kind)
        }
    }
}

/// An event as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the trail, from 1, without a gap once sealed.
    pub position: u64,
    /// The act it belongs to.
    pub act: ActId,
    /// When.
    pub at: UnixMillis,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
    /// The digest of the act's personal data.
    pub personal_digest: Option<[u8; 32]>,
    /// The personal data itself, unless erased.
    pub personal: Option<Personal>,
}

impl StoredEvent {
    /// Whether its personal data, unless erased, is what the chain holds the digest of.
    pub fn is_whole(&self) -> bool {
        self.personal
            .as_ref()
            .is_none_or(|personal| Some(personal.digest()) == self.personal_digest)
    }
}

/// The head of the chain before any event.
pub const GENESIS: [u8; 32] = [0; 32];

/// The head after `event`.
pub fn chain(head: &[u8; 32], event: &StoredEvent) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(320);
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(&event.position.to_be_bytes());
    bytes.extend_from_slice(event.act.as_bytes());
    bytes.extend_from_slice(&event.at.0.to_be_bytes());
    push(&mut bytes, Some(&event.actor.code()));
    push(&mut bytes, Some(event.event.kind.code()));
    push(&mut bytes, Some(event.event.kind.reason()));
    push(
        &mut bytes,
        event.event.user.map(|id| id.to_string()).as_deref(),
    );
    push(
        &mut bytes,
        event.event.session.map(|id| id.to_string()).as_deref(),
    );
    if let Some(digest) = &event.personal_digest {
        bytes.extend_from_slice(digest);
    }
    // Only where there is one, so that chains from before applications stay as they are. It cannot be read as a digest: it is
    // longer.
    if let Some(application) = event.event.application {
        push(&mut bytes, Some(&application.to_string()));
    }
    sha256(&bytes)
}

/// A signed head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Position of the first event it covers.
    pub first: u64,
    /// Position of the last.
    pub last: u64,
    /// The chain's head after the last.
    pub head: [u8; 32],
    /// When it was made.
    pub at: UnixMillis,
    /// Ed25519 over all of the above.
    pub signature: [u8; 64],
    /// Which key signed ([`PublicSealKey::id`]).
    pub key: [u8; 8],
}

impl Seal {
    /// Chains `events`, which follow on `previous`, and signs the head. `None` when there are none.
    pub fn make(
        key: &SealKey,
        previous: &[u8; 32],
        events: &[StoredEvent],
        at: UnixMillis,
    ) -> Option<Self> {
        let (first, last) = (events.first()?.position, events.last()?.position);
        let head = events
            .iter()
            .fold(*previous, |head, event| chain(&head, event));
        let signature = key.sign(&Self::message(first, last, &head, at));
        Some(Self {
            first,
            last,
            head,
            at,
            signature,
            key: key.public().id(),
        })
    }

    /// Whether this seal covers just `events`, follows on `previous`, and was signed by `key`.
    pub fn verifies(
        &self,
        key: &PublicSealKey,
        previous: &[u8; 32],
        events: &[StoredEvent],
    ) -> bool {
        let gapless = (self.first..=self.last).eq(events.iter().map(|event| event.position));
        let head = events
            .iter()
            .fold(*previous, |head, event| chain(&head, event));
        let whole = events.iter().all(StoredEvent::is_whole);
        gapless && whole && head == self.head && self.is_signed_by(key)
    }

    /// Whether `key` signed this seal, whatever it covers.
    pub fn is_signed_by(&self, key: &PublicSealKey) -> bool {
        let message = Self::message(self.first, self.last, &self.head, self.at);
        self.key == key.id() && key.verifies(&message, &self.signature)
    }

    fn message(first: u64, last: u64, head: &[u8; 32], at: UnixMillis) -> Vec<u8> {
        [
            &b"vestibule audit seal v1"[..],
            &first.to_be_bytes(),
            &last.to_be_bytes(),
            &head[..],
            &at.0.to_be_bytes(),
        ]
        .concat()
    }
}

/// Length-prefixed, so that no two lists of fields have the same bytes.
fn push(bytes: &mut Vec<u8>, field: Option<&str>) {
    match field {
        None => bytes.extend_from_slice(&u32::MAX.to_be_bytes()),
        Some(text) => {
            let len = u32::try_from(text.len()).unwrap_or(u32::MAX - 1);
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn event(position: u64) -> StoredEvent {
        let user = UserId::new(UnixMillis(1), [1; 10]);
        let personal = Personal {
            salt: [4; 16],
            email: Some("alice@example.test".to_owned()),
            ..Personal::default()
        };
        StoredEvent {
            position,
            act: ActId::new(UnixMillis(2), [2; 10]),
            at: UnixMillis(3),
            actor: Actor::User(user),
            event: Event::user(EventKind::LoginSucceeded, user),
            personal_digest: Some(personal.digest()),
            personal: Some(personal),
        }
    }

    #[test]
    fn any_edit_breaks_the_seal_and_erasure_does_not() {
        let key = SealKey::from_seed(&[7; 32]).unwrap();
        let events = [event(1), event(2), event(3)];
        let seal = Seal::make(&key, &GENESIS, &events, UnixMillis(9)).unwrap();
        let holds = |events: &[StoredEvent]| seal.verifies(&key.public(), &GENESIS, events);
        assert!(holds(&events));

        let mut erased = events.clone();
        erased[1].personal = None;
        assert!(
            holds(&erased),
            "erased personal data leaves the chain whole"
        );

        let edits: [fn(&mut Vec<StoredEvent>); 8] = [
            |events| events[1].at = UnixMillis(4),
            |events| events[1].actor = Actor::System,
            |events| events[1].event.kind = EventKind::UserDisabled,
            |events| events[1].event.user = None,
            |events| {
                events[1].event.application = Some(ApplicationId::new(UnixMillis(5), [5; 10]));
            },
            |events| {
                events[1].personal.as_mut().unwrap().email = Some("bob@example.test".to_owned());
            },
            |events| drop(events.remove(1)),
            |events| events.swap(0, 1),
        ];
        for (n, edit) in edits.into_iter().enumerate() {
            let mut edited = events.to_vec();
            edit(&mut edited);
            assert!(!holds(&edited), "edit {n}");
        }
        let other = SealKey::from_seed(&[8; 32]).unwrap();
        assert!(!seal.verifies(&other.public(), &GENESIS, &events));
        assert!(
            !seal.verifies(&key.public(), &[1; 32], &events),
            "a seal follows on its predecessor"
        );
    }

    /// Trails that were sealed before applications were known verify for ever.
    #[test]
    fn the_chain_of_what_concerns_no_application_is_what_it_always_was() {
        let head = chain(&GENESIS, &event(1));
        let golden = "FK-Ye4_r98O4FLQr5lBCChH5ies0sI6u6rS9u5FVIfw";
        assert_eq!(URL_SAFE_NO_PAD.encode(head), golden);
    }

    #[test]
    fn codes_read_back_and_are_distinct() {
        for kind in EventKind::all() {
            assert_eq!(EventKind::parse(kind.code(), kind.reason()), Some(kind));
        }
        let user = UserId::new(UnixMillis(1), [1; 10]);
        for actor in [
            Actor::Visitor,
            Actor::User(user),
            Actor::Operator(1000),
            Actor::System,
        ] {
            assert_eq!(Actor::parse(&actor.code()), Some(actor));
        }
        assert_eq!(Actor::parse("root"), None);
    }
}
