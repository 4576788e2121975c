//! Users and their passwords.

use vestibule_core::audit::Act;
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::UserFilter;
use vestibule_core::id::UserId;
use vestibule_core::password::HashedPassword;
use vestibule_core::session::Renewal;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{
    CredentialVersion, Details, DisplayName, Language, NewUser, Particulars, PasswordRecord,
    Revision, User,
};

use crate::Answer;

/// Outcome of [`Users::create_user`].
#[derive(Debug, PartialEq, Eq)]
pub enum CreateUser {
    /// The account exists now.
    Created(Box<User>),
    /// Another account has this address.
    AddressTaken,
}

/// Outcome of [`Users::disable_user`] and [`Users::enable_user`].
#[derive(Debug, PartialEq, Eq)]
pub enum SetStatus {
    /// Done; `ended` sessions were live until then.
    Set {
        /// The account as it is now.
        user: Box<User>,
        /// How many live sessions this ended.
        ended: u64,
    },
    /// It was so already; nothing changed.
    Already,
    /// The only administrator who may sign in is not disabled: nobody could enable them again.
    LastAdministrator,
    /// No such account.
    Unknown,
}

/// Outcome of [`Users::revise_user`].
#[derive(Debug, PartialEq, Eq)]
pub enum ReviseUser {
    /// Done; `ended` sessions were live until then.
    Revised {
        /// The account as it is now.
        user: Box<User>,
        /// How many live sessions this ended.
        ended: u64,
    },
    /// It was so already; nothing changed.
    Already,
    /// Nobody else administers; nothing changed.
    LastAdministrator,
    /// No account has this as its primary address.
    Unknown,
}

/// What a login needs of an account.
#[derive(Debug, PartialEq, Eq)]
pub struct SignInRecord {
    /// The account.
    pub user: User,
    /// Its password, if it has one.
    pub password: Option<PasswordRecord>,
    /// What no check on a request needs.
    pub particulars: Particulars,
    /// Its verified addresses and its primary one, which letters go to.
    pub addresses: Vec<EmailAddress>,
    /// When somebody last signed in, if anybody did.
    pub last_login: Option<UnixMillis>,
    /// Wrong passwords in a row before this try.
    pub failures: u32,
    /// Errands that wait for them, counted up to [`vestibule_core::errand::MOST_WAITING`].
    pub letters_waiting: u32,
}

/// What a user changes about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProfile {
    /// May be empty.
    pub name: DisplayName,
    /// In which their mails are written.
    pub language: Language,
    /// Answers to the fields that the settings ask for.
    pub details: Details,
}

/// Outcome of [`Users::delete_user`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteUser {
    /// Nothing is left but what the trail holds under its id; personal data in the trail is erased in the background.
    Deleted {
        /// How many live sessions this ended.
        ended: u64,
    },
    /// The only administrator stays: nobody could make another.
    LastAdministrator,
    /// The settings file declares it, and would make it anew, for whoever has its address by then.
    Declared,
    /// No such account.
    Unknown,
}

/// A password to be changed by its owner, inside a session that survives it.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// Whose.
    pub user: UserId,
    /// The new one.
    pub hash: HashedPassword,
    /// The session that does it: spared from the cutoff, under a new secret. Its `credential` is the version whose
    /// password was presented as the current one.
    pub renewal: Renewal,
}

/// Outcome of [`Users::change_password`].
#[derive(Debug, PartialEq, Eq)]
pub enum ChangePassword {
    /// Done: every other session of the user is dead, `ended` were live until then.
    Changed {
        /// How many other live sessions this ended.
        ended: u64,
    },
    /// The password was changed meanwhile.
    CredentialChanged,
    /// The user was disabled meanwhile.
    Disabled,
    /// The session ended meanwhile, or its secret is another one by now.
    SessionEnded,
}

/// Outcome of [`Users::rehash_password`].
#[derive(Debug, PartialEq, Eq)]
pub enum RehashPassword {
    /// Done; the credential's version is what it was.
    Rehashed,
    /// The password was changed meanwhile; nothing was written.
    CredentialChanged,
}

