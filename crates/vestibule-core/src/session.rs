//! A session: a login of one user on one device.
//!
//! ```text
//!             open (only a login inserts)
//!                │
//!                ▼    renew: new secret, same id (re-authentication, password change)
//!              open ◀───┐
//!                │ └────┘
//!    end, idle, expired, replaced, displaced; or struck by a cutoff of its user or of everything
//!                ▼
//!              ended    (final: nothing leads out of here)
//! ```

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, UserId};
use crate::known_device::DeviceProof;
use crate::lineage::{StoreNumber, stands};
use crate::secret::HashedSecret;
use crate::throttle::Tried;
use crate::ticket::Ticket;
use crate::time::{STEP, UnixMillis};
use crate::user::{CredentialVersion, UserStatus};

/// How sure the login was (NIST SP 800-63B-4). Never above that of the authentication event (N08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Acr {
    /// One factor.
    Aal1 = 1,
    /// Two factors.
    Aal2 = 2,
    /// Two factors, phishing-resistant, hardware-bound.
    Aal3 = 3,
}

impl Acr {
    /// The claim's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::Aal3 => "aal3",
        }
    }

    /// Reads the claim's value.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Aal1, Self::Aal2, Self::Aal3]
            .into_iter()
            .find(|acr| acr.as_str() == text)
    }
}

/// The methods that proved the login (RFC 8176), as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amr(u8);

impl Amr {
    /// A password.
    pub const PASSWORD: Self = Self(1);

    /// The set's bits, for a store to bind.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Reads what a store holds.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether a password was among them.
    pub const fn has_password(self) -> bool {
        self.0 & Self::PASSWORD.0 != 0
    }
}

/// How long a session may idle and how long it may live at all, both judged by the server (ASVS 7.3.1, 7.3.2, N07).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Since it was last seen.
    pub idle: Duration,
    /// Since it was authenticated.
    pub absolute: Duration,
}

impl Lifetime {
    /// 30 minutes idle, 12 hours in all (C12).
    pub const DEFAULT: Self = Self {
        idle: Duration::from_mins(30),
        absolute: Duration::from_hours(12),
    };
    /// With 'remember me': 14 days idle, 30 days in all (N02, C21).
    pub const REMEMBERED: Self = Self {
        idle: Duration::from_hours(14 * 24),
        absolute: Duration::from_hours(30 * 24),
    };
}

/// What is known of the device, for its owner to recognise it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// The `User-Agent` at login, at most [`Device::USER_AGENT_LEN`] bytes.
    pub user_agent: Option<String>,
    /// The network address at login.
    pub address: Option<IpAddr>,
}

impl Device {
    /// Most bytes kept of a `User-Agent`.
    pub const USER_AGENT_LEN: usize = 512;
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Fresh.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Fresh.
    pub secret: HashedSecret,
    /// The credential version that was verified: another one by now, and the login is refused.
    pub credential: CredentialVersion,
    /// When the credential was verified.
    pub auth_time: UnixMillis,
    /// How long it may live.
    pub lifetime: Lifetime,
    /// Whether the cookie outlives the browser (C21).
    pub remembered: bool,
    /// How sure the login was.
    pub acr: Acr,
    /// What proved it.
    pub amr: Amr,
    /// Where it was.
    pub device: Device,
    /// The live session this login was made over: it ends in the same transition.
    pub replaces: Option<SessionId>,
    /// The try that succeeded: its tallies start again in the same transition (N42).
    pub tried: Option<Tried>,
    /// The device, to be known from now on.
    pub known: Option<DeviceProof>,
    /// What the letters that tell of this login offer: to end it (ASVS 6.3.5).
    pub end_ticket: Option<Ticket>,
}

