//! Sessions: opened by a login, renewed, ended; never brought back.

use vestibule_core::audit::Act;
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::SessionFilter;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::{EndReason, NewSession, Renewal, Session};
use vestibule_core::time::UnixMillis;

use crate::Answer;

/// Outcome of [`Sessions::open_session`].
#[derive(Debug, PartialEq, Eq)]
pub enum OpenSession {
    /// The login holds.
    Opened(Box<Session>),
    /// The credential changed since it was verified.
    CredentialChanged,
    /// The user was disabled since.
    Disabled,
    /// There is no such user (any more).
    Unknown,
}

/// Outcome of [`Sessions::renew_session`].
#[derive(Debug, PartialEq, Eq)]
pub enum RenewSession {
    /// The old secret is dead; the new one is good.
    Renewed(Box<Session>),
    /// The session ended meanwhile, ran out, or its secret is another one by now.
    Ended,
    /// The credential changed since it was verified.
    CredentialChanged,
    /// The user was disabled since.
    Disabled,
}

/// Outcome of [`Sessions::end_session`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSession {
    /// It was open and is dead now.
    Ended,
    /// It was ended or struck already, or there is none with this id (of this owner): the caller learns no difference.
    NotLive,
}

/// Outcome of [`Sessions::end_other_sessions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOthers {
    /// Every other session of the user is dead; `ended` were live until then.
    Ended {
        /// How many.
        ended: u64,
    },
    /// The session to be spared is not live itself; nothing changed.
    NotLive,
}

/// One written-behind use of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// Which session.
    pub id: SessionId,
    /// When it was last seen.
    pub seen: UnixMillis,
}

/// A session that the index judges to have run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    /// Which session.
    pub id: SessionId,
    /// The last-seen that was judged by. A later stored one wins, and the session lives on.
    pub seen: UnixMillis,
    /// `Idle` or `Expired`.
    pub reason: EndReason,
}

/// A session with its owner's address, for an operator's list.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// Its owner.
    pub email: EmailAddress,
}

/// A page of sessions, newest first.
#[derive(Debug, PartialEq, Eq)]
pub struct SessionPage {
    /// At most as many as were asked for, and perhaps fewer though there is a next page.
    pub sessions: Vec<StoredSession>,
    /// Where the next page begins, if there is one.
    pub next: Option<SessionId>,
}

/// Transitions and reads about sessions.
///
/// 'Live' means: the row is open, it stands against the cutoffs of its user and of everything, its user is not
/// disabled, and by its clocks it is not over at the act's (or the given) time
/// ([`vestibule_core::session::Clocks::timed_out`]).
///
/// What *ends* a session asks no clock: last-seen times are written behind, so that a session which looks idle here may
/// be live in the index, and a row that were left open could be touched back to life after a logout.
pub trait Sessions: Send + Sync {
    /// Opens a session for a login, judged by [`vestibule_core::session::may_open`]; the session it replaces (which
    /// may be another user's) ends in the same transition, unless it is ended or struck already. So do those of the
    /// user's live sessions that give way to it by [`vestibule_core::session::displaced`] (ASVS 7.1.2). The tallies of its try
    /// start again (N42); its device is known from now on, and of more than
    /// [`vestibule_core::known_device::MOST_KNOWN`] those seen longest ago are forgotten; its `end_ticket` is offered. Audit: `login.succeeded`,
    /// `device.known` where it was not, `session.ended (replaced)`, `session.ended (displaced)` each. Publishes the cutoffs in that
    /// order, then the new session.
    fn open_session(&self, new: NewSession, act: Act) -> Answer<'_, OpenSession>;

    /// Gives a live session a new secret and new clocks (ASVS 7.2.4, N07); the app sessions and codes under it end, since
    /// whoever had the old secret may have them; the tallies of its try start again (N42). Audit:
    /// `reauthentication.succeeded`. Publishes the renewed session.
    fn renew_session(&self, renewal: Renewal, act: Act) -> Answer<'_, RenewSession>;

    /// Ends one session: a final cutoff on it. With `owner`, only that user's (ASVS 8.2.2). The device it was on is forgotten
    /// where somebody was put out: not by who signed out there, nor by time, nor, unless an operator ends it, while another
    /// live session of the user is on it (C23). Audit: `session.ended`. Publishes the cutoff.
    fn end_session(
        &self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        act: Act,
    ) -> Answer<'_, EndSession>;

    /// Ends every session of the spared one's user but that one: one cutoff on the user, to whose number the spared
    /// session's `rev` rises. Every known device of the user is forgotten but the one that the spared session is on (C23).
    /// Audit: `user_sessions.ended (others_ended)`, naming the spared one. Publishes the cutoff.
    fn end_other_sessions(&self, spared: SessionId, act: Act) -> Answer<'_, EndOthers>;

    /// Ends every session of one user: one cutoff. Every known device of theirs is forgotten but the one of `acting`, the
    /// owner's own session that asked for it, if one did (C23). Answers how many were live. Audit: `user_sessions.ended`.
    /// Publishes the cutoff.
    fn end_user_sessions(
        &self,
        user: UserId,
        acting: Option<SessionId>,
        reason: EndReason,
        act: Act,
    ) -> Answer<'_, u64>;

    /// Ends every session of everybody: one cutoff, and never a million rows. Answers how many were live. Audit:
    /// `all_sessions.ended`. Publishes the cutoff.
    fn end_all_sessions(&self, act: Act) -> Answer<'_, u64>;

    /// Writes last-seen times behind every other transition; only ever later, only on open rows. Neither audited nor
    /// published.
    fn touch_sessions(&self, touches: Vec<Touch>) -> Answer<'_, ()>;

    /// Ends sessions that ran out, each only if its stored last-seen is not later than the one judged by, and only if by
    /// that one and its other clocks as stored it is over at the act's time. Audit:
    /// `session.ended (idle|expired)` each. Publishes a cutoff for each that ended; answers their ids. At most 1,000 at a time.
    fn end_timed_out_sessions(
        &self,
        sessions: Vec<TimedOut>,
        act: Act,
    ) -> Answer<'_, Vec<SessionId>>;

    /// Drops up to `limit` rows of sessions that have been dead since before `before` (ended, or struck by a cutoff and
    /// past their absolute end). Answers how many. Neither audited nor published.
    fn drop_dead_sessions(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize>;

    /// The sessions of one user that are open, stand, and were within their limits at `now`, newest first. A login that
    /// lies ahead of `now` is among them: the index is asked about each, and this as of a little earlier.
    fn sessions_of(&self, user: UserId, now: UnixMillis) -> Answer<'_, Vec<Session>>;

    /// One of the same, by its id.
    fn session(&self, id: SessionId, now: UnixMillis) -> Answer<'_, Option<Session>>;

    /// A page of the same of everybody, as far as they match, newest first, before `before`. It looks at no more than
    /// [`crate::MOST_LOOKED_AT`], dead ones included.
    fn sessions(
        &self,
        filter: SessionFilter,
        before: Option<SessionId>,
        limit: usize,
        now: UnixMillis,
    ) -> Answer<'_, SessionPage>;
}
