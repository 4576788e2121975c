//! Accounts that come many at a time, from a list that another system wrote. Never with a password: who is in them proves their
//! address, by recovery or by an invitation.
//!
//! Each account is transitions of its own, so that one which cannot be made keeps no other from being made; side by side they
//! share the store's commits.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::user::{
    DisplayName, Language, NewUser, ParseNameError, ParseRoleError, Particulars, Role, User,
    UserStatus,
};
use vestibule_store::{CreateUser, NewProfile, SetRoles, SetStatus, SignInRecord, StoreError};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::sessions::end::see_through;
use crate::users::roles;
use crate::visit::Operator;

/// How many are under way at a time: enough to share a commit, few enough not to stand in everybody's way.
const SIDE_BY_SIDE: usize = 128;

/// An account as the list has it. What it does not say is the default in a new account, and as it was in one that there is.
#[derive(Debug, Clone, Default)]
pub struct ImportedUser {
    /// As written.
    pub email: String,
    /// As written; may be empty.
    pub name: Option<String>,
    /// Names of roles.
    pub roles: Option<Vec<String>>,
    /// A new account's address is declared verified; one that there is stays as it is.
    pub verified: bool,
    /// Whether nobody may sign in to it.
    pub disabled: Option<bool>,
    /// In which their mails are written.
    pub language: Option<Language>,
}

/// What the import is to do.
#[derive(Debug, Clone, Copy)]
pub struct ImportPlan {
    /// Accounts that there are become what the list says; otherwise they are left.
    pub update: bool,
    /// Only find out what would become of each.
    pub dry_run: bool,
}

/// What became of one, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is there now.
    Added,
    /// It was there, otherwise.
    Updated,
    /// It was there, and so.
    Unchanged,
    /// It was there, and was left.
    Skipped,
}

