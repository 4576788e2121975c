//! A passed check, as a value.

use std::sync::Arc;

use vestibule_core::id::{SessionId, UserId};
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{Acr, Amr};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Role;

use super::profile::Profile;
use super::record::Record;

/// A session that was live when it was checked. Only a check, a login or a re-authentication builds one.
#[derive(Debug, Clone)]
pub struct LiveSession {
    id: SessionId,
    profile: Arc<Profile>,
    /// Of the secret that was presented: a renewal names it, so that it loses to another one.
    presented: HashedSecret,
    created_at: UnixMillis,
    auth_time: UnixMillis,
    idle_expires_at: UnixMillis,
    expires_at: UnixMillis,
    remembered: bool,
    acr: Acr,
    amr: Amr,
}

impl LiveSession {
    pub(super) fn of(id: SessionId, record: &Record) -> Self {
        Self {
            id,
            profile: record.user.profile(),
            presented: record.secret,
            created_at: record.created_at,
            auth_time: record.auth_time,
            idle_expires_at: record.idle_expires_at(),
            expires_at: record.expires_at,
            remembered: record.remembered,
            acr: record.acr,
            amr: record.amr,
        }
    }

    /// Names it; not a secret.
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Whose.
    pub fn user_id(&self) -> UserId {
        self.profile.id()
    }

    /// Its user.
    pub const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Its user, for whoever needs no more.
    pub fn into_profile(self) -> Arc<Profile> {
        self.profile
    }

    /// Whether its user may administer this installation, as of now.
    pub fn is_administrator(&self) -> bool {
        self.profile.roles().any(|role| role == Role::ADMIN)
    }

    /// When its owner last proved who they are.
    pub const fn auth_time(&self) -> UnixMillis {
        self.auth_time
    }

    /// When it was opened.
    pub const fn created_at(&self) -> UnixMillis {
        self.created_at
    }

    /// When it ends if it is not used again.
    pub const fn idle_expires_at(&self) -> UnixMillis {
        self.idle_expires_at
    }

    /// When it ends whatever happens.
    pub const fn expires_at(&self) -> UnixMillis {
        self.expires_at
    }

    /// Whether the cookie outlives the browser.
    pub const fn remembered(&self) -> bool {
        self.remembered
    }

    /// How sure the login was.
    pub const fn acr(&self) -> Acr {
        self.acr
    }

    /// What proved it.
    pub const fn amr(&self) -> Amr {
        self.amr
    }

    pub(crate) const fn presented(&self) -> HashedSecret {
        self.presented
    }
}

/// A session whose owner proved lately who they are (ASVS 7.5.2). Only [`Engine::fresh`](crate::Engine::fresh) and a
/// re-authentication build one.
#[derive(Debug, Clone)]
pub struct FreshLogin {
    session: LiveSession,
}

impl FreshLogin {
    pub(super) const fn new(session: LiveSession) -> Self {
        Self { session }
    }

    /// The session.
    pub const fn session(&self) -> &LiveSession {
        &self.session
    }
}
