//! The device grant (RFC 8628): a device without a browser shows a short code, a person types it where they are signed in.
//!
//! ```text
//!            ┌──poll: pending, or slow down──┐
//!            ▼                               │
//! begun ─▶ pending ──────────────────────────┘
//!            ├──allowed──▶ allowed ──poll──▶ taken (once)
//!            ├──denied───▶ denied
//!            └──over its time: expired
//! ```

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::id::{ApplicationId, GrantId};
use crate::oauth::resource::Resources;
use crate::oauth::scope::ScopeSet;
use crate::oauth::secret::PlainDeviceCode;
use crate::oauth::thumbprint::Thumbprint;
use crate::secret::HashedSecret;
use crate::time::{STEP, UnixMillis};

/// How long a device waits for its person (V03).
pub const DEVICE_CODE_LIFE: Duration = Duration::from_mins(15);
/// How long a device waits between two polls, to begin with; so much more whenever it does not (RFC 8628 §3.5).
pub const INTERVAL: Duration = Duration::from_secs(5);
/// The longest that a device is told to wait.
pub const LONGEST_INTERVAL: Duration = Duration::from_mins(1);
/// A poll comes early when it does by more than this: networks are not regular.
const SLACK: Duration = Duration::from_secs(1);

/// What a person types: 8 of 20 consonants, which spell no word (RFC 8628 §6.1; 34 bits, V01). Guessing is for throttling to
/// bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserCode([u8; Self::LEN]);

/// Not a user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has 8 letters, like BDWP-HQPK")]
pub struct ParseUserCodeError;

impl UserCode {
    const LEN: usize = 8;
    const ALPHABET: &'static [u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

    /// From 8 random bytes: 2^64 over 20^8, the bias is nothing.
    pub fn new(random: [u8; 8]) -> Self {
        let mut rest = u64::from_be_bytes(random);
        Self([(); Self::LEN].map(|()| {
            let digit = usize::try_from(rest % 20).unwrap_or(0);
            rest /= 20;
            Self::ALPHABET[digit]
        }))
    }

    /// The letters, for a store to bind.
    pub fn letters(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }
}

impl fmt::Display for UserCode {
    /// As shown: `BDWP-HQPK`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = self.letters();
        let (first, second) = letters.split_at(Self::LEN / 2);
        write!(f, "{first}-{second}")
    }
}

impl FromStr for UserCode {
    type Err = ParseUserCodeError;

    /// As people type it: in either case, with whatever between the letters (RFC 8628 §6.1).
    fn from_str(text: &str) -> Result<Self, ParseUserCodeError> {
        if text.len() > 64 {
            return Err(ParseUserCodeError);
        }
        let letters: Vec<u8> = text
            .chars()
            .filter(|c| c.is_alphanumeric())
            .map(|c| u8::try_from(c.to_ascii_uppercase()).unwrap_or(0))
            .collect();
        let letters: [u8; Self::LEN] = letters.try_into().map_err(|_| ParseUserCodeError)?;
        let all = letters.iter().all(|letter| Self::ALPHABET.contains(letter));
        all.then_some(Self(letters)).ok_or(ParseUserCodeError)
    }
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody has decided.
    Pending,
    /// Somebody allowed it, and the device does not know yet.
    Allowed {
        /// What it may do.
        grant: GrantId,
        /// When they had proved who they are.
        auth_time: UnixMillis,
    },
    /// Somebody refused.
    Denied,
    /// The device has what it asked for.
    Taken,
}

/// What a device waits for, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAuthorization {
    /// What the device code hashes to (R20).
    pub code: HashedSecret,
    /// What the person types. Worth nothing without a login and a consent.
    pub user_code: UserCode,
    /// Who asks (V03).
    pub application: ApplicationId,
    /// The key it is bound to.
    pub jkt: Option<Thumbprint>,
    /// What is asked.
    pub scopes: ScopeSet,
    /// For which resource servers.
    pub resources: Resources,
    /// When it was begun.
    pub issued_at: UnixMillis,
    /// How long the device is to wait between polls.
    pub interval: Duration,
    /// When it asked last.
    pub polled_at: Option<UnixMillis>,
    /// How far it has come.
    pub state: DeviceState,
}

impl DeviceAuthorization {
    /// Whether somebody may still decide, and the device still ask.
    pub fn lasts(&self, now: UnixMillis) -> bool {
        now < self.issued_at.plus(DEVICE_CODE_LIFE) && self.issued_at <= now.plus(STEP)
    }

    fn came_early(&self, now: UnixMillis) -> bool {
        self.polled_at
            .is_some_and(|before| now.since(before) + SLACK < self.interval)
    }
}

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// They allow it.
    Allow {
        /// What it may do.
        grant: GrantId,
        /// When they had proved who they are.
        auth_time: UnixMillis,
    },
    /// They do not.
    Deny,
}

