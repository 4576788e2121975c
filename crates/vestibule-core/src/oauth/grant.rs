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

/// What a user has allowed an application before, in whatever login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowed {
    /// What.
    pub scopes: ScopeSet,
    /// At which resource servers.
    pub resources: Resources,
    /// Also without a session.
    pub standing: bool,
}

impl Allowed {
    /// All of it, from the grants that the user has not withdrawn.
    pub fn of<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> Self {
        grants
            .into_iter()
            .fold(Self::default(), |allowed, grant| Self {
                scopes: allowed.scopes.and(&grant.scopes),
                resources: allowed.resources.and(&grant.resources),
                standing: allowed.standing || grant.is_standing(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_allowed_is_all_of_it() {
        let now = UnixMillis(0);
        let grant = |scopes: &str, session| Grant {
            id: GrantId::new(now, [1; 10]),
            application: ApplicationId::new(now, [1; 10]),
            user: UserId::new(now, [1; 10]),
            session,
            scopes: scopes.parse().unwrap(),
            resources: Resources::of_request(["urn:x:a"]).unwrap(),
            rev: StoreNumber(0),
            granted_at: now,
        };
        let session = Some(SessionId::new(now, [1; 10]));
        let in_session = grant("a b", session);
        assert!(!Allowed::of([&in_session]).standing);
        let both = Allowed::of([&in_session, &grant("b c", None)]);
        assert_eq!(both.scopes, "a b c".parse().unwrap());
        assert_eq!(both.resources.iter().count(), 1);
        assert!(both.standing);
        assert_eq!(Allowed::of([]), Allowed::default());
    }
}
