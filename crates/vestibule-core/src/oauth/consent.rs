//! Whether a user must be asked before an application gets what it asks for (ASVS 10.7.1).

use crate::oauth::grant::Allowed;
use crate::oauth::prompt::Prompt;
use crate::oauth::resource::Resources;
use crate::oauth::scope::{Scope, ScopeSet};

/// What an application's operator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConsentPolicy {
    /// Ask for what was not allowed before.
    #[default]
    Once,
    /// Ask each time.
    Always,
    /// The operator's own software: do not ask. What outlives the session is asked for all the same.
    FirstParty,
}

/// Whether it is certain that the application gets the answer and nobody else in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// It proves itself with a secret or a key, or the answer goes to an https address of its own.
    Assured,
    /// A public client on loopback or a scheme that any program could claim (C10).
    Unassured,
}

impl Identity {
    /// Of an application that answers go to at an address so [assured](super::redirect_uri::RedirectUri::is_assured).
    pub const fn of(confidential: bool, assured_redirect_uri: bool) -> Self {
        if confidential || assured_redirect_uri {
            Self::Assured
        } else {
            Self::Unassured
        }
    }
}

/// What an application asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What.
    pub scopes: &'a ScopeSet,
    /// At which resource servers.
    pub resources: &'a Resources,
    /// And how.
    pub prompt: Prompt,
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// The user has allowed it, or need not be asked.
    Given,
    /// The user must be asked.
    Ask(Question),
    /// They must be asked, and the application forbids it: `consent_required`.
    Required,
}

/// What to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is new.
    pub scopes: ScopeSet,
    /// What they have allowed before, and need only be told.
    pub allowed: ScopeSet,
    /// Which resource servers are new.
    pub resources: Resources,
    /// Whether it is to outlive the session, for the first time.
    pub standing: bool,
}

impl Question {
    fn is_empty(&self) -> bool {
        self.scopes.is_empty() && self.resources.is_empty() && !self.standing
    }
}

/// Judges a request by what the user has allowed this application before.
pub fn consent(
    asked: &Asked<'_>,
    allowed: &Allowed,
    policy: ConsentPolicy,
    identity: Identity,
) -> Consent {
    let new = asked.scopes.without(&allowed.scopes);
    let question = Question {
        allowed: asked.scopes.without(&new),
        scopes: new,
        resources: asked.resources.without(&allowed.resources),
        // Only a user's word makes what outlives the session, whoever asks (OpenID Connect Core §11).
        standing: asked.scopes.has(Scope::OFFLINE_ACCESS) && !allowed.standing,
    };
    let settled = match policy {
        ConsentPolicy::Always => false,
        ConsentPolicy::Once => question.is_empty(),
        ConsentPolicy::FirstParty => !question.standing,
    };
    // ASVS 10.7.1, C10: who may be somebody else is asked about each time.
    if settled && identity == Identity::Assured && !asked.prompt.consent {
        return Consent::Given;
    }
    if asked.prompt.none {
        return Consent::Required;
    }
    Consent::Ask(question)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        scopes: &'static str,
        resource: Option<&'static str>,
        prompt: &'static str,
        policy: ConsentPolicy,
        identity: Identity,
    }

    const PLAIN: Case = Case {
        scopes: "openid a",
        resource: None,
        prompt: "",
        policy: ConsentPolicy::Once,
        identity: Identity::Assured,
    };

    fn judged(case: &Case, allowed: &Allowed) -> Consent {
        let asked = Asked {
            scopes: &case.scopes.parse().unwrap(),
            resources: &Resources::of_request(case.resource).unwrap(),
            prompt: case.prompt.parse().unwrap_or_default(),
        };
        consent(&asked, allowed, case.policy, case.identity)
    }

    fn allowed(scopes: &str) -> Allowed {
        Allowed {
            scopes: scopes.parse().unwrap(),
            ..Allowed::default()
        }
    }

    fn asked(case: &Case, before: &Allowed) -> Question {
        match judged(case, before) {
            Consent::Ask(question) => question,
            other => panic!("{other:?}"),
        }
    }

    /// Holds: ASVS 10.7.1
    #[test]
    fn asvs_10_7_1_what_is_new_is_asked_and_what_was_allowed_is_not() {
        assert_eq!(judged(&PLAIN, &allowed("openid a b")), Consent::Given);
        let question = asked(&PLAIN, &allowed("openid"));
        assert_eq!(question.scopes, "a".parse().unwrap());
        assert_eq!(question.allowed, "openid".parse().unwrap());
        let resource = Case {
            resource: Some("urn:x:a"),
            ..PLAIN
        };
        assert_eq!(
            asked(&resource, &allowed("openid a"))
                .resources
                .iter()
                .count(),
            1
        );
        let always = Case {
            policy: ConsentPolicy::Always,
            ..PLAIN
        };
        assert!(asked(&always, &allowed("openid a")).is_empty());
        let prompted = Case {
            prompt: "consent",
            ..PLAIN
        };
        assert!(asked(&prompted, &allowed("openid a")).is_empty());
        let own = Case {
            policy: ConsentPolicy::FirstParty,
            ..PLAIN
        };
        assert_eq!(judged(&own, &Allowed::default()), Consent::Given);
        let prompted = Case {
            prompt: "consent",
            ..own
        };
        assert_eq!(
            asked(&prompted, &Allowed::default()).scopes.iter().count(),
            2
        );
    }

    /// Holds: ASVS 10.7.1, O01
    #[test]
    fn c10_an_unassured_client_is_asked_about_each_time_and_never_silently_let_through() {
        assert_eq!(Identity::of(false, false), Identity::Unassured);
        assert_eq!(Identity::of(true, false), Identity::Assured);
        assert_eq!(Identity::of(false, true), Identity::Assured);
        let all = allowed("openid a");
        for policy in [
            ConsentPolicy::Once,
            ConsentPolicy::Always,
            ConsentPolicy::FirstParty,
        ] {
            let case = Case {
                policy,
                identity: Identity::Unassured,
                ..PLAIN
            };
            asked(&case, &all);
            let silent = Case {
                prompt: "none",
                ..case
            };
            assert_eq!(judged(&silent, &all), Consent::Required, "{policy:?}");
        }
        let silent = Case {
            prompt: "none",
            ..PLAIN
        };
        assert_eq!(judged(&silent, &all), Consent::Given);
        assert_eq!(judged(&silent, &allowed("openid")), Consent::Required);
    }

    /// Holds: ASVS 10.7.1
    #[test]
    fn what_outlives_the_session_is_asked_for_even_by_the_operators_own_software() {
        let offline = "openid offline_access";
        let own = Case {
            scopes: offline,
            policy: ConsentPolicy::FirstParty,
            ..PLAIN
        };
        assert!(asked(&own, &Allowed::default()).standing);
        assert!(
            asked(&own, &allowed(offline)).standing,
            "in a session, so far"
        );
        let standing = Allowed {
            standing: true,
            ..allowed(offline)
        };
        assert_eq!(judged(&own, &standing), Consent::Given);
    }
}
