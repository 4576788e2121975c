//! What a commit tells the memory in front of the store.

use vestibule_core::app_session::AppSession;
use vestibule_core::application::Application;
use vestibule_core::id::{AppSessionId, ApplicationId, UserId};
use vestibule_core::lineage::{Cutoff, StoreNumber};
use vestibule_core::session::Session;
use vestibule_core::user::User;

/// One committed change, as far as checks on requests need to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A user was made or changed.
    User(Box<User>),
    /// A login opened a session. The only change that may add one.
    SessionOpened(Box<Session>),
    /// A session has a new secret and new clocks; what was under it is gone. Never adds one.
    SessionRenewed(Box<Session>),
    /// A user was deleted; a cutoff on them went before. Nothing is left to be known of them.
    UserDeleted(UserId),
    /// An application was made known or changed; what was at an origin that it has no more is gone.
    Application(Box<Application>),
    /// An application is gone; nothing at it is worth anything any more.
    ApplicationRemoved(ApplicationId),
    /// Every application there is, read again after a commit whose outcome nobody knew: any other is gone.
    ApplicationsReloaded(Vec<Application>),
    /// A handshake opened an app session. `replaced` is the one it took the place of.
    AppSessionOpened {
        /// It. Its session and its application are known before it.
        app_session: Box<AppSession>,
        /// Dead from now on.
        replaced: Option<AppSessionId>,
    },
    /// All there is to be known of one user, read again after a commit whose outcome nobody knew: what is known besides is
    /// forgotten.
    UserReloaded {
        /// Who.
        id: UserId,
        /// `None`: there is no such user (any more).
        user: Option<Box<User>>,
        /// Their sessions that are open and stand.
        sessions: Vec<Session>,
        /// What is under those.
        app_sessions: Vec<AppSession>,
    },
    /// A cutoff was committed. For `Node::User(_, Some(spared))` the spared session's `rev` is this number.
    Cutoff(Cutoff),
}

/// Who is told of every commit. The binary builds it and hands it to a backend's `open`, which first fills it with what
/// is stored, then feeds it.
///
/// Calls come one at a time, in commit order, before the caller of the transition is answered. They must not block.
pub trait Publish: Send + Sync {
    /// These changes were committed together, in this order.
    fn publish(&self, changes: &[Change]);

    /// The fill is whole: from here on a miss is final. `everything` is the latest cutoff on everybody.
    fn filled(&self, everything: StoreNumber);
}