/// A new secret and new clocks under the same id (ASVS 7.2.4, N07).
#[derive(Debug, Clone)]
pub struct Renewal {
    /// Which session.
    pub id: SessionId,
    /// The secret presented: another one by now, and the renewal is refused.
    pub presented: HashedSecret,
    /// Fresh; the old one is dead at once.
    pub secret: HashedSecret,
    /// The credential version that was verified.
    pub credential: CredentialVersion,
    /// When the credential was verified.
    pub auth_time: UnixMillis,
    /// How long it may live from now.
    pub lifetime: Lifetime,
    /// The try that succeeded: its tallies start again in the same transition (N42).
    pub tried: Option<Tried>,
}

/// A session as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names it; not a secret.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// What the cookie must hash to.
    pub secret: HashedSecret,
    /// The store number applied at the login's own commit, raised when a cutoff spares it.
    pub rev: StoreNumber,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When its owner last proved who they are.
    pub auth_time: UnixMillis,
    /// When it was last used, as far as written.
    pub last_seen: UnixMillis,
    /// How long it may idle.
    pub idle: Duration,
    /// When it ends whatever happens.
    pub expires_at: UnixMillis,
    /// Whether the cookie outlives the browser.
    pub remembered: bool,
    /// How sure the login was.
    pub acr: Acr,
    /// What proved it.
    pub amr: Amr,
    /// Where it was.
    pub device: Device,
}

impl Session {
    /// The session a login opens at the store's present `number`.
    pub fn open(new: NewSession, number: StoreNumber) -> Self {
        Self {
            id: new.id,
            user: new.user,
            secret: new.secret,
            rev: number,
            created_at: new.auth_time,
            auth_time: new.auth_time,
            last_seen: new.auth_time,
            idle: new.lifetime.idle,
            expires_at: new.auth_time.plus(new.lifetime.absolute),
            remembered: new.remembered,
            acr: new.acr,
            amr: new.amr,
            device: new.device,
        }
    }

    /// The same session under a new secret: both clocks start again (N07).
    #[must_use]
    pub fn renewed(mut self, renewal: &Renewal) -> Self {
        self.secret = renewal.secret;
        self.auth_time = renewal.auth_time;
        self.last_seen = self.last_seen.max(renewal.auth_time);
        self.idle = renewal.lifetime.idle;
        self.expires_at = renewal.auth_time.plus(renewal.lifetime.absolute);
        self
    }

    /// Why this session has run out by `now`, if it has.
    pub fn timed_out(&self, now: UnixMillis) -> Option<EndReason> {
        self.clocks().timed_out(now)
    }

    /// The clocks it lives by.
    pub const fn clocks(&self) -> Clocks {
        Clocks {
            auth_time: self.auth_time,
            last_seen: self.last_seen,
            idle: self.idle,
            expires_at: self.expires_at,
        }
    }

    /// Whether it stands against its ancestors' latest cutoffs.
    pub fn stands(&self, user: StoreNumber, everything: StoreNumber) -> bool {
        stands(self.rev, user, everything)
    }
}

/// The clocks that a session lives by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// When its owner last proved who they are.
    pub auth_time: UnixMillis,
    /// When it was last used.
    pub last_seen: UnixMillis,
    /// How long it may idle.
    pub idle: Duration,
    /// When it ends whatever happens.
    pub expires_at: UnixMillis,
}

impl Clocks {
    /// Why a session with these clocks has run out by `now`, if it has: at the limit itself it is over.
    pub fn timed_out(&self, now: UnixMillis) -> Option<EndReason> {
        // N01, N02: a login from a clock that was wildly ahead has its absolute end ahead by as much; once the clock is
        // right again, that login lies in the future and is over, or it would outlive its limit by the jump.
        if now >= self.expires_at || self.auth_time > now.plus(STEP) {
            Some(EndReason::Expired)
        } else if now >= self.last_seen.plus(self.idle) {
            Some(EndReason::Idle)
        } else {
            None
        }
    }
}

/// Most live sessions of one user (ASVS 7.1.2): more devices than a person has, and few enough to look through.
pub const MOST_SESSIONS: usize = 100;

/// Which of a user's live sessions, each with its last-seen, give way to one more: those seen longest ago.
pub fn displaced(mut live: Vec<(UnixMillis, SessionId)>) -> Vec<SessionId> {
    let kept = MOST_SESSIONS - 1;
    let over = live.len().saturating_sub(kept);
    live.sort_unstable();
    live.truncate(over);
    live.into_iter().map(|(_, id)| id).collect()
}

