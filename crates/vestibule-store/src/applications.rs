//! Applications, and the roles that people hold there.

use vestibule_core::application::{Application, ApplicationName, ApplicationSpec};
use vestibule_core::audit::Act;
use vestibule_core::declaration::{Declaration, Taken};
use vestibule_core::id::{ApplicationId, UserId};
use vestibule_core::origin::Origin;
use vestibule_core::role::RoleSpec;
use vestibule_core::secret::HashedSecret;
use vestibule_core::user::{Role, User};

use crate::Answer;

/// Outcome of [`Applications::add_application`] and [`Applications::change_application`].
#[derive(Debug, PartialEq, Eq)]
pub enum PutApplication {
    /// It is so now.
    Put(Box<Application>),
    /// It was so already; nothing changed.
    Already,
    /// Another application has this name.
    NameTaken,
    /// Another application is reached at this authority (host, with a port unless it is the scheme's own).
    OriginTaken {
        /// The authority.
        authority: String,
        /// Whose it is.
        by: ApplicationName,
    },
    /// It stands in the settings file and is changed there.
    Declared,
    /// There is no such application.
    Unknown,
}

/// Outcome of [`Applications::remove_application`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveApplication {
    /// No cookie of it is worth anything any more.
    Removed,
    /// It stands in the settings file and is removed there.
    Declared,
    /// There is no such application.
    Unknown,
}

/// Outcome of [`Applications::rotate_secret`].
#[derive(Debug, PartialEq, Eq)]
pub enum RotateSecret {
    /// The application as it is now.
    Rotated(Box<Application>),
    /// There is no such application.
    Unknown,
}

/// A role that somebody described, or that somebody holds.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredRole {
    /// What it is.
    pub spec: RoleSpec,
    /// Whether anybody described it; else it is only held.
    pub described: bool,
    /// It stands in the settings file and is managed there.
    pub declared: bool,
    /// How many users hold it.
    pub holders: u64,
}

/// Outcome of [`Applications::put_role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutRole {
    /// It was described for the first time.
    Added,
    /// It was described otherwise before.
    Changed,
    /// Nothing changed.
    Already,
    /// It stands in the settings file and is changed there.
    Declared,
}

/// Outcome of [`Applications::remove_role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveRole {
    /// Nobody holds it, and nothing describes it any more.
    Removed,
    /// So many users hold it: nothing changed.
    Held(u64),
    /// It stands in the settings file and is removed there.
    Declared,
    /// Nobody described it.
    Unknown,
}

/// Outcome of [`Applications::set_roles`].
#[derive(Debug, PartialEq, Eq)]
pub enum SetRoles {
    /// The account as it is now.
    Set(Box<User>),
    /// It has these already; nothing changed.
    Already,
    /// The only administrator stays one: nobody could make another.
    LastAdministrator,
    /// No such account.
    Unknown,
}

/// Outcome of [`Applications::declare`].
#[derive(Debug, PartialEq, Eq)]
pub enum Declare {
    /// All of it is so now.
    Declared(Declared),
    /// None of it is: an application that is not declared has this authority.
    Taken(Taken),
    /// None of it is: it would leave no administrator who can sign in, where there is one.
    LastAdministrator,
}

/// What a declaration changed, by name or address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// What was made.
    pub added: Vec<String>,
    /// What was changed.
    pub changed: Vec<String>,
    /// Applications and roles that were removed (a role that is held keeps its holders), and people who were disabled: they are
    /// declared no more.
    pub removed: Vec<String>,
}

/// Where an application was reached and is not any more.
pub fn lost_origins<'a>(
    was: &'a Application,
    now: &'a Application,
) -> impl Iterator<Item = &'a Origin> {
    let lost = |origin: &&Origin| !now.spec.origins.contains(origin);
    was.spec.origins.iter().filter(lost)
}

/// Transitions and reads about applications and roles.
pub trait Applications: Send + Sync {
    /// Makes an application known. Audit: `application.added`. Publishes the application. Never answers `Already`, `Declared`
    /// or `Unknown`.
    fn add_application(
        &self,
        id: ApplicationId,
        spec: ApplicationSpec,
        act: Act,
    ) -> Answer<'_, PutApplication>;

    /// Changes what is known of an application; its secrets stay. App sessions on origins that it has no more end for good, in the same
    /// transition: it may get one of them again (ASVS 7.4.1). Audit: `application.changed`. Publishes the application.
    fn change_application(
        &self,
        id: ApplicationId,
        spec: ApplicationSpec,
        act: Act,
    ) -> Answer<'_, PutApplication>;

    /// Removes an application; its app sessions are worth nothing from then on, and are dropped in the background with what it keeps
    /// under sessions. Its id is never given again. Audit: `application.removed`. Publishes the removal.
    fn remove_application(&self, id: ApplicationId, act: Act) -> Answer<'_, RemoveApplication>;

    /// Gives an application a new secret, of which this is the hash, as
    /// [`vestibule_core::application::Application::with_secret`] says; a declared one too, since no file holds a secret. Audit:
    /// `application.secret_rotated`. Publishes the application.
    fn rotate_secret(
        &self,
        id: ApplicationId,
        secret: HashedSecret,
        keep_previous: bool,
        act: Act,
    ) -> Answer<'_, RotateSecret>;

    /// Every application, by name.
    fn applications(&self) -> Answer<'_, Vec<Application>>;

    /// Describes a role, anew or otherwise. Audit: `role.added` or `role.changed`.
    fn put_role(&self, spec: RoleSpec, act: Act) -> Answer<'_, PutRole>;

    /// Removes a role's description, if nobody holds it. Audit: `role.removed`.
    fn remove_role(&self, role: Role, act: Act) -> Answer<'_, RemoveRole>;

    /// Every role that is described or held, by name; `admin` always.
    fn roles(&self) -> Answer<'_, Vec<StoredRole>>;

    /// Gives a user exactly these roles (ASVS 8.3.2: in force at once). Audit: `user.roles_changed`. Publishes the user.
    fn set_roles(&self, user: UserId, roles: Vec<Role>, act: Act) -> Answer<'_, SetRoles>;

    /// Makes everything as the settings file says, in one transition, or nothing of it. Applications and roles that are declared
    /// no more are removed, people are disabled. An application or role of the same name that was not declared becomes so; an
    /// account with a declared address likewise. Audit: an event for each thing that changed, as if it were changed alone.
    /// Publishes likewise.
    fn declare(&self, declaration: Declaration, act: Act) -> Answer<'_, Declare>;
}