/// Why a decision does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// Somebody decided before.
    #[error("somebody has decided before")]
    Already,
    /// Too late.
    #[error("the code is over its time")]
    Expired,
}

/// Takes a person's decision: the first counts. What it gives is to be stored in the same transition.
pub fn decide(
    authorization: DeviceAuthorization,
    decision: Decision,
    now: UnixMillis,
) -> Result<DeviceAuthorization, DecideError> {
    if authorization.state != DeviceState::Pending {
        return Err(DecideError::Already);
    }
    if !authorization.lasts(now) {
        return Err(DecideError::Expired);
    }
    let state = match decision {
        Decision::Allow { grant, auth_time } => DeviceState::Allowed { grant, auth_time },
        Decision::Deny => DeviceState::Denied,
    };
    Ok(DeviceAuthorization {
        state,
        ..authorization
    })
}

/// What a device brings. The application is the one that the request was authenticated as.
#[derive(Debug, Clone, Copy)]
pub struct PresentedDeviceCode<'a> {
    /// The code.
    pub code: &'a PlainDeviceCode,
    /// Who sends it.
    pub application: ApplicationId,
    /// The key of the proof that came along, verified.
    pub jkt: Option<Thumbprint>,
}

/// What a poll comes to. An authorization inside is to be stored in the same transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// `authorization_pending`.
    Pending {
        /// With the time of this poll.
        authorization: DeviceAuthorization,
    },
    /// `slow_down`: it asked too soon, and is to wait longer from now on.
    SlowDown {
        /// With the time of this poll and the longer interval.
        authorization: DeviceAuthorization,
    },
    /// Tokens, under this grant.
    Taken {
        /// Taken now.
        authorization: DeviceAuthorization,
        /// What it may do.
        grant: GrantId,
        /// When its user had proved who they are.
        auth_time: UnixMillis,
    },
    /// `access_denied`.
    Denied,
    /// `expired_token`.
    Expired,
    /// `invalid_grant`: the device has its tokens.
    AlreadyUsed,
    /// `invalid_grant`: another application's code, another key, or no such code. Nothing changes.
    Refused,
}

/// Judges a poll.
pub fn poll(
    authorization: DeviceAuthorization,
    presented: &PresentedDeviceCode<'_>,
    now: UnixMillis,
) -> Poll {
    // Constant time, by the type (ASVS 11.2.4).
    let fits = presented.code.hashed() == authorization.code
        && presented.application == authorization.application
        && (authorization.jkt.is_none() || presented.jkt == authorization.jkt);
    if !fits {
        return Poll::Refused;
    }
    match authorization.state {
        DeviceState::Taken => Poll::AlreadyUsed,
        _ if !authorization.lasts(now) => Poll::Expired,
        DeviceState::Denied => Poll::Denied,
        DeviceState::Allowed { grant, auth_time } => Poll::Taken {
            authorization: DeviceAuthorization {
                state: DeviceState::Taken,
                ..authorization
            },
            grant,
            auth_time,
        },
        DeviceState::Pending => wait(authorization, now),
    }
}

