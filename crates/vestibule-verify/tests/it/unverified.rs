//! What is said of a token that nobody has verified.

use serde_json::{Value, json};
use vestibule_verify::{Fault, jws};

use crate::maker::{NOW, b64, claims, header, merged};

fn faults(header: &Value, claims: &Value) -> Vec<Fault> {
    let token = format!("{}.{}.", b64(header.to_string()), b64(claims.to_string()));
    jws::read_unverified(&token).unwrap().faults(NOW)
}

#[test]
fn an_algorithm_that_others_use_is_nothing_wrong_and_none_is() {
    for alg in ["ES256", "ES512", "RS512", "ES256K", "HS256", "ML-DSA-44"] {
        let head = merged(header(), &json!({ "alg": alg }));
        assert_eq!(faults(&head, &claims()), [], "{alg}");
    }
    for alg in ["none", "NONE", "nOnE "] {
        let head = merged(header(), &json!({ "alg": alg }));
        assert_eq!(faults(&head, &claims()), [Fault::Unsigned], "{alg}");
    }
}

#[test]
fn what_is_wrong_whatever_the_keys_is_said() {
    for (more, fault) in [
        (json!({ "alg": null }), Fault::AlgorithmMissing),
        (json!({ "ALG": "x" }), Fault::HeaderJson),
        (json!({ "cty": "JWT" }), Fault::Nested),
        (json!({ "cty": "application/jwt" }), Fault::Nested),
        (json!({ "jku": "https://x.test" }), Fault::KeyInHeader),
        (json!({ "crit": ["x"] }), Fault::Critical),
        (json!({ "zip": "DEF" }), Fault::EncryptionMember),
        (json!({ "kid": 7 }), Fault::HeaderMember),
    ] {
        let head = merged(header(), &more);
        assert_eq!(faults(&head, &claims()), [fault], "{more}");
    }
    for (more, fault) in [
        (json!({ "iss": null }), Fault::Missing("iss")),
        (json!({ "iss": 7 }), Fault::Malformed("iss")),
        (json!({ "aud": null }), Fault::Missing("aud")),
        (json!({ "aud": [] }), Fault::Malformed("aud")),
        (json!({ "exp": null }), Fault::Missing("exp")),
        (
            json!({ "exp": NOW.seconds() - 60, "iat": null }),
            Fault::Expired,
        ),
        (json!({ "sub": 7 }), Fault::Malformed("sub")),
    ] {
        let all = merged(claims(), &more);
        assert_eq!(faults(&header(), &all), [fault], "{more}");
    }
}
