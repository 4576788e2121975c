//! App sessions: cookies on applications' own hosts, made by the handshake; never without a session above them.

use vestibule_core::app_session::{AppSession, Handshake};
use vestibule_core::audit::Act;
use vestibule_core::id::{AppSessionId, SessionId, UserId};
use vestibule_core::local_path::LocalPath;
use vestibule_core::origin::Origin;
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;

use crate::Answer;

/// Most codes of one session that are open at a time: as many pages as a browser may ask for at once, and no more rows.
pub const OPEN_CODES: usize = 20;

/// Outcome of [`AppSessions::offer_handshake`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferHandshake {
    /// The code is good for one use until it expires.
    Offered,
    /// The session is not open: ended, struck, or its user disabled.
    NotLive,
    /// The application is gone, or is not reached at this origin any more.
    NoSuchOrigin,
}

/// What a browser brings back to the application's host.
#[derive(Debug, Clone)]
pub struct Redemption {
    /// The hash of the code in the URL.
    pub code: HashedSecret,
    /// Where it was brought.
    pub origin: Origin,
    /// The hash of what this browser keeps, if it keeps anything.
    pub browser: Option<HashedSecret>,
    /// The id that the app session takes.
    pub id: AppSessionId,
    /// The hash of the secret that it takes.
    pub secret: HashedSecret,
}

/// Outcome of [`AppSessions::redeem_handshake`].
#[derive(Debug, PartialEq, Eq)]
pub enum RedeemHandshake {
    /// The app session exists.
    Opened {
        /// It.
        app_session: Box<AppSession>,
        /// The page that was asked for.
        next: LocalPath,
    },
    /// The code came from another browser than the one that asked; it is burnt.
    OtherBrowser,
    /// Unknown, used, too late, on another origin, or its session or application is gone. Burnt if there was one.
    Gone,
}

/// Transitions and reads about app sessions.
pub trait AppSessions: Send + Sync {
    /// Offers a code for a session that is open; of more than [`OPEN_CODES`] the oldest are gone. Neither audited nor
    /// published.
    fn offer_handshake(&self, handshake: Handshake) -> Answer<'_, OfferHandshake>;

    /// Burns a code, whatever the outcome, and opens an app session if it is good at the act's time
    /// ([`vestibule_core::app_session::Handshake::redeem`]) and its session is still open: parallel tries open one (H04). An
    /// earlier app session of the same session, application and origin ends with it. Audit: `app_session.opened` or
    /// `handshake.refused`. Publishes the app session. What is no code changes nothing, and waits for nobody who writes.
    fn redeem_handshake(&self, redemption: Redemption, act: Act) -> Answer<'_, RedeemHandshake>;

    /// The app sessions under one user's open sessions, newest first.
    fn app_sessions_of(&self, user: UserId) -> Answer<'_, Vec<AppSession>>;

    /// The same of these sessions, as far as they are open, in one question.
    fn app_sessions_under(&self, sessions: Vec<SessionId>) -> Answer<'_, Vec<AppSession>>;

    /// Drops up to `limit` codes that expired before `now`, app sessions whose application is gone, and what such an application
    /// kept under sessions ([`crate::SessionData`]). Answers how many.
    /// (App sessions go with the row of their session.) Neither audited nor published.
    fn drop_stale_app_sessions(&self, now: UnixMillis, limit: usize) -> Answer<'_, usize>;
}
