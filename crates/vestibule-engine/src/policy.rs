//! What the operator decided: how long sessions live, how often something may be tried, who may make an account.

use std::collections::BTreeMap;
use std::time::Duration;

use vestibule_core::session::Lifetime;
use vestibule_core::throttle::{Growing, Limits, Refilling};

/// What the operator decided.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Of a session without 'remember me'.
    pub lifetime: Lifetime,
    /// Of a session with it.
    pub remembered: Lifetime,
    /// How long after `auth_time` a login is fresh (ASVS 7.5.2).
    pub fresh: Duration,
    /// On tries of passwords.
    pub limits: Limits,
    /// On mails that visitors ask for.
    pub mail_limits: MailLimits,
    /// Who may make an account, and what they are asked for.
    pub registration: RegistrationPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lifetime: Lifetime::DEFAULT,
            remembered: Lifetime::REMEMBERED,
            fresh: Duration::from_mins(5),
            limits: Limits::default(),
            mail_limits: MailLimits::default(),
            registration: RegistrationPolicy::default(),
        }
    }
}

impl Policy {
    pub(crate) const fn lifetime(&self, remembered: bool) -> Lifetime {
        if remembered {
            self.remembered
        } else {
            self.lifetime
        }
    }
}

/// The limits on mails that visitors ask for (ASVS 2.4.1). A mail fits when it fits all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLimits {
    /// To one address, asked for from one network: the wait grows.
    pub pair: Growing,
    /// To one address, whoever asks: what many networks together can send to one person. While they do, its owner waits for
    /// a mail of theirs, too.
    pub address: Refilling,
    /// Asked for from one network, to whatever addresses.
    pub network: Refilling,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self {
            pair: Growing {
                free: 3,
                first: Duration::from_mins(1),
                longest: Duration::from_hours(1),
            },
            address: Refilling {
                burst: 10,
                refill: Duration::from_mins(15),
            },
            network: Refilling {
                burst: 30,
                refill: Duration::from_mins(2),
            },
        }
    }
}

/// Who may make an account, and what they are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrationPolicy {
    /// Who may.
    pub mode: RegistrationMode,
    /// Whether a name is asked for.
    pub name: NameAsked,
    /// Where the terms are that must be accepted, if there are any.
    pub terms: Option<String>,
    /// What else is asked for.
    pub fields: Vec<ProfileField>,
}

impl RegistrationPolicy {
    /// Whether a stranger may ask for an account.
    pub fn is_open(&self) -> bool {
        self.mode == RegistrationMode::Open
    }
}

/// Who may make an account for themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Whoever reads the mail of an address.
    Open,
    /// Whom an operator invited.
    #[default]
    Invited,
    /// Nobody: operators make accounts. An invitation that an operator sends all the same is good.
    Off,
}

/// Whether a person must tell their name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NameAsked {
    /// They must.
    Required,
    /// They may.
    #[default]
    Optional,
}

/// Something a person is asked to tell of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileField {
    /// Names the answer.
    pub id: String,
    /// The question, by language.
    pub labels: BTreeMap<String, String>,
    /// Whether it must be answered.
    pub required: bool,
}
