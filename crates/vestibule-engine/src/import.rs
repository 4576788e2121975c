//! Accounts that come many at a time, from a list that another system wrote. Never with a password: who is in them proves their
//! address, by recovery or by an invitation.
//!
//! Each account is a transition of its own, so that one which cannot be made keeps no other from being made; side by side they
//! share the store's commits. Whoever stops administering by it comes after all others.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use vestibule_core::audit::Actor;
use vestibule_core::email::{EmailAddress, ParseEmailError};
use vestibule_core::filter::UserFilter;
use vestibule_core::session::EndReason;
use vestibule_core::user::{
    DisplayName, Language, NewUser, ParseNameError, ParseRoleError, Particulars, Revision, Role,
    User, UserStatus,
};
use vestibule_store::{CreateUser, ReviseUser, SignInRecord, StoreError};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::sessions::end::see_through;
use crate::users::roles;
use crate::visit::Operator;

/// How many are under way at a time: enough to share a commit, few enough not to stand in everybody's way.
const SIDE_BY_SIDE: usize = 128;
/// Accounts that are looked at in one go, where they are counted.
const PAGE: usize = 1000;

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
    /// Whoever asked for it is signed in no more, or administers no more.
    #[error("whoever asked for it may not go on: the login is over, or the role was taken away")]
    NotAllowed,
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
    verified: bool,
    says: Revision,
}

impl Entry {
    fn read(user: ImportedUser) -> Result<Self, ImportError> {
        let name = user.name.as_deref().map(DisplayName::parse);
        let roles = user.roles.as_deref().map(roles);
        Ok(Self {
            email: EmailAddress::parse(&user.email)?,
            verified: user.verified,
            says: Revision {
                name: name.transpose()?,
                language: user.language,
                roles: roles.transpose()?,
                disabled: user.disabled,
            },
        })
    }

    /// Whether somebody administers once it is made.
    fn brings_administration(&self) -> bool {
        let roles = self.says.roles.as_deref().unwrap_or_default();
        roles.contains(&Role::admin()) && self.says.disabled != Some(true)
    }

    /// Whether the list says that they may sign in.
    fn opens(&self) -> bool {
        self.says.disabled == Some(false)
    }

    /// What becomes of an account that there is.
    fn would_become(&self, record: &SignInRecord, plan: ImportPlan) -> Imported {
        // By another of its addresses it is not the one that the list means.
        if !plan.update || record.user.email != self.email {
            return Imported::Skipped;
        }
        let language = self.says.language.as_ref();
        let is_other = self.says.of(&record.user) != record.user
            || language.is_some_and(|language| *language != record.particulars.language);
        if is_other {
            Imported::Updated
        } else {
            Imported::Unchanged
        }
    }
}

/// What became of an account in the first round, in which nobody stops administering.
enum Round {
    Done(Imported),
    /// It is made or changed by somebody's becoming an administrator. Only a dry run has to know.
    Brings(Imported),
    /// It takes an administrator away: judged in the order of the list, once those who come are there.
    Takes {
        /// Whoever asked for it: the last of them, since nothing is done for them after that.
        own: bool,
    },
}