/// Why one was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not an address.
    #[error(transparent)]
    Email(#[from] ParseEmailError),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// Not a role.
    #[error(transparent)]
    Role(#[from] ParseRoleError),
    /// Its address stands in the list before.
    #[error("its address stands in the list already")]
    Twice,
    /// Without it nobody would administer.
    #[error("it is the only administrator, and without one nobody administers")]
    LastAdministrator,
    /// Not just now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was broken off.
    #[error("it was broken off")]
    BrokenOff,
}

impl From<EntropyError> for ImportError {
    fn from(error: EntropyError) -> Self {
        Self::Store(error.into_store())
    }
}

/// An account with what an export tells of it.
#[derive(Debug, Clone)]
pub struct ExportedUser {
    /// The account.
    pub user: User,
    /// In which their mails are written.
    pub language: Language,
}

/// One of the list, read.
struct Entry {
    email: EmailAddress,
    name: Option<DisplayName>,
    roles: Option<Vec<Role>>,
    verified: bool,
    disabled: Option<bool>,
    language: Option<Language>,
}

impl Entry {
    fn read(user: ImportedUser) -> Result<Self, ImportError> {
        let name = user.name.as_deref().map(DisplayName::parse);
        let roles = user.roles.as_deref().map(roles);
        Ok(Self {
            email: EmailAddress::parse(&user.email)?,
            name: name.transpose()?,
            roles: roles.transpose()?,
            verified: user.verified,
            disabled: user.disabled,
            language: user.language,
        })
    }

    fn changes_roles(&self, of: &User) -> bool {
        self.roles.as_ref().is_some_and(|roles| *roles != of.roles)
    }

    fn changes_status(&self, of: &User) -> bool {
        self.disabled
            .is_some_and(|disabled| disabled != (of.status == UserStatus::Disabled))
    }

    fn changes_profile(&self, of: &SignInRecord) -> bool {
        let (user, particulars) = (&of.user, &of.particulars);
        self.name.as_ref().is_some_and(|name| *name != user.name)
            || self
                .language
                .as_ref()
                .is_some_and(|language| *language != particulars.language)
    }
}

impl Engine {
    /// Imports accounts, and answers for each in the order of the list.
    pub async fn import_users(
        self: &Arc<Self>,
        users: Vec<ImportedUser>,
        plan: ImportPlan,
        operator: &Operator,
    ) -> Vec<Result<Imported, ImportError>> {
        let mut outcomes = Vec::with_capacity(users.len());
        let mut seen = HashSet::new();
        let mut entries = Vec::with_capacity(users.len());
        for (n, user) in users.into_iter().enumerate() {
            outcomes.push(Err(ImportError::BrokenOff));
            match Entry::read(user) {
                Ok(entry) if !seen.insert(entry.email.clone()) => {
                    outcomes[n] = Err(ImportError::Twice);
                }
                Ok(entry) => entries.push((n, entry)),
                Err(error) => outcomes[n] = Err(error),
            }
        }
        let mut under_way = JoinSet::new();
        let mut entries = entries.into_iter();
        loop {
            while under_way.len() < SIDE_BY_SIDE
                && let Some((n, entry)) = entries.next()
            {
                let (engine, operator) = (Arc::clone(self), operator.clone());
                // Whoever hangs up leaves no account half as the list says.
                under_way.spawn(async move {
                    let import = async move { engine.import(&entry, plan, &operator).await };
                    (n, see_through(import).await)
                });
            }
            match under_way.join_next().await {
                None => return outcomes,
                Some(Ok((n, outcome))) => outcomes[n] = outcome,
                Some(Err(error)) => tracing::error!(%error, "an account's import ended badly"),
            }
        }
    }

    async fn import(
        self: &Arc<Self>,
        entry: &Entry,
        plan: ImportPlan,
        operator: &Operator,
    ) -> Result<Imported, ImportError> {
        if plan.dry_run {
            return match self.store().sign_in_record(entry.email.clone()).await? {
                None => Ok(Imported::Added),
                Some(record) => Ok(would_become(entry, &record, plan)),
            };
        }
        if self.import_new(entry, operator).await? {
            return Ok(Imported::Added);
        }
        let Some(record) = self.store().sign_in_record(entry.email.clone()).await? else {
            // Deleted since: as if it had been there a moment longer.
            return Ok(Imported::Skipped);
        };
        let outcome = would_become(entry, &record, plan);
        if outcome == Imported::Updated && !self.change_to(entry, record, operator).await? {
            // Deleted meanwhile.
            return Ok(Imported::Skipped);
        }
        Ok(outcome)
    }

    /// Whether there was none.
    async fn import_new(
        self: &Arc<Self>,
        entry: &Entry,
        operator: &Operator,
    ) -> Result<bool, ImportError> {
        let new = NewUser {
            // In the same transition: an account that the list shuts is never open, whatever breaks off.
            disabled: entry.disabled == Some(true),
            id: self.entropy().user_id(operator.now)?,
            email: entry.email.clone(),
            email_verified: entry.verified,
            name: entry.name.clone().unwrap_or_default(),
            roles: entry.roles.clone().unwrap_or_default(),
            password: None,
            particulars: Particulars {
                language: entry.language.clone().unwrap_or_default(),
                ..Particulars::default()
            },
        };
        let act = operator.act(self, Some(entry.email.as_str()))?;
        Ok(match self.store().create_user(new, act).await? {
            CreateUser::AddressTaken => false,
            CreateUser::Created(_) => true,
        })
    }

    /// An account that is to be shut is shut first: whatever breaks off after that, it is no more open than it was. Answers
    /// whether it was still there.
    async fn change_to(
        self: &Arc<Self>,
        entry: &Entry,
        record: SignInRecord,
        operator: &Operator,
    ) -> Result<bool, ImportError> {
        let email = &entry.email;
        let status = entry
            .disabled
            .filter(|_| entry.changes_status(&record.user));
        if status == Some(true) && self.disable_user(email, operator).await? == SetStatus::Unknown {
            return Ok(false);
        }
        if let Some(roles) = &entry.roles
            && entry.changes_roles(&record.user)
        {
            match self.set_roles(email, roles.clone(), operator).await? {
                SetRoles::LastAdministrator => return Err(ImportError::LastAdministrator),
                SetRoles::Unknown => return Ok(false),
                SetRoles::Set(_) | SetRoles::Already => {}
            }
        }
        if entry.changes_profile(&record) {
            let act = operator.act(self, Some(email.as_str()))?;
            let was = record.particulars;
            let profile = NewProfile {
                name: entry.name.clone().unwrap_or(record.user.name.clone()),
                language: entry.language.clone().unwrap_or(was.language),
                details: was.details,
            };
            let changed = self.store().change_profile(record.user.id, profile, act);
            if changed.await?.is_none() {
                return Ok(false);
            }
        }
        if status == Some(false) && self.enable_user(email, operator).await? == SetStatus::Unknown {
            return Ok(false);
        }
        Ok(true)
    }

    /// What an export tells of these accounts besides; one that is gone meanwhile is left out.
    pub async fn export_users(
        self: &Arc<Self>,
        users: Vec<User>,
    ) -> Result<Vec<ExportedUser>, StoreError> {
        let mut exported: Vec<Option<ExportedUser>> = users.iter().map(|_| None).collect();
        let mut under_way = JoinSet::new();
        let mut users = users.into_iter().enumerate();
        loop {
            while under_way.len() < SIDE_BY_SIDE
                && let Some((n, user)) = users.next()
            {
                let engine = Arc::clone(self);
                under_way.spawn(async move {
                    (n, engine.store().sign_in_record_of(user.id).await, user)
                });
            }
            match under_way.join_next().await {
                None => return Ok(exported.into_iter().flatten().collect()),
                Some(Ok((n, record, user))) => {
                    exported[n] = record?.map(|record| ExportedUser {
                        user,
                        language: record.particulars.language,
                    });
                }
                // The page would lack somebody without a word.
                Some(Err(error)) => return Err(StoreError::Failed(Box::new(error))),
            }
        }
    }
}

/// What becomes of an account that there is.
fn would_become(entry: &Entry, record: &SignInRecord, plan: ImportPlan) -> Imported {
    // By another of its addresses it is not the one that the list means.
    if !plan.update || record.user.email != entry.email {
        return Imported::Skipped;
    }
    if entry.changes_roles(&record.user)
        || entry.changes_status(&record.user)
        || entry.changes_profile(record)
    {
        Imported::Updated
    } else {
        Imported::Unchanged
    }
}
