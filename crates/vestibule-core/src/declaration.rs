//! What the settings file declares: applications, roles and people, and what becomes of those that are there.

use std::collections::{BTreeMap, BTreeSet};

use crate::application::{Application, ApplicationName, ApplicationSpec};
use crate::email::EmailAddress;
use crate::id::{ApplicationId, UserId};
use crate::origin::Origin;
use crate::role::RoleSpec;
use crate::time::UnixMillis;
use crate::user::{DisplayName, Role, User};

/// What the settings file declares, whole: what it declared before and does not any more is let go of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declaration {
    /// Each with the id that it takes if it is new. No two share a name or an authority.
    pub applications: Vec<(ApplicationId, ApplicationSpec)>,
    /// Each name once.
    pub roles: Vec<RoleSpec>,
    /// Each address once.
    pub users: Vec<DeclaredUser>,
}

/// A person in the settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredUser {
    /// The id that the account takes if it is new.
    pub id: UserId,
    /// The account with this address, whether primary or not.
    pub email: EmailAddress,
    /// Its owner is known to read its mail; only ever set by this, never taken away.
    pub verified: bool,
    /// `None` leaves what the person chose.
    pub name: Option<DisplayName>,
    /// Exactly these.
    pub roles: Vec<Role>,
    /// No login, and every session ended.
    pub disabled: bool,
}

/// An authority that a declared application wants and another has that is not declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The declared application.
    pub name: ApplicationName,
    /// What is taken.
    pub authority: String,
}

/// What is to be done with applications, in this order: no authority is ever two applications'.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Declared no more.
    pub gone: Vec<Application>,
    /// As it was, and as it is to be; two of them may swap an authority.
    pub changed: Vec<(Application, Application)>,
    /// To be made.
    pub new: Vec<Application>,
}

impl Declaration {
    /// How the stored applications become the declared ones. What is not declared stays, and keeps what it has; one of a declared
    /// name becomes declared.
    pub fn plan(&self, stored: Vec<Application>, now: UnixMillis) -> Result<Plan, Taken> {
        let mut stored: BTreeMap<_, _> = stored
            .into_iter()
            .map(|application| (application.spec.name.clone(), application))
            .collect();
        let mut plan = Plan::default();
        for (id, spec) in &self.applications {
            let spec = spec.clone();
            let declared = true;
            match stored.remove(&spec.name) {
                None => plan.new.push(Application {
                    id: *id,
                    spec,
                    declared,
                    created_at: now,
                    secrets: Vec::new(),
                }),
                Some(found) if found.declared && found.spec == spec => {}
                Some(was) => {
                    // What the file does not speak of stays: its id, and its secrets, which no file holds.
                    let application = Application {
                        spec,
                        declared,
                        ..was.clone()
                    };
                    plan.changed.push((was, application));
                }
            }
        }
        let (gone, beside): (Vec<_>, Vec<_>) = stored
            .into_values()
            .partition(|application| application.declared);
        plan.gone = gone;
        self.taken(&beside).map_or(Ok(plan), Err)
    }

    fn taken(&self, beside: &[Application]) -> Option<Taken> {
        let held: BTreeSet<&str> = beside
            .iter()
            .flat_map(|application| &application.spec.origins)
            .map(Origin::authority)
            .collect();
        self.applications.iter().find_map(|(_, spec)| {
            let mut authorities = spec.origins.iter().map(Origin::authority);
            Some(Taken {
                name: spec.name.clone(),
                authority: authorities
                    .find(|authority| held.contains(authority))?
                    .to_owned(),
            })
        })
    }
}

/// Whether there is an administrator who can sign in, and would be none: `administrators` are those who can now, `declared` the
/// declared people with the account that each has, `released` those who are declared no more and so disabled.
pub fn leaves_no_administrator(
    mut administrators: BTreeSet<UserId>,
    declared: &[(&DeclaredUser, Option<User>)],
    released: &[User],
) -> bool {
    let some = !administrators.is_empty();
    for user in released {
        administrators.remove(&user.id);
    }
    for (wanted, account) in declared {
        let id = account.as_ref().map_or(wanted.id, |account| account.id);
        if wanted.roles.contains(&Role::admin()) && !wanted.disabled {
            administrators.insert(id);
        } else {
            administrators.remove(&id);
        }
    }
    some && administrators.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{ApplicationSecret, Demand, Kind};
    use crate::secret::HashedSecret;

    fn spec(name: &str, origin: &str) -> ApplicationSpec {
        ApplicationSpec {
            name: name.parse().unwrap(),
            title: DisplayName::default(),
            kind: Kind::Proxy,
            origins: vec![format!("https://{origin}.example.test").parse().unwrap()],
            demand: Demand::default(),
            rules: Vec::new(),
        }
    }

    fn stored(id: u8, name: &str, declared: bool) -> Application {
        Application {
            id: ApplicationId::new(UnixMillis(1), [id; 10]),
            spec: spec(name, name),
            declared,
            created_at: UnixMillis(1),
            secrets: vec![ApplicationSecret {
                hash: HashedSecret::from_bytes([id; 32]),
                created_at: UnixMillis(1),
            }],
        }
    }

    fn declaration(specs: Vec<ApplicationSpec>) -> Declaration {
        let id = ApplicationId::new(UnixMillis(2), [9; 10]);
        Declaration {
            applications: specs.into_iter().map(|spec| (id, spec)).collect(),
            ..Declaration::default()
        }
    }

    #[test]
    fn what_is_there_becomes_what_is_declared() {
        let (shop, blog, wiki) = (
            stored(1, "shop", true),
            stored(2, "blog", true),
            stored(3, "wiki", false),
        );
        let wanted = declaration(vec![
            spec("shop", "shop"),
            spec("wiki", "wiki"),
            spec("new", "blog"),
        ]);
        let all = vec![shop, blog.clone(), wiki.clone(), stored(4, "own", false)];
        let plan = wanted.plan(all, UnixMillis(5)).unwrap();
        assert_eq!(plan.gone, [blog]);
        let [(was, now)] = plan.changed.as_slice() else {
            panic!("the wiki becomes declared: {plan:?}");
        };
        assert_eq!((was, now.id, now.declared), (&wiki, wiki.id, true));
        assert_eq!(now.secrets, wiki.secrets, "no file holds a secret");
        let [new] = plan.new.as_slice() else {
            panic!("one is new: {plan:?}");
        };
        assert_eq!((new.declared, new.created_at), (true, UnixMillis(5)));
        assert_eq!(new.secrets, []);
    }

    #[test]
    fn what_is_not_declared_keeps_its_authority() {
        let wanted = declaration(vec![spec("shop", "wiki")]);
        let taken = wanted.plan(vec![stored(3, "wiki", false)], UnixMillis(5));
        assert_eq!(
            taken.unwrap_err(),
            Taken {
                name: "shop".parse().unwrap(),
                authority: "wiki.example.test".to_owned()
            }
        );
        assert!(
            wanted
                .plan(vec![stored(3, "wiki", true)], UnixMillis(5))
                .is_ok()
        );
    }
}
