//! What the trail can tell of: every kind of event, with its code.

use crate::session::EndReason;
use crate::throttle::Scope;

/// Why a login or a re-authentication was refused. For the trail; the caller is told nothing of it (ASVS 6.3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// No such account.
    UnknownUser,
    /// Not the password.
    WrongPassword,
    /// The account has none.
    NoPassword,
    /// Too many wrong ones in a row: it is disabled until it is set anew (N40).
    PasswordDisabled,
    /// The account is disabled.
    Disabled,
    /// The credential changed while it was being verified.
    CredentialChanged,
}

impl RefusalReason {
    const ALL: [Self; 6] = [
        Self::UnknownUser,
        Self::WrongPassword,
        Self::NoPassword,
        Self::PasswordDisabled,
        Self::Disabled,
        Self::CredentialChanged,
    ];

    /// The code that stores and logs hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::NoPassword => "no_password",
            Self::PasswordDisabled => "password_disabled",
            Self::Disabled => "disabled",
            Self::CredentialChanged => "credential_changed",
        }
    }
}

/// What an attack across accounts looks like (C23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attack {
    /// One account is guessed at, again and again.
    Guessing,
    /// A few passwords are tried on many accounts.
    Spraying,
    /// Pairs of address and password from elsewhere are tried.
    Stuffing,
}

impl Attack {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Guessing, Self::Spraying, Self::Stuffing];

    /// The code that stores, logs and metrics hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Guessing => "guessing",
            Self::Spraying => "spraying",
            Self::Stuffing => "stuffing",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The first administrator was made through the set-up link.
    SetupCompleted,
    /// An account was made.
    UserCreated,
    /// An account was disabled.
    UserDisabled,
    /// An account was enabled again.
    UserEnabled,
    /// A login opened a session (ASVS 16.3.1).
    LoginSucceeded,
    /// A login was refused.
    LoginRefused(RefusalReason),
    /// The owner of a session proved who they are again.
    Reauthenticated,
    /// They did not.
    ReauthenticationRefused(RefusalReason),
    /// A password was changed.
    PasswordChanged,
    /// A password was hashed anew at a higher cost.
    PasswordRehashed,
    /// One session ended.
    SessionEnded(EndReason),
    /// Every session of a user ended, perhaps except the event's own.
    UserSessionsEnded(EndReason),
    /// Every session of everybody ended.
    AllSessionsEnded,
    /// An operator accepted a clock behind the mark.
    ClockAccepted,
    /// Somebody asked for an account; whether one is made is for the mail's reader.
    RegistrationAsked,
    /// An account was made by the one who reads its mail.
    Registered,
    /// An operator invited an address.
    UserInvited,
    /// An account was deleted; its personal data is erased.
    UserDeleted,
    /// A user changed their name, language or details.
    ProfileChanged,
    /// A user asked for an address to become theirs, or to prove the one they have.
    AddressAsked,
    /// An address became one of a user's.
    AddressAdded,
    /// A user proved that they read an address's mail.
    AddressVerified,
    /// An address was removed.
    AddressRemoved,
    /// Another of a user's addresses names the account.
    PrimaryChanged,
    /// Somebody asked to recover an account.
    RecoveryAsked,
    /// A link to set a new password went out.
    RecoveryOffered,
    /// A wrong code was typed where a mailed link was opened in another browser.
    CodeRefused,
    /// A password was set anew through a mailed link.
    PasswordReset,
    /// The hundredth wrong password in a row: it is disabled until it is set anew (N40).
    PasswordDisabled,
    /// A device became known to a user's account.
    DeviceKnown,
    /// A mail could not be delivered and is not tried again.
    MailGivenUp,
    /// A tally is full: tries are refused unevaluated until it has room (ASVS 16.3.3).
    ThrottleClosed(Scope),
    /// An attack across accounts was recognised.
    AttackRecognised(Attack),
    /// An application was made known.
    ApplicationAdded,
    /// What is known of an application, or asked at it, changed.
    ApplicationChanged,
    /// An application was removed; no cookie of it is worth anything any more.
    ApplicationRemoved,
    /// An application got a new secret.
    ApplicationSecretRotated,
    /// A browser got a cookie on an application's own host, under its session.
    AppSessionOpened,
    /// A handshake's code came from another browser than the one that asked: it was passed on, or stolen (ASVS 16.3.3).
    HandshakeRefused,
    /// A role was described.
    RoleAdded,
    /// A role's description or permissions changed.
    RoleChanged,
    /// A role's description was removed.
    RoleRemoved,
    /// A user has other roles.
    RolesChanged,
    /// A backup was taken.
    BackupTaken,
    /// Somebody began to take accounts out as a list.
    UsersExported,
    /// Somebody began to take the trail out as a file.
    TrailExported,
    /// This installation was restored from a backup.
    Restored,
    /// This installation was moved here from another store.
    Migrated,
}

