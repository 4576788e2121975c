//! What a list of people, of sessions or of events is narrowed by.
//!
//! A filter that says nothing lets everything through. What each of its parts asks is told at its field, and
//! `matches` is the rule: a store may narrow by what it has an index for, and answers what the rule would let through.
//!
//! # Text
//!
//! A text is looked for anywhere, whatever its case: `zoë` finds `Zoë Example` and `zoë@example.test`. A text with an `@`
//! behind something is the beginning of an address, since nobody looks for one from its middle, and an index finds it at
//! once: `alice@ex` finds `alice@example.test`, not `malice@example.test`. `@example.test` finds everybody there.
//!
//! # Time
//!
//! The trail is in the order of its commits, and but for [`OUT_OF_ORDER`] in that of its times. What is looked for `since` a
//! moment is looked for no further back than that, and `until` one no earlier forward. Only where a clock was set back by
//! more than that (the trail has `clock.accepted` there) may events of the time before be missing from such a search: they
//! are found without the times.

use std::borrow::Cow;
use std::time::Duration;

use unicode_normalization::UnicodeNormalization as _;

use crate::audit::{Actor, EventKind, StoredEvent};
use crate::email::EmailAddress;
use crate::id::UserId;
use crate::session::Session;
use crate::time::UnixMillis;
use crate::user::{Role, User, UserStatus};

/// Most characters of a text that is looked for.
pub const LONGEST_TEXT: usize = 200;

/// By how much an event may tell of an earlier time than those before it in the trail: requests wait, and others overtake them.
pub const OUT_OF_ORDER: Duration = Duration::from_hours(1);

/// Not what anything could be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseFilterError {
    /// Longer than [`LONGEST_TEXT`].
    #[error("what is looked for has at most 200 characters")]
    TextTooLong,
    /// Nothing that is stored has one.
    #[error("what is looked for has no line breaks or control characters")]
    TextCharacter,
    /// No event is of such a kind.
    #[error(
        "no event is of this kind: give one as the trail shows it, like login.succeeded, or the beginning of several \
         with its dot, like session."
    )]
    UnknownKind,
}

/// Reads a text that somebody typed to look for; blanks around it are dropped, and an empty one is none.
pub fn parse_text(text: &str) -> Result<Option<String>, ParseFilterError> {
    let text = text.trim();
    // Bytes first: a megabyte is not counted through.
    if text.len() > 4 * LONGEST_TEXT || text.chars().count() > LONGEST_TEXT {
        return Err(ParseFilterError::TextTooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(ParseFilterError::TextCharacter);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Reads a kind of event, or with a dot at its end the beginning of several; blanks around it are dropped.
pub fn parse_kind(kind: &str) -> Result<String, ParseFilterError> {
    let kind = kind.trim();
    let known = EventKind::all()
        .into_iter()
        .any(|event| is_of_kind(event, kind));
    known
        .then(|| kind.to_owned())
        .ok_or(ParseFilterError::UnknownKind)
}

/// Which users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserFilter {
    /// In the address or the name, as [the module](self) says.
    pub text: Option<String>,
    /// Whether they may sign in.
    pub status: Option<UserStatus>,
    /// A role that they hold.
    pub role: Option<Role>,
}

impl UserFilter {
    /// Whether this user is one of them.
    pub fn matches(&self, user: &User) -> bool {
        self.status.is_none_or(|status| user.status == status)
            && (self.role.as_ref()).is_none_or(|role| user.roles.contains(role))
            && match self.sought() {
                Sought::Anything => true,
                Sought::Beginning(beginning) => user.email.as_str().starts_with(&beginning),
                Sought::Part(part) => {
                    user.email.as_str().contains(&part)
                        || folded(user.name.as_str()).contains(&part)
                }
            }
    }

    /// What its text asks, for a store to narrow by.
    pub fn sought(&self) -> Sought {
        Sought::of(self.text.as_deref())
    }
}

/// Which sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionFilter {
    /// In the owner's address, the network address or the `User-Agent`, as [the module](self) says.
    pub text: Option<String>,
    /// Whose.
    pub user: Option<UserId>,
    /// Whether the cookie outlives the browser.
    pub remembered: Option<bool>,
}

impl SessionFilter {
    /// Whether this session, whose owner has this address, is one of them.
    pub fn matches(&self, session: &Session, owner: &EmailAddress) -> bool {
        let device = &session.device;
        self.user.is_none_or(|user| session.user == user)
            && (self.remembered).is_none_or(|remembered| session.remembered == remembered)
            && match self.sought() {
                Sought::Anything => true,
                Sought::Beginning(beginning) => owner.as_str().starts_with(&beginning),
                Sought::Part(part) => {
                    owner.as_str().contains(&part)
                        || (device.address)
                            .is_some_and(|address| address.to_string().contains(&part))
                        || (device.user_agent.as_deref())
                            .is_some_and(|agent| folded(agent).contains(&part))
                }
            }
    }

    /// What its text asks, for a store to narrow by.
    pub fn sought(&self) -> Sought {
        Sought::of(self.text.as_deref())
    }
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// A kind's code (`login.succeeded`), or with a dot at its end the beginning of several (`session.`).
    pub kind: Option<String>,
    /// To whom it happened.
    pub user: Option<UserId>,
    /// Who did it.
    pub actor: Option<Actor>,
    /// At this moment or later.
    pub since: Option<UnixMillis>,
    /// Before this moment.
    pub until: Option<UnixMillis>,
}

impl EventFilter {
    /// Whether this event is one of them.
    pub fn matches(&self, stored: &StoredEvent) -> bool {
        (self.kind.as_deref()).is_none_or(|kind| is_of_kind(stored.event.kind, kind))
            && (self.user).is_none_or(|user| stored.event.user == Some(user))
            && self.actor.is_none_or(|actor| stored.actor == actor)
            && self.since.is_none_or(|since| stored.at >= since)
            && self.until.is_none_or(|until| stored.at < until)
    }

    /// Whether nothing is looked for before an event of this time.
    pub fn ends_at(&self, at: UnixMillis) -> bool {
        self.since
            .is_some_and(|since| at.plus(OUT_OF_ORDER) < since)
    }

    /// Whether nothing is looked for from an event of this time on.
    pub fn begins_before(&self, at: UnixMillis) -> bool {
        (self.until).is_some_and(|until| at > until.plus(OUT_OF_ORDER))
    }

    /// Whether its kind is the beginning of several.
    pub fn begins_kinds(&self) -> bool {
        self.kind.as_deref().is_some_and(begins_kinds)
    }
}

fn is_of_kind(event: EventKind, kind: &str) -> bool {
    event.code() == kind || begins_kinds(kind) && event.code().starts_with(kind)
}

fn begins_kinds(kind: &str) -> bool {
    kind.ends_with('.')
}

/// What a text asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// Nothing.
    Anything,
    /// An address that begins so.
    Beginning(String),
    /// This, anywhere; folded by [`folded`], as what it is looked for in has to be. Addresses are as they are stored.
    Part(String),
}

impl Sought {
    fn of(text: Option<&str>) -> Self {
        let Some(text) = text else {
            return Self::Anything;
        };
        // Nothing that is stored has one, and not every store can be asked for it.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let text = folded(text.trim()).into_owned();
        match text.find('@') {
            None if text.is_empty() => Self::Anything,
            None | Some(0) => Self::Part(text),
            Some(_) => Self::Beginning(text),
        }
    }
}

/// One spelling of what differs in case or composition alone. Of ASCII, its lower case.
pub fn folded(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        let composed: String = text.nfc().collect();
        return Cow::Owned(composed.to_lowercase().nfc().collect());
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests;