/// A page of users, by address.
#[derive(Debug, PartialEq, Eq)]
pub struct UserPage {
    /// At most as many as were asked for, and perhaps fewer though there is a next page.
    pub users: Vec<User>,
    /// Where the next page begins, if there is one.
    pub next: Option<EmailAddress>,
}

/// Transitions and reads about users.
pub trait Users: Send + Sync {
    /// Makes an account. Audit: `user.created`, and `user.disabled` where it is shut from the first moment. Publishes the user.
    fn create_user(&self, new: NewUser, act: Act) -> Answer<'_, CreateUser>;

    /// An account by any of its addresses, with its password, for a login.
    fn sign_in_record(&self, email: EmailAddress) -> Answer<'_, Option<SignInRecord>>;

    /// An account by id, with its password, for a re-authentication.
    fn sign_in_record_of(&self, user: UserId) -> Answer<'_, Option<SignInRecord>>;

    /// A page of the accounts that match, after `after`, by address. It looks at no more than [`crate::MOST_LOOKED_AT`].
    fn users(
        &self,
        filter: UserFilter,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Answer<'_, UserPage>;

    /// Disables an account: a cutoff on the user, and no new login (ASVS 7.4.2); never the only administrator who may sign in.
    /// Audit: `user.disabled`, `user_sessions.ended`. Publishes the user, then the cutoff.
    fn disable_user(&self, user: UserId, act: Act) -> Answer<'_, SetStatus>;

    /// Enables an account again; what died stays dead. Audit: `user.enabled`. Publishes the user.
    fn enable_user(&self, user: UserId, act: Act) -> Answer<'_, SetStatus>;

    /// Makes the account with this primary address what a list says of it, all at once: what the list does not say stays, also
    /// where somebody changes it meanwhile. It never leaves nobody to administer. Audit: of what changed, in this order,
    /// `profile.changed`, `user.roles_changed`, and `user.enabled` or `user.disabled` with `user_sessions.ended`. Publishes the
    /// user after each change, and then the cutoff, if any.
    fn revise_user(
        &self,
        email: EmailAddress,
        revision: Revision,
        act: Act,
    ) -> Answer<'_, ReviseUser>;

    /// Changes a password from inside a session: the credential's version rises; a cutoff on the user spares that
    /// session, which gets its renewal in the same transition (ASVS 7.4.3, `docs/architecture.md` Lineage), as by
    /// [`crate::Sessions::renew_session`]. The tallies of
    /// the renewal's try start again (N42), and every known device of the user is forgotten but the one that the session is
    /// on (C23). Audit: `password.changed`, `user_sessions.ended`. Publishes the renewed session, then the cutoff.
    fn change_password(&self, change: PasswordChange, act: Act) -> Answer<'_, ChangePassword>;

    /// What a user told of themselves. Audit: `profile.changed`. Publishes the user. `None`: no such account.
    fn change_profile(
        &self,
        user: UserId,
        profile: NewProfile,
        act: Act,
    ) -> Answer<'_, Option<Box<User>>>;

    /// Deletes an account (ASVS 7.4.2): a cutoff on the user; its row, sessions, addresses, known devices, tickets, tallies and
    /// errands are dropped; its id is never given again (O02). What the trail holds of personal data about it is erased by
    /// [`Users::erase_personal`]. Audit: `user.deleted`, `user_sessions.ended (user_deleted)`. Publishes the cutoff, then
    /// `UserDeleted`.
    fn delete_user(&self, user: UserId, act: Act) -> Answer<'_, DeleteUser>;

    /// Erases up to `limit` rows of personal data that the trail holds about deleted users; the chain stays whole. Answers how
    /// many. Neither audited nor published.
    fn erase_personal(&self, limit: usize) -> Answer<'_, usize>;

    /// Writes the same password at another cost (N30). The version stays, so that no login in flight loses for it.
    /// Audit: `password.rehashed`. Publishes nothing.
    fn rehash_password(
        &self,
        user: UserId,
        version: CredentialVersion,
        hash: HashedPassword,
        act: Act,
    ) -> Answer<'_, RehashPassword>;
}
