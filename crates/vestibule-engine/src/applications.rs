//! Applications and roles: what an operator does with them, and what the settings file declares of them.

mod secret;

use std::sync::Arc;

use vestibule_core::application::{Application, ApplicationName, ApplicationSpec, Demand};
use vestibule_core::audit::Act;
use vestibule_core::declaration::{Declaration, DeclaredUser};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::ApplicationId;
use vestibule_core::role::RoleSpec;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, Role};
use vestibule_store::{
    Declare, PutApplication, PutRole, RemoveApplication, RemoveRole, SetRoles, StoreError,
    StoredRole,
};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::sessions::end::see_through;
use crate::visit::Operator;

pub use secret::{AuthenticatedApplication, RotateSecret};

/// What the settings file declares, before anything in it has an id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declarations {
    /// No two share a name or an authority.
    pub applications: Vec<ApplicationSpec>,
    /// Each name once.
    pub roles: Vec<RoleSpec>,
    /// Each address once.
    pub users: Vec<Person>,
}

impl Declarations {
    /// Whether nothing is declared.
    pub const fn is_empty(&self) -> bool {
        self.applications.is_empty() && self.roles.is_empty() && self.users.is_empty()
    }
}

/// A person in the settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their account's address.
    pub email: EmailAddress,
    /// They are known to read its mail.
    pub verified: bool,
    /// `None` leaves what they chose.
    pub name: Option<DisplayName>,
    /// Exactly these.
    pub roles: Vec<Role>,
    /// No login, and every session ended.
    pub disabled: bool,
}

/// Which parts of a rule's demand somebody wrote down: what is not written must not fall away unseen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// `roles`.
    pub roles: bool,
    /// `acr`.
    pub acr: bool,
}

/// Why a demand is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DemandError {
    /// Everybody, and those with a role.
    #[error(
        "public lets everybody in, and roles would mean nothing: take the one or the other away"
    )]
    PublicWithRoles,
    /// Everybody, and those with a strong login.
    #[error("public lets everybody in, and acr would mean nothing: take the one or the other away")]
    PublicWithAcr,
    /// A rule opens, unseen, what needs a role.
    #[error(
        "a rule stands alone, and this one asks for no role where the application does: repeat roles, write roles = [] \
         for any login, or public = true"
    )]
    RolesDropped,
    /// A rule opens, unseen, what needs a strong login.
    #[error(
        "a rule stands alone, and this one asks for no acr where the application does: repeat acr, write acr = \"aal1\" \
         for any login, or public = true"
    )]
    AcrDropped,
}

/// A demand that says two things at once.
pub const fn contradiction(demand: &Demand) -> Option<DemandError> {
    if !demand.public {
        None
    } else if !demand.roles.is_empty() {
        Some(DemandError::PublicWithRoles)
    } else if demand.acr.is_some() {
        Some(DemandError::PublicWithAcr)
    } else {
        None
    }
}

/// What `rule` drops of the application's own demand without saying so: a rule's demand is the whole of it, and whoever
/// writes one for CORS must not open what only `staff` may see.
pub const fn dropped(own: &Demand, rule: &Demand, said: Said) -> Option<DemandError> {
    if rule.public {
        None
    } else if !own.roles.is_empty() && !said.roles {
        Some(DemandError::RolesDropped)
    } else if own.acr.is_some() && !said.acr {
        Some(DemandError::AcrDropped)
    } else {
        None
    }
}

impl Engine {
    /// Makes an application known.
    pub async fn add_application(
        self: &Arc<Self>,
        spec: ApplicationSpec,
        operator: &Operator,
    ) -> Result<PutApplication, StoreError> {
        let act = self.order(operator)?;
        let id = self.application_id(operator.now)?;
        let engine = Arc::clone(self);
        see_through(async move { engine.store().add_application(id, spec, act).await }).await
    }

    /// Changes what is known of an application, and asked there.
    pub async fn change_application(
        self: &Arc<Self>,
        id: ApplicationId,
        spec: ApplicationSpec,
        operator: &Operator,
    ) -> Result<PutApplication, StoreError> {
        let act = self.order(operator)?;
        let engine = Arc::clone(self);
        see_through(async move { engine.store().change_application(id, spec, act).await }).await
    }

    /// Removes an application: no cookie of it is worth anything any more.
    pub async fn remove_application(
        self: &Arc<Self>,
        id: ApplicationId,
        operator: &Operator,
    ) -> Result<RemoveApplication, StoreError> {
        let act = self.order(operator)?;
        let engine = Arc::clone(self);
        see_through(async move { engine.store().remove_application(id, act).await }).await
    }

