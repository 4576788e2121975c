//! Whose a request is, whichever cookie told, and what that is enough for.

use std::sync::Arc;

use vestibule_core::application::Demand;
use vestibule_core::id::SessionId;
use vestibule_core::session::Acr;
use vestibule_engine::{LiveAppSession, LiveSession, Profile};

use super::answer::Forbidden;
use super::requirement::Requirement;

/// Somebody who is signed in.
pub struct Who {
    /// Who.
    pub profile: Arc<Profile>,
    /// By which login.
    pub session: SessionId,
    /// How sure that was.
    pub acr: Acr,
}

impl From<LiveSession> for Who {
    fn from(session: LiveSession) -> Self {
        Self {
            session: session.id(),
            acr: session.acr(),
            profile: session.into_profile(),
        }
    }
}

impl From<LiveAppSession> for Who {
    fn from(session: LiveAppSession) -> Self {
        Self {
            session: session.session_id(),
            acr: session.acr(),
            profile: session.into_profile(),
        }
    }
}

/// Whether somebody with this login is who an application demands.
pub fn meets(demand: &Demand, profile: &Profile, acr: Acr) -> Result<(), Forbidden> {
    let needed = &demand.roles;
    let has = |role: &str| needed.iter().any(|needed| needed.as_str() == role);
    if !needed.is_empty() && !profile.roles().any(has) {
        return Err(Forbidden::Role);
    }
    if demand.acr.is_some_and(|least| acr < least) {
        return Err(Forbidden::Acr);
    }
    Ok(())
}

impl Who {
    /// What the application asks for, by its own rules (ASVS 8.3.1).
    pub fn meets(&self, demand: &Demand) -> Result<(), Forbidden> {
        meets(demand, &self.profile, self.acr)
    }

    /// What the proxy's route asks for besides.
    pub fn fulfils(&self, requirement: &Requirement<'_>) -> Result<(), Forbidden> {
        if let Some(role) = &requirement.role
            && !self.profile.roles().any(|has| has == role)
        {
            return Err(Forbidden::Role);
        }
        // Scopes are granted to tokens; a session's cookie carries none.
        if requirement.scope.is_some() {
            return Err(Forbidden::Scope);
        }
        if requirement.acr.is_some_and(|least| self.acr < least) {
            return Err(Forbidden::Acr);
        }
        Ok(())
    }
}
