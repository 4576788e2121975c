//! Every kind of token at every consumer: only its own takes it.

use serde_json::{Value, json};
use vestibule_verify::{Algorithm, Fault, Kind, Verifier, jws};

use crate::maker::{AUDIENCE, ISSUER, Issuer, Maker, NOW, header, merged, set};

const KINDS: [Kind; 8] = [
    Kind::AccessToken,
    Kind::IdToken,
    Kind::LogoutToken,
    Kind::ClientAssertion,
    Kind::RequestObject,
    Kind::Introspection,
    Kind::UserInfo,
    Kind::AuthorizationResponse,
];

/// The claims of a token of that kind, as its standard's examples have them.
fn claims(kind: Kind) -> Value {
    let (iat, exp) = (NOW.seconds(), NOW.seconds() + 120);
    let (iss, aud) = (ISSUER, AUDIENCE);
    match kind {
        Kind::AccessToken => crate::maker::claims(),
        Kind::IdToken => {
            json!({ "iss": iss, "aud": aud, "sub": "user-1", "iat": iat, "exp": exp, "nonce": "n", "sid": "s-1" })
        }
        Kind::LogoutToken => {
            json!({ "iss": iss, "aud": aud, "sub": "user-1", "iat": iat, "exp": exp, "jti": "l-1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} } })
        }
        Kind::ClientAssertion => {
            json!({ "iss": iss, "aud": aud, "sub": iss, "iat": iat, "exp": exp, "jti": "a-1" })
        }
        Kind::RequestObject => {
            json!({ "iss": iss, "aud": aud, "client_id": iss, "response_type": "code", "exp": exp })
        }
        Kind::Introspection => {
            json!({ "iss": iss, "aud": aud, "iat": iat, "token_introspection": { "active": true } })
        }
        Kind::UserInfo => {
            json!({ "iss": iss, "aud": aud, "sub": "user-1", "email": "alice@example.test" })
        }
        Kind::AuthorizationResponse => {
            json!({ "iss": iss, "aud": aud, "exp": exp, "code": "c-1", "state": "x" })
        }
    }
}

/// Holds: ASVS 9.2.2
#[test]
fn asvs_9_2_2_a_token_serves_its_own_purpose_alone() {
    let maker = Maker::p256();
    let verifier = Verifier::builder(ISSUER, AUDIENCE).algorithms([Algorithm::Es256]);
    let verifier = verifier.from_jwks(set(&[maker.jwk()])).unwrap();
    for made in KINDS {
        // Older kinds come with no typ as well.
        let typs = if made.typ() == "JWT" {
            vec![Some("JWT"), None]
        } else {
            vec![Some(made.typ())]
        };
        for typ in typs {
            let mut header = json!({ "alg": "ES256" });
            if let Some(typ) = typ {
                header["typ"] = json!(typ);
            }
            let token = maker.token(&header, &claims(made));
            for consumer in KINDS {
                let judged = verifier.verify_kind(consumer, &token, NOW);
                assert_eq!(
                    judged.is_ok(),
                    made == consumer,
                    "{made:?} ({typ:?}) at {consumer:?}"
                );
            }
        }
    }
}

#[test]
fn an_access_token_is_judged_alike_by_its_name_and_by_its_kind() {
    let issuer = Issuer::new();
    for (more, fault) in [
        (json!({ "cnf": { "jkt": "x" } }), Fault::Bound),
        (json!({ "cnf": { "kid": "x" } }), Fault::Malformed("cnf")),
        (json!({ "scope": ["a"] }), Fault::Malformed("scope")),
        (json!({ "roles": "admin" }), Fault::Malformed("roles")),
    ] {
        let all = merged(crate::maker::claims(), &more);
        let token = issuer.maker.token(&header(), &all);
        let by_kind = issuer.verifier.verify_kind(Kind::AccessToken, &token, NOW);
        assert_eq!(by_kind.unwrap_err().fault(), fault, "{more}");
        assert_eq!(issuer.judge(&token), Err(fault), "{more}");
    }
}

#[test]
fn whether_a_token_is_of_a_kind_is_more_than_its_typ() {
    let maker = Maker::p256();
    let keys = set(&[maker.jwk()]);
    let holds = |kind: Kind, head: &Value, all: &Value| {
        let token = maker.token(head, all);
        let signed = jws::verify(&token, &keys, &[Algorithm::Es256]).unwrap();
        let claims = signed.claims().map_err(vestibule_verify::Refused::fault)?;
        let held = kind.holds(&signed.header, &claims);
        held.map_err(vestibule_verify::Refused::fault)
    };
    for made in KINDS {
        let head = json!({ "alg": "ES256", "typ": made.typ() });
        for kind in KINDS {
            let outcome = holds(kind, &head, &claims(made));
            assert_eq!(
                outcome.is_ok(),
                made == kind,
                "{made:?} as {kind:?}: {outcome:?}"
            );
        }
        let nested = merged(head, &json!({ "cty": "JWT" }));
        assert_eq!(holds(made, &nested, &claims(made)), Err(Fault::Nested));
    }
    let head = json!({ "alg": "ES256", "typ": "at+jwt" });
    for (more, fault) in [
        (json!({ "sub": 7 }), Fault::Malformed("sub")),
        (json!({ "client_id": "" }), Fault::Malformed("client_id")),
        (json!({ "roles": "admin" }), Fault::Malformed("roles")),
        (json!({ "cnf": { "kid": "x" } }), Fault::Malformed("cnf")),
    ] {
        let all = merged(claims(Kind::AccessToken), &more);
        assert_eq!(holds(Kind::AccessToken, &head, &all), Err(fault), "{more}");
    }
}

/// Holds: TH12
#[test]
fn th12_a_logout_token_has_its_event_and_no_nonce() {
    let maker = Maker::p256();
    let verifier = Verifier::builder(ISSUER, AUDIENCE).algorithms([Algorithm::Es256]);
    let verifier = verifier.from_jwks(set(&[maker.jwk()])).unwrap();
    let judge = |more: &Value| {
        let all = crate::maker::merged(claims(Kind::LogoutToken), more);
        let token = maker.token(&json!({ "alg": "ES256", "typ": "logout+jwt" }), &all);
        let judged = verifier.verify_kind(Kind::LogoutToken, &token, NOW);
        judged.map(|_| ()).map_err(vestibule_verify::Refused::fault)
    };
    assert_eq!(
        judge(&json!({ "events": null })),
        Err(Fault::Missing("events"))
    );
    assert_eq!(
        judge(&json!({ "events": {} })),
        Err(Fault::Malformed("events"))
    );
    assert_eq!(
        judge(&json!({ "nonce": "n" })),
        Err(Fault::Foreign("nonce"))
    );
    assert_eq!(judge(&json!({ "sub": null })), Err(Fault::Missing("sub")));
    assert_eq!(judge(&json!({ "sub": null, "sid": "s-1" })), Ok(()));
}