impl EventKind {
    /// Every kind, with every reason.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::SetupCompleted,
            Self::UserCreated,
            Self::UserDisabled,
            Self::UserEnabled,
            Self::LoginSucceeded,
            Self::Reauthenticated,
            Self::PasswordChanged,
            Self::PasswordRehashed,
            Self::AllSessionsEnded,
            Self::ClockAccepted,
            Self::RegistrationAsked,
            Self::Registered,
            Self::UserInvited,
            Self::UserDeleted,
            Self::ProfileChanged,
            Self::AddressAsked,
            Self::AddressAdded,
            Self::AddressVerified,
            Self::AddressRemoved,
            Self::PrimaryChanged,
            Self::RecoveryAsked,
            Self::RecoveryOffered,
            Self::CodeRefused,
            Self::PasswordReset,
            Self::PasswordDisabled,
            Self::DeviceKnown,
            Self::MailGivenUp,
            Self::ApplicationAdded,
            Self::ApplicationChanged,
            Self::ApplicationRemoved,
            Self::ApplicationSecretRotated,
            Self::AppSessionOpened,
            Self::HandshakeRefused,
            Self::RoleAdded,
            Self::RoleChanged,
            Self::RoleRemoved,
            Self::RolesChanged,
            Self::BackupTaken,
            Self::UsersExported,
            Self::TrailExported,
            Self::Restored,
            Self::Migrated,
        ];
        all.extend(Scope::ALL.map(Self::ThrottleClosed));
        all.extend(Attack::ALL.map(Self::AttackRecognised));
        for reason in RefusalReason::ALL {
            all.extend([
                Self::LoginRefused(reason),
                Self::ReauthenticationRefused(reason),
            ]);
        }
        for reason in EndReason::ALL {
            all.extend([Self::SessionEnded(reason), Self::UserSessionsEnded(reason)]);
        }
        all
    }

    /// The kind's code, without its reason.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SetupCompleted => "setup.completed",
            Self::UserCreated => "user.created",
            Self::UserDisabled => "user.disabled",
            Self::UserEnabled => "user.enabled",
            Self::LoginSucceeded => "login.succeeded",
            Self::LoginRefused(_) => "login.refused",
            Self::Reauthenticated => "reauthentication.succeeded",
            Self::ReauthenticationRefused(_) => "reauthentication.refused",
            Self::PasswordChanged => "password.changed",
            Self::PasswordRehashed => "password.rehashed",
            Self::SessionEnded(_) => "session.ended",
            Self::UserSessionsEnded(_) => "user_sessions.ended",
            Self::AllSessionsEnded => "all_sessions.ended",
            Self::ClockAccepted => "clock.accepted",
            Self::RegistrationAsked => "registration.asked",
            Self::Registered => "user.registered",
            Self::UserInvited => "user.invited",
            Self::UserDeleted => "user.deleted",
            Self::ProfileChanged => "profile.changed",
            Self::AddressAsked => "address.asked",
            Self::AddressAdded => "address.added",
            Self::AddressVerified => "address.verified",
            Self::AddressRemoved => "address.removed",
            Self::PrimaryChanged => "address.primary_changed",
            Self::RecoveryAsked => "recovery.asked",
            Self::RecoveryOffered => "recovery.offered",
            Self::CodeRefused => "recovery.code_refused",
            Self::PasswordReset => "password.reset",
            Self::PasswordDisabled => "password.disabled",
            Self::DeviceKnown => "device.known",
            Self::MailGivenUp => "mail.given_up",
            Self::ThrottleClosed(_) => "throttle.closed",
            Self::AttackRecognised(_) => "attack.recognised",
            Self::ApplicationAdded => "application.added",
            Self::ApplicationChanged => "application.changed",
            Self::ApplicationRemoved => "application.removed",
            Self::ApplicationSecretRotated => "application.secret_rotated",
            Self::AppSessionOpened => "app_session.opened",
            Self::HandshakeRefused => "handshake.refused",
            Self::RoleAdded => "role.added",
            Self::RoleChanged => "role.changed",
            Self::RoleRemoved => "role.removed",
            Self::RolesChanged => "user.roles_changed",
            Self::BackupTaken => "backup.taken",
            Self::UsersExported => "users.exported",
            Self::TrailExported => "trail.exported",
            Self::Restored => "installation.restored",
            Self::Migrated => "installation.migrated",
        }
    }

    /// The reason's code, empty where the kind has none.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::LoginRefused(reason) | Self::ReauthenticationRefused(reason) => reason.code(),
            Self::SessionEnded(reason) | Self::UserSessionsEnded(reason) => reason.code(),
            Self::ThrottleClosed(scope) => scope.code(),
            Self::AttackRecognised(attack) => attack.code(),
            _ => "",
        }
    }

    /// Reads a kind's and a reason's code.
    pub fn parse(code: &str, reason: &str) -> Option<Self> {
        Self::all()
            .into_iter()
            .find(|kind| kind.code() == code && kind.reason() == reason)
    }
}