impl Engine {
    /// Imports accounts, and answers for each in the order of the list. Those who stop administering come last, one by one, and
    /// whoever asked for it after the others, so that it does not hang on chance which of them is the only one left: a dry run
    /// says what the import does.
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
                Ok(entry) => entries.push((n, Arc::new(entry))),
                Err(error) => outcomes[n] = Err(error),
            }
        }
        let mut last = BTreeMap::new();
        let mut brought = 0;
        let mut under_way = JoinSet::new();
        let mut entries = entries.into_iter();
        loop {
            while under_way.len() < SIDE_BY_SIDE
                && let Some((n, entry)) = entries.next()
            {
                let (engine, operator) = (Arc::clone(self), operator.clone());
                // Whoever hangs up leaves no account half as the list says.
                under_way.spawn(async move {
                    let judged = Arc::clone(&entry);
                    let import = async move { engine.import(&judged, plan, &operator).await };
                    (n, entry, see_through(import).await)
                });
            }
            match under_way.join_next().await {
                None => break,
                Some(Ok((n, entry, Ok(Round::Takes { own })))) => {
                    last.insert((own, n), entry);
                }
                Some(Ok((n, _, Ok(Round::Brings(outcome))))) => {
                    brought += 1;
                    outcomes[n] = Ok(outcome);
                }
                Some(Ok((n, _, Ok(Round::Done(outcome))))) => outcomes[n] = Ok(outcome),
                Some(Ok((n, _, Err(error)))) => outcomes[n] = Err(error),
                Some(Err(error)) => tracing::error!(%error, "an account's import ended badly"),
            }
        }
        if plan.dry_run {
            let last = last.into_keys().map(|(_, n)| n).collect();
            for (n, outcome) in self.would_take(last, brought).await {
                outcomes[n] = outcome;
            }
            return outcomes;
        }
        for ((_, n), entry) in last {
            let (engine, operator) = (Arc::clone(self), operator.clone());
            let revise = async move { engine.revise(&entry, &operator).await };
            outcomes[n] = see_through(revise).await;
        }
        outcomes
    }

    async fn import(
        self: &Arc<Self>,
        entry: &Entry,
        plan: ImportPlan,
        operator: &Operator,
    ) -> Result<Round, ImportError> {
        if !plan.dry_run && self.import_new(entry, operator).await? {
            return Ok(Round::Done(Imported::Added));
        }
        let Some(record) = self.store().sign_in_record(entry.email.clone()).await? else {
            return Ok(match (plan.dry_run, entry.brings_administration()) {
                (true, true) => Round::Brings(Imported::Added),
                (true, false) => Round::Done(Imported::Added),
                // Deleted since: as if it had been there a moment longer.
                (false, _) => Round::Done(Imported::Skipped),
            });
        };
        let outcome = entry.would_become(&record, plan);
        if outcome == Imported::Unchanged && entry.opens() && !plan.dry_run {
            // It is stored as open, and perhaps shut in memory alone.
            self.index().hold(record.user.id, false);
        }
        if outcome != Imported::Updated {
            return Ok(Round::Done(outcome));
        }
        if entry.says.takes_administration(&record.user) {
            let own = operator.actor() == Actor::User(record.user.id);
            return Ok(Round::Takes { own });
        }
        if !plan.dry_run {
            return self.revise(entry, operator).await.map(Round::Done);
        }
        let comes = !record.user.administers() && entry.says.of(&record.user).administers();
        Ok(if comes {
            Round::Brings(outcome)
        } else {
            Round::Done(outcome)
        })
    }

    /// What would become of those who stop administering, in their order, once so many others were brought.
    async fn would_take(
        &self,
        last: Vec<usize>,
        brought: usize,
    ) -> Vec<(usize, Result<Imported, ImportError>)> {
        if last.is_empty() {
            return Vec::new();
        }
        let mut left = match self.count_administrators().await {
            Ok(administrators) => administrators + brought,
            Err(error) => {
                // One that says why; the others say that they were not come to.
                let told = (last[0], Err(ImportError::Store(error)));
                return vec![told];
            }
        };
        let judged = last.into_iter().map(|n| {
            if left <= 1 {
                return (n, Err(ImportError::LastAdministrator));
            }
            left -= 1;
            (n, Ok(Imported::Updated))
        });
        judged.collect()
    }

    /// How many administer, and may sign in to do so.
    async fn count_administrators(&self) -> Result<usize, StoreError> {
        let filter = UserFilter {
            role: Some(Role::admin()),
            status: Some(UserStatus::Active),
            ..UserFilter::default()
        };
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.users(filter.clone(), after, PAGE).await?;
            count += page.users.len();
            after = page.next;
            if after.is_none() {
                return Ok(count);
            }
        }
    }

    /// Whether there was none.
    async fn import_new(
        self: &Arc<Self>,
        entry: &Entry,
        operator: &Operator,
    ) -> Result<bool, ImportError> {
        // ASVS 8.3.2: at each account.
        if !operator.still(self) {
            return Err(ImportError::NotAllowed);
        }
        let says = entry.says.clone();
        let new = NewUser {
            // In the same transition: an account that the list shuts is never open, whatever breaks off.
            disabled: says.disabled == Some(true),
            id: self.entropy().user_id(operator.now)?,
            email: entry.email.clone(),
            email_verified: entry.verified,
            name: says.name.unwrap_or_default(),
            roles: says.roles.unwrap_or_default(),
            password: None,
            particulars: Particulars {
                language: says.language.unwrap_or_default(),
                ..Particulars::default()
            },
        };
        let act = operator.act(self, Some(entry.email.as_str()))?;
        Ok(match self.store().create_user(new, act).await? {
            CreateUser::AddressTaken => false,
            CreateUser::Created(_) => true,
        })
    }

    /// Makes an account what the list says, in one transition. When the store cannot be told that it is shut, it is enforced in
    /// memory (but for the only one who administers), and the error returned (ASVS 7.4.2).
    async fn revise(
        self: &Arc<Self>,
        entry: &Entry,
        operator: &Operator,
    ) -> Result<Imported, ImportError> {
        // ASVS 8.3.2: at each account.
        if !operator.still(self) {
            return Err(ImportError::NotAllowed);
        }
        let act = operator.act(self, Some(entry.email.as_str()))?;
        let (email, says) = (entry.email.clone(), entry.says.clone());
        let revised = self.store().revise_user(email, says, act.clone()).await;
        match revised {
            Ok(ReviseUser::Revised { user, .. }) => {
                // Only where the list says something of it: what shut somebody in memory alone was said by somebody else.
                if entry.says.disabled.is_some() {
                    self.index().hold(user.id, false);
                }
                Ok(Imported::Updated)
            }
            Ok(ReviseUser::Already) => {
                if entry.opens()
                    && let Some(user) = self.user_by_address(&entry.email).await?
                {
                    self.index().hold(user, false);
                }
                Ok(Imported::Unchanged)
            }
            Ok(ReviseUser::LastAdministrator) => Err(ImportError::LastAdministrator),
            // Deleted meanwhile, or known by another address.
            Ok(ReviseUser::Unknown) => Ok(Imported::Skipped),
            Err(error) => {
                if entry.says.disabled == Some(true)
                    && let Ok(Some(user)) = self.user_by_address(&entry.email).await
                    && self.shut_out(user).await
                {
                    let reason = EndReason::UserDisabled;
                    self.enforce_on_user(user, None, reason, Some(act)).await;
                }
                Err(error.into())
            }
        }
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
