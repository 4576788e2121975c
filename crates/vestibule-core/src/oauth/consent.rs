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
    /// Whether it is to outlive the session, and was not allowed to, or not with all of this.
    pub standing: bool,
    /// Whether they have never allowed the application anything: what is asked may be no more than who they are.
    pub first: bool,
}

/// Judges a request by what the user has allowed this application before.
pub fn consent(
    asked: &Asked<'_>,
    allowed: Allowed<'_>,
    policy: ConsentPolicy,
    identity: Identity,
) -> Consent {
    let standing = asked.scopes.has(Scope::OFFLINE_ACCESS);
    // At once, and in one answer of theirs: a page that showed half of it twice has not asked for the whole.
    let covered = allowed.covers(asked.scopes, asked.resources, standing);
    let settled = match policy {
        ConsentPolicy::Always => false,
        ConsentPolicy::Once => covered,
        // Only a user's word makes what outlives the session, whoever asks (OpenID Connect Core §11).
        ConsentPolicy::FirstParty => covered || !standing,
    };
    // ASVS 10.7.1, C10: who may be somebody else is asked about each time.
    if settled && identity == Identity::Assured && !asked.prompt.consent {
        return Consent::Given;
    }
    if asked.prompt.none {
        return Consent::Required;
    }
    let new = asked.scopes.without(&allowed.scopes());
    Consent::Ask(Question {
        allowed: asked.scopes.without(&new),
        scopes: new,
        resources: asked.resources.without(&allowed.resources()),
        standing: standing && !covered,
        first: allowed.is_nothing(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::grant::Grant;
    use crate::oauth::grant::tests::grant;

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

    fn judged(case: &Case, before: &[Grant]) -> Consent {
        let asked = Asked {
            scopes: &case.scopes.parse().unwrap(),
            resources: &Resources::of_request(case.resource).unwrap(),
            prompt: case.prompt.parse().unwrap_or_default(),
        };
        consent(&asked, Allowed::by(before), case.policy, case.identity)
    }

    fn allowed(scopes: &str) -> [Grant; 1] {
        [grant(scopes, None, false)]
    }

    fn asked(case: &Case, before: &[Grant]) -> Question {
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
        assert!(!question.first);
        let resource = Case {
            resource: Some("urn:x:a"),
            ..PLAIN
        };
        let resources = asked(&resource, &allowed("openid a")).resources;
        assert_eq!(resources.iter().count(), 1);
        let always = Case {
            policy: ConsentPolicy::Always,
            ..PLAIN
        };
        assert!(asked(&always, &allowed("openid a")).scopes.is_empty());
        let prompted = Case {
            prompt: "consent",
            ..PLAIN
        };
        assert!(asked(&prompted, &allowed("openid a")).scopes.is_empty());
        let own = Case {
            policy: ConsentPolicy::FirstParty,
            ..PLAIN
        };
        assert_eq!(judged(&own, &[]), Consent::Given);
        let prompted = Case {
            prompt: "consent",
            ..own
        };
        assert_eq!(asked(&prompted, &[]).scopes.iter().count(), 2);
    }

    /// Holds: ASVS 10.7.1
    #[test]
    fn asvs_10_7_1_an_application_that_was_never_seen_is_asked_about_whatever_it_wants() {
        let nothing = Case {
            scopes: "",
            ..PLAIN
        };
        let question = asked(&nothing, &[]);
        assert!(question.first && question.scopes.is_empty() && question.resources.is_empty());
        let silent = Case {
            prompt: "none",
            ..nothing
        };
        assert_eq!(judged(&silent, &[]), Consent::Required);
        assert_eq!(judged(&nothing, &allowed("openid")), Consent::Given);
    }

    /// Holds: ASVS 10.7.1
    #[test]
    fn asvs_10_7_1_what_was_allowed_apart_was_not_allowed_together() {
        let apart = [
            grant("openid a", Some("urn:x:a"), false),
            grant("openid b offline_access", Some("urn:x:b"), true),
        ];
        for (scopes, resource) in [
            ("openid a b", None),
            ("openid a", Some("urn:x:b")),
            ("openid offline_access", Some("urn:x:a")),
        ] {
            let case = Case {
                scopes,
                resource,
                ..PLAIN
            };
            let question = asked(&case, &apart);
            assert!(question.scopes.is_empty(), "each is known: {scopes}");
            assert!(question.resources.is_empty() && !question.first);
            let silent = Case {
                prompt: "none",
                ..case
            };
            assert_eq!(judged(&silent, &apart), Consent::Required, "{scopes}");
        }
        let one_of_them = Case {
            scopes: "openid b offline_access",
            resource: Some("urn:x:b"),
            ..PLAIN
        };
        assert_eq!(judged(&one_of_them, &apart), Consent::Given);
        // The operator's own software likewise, where it is to outlive the session.
        let own = Case {
            scopes: "openid a offline_access",
            policy: ConsentPolicy::FirstParty,
            ..PLAIN
        };
        assert!(asked(&own, &apart).standing);
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
        // docs/deviations.md, C10.
        let own = Case {
            policy: ConsentPolicy::FirstParty,
            ..silent
        };
        assert_eq!(judged(&own, &[]), Consent::Given);
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
        assert!(asked(&own, &[]).standing);
        assert!(
            asked(&own, &allowed(offline)).standing,
            "in a session, so far"
        );
        assert_eq!(judged(&own, &[grant(offline, None, true)]), Consent::Given);
    }
}
