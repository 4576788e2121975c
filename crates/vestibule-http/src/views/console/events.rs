//! Each kind of event as a sentence. The match has no catch-all: a new kind does not compile until it can be read here.

use vestibule_core::audit::EventKind;

use crate::texts::{Msg, msg};

/// What happened.
pub(super) const fn sentence(kind: EventKind) -> Msg {
    match kind {
        EventKind::SetupCompleted => msg("event-setup-completed"),
        EventKind::UserCreated => msg("event-user-created"),
        EventKind::UserDisabled => msg("event-user-disabled"),
        EventKind::UserEnabled => msg("event-user-enabled"),
        EventKind::LoginSucceeded => msg("event-login-succeeded"),
        EventKind::LoginRefused(_) => msg("event-login-refused"),
        EventKind::Reauthenticated => msg("event-reauthentication-succeeded"),
        EventKind::ReauthenticationRefused(_) => msg("event-reauthentication-refused"),
        EventKind::PasswordChanged => msg("event-password-changed"),
        EventKind::PasswordRehashed => msg("event-password-rehashed"),
        EventKind::SessionEnded(_) => msg("event-session-ended"),
        EventKind::UserSessionsEnded(_) => msg("event-user-sessions-ended"),
        EventKind::AllSessionsEnded => msg("event-all-sessions-ended"),
        EventKind::ClockAccepted => msg("event-clock-accepted"),
        EventKind::RegistrationAsked => msg("event-registration-asked"),
        EventKind::Registered => msg("event-user-registered"),
        EventKind::UserInvited => msg("event-user-invited"),
        EventKind::UserDeleted => msg("event-user-deleted"),
        EventKind::ProfileChanged => msg("event-profile-changed"),
        EventKind::AddressAsked => msg("event-address-asked"),
        EventKind::AddressAdded => msg("event-address-added"),
        EventKind::AddressVerified => msg("event-address-verified"),
        EventKind::AddressRemoved => msg("event-address-removed"),
        EventKind::PrimaryChanged => msg("event-address-primary-changed"),
        EventKind::RecoveryAsked => msg("event-recovery-asked"),
        EventKind::RecoveryOffered => msg("event-recovery-offered"),
        EventKind::CodeRefused => msg("event-recovery-code-refused"),
        EventKind::PasswordReset => msg("event-password-reset"),
        EventKind::PasswordDisabled => msg("event-password-disabled"),
        EventKind::DeviceKnown => msg("event-device-known"),
        EventKind::MailGivenUp => msg("event-mail-given-up"),
        EventKind::ThrottleClosed(_) => msg("event-throttle-closed"),
        EventKind::AttackRecognised(_) => msg("event-attack-recognised"),
        EventKind::ApplicationAdded => msg("event-application-added"),
        EventKind::ApplicationChanged => msg("event-application-changed"),
        EventKind::ApplicationRemoved => msg("event-application-removed"),
        EventKind::ApplicationSecretRotated => msg("event-application-secret-rotated"),
        EventKind::AppSessionOpened => msg("event-app-session-opened"),
        EventKind::HandshakeRefused => msg("event-handshake-refused"),
        EventKind::RoleAdded => msg("event-role-added"),
        EventKind::RoleChanged => msg("event-role-changed"),
        EventKind::RoleRemoved => msg("event-role-removed"),
        EventKind::RolesChanged => msg("event-user-roles-changed"),
        EventKind::BackupTaken => msg("event-backup-taken"),
        EventKind::UsersExported => msg("event-users-exported"),
        EventKind::TrailExported => msg("event-trail-exported"),
        EventKind::Restored => msg("event-installation-restored"),
        EventKind::Migrated => msg("event-installation-migrated"),
    }
}