    /// Every application, by name.
    pub async fn applications(&self) -> Result<Vec<Application>, StoreError> {
        self.store().applications().await
    }

    /// The application with this name.
    pub async fn application(
        &self,
        name: &ApplicationName,
    ) -> Result<Option<Application>, StoreError> {
        let all = self.applications().await?;
        Ok(all
            .into_iter()
            .find(|application| application.spec.name == *name))
    }

    /// Describes a role, anew or otherwise.
    pub async fn put_role(
        self: &Arc<Self>,
        spec: RoleSpec,
        operator: &Operator,
    ) -> Result<PutRole, StoreError> {
        let act = self.order(operator)?;
        let engine = Arc::clone(self);
        see_through(async move { engine.store().put_role(spec, act).await }).await
    }

    /// Removes a role's description, if nobody holds it.
    pub async fn remove_role(
        self: &Arc<Self>,
        role: Role,
        operator: &Operator,
    ) -> Result<RemoveRole, StoreError> {
        let act = self.order(operator)?;
        let engine = Arc::clone(self);
        see_through(async move { engine.store().remove_role(role, act).await }).await
    }

    /// Every role that is described or held, by name.
    pub async fn roles(&self) -> Result<Vec<StoredRole>, StoreError> {
        self.store().roles().await
    }

    /// Gives the account with this address exactly these roles, in force at its next request (ASVS 8.3.2).
    pub async fn set_roles(
        self: &Arc<Self>,
        email: &EmailAddress,
        roles: Vec<Role>,
        operator: &Operator,
    ) -> Result<SetRoles, StoreError> {
        let act = operator
            .act(self, Some(email.as_str()))
            .map_err(EntropyError::into_store)?;
        let Some(user) = self.user_by_address(email).await? else {
            return Ok(SetRoles::Unknown);
        };
        let engine = Arc::clone(self);
        see_through(async move { engine.store().set_roles(user, roles, act).await }).await
    }

    /// Makes everything as the settings file says, or nothing of it.
    pub async fn declare(
        self: &Arc<Self>,
        declarations: &Declarations,
        now: UnixMillis,
    ) -> Result<Declare, StoreError> {
        let mut declaration = Declaration {
            roles: declarations.roles.clone(),
            ..Declaration::default()
        };
        for spec in &declarations.applications {
            let id = self.application_id(now)?;
            declaration.applications.push((id, spec.clone()));
        }
        for person in &declarations.users {
            let id = self.entropy().user_id(now);
            declaration.users.push(DeclaredUser {
                id: id.map_err(EntropyError::into_store)?,
                email: person.email.clone(),
                verified: person.verified,
                name: person.name.clone(),
                roles: person.roles.clone(),
                disabled: person.disabled,
            });
        }
        let act = self.system_act(now).map_err(EntropyError::into_store)?;
        let engine = Arc::clone(self);
        see_through(async move { engine.store().declare(declaration, act).await }).await
    }

    fn application_id(&self, now: UnixMillis) -> Result<ApplicationId, StoreError> {
        let random = self.random().map_err(EntropyError::into_store)?;
        Ok(ApplicationId::new(now, random))
    }

    fn order(&self, operator: &Operator) -> Result<Act, StoreError> {
        operator.act(self, None).map_err(EntropyError::into_store)
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::session::Acr;

    use super::*;

    fn staff() -> Demand {
        Demand {
            roles: vec!["staff".parse().unwrap()],
            acr: Some(Acr::Aal2),
            ..Demand::default()
        }
    }

    /// Holds: ASVS 8.3.1
    #[test]
    fn asvs_8_3_1_a_rule_lets_nothing_fall_away_that_it_does_not_name() {
        let cors = Demand {
            preflight: true,
            ..Demand::default()
        };
        let all = Said {
            roles: true,
            acr: true,
        };
        let told = |said| dropped(&staff(), &cors, said);
        assert_eq!(told(Said::default()), Some(DemandError::RolesDropped));
        let only_roles = Said { acr: false, ..all };
        assert_eq!(told(only_roles), Some(DemandError::AcrDropped));
        assert_eq!(told(all), None);
        let public = Demand {
            public: true,
            ..Demand::default()
        };
        assert_eq!(dropped(&staff(), &public, Said::default()), None);
        assert_eq!(dropped(&Demand::default(), &cors, Said::default()), None);
    }

    #[test]
    fn what_is_public_asks_for_nothing() {
        let both = Demand {
            public: true,
            ..staff()
        };
        assert_eq!(contradiction(&both), Some(DemandError::PublicWithRoles));
        assert_eq!(contradiction(&staff()), None);
    }
}
