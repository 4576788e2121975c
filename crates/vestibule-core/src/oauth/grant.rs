//! A grant: what one application may do for one user. It hangs on a session, or stands alone because the user said so.

use crate::id::{ApplicationId, GrantId, SessionId, UserId};
use crate::lineage::StoreNumber;
use crate::oauth::resource::Resources;
use crate::oauth::scope::ScopeSet;
use crate::time::UnixMillis;

/// A grant as the store keeps it. It dies with its session, and by cutoffs of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `gid`.
    pub id: GrantId,
    /// Who may.
    pub application: ApplicationId,
    /// For whom.
    pub user: UserId,
    /// In which login. `None`: standing, it outlives the login on purpose (`offline_access`, the device grant).
    pub session: Option<SessionId>,
    /// What.
    pub scopes: ScopeSet,
    /// At which resource servers.
    pub resources: Resources,
    /// The store's number when it was granted.
    pub rev: StoreNumber,
    /// When that was.
    pub granted_at: UnixMillis,
}

impl Grant {
    /// Whether it stands without a session.
    pub const fn is_standing(&self) -> bool {
        self.session.is_none()
    }
}

/// What a user has allowed an application before, in whatever login: the grants that they have not withdrawn. Each counts for
/// itself: what was allowed here and there was never allowed together.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a>(&'a [Grant]);

impl<'a> Allowed<'a> {
    /// They have never been asked, or have withdrawn all of it.
    pub const NOTHING: Self = Self(&[]);

    /// By these grants, all of this user to this application.
    pub const fn by(grants: &'a [Grant]) -> Self {
        Self(grants)
    }

    /// Whether they never allowed anything, be it to know that they are signed in.
    pub const fn is_nothing(self) -> bool {
        self.0.is_empty()
    }

    /// Whether they have allowed all of this at once; `standing`: also without a session.
    pub fn covers(self, scopes: &ScopeSet, resources: &Resources, standing: bool) -> bool {
        self.0.iter().any(|grant| {
            scopes.is_within(&grant.scopes)
                && resources.is_within(&grant.resources)
                && (grant.is_standing() || !standing)
        })
    }

    /// Whatever they have allowed somewhere: for a page to show as known, and for nothing else.
    pub fn scopes(self) -> ScopeSet {
        let grants = self.0.iter();
        grants.fold(ScopeSet::default(), |all, grant| all.and(&grant.scopes))
    }

    /// Wherever they have allowed something: likewise.
    pub fn resources(self) -> Resources {
        let grants = self.0.iter();
        grants.fold(Resources::default(), |all, grant| all.and(&grant.resources))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A grant of a user to an application.
    pub(in crate::oauth) fn grant(scopes: &str, resource: Option<&str>, standing: bool) -> Grant {
        let now = UnixMillis(0);
        let session = SessionId::new(now, [1; 10]);
        Grant {
            id: GrantId::new(now, [1; 10]),
            application: ApplicationId::new(now, [1; 10]),
            user: UserId::new(now, [1; 10]),
            session: (!standing).then_some(session),
            scopes: scopes.parse().unwrap(),
            resources: Resources::of_request(resource).unwrap(),
            rev: StoreNumber(0),
            granted_at: now,
        }
    }

    #[test]
    fn what_was_allowed_apart_is_known_and_not_allowed_together() {
        let grants = [
            grant("a b", Some("urn:x:a"), false),
            grant("b c", Some("urn:x:b"), true),
        ];
        let allowed = Allowed::by(&grants);
        assert_eq!(allowed.scopes(), "a b c".parse().unwrap());
        assert_eq!(allowed.resources().iter().count(), 2);
        let covers = |scopes: &str, resource, standing| {
            let resources = Resources::of_request(resource).unwrap();
            allowed.covers(&scopes.parse().unwrap(), &resources, standing)
        };
        assert!(covers("a", Some("urn:x:a"), false) && covers("b c", Some("urn:x:b"), true));
        assert!(covers("", None, true));
        assert!(!covers("a c", None, false), "each in another grant");
        assert!(!covers("a", Some("urn:x:b"), false), "never there");
        assert!(
            !covers("a", Some("urn:x:a"), true),
            "never without a session"
        );
        assert!(Allowed::NOTHING.is_nothing() && !allowed.is_nothing());
        let nothing = ScopeSet::default();
        assert!(!Allowed::NOTHING.covers(&nothing, &Resources::default(), false));
    }
}