fn wait(authorization: DeviceAuthorization, now: UnixMillis) -> Poll {
    let early = authorization.came_early(now);
    let authorization = DeviceAuthorization {
        polled_at: Some(now),
        ..authorization
    };
    if !early {
        return Poll::Pending { authorization };
    }
    Poll::SlowDown {
        authorization: DeviceAuthorization {
            interval: (authorization.interval + INTERVAL).min(LONGEST_INTERVAL),
            ..authorization
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn plain() -> PlainDeviceCode {
        PlainDeviceCode::new([7; 32])
    }

    fn begun() -> DeviceAuthorization {
        DeviceAuthorization {
            code: plain().hashed(),
            user_code: UserCode::new([1; 8]),
            application: ApplicationId::new(NOW, [1; 10]),
            jkt: None,
            scopes: ScopeSet::default(),
            resources: Resources::default(),
            issued_at: NOW,
            interval: INTERVAL,
            polled_at: None,
            state: DeviceState::Pending,
        }
    }

    fn allow() -> Decision {
        Decision::Allow {
            grant: GrantId::new(NOW, [3; 10]),
            auth_time: NOW,
        }
    }

    fn decided(decision: Decision) -> DeviceAuthorization {
        decide(begun(), decision, NOW).unwrap()
    }

    fn polled(authorization: DeviceAuthorization, now: UnixMillis) -> Poll {
        let presented = PresentedDeviceCode {
            code: &plain(),
            application: ApplicationId::new(NOW, [1; 10]),
            jkt: None,
        };
        poll(authorization, &presented, now)
    }

    fn secs(seconds: u64) -> UnixMillis {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn rfc_8628_6_1_a_user_code_has_eight_of_twenty_letters_and_is_read_as_people_type_it() {
        let code = UserCode::new([0xa7; 8]);
        let shown = code.to_string();
        assert_eq!((shown.len(), shown.as_bytes()[4]), (9, b'-'));
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            format!(" {} ", shown.replace('-', " ")),
            code.letters(),
        ] {
            assert_eq!(typed.parse(), Ok(code), "{typed}");
        }
        let seven = &code.letters()[1..];
        let nine = format!("{}B", code.letters());
        for wrong in [
            "",
            seven,
            &nine,
            "BCDF-GHJA",
            "BCDF-GHJ1",
            "BCDF-GHJé",
            &"B-".repeat(99),
        ] {
            assert!(wrong.parse::<UserCode>().is_err(), "{wrong}");
        }
        assert_eq!(UserCode::new([0; 8]).to_string(), "BBBB-BBBB");
        assert_ne!(UserCode::new([1; 8]), UserCode::new([2; 8]));
    }

    /// Holds: V03
    #[test]
    fn v03_who_polls_too_fast_is_told_to_slow_down_and_must_from_then_on() {
        let Poll::Pending { authorization } = polled(begun(), secs(0)) else {
            panic!("the first poll is not early");
        };
        let Poll::Pending { authorization } = polled(authorization, secs(4)) else {
            panic!("networks are not regular");
        };
        let Poll::SlowDown { authorization } = polled(authorization, secs(6)) else {
            panic!("two seconds");
        };
        assert_eq!(authorization.interval, Duration::from_secs(10));
        let Poll::SlowDown { mut authorization } = polled(authorization, secs(14)) else {
            panic!("eight of ten seconds");
        };
        assert_eq!(authorization.interval, Duration::from_secs(15));
        for _ in 0..20 {
            if let Poll::SlowDown {
                authorization: slowed,
            } = polled(authorization.clone(), secs(14))
            {
                authorization = slowed;
            }
        }
        assert_eq!(authorization.interval, LONGEST_INTERVAL);
        let later = polled(authorization, secs(74));
        assert!(matches!(later, Poll::Pending { .. }), "{later:?}");
    }

    /// Holds: V03
    #[test]
    fn v03_a_device_code_is_taken_once() {
        let Poll::Taken {
            authorization,
            grant,
            ..
        } = polled(decided(allow()), secs(1))
        else {
            panic!("allowed");
        };
        assert_eq!(grant, GrantId::new(NOW, [3; 10]));
        assert_eq!(polled(authorization.clone(), secs(9)), Poll::AlreadyUsed);
        assert_eq!(polled(authorization, secs(9999)), Poll::AlreadyUsed);
        assert_eq!(polled(decided(Decision::Deny), secs(1)), Poll::Denied);
    }

    /// Holds: V03
    #[test]
    fn v03_fifteen_minutes_and_no_longer() {
        let end = 15 * 60;
        assert!(matches!(
            polled(begun(), secs(end - 1)),
            Poll::Pending { .. }
        ));
        assert_eq!(polled(begun(), secs(end)), Poll::Expired);
        assert_eq!(polled(decided(allow()), secs(end)), Poll::Expired);
        assert_eq!(
            decide(begun(), allow(), secs(end)),
            Err(DecideError::Expired)
        );
        let ahead = UnixMillis(NOW.0 - 60_001);
        assert_eq!(
            polled(begun(), ahead),
            Poll::Expired,
            "N01: from a clock ahead"
        );
    }

    #[test]
    fn rfc_8628_the_first_decision_counts() {
        for first in [allow(), Decision::Deny] {
            for second in [allow(), Decision::Deny] {
                assert_eq!(
                    decide(decided(first), second, NOW),
                    Err(DecideError::Already)
                );
            }
        }
    }

    /// Holds: V03
    #[test]
    fn v03_a_device_code_is_its_clients_and_its_keys_alone() {
        let jkt = Some(Thumbprint::from_bytes([1; 32]));
        let bound = DeviceAuthorization {
            jkt,
            ..decided(allow())
        };
        let code = plain();
        let right = PresentedDeviceCode {
            code: &code,
            application: bound.application,
            jkt,
        };
        let application = ApplicationId::new(NOW, [2; 10]);
        let other_key = Some(Thumbprint::from_bytes([2; 32]));
        let other_code = PlainDeviceCode::new([8; 32]);
        for wrong in [
            PresentedDeviceCode {
                application,
                ..right
            },
            PresentedDeviceCode { jkt: None, ..right },
            PresentedDeviceCode {
                jkt: other_key,
                ..right
            },
            PresentedDeviceCode {
                code: &other_code,
                ..right
            },
        ] {
            assert_eq!(poll(bound.clone(), &wrong, NOW), Poll::Refused);
        }
        assert!(matches!(poll(bound, &right, NOW), Poll::Taken { .. }));
    }
}