/// Why a login that verified a credential may still not open a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefused {
    /// The credential changed since it was verified.
    CredentialChanged,
    /// The user was disabled since.
    Disabled,
}

/// Whether a login that verified `presented` may open a session on an account in this state: judged inside the
/// transition that opens it, so that a login racing a password change or a disabling cannot win.
pub fn may_open(
    status: UserStatus,
    current: CredentialVersion,
    presented: CredentialVersion,
) -> Result<(), LoginRefused> {
    // ASVS 7.4.2: no new login either.
    if status == UserStatus::Disabled {
        return Err(LoginRefused::Disabled);
    }
    if current != presented {
        return Err(LoginRefused::CredentialChanged);
    }
    Ok(())
}

/// What ended a session, or a set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner signed out here.
    SignedOut,
    /// Its owner ended it from another device.
    EndedByOwner,
    /// Its owner signed out everywhere else.
    OthersEnded,
    /// Its owner signed out everywhere.
    EverywhereEnded,
    /// A new login was made over it.
    Replaced,
    /// Its owner opened one more than [`MOST_SESSIONS`], and this one was seen longest ago.
    Displaced,
    /// An operator ended it.
    EndedByOperator,
    /// The password was changed.
    PasswordChanged,
    /// The password was set anew through a mailed link.
    PasswordReset,
    /// Its owner ended it by the link in the mail that told of it.
    EndedByMail,
    /// The user was disabled.
    UserDisabled,
    /// The user was deleted.
    UserDeleted,
    /// Not used for its idle life.
    Idle,
    /// Its absolute life is over.
    Expired,
}

impl EndReason {
    /// All, in the order of the table in `docs/reference/audit-events.md`.
    pub const ALL: [Self; 14] = [
        Self::SignedOut,
        Self::EndedByOwner,
        Self::OthersEnded,
        Self::EverywhereEnded,
        Self::Replaced,
        Self::Displaced,
        Self::EndedByOperator,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EndedByMail,
        Self::UserDisabled,
        Self::UserDeleted,
        Self::Idle,
        Self::Expired,
    ];

