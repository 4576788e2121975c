//! What a user tells of themselves.

use vestibule_core::audit::Actor;
use vestibule_core::user::{Language, Particulars};
use vestibule_store::{NewProfile, StoreError};

use super::answers::ProfileFault;
use crate::engine::Engine;
use crate::login::credential::{NotNow, not_now};
use crate::sessions::live::LiveSession;
use crate::visit::Visit;

/// What a user typed.
#[derive(Clone, Copy)]
pub struct ChangeProfile<'a> {
    /// As typed; may be empty.
    pub name: &'a str,
    /// A tag, for their mails.
    pub language: &'a str,
    /// To the fields that the settings ask for, by id.
    pub answers: &'a [(&'a str, &'a str)],
}

/// Why a profile is what it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangeProfileError {
    /// What they tell of themselves may not be kept so.
    #[error(transparent)]
    Profile(#[from] ProfileFault),
    /// The account was deleted meanwhile.
    #[error("the session has ended")]
    Ended,
    /// Not just now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

not_now!(ChangeProfileError);

impl Engine {
    /// What is known of the session's user that no check on a request needs.
    pub async fn particulars(&self, session: &LiveSession) -> Result<Particulars, StoreError> {
        let record = self.store().sign_in_record_of(session.user_id()).await?;
        Ok(record.map(|record| record.particulars).unwrap_or_default())
    }

    /// Changes what the session's user told of themselves.
    pub async fn change_profile(
        &self,
        session: &LiveSession,
        change: ChangeProfile<'_>,
        visit: &Visit,
    ) -> Result<(), ChangeProfileError> {
        let policy = &self.policy().registration;
        let told = policy.told(change.name, change.answers)?;
        let profile = NewProfile {
            name: told.name,
            language: Language::of(change.language),
            details: told.details,
        };
        let user = session.user_id();
        let email = session.profile().email();
        let act = visit.act(self, Actor::User(user), Some(email.as_str()))?;
        let changed = self.store().change_profile(user, profile, act).await?;
        changed.map(drop).ok_or(ChangeProfileError::Ended)
    }
}