    /// The code that stores and logs hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::EndedByOwner => "ended_by_owner",
            Self::OthersEnded => "others_ended",
            Self::EverywhereEnded => "everywhere_ended",
            Self::Replaced => "replaced",
            Self::Displaced => "displaced",
            Self::EndedByOperator => "ended_by_operator",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::EndedByMail => "ended_by_mail",
            Self::UserDisabled => "user_disabled",
            Self::UserDeleted => "user_deleted",
            Self::Idle => "idle",
            Self::Expired => "expired",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn minutes(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    fn opened() -> Session {
        let new = NewSession {
            id: SessionId::new(UnixMillis(0), [1; 10]),
            user: UserId::new(UnixMillis(0), [2; 10]),
            secret: HashedSecret::from_bytes([3; 32]),
            credential: CredentialVersion(1),
            auth_time: UnixMillis(0),
            lifetime: Lifetime::DEFAULT,
            remembered: false,
            acr: Acr::Aal1,
            amr: Amr::PASSWORD,
            device: Device::default(),
            replaces: None,
            tried: None,
            known: None,
            end_ticket: None,
        };
        Session::open(new, StoreNumber(7))
    }

    /// Holds: ASVS 7.3.1, N07
    #[test]
    fn asvs_7_3_1_an_idle_session_runs_out_at_its_limit() {
        let session = opened();
        assert_eq!(session.timed_out(UnixMillis(30 * 60_000 - 1)), None);
        assert_eq!(
            session.timed_out(UnixMillis(30 * 60_000)),
            Some(EndReason::Idle)
        );
    }

    /// Holds: ASVS 7.3.2, N01, N07
    #[test]
    fn asvs_7_3_2_activity_never_moves_the_absolute_end() {
        let mut session = opened();
        let end = UnixMillis(0).plus(Lifetime::DEFAULT.absolute);
        session.last_seen = UnixMillis(end.0 - 1);
        assert_eq!(session.timed_out(UnixMillis(end.0 - 1)), None);
        assert_eq!(session.timed_out(end), Some(EndReason::Expired));
    }

    /// Holds: ASVS 7.3.2, N01, N02
    #[test]
    fn n01_a_login_from_a_clock_ahead_is_over_once_the_clock_is_right() {
        let mut session = opened();
        let days = Duration::from_hours(10 * 24);
        session.auth_time = session.auth_time.plus(days);
        session.last_seen = session.last_seen.plus(days);
        session.expires_at = session.expires_at.plus(days);
        let step = i64::try_from(STEP.as_millis()).unwrap();
        assert_eq!(session.timed_out(session.auth_time), None);
        assert_eq!(
            session.timed_out(UnixMillis(session.auth_time.0 - step)),
            None,
            "so far apart may clocks be that nobody set"
        );
        let right = UnixMillis(session.auth_time.0 - step - 1);
        assert_eq!(session.timed_out(right), Some(EndReason::Expired));
        assert_eq!(session.timed_out(UnixMillis(0)), Some(EndReason::Expired));
    }

    /// Holds: N07, ASVS 7.2.4
    #[test]
    fn n07_a_renewal_restarts_both_clocks_under_a_new_secret() {
        let now = UnixMillis(0).plus(minutes(20));
        let renewal = Renewal {
            id: opened().id,
            presented: opened().secret,
            secret: HashedSecret::from_bytes([4; 32]),
            credential: CredentialVersion(1),
            auth_time: now,
            lifetime: Lifetime::DEFAULT,
            tried: None,
        };
        let renewed = opened().renewed(&renewal);
        assert_eq!(renewed.id, opened().id);
        assert_ne!(renewed.secret, opened().secret);
        assert_eq!(renewed.auth_time, now);
        assert_eq!(renewed.expires_at, now.plus(Lifetime::DEFAULT.absolute));
        assert_eq!(renewed.timed_out(now.plus(minutes(29))), None);
    }

    /// Holds: ASVS 7.1.2
    #[test]
    fn asvs_7_1_2_what_was_seen_longest_ago_gives_way() {
        let id = |n: i64| SessionId::new(UnixMillis(n), [0; 10]);
        let live = |count: i64| (0..count).map(|n| (UnixMillis(n % 7), id(n)));
        assert_eq!(displaced(live(99).collect()), []);
        assert_eq!(displaced(live(100).collect()), [id(0)]);
        assert_eq!(displaced(live(102).rev().collect()), [id(0), id(7), id(14)]);
    }

    /// Holds: N02, N03, ASVS 7.1.1
    #[test]
    fn n02_default_limits_stay_within_the_standard() {
        assert!(Lifetime::REMEMBERED.absolute <= Duration::from_hours(30 * 24));
        assert!(Lifetime::DEFAULT.absolute <= Duration::from_hours(24));
        assert!(Lifetime::DEFAULT.idle <= Duration::from_hours(1));
    }

    /// Holds: ASVS 7.4.2
    #[test]
    fn asvs_7_4_2_a_login_cannot_outrun_a_change_of_the_account() {
        let (old, new) = (CredentialVersion(1), CredentialVersion(2));
        assert_eq!(may_open(UserStatus::Active, old, old), Ok(()));
        assert_eq!(
            may_open(UserStatus::Active, new, old),
            Err(LoginRefused::CredentialChanged)
        );
        assert_eq!(
            may_open(UserStatus::Disabled, old, old),
            Err(LoginRefused::Disabled)
        );
    }

    #[test]
    fn codes_read_back() {
        for reason in EndReason::ALL {
            assert_eq!(EndReason::parse(reason.code()), Some(reason));
        }
        assert_eq!(Acr::parse("aal2"), Some(Acr::Aal2));
        assert_eq!(Acr::parse("aal4"), None);
    }
}
