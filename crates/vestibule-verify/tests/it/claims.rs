use serde_json::json;
use vestibule_verify::{Algorithm, Fault, Verifier};

use crate::maker::{AUDIENCE, ISSUER, Issuer, Maker, NOW, claims, header, merged, set};

/// Holds: TH01, TB07, J11
#[test]
fn th01_tb07_the_issuer_is_the_issuer() {
    let issuer = Issuer::new();
    assert_eq!(
        issuer.with_claims(&json!({ "iss": null })),
        Err(Fault::Missing("iss"))
    );
    for iss in [
        "https://evil.example.test",
        "https://id.example.tes",
        "https://id.example.test/",
        "https://ID.example.test",
        "https://\u{456}d.example.test",
        "https://id.example.test@evil.example.test",
        "",
    ] {
        assert_eq!(
            issuer.with_claims(&json!({ "iss": iss })),
            Err(Fault::Issuer),
            "{iss}"
        );
    }
    for iss in [
        json!([ISSUER, "https://evil.example.test"]),
        json!({ "x": ISSUER }),
        json!(null),
    ] {
        assert_eq!(issuer.with_claim("iss", &iss), Err(Fault::Malformed("iss")));
    }
}

/// Holds: TH02, TH03, J12, ASVS 9.2.3, ASVS 10.3.1
#[test]
fn th02_th03_the_audience_is_ours() {
    let issuer = Issuer::new();
    assert_eq!(
        issuer.with_claims(&json!({ "aud": null })),
        Err(Fault::Missing("aud"))
    );
    let malformed = json!([
        null,
        "",
        [],
        ["", AUDIENCE],
        7,
        [[AUDIENCE]],
        [AUDIENCE, 7],
        {}
    ]);
    for aud in malformed.as_array().unwrap() {
        assert_eq!(
            issuer.with_claim("aud", aud),
            Err(Fault::Malformed("aud")),
            "{aud}"
        );
    }
    for aud in [
        "https://other.example.test",
        "https://api.example.tes",
        "https://API.example.test",
        "*",
    ] {
        assert_eq!(
            issuer.with_claims(&json!({ "aud": aud })),
            Err(Fault::Audience),
            "{aud}"
        );
        assert_eq!(
            issuer.with_claims(&json!({ "aud": [aud] })),
            Err(Fault::Audience),
            "{aud}"
        );
    }
    assert_eq!(
        issuer.with_claims(&json!({ "aud": ["x", AUDIENCE] })),
        Ok(())
    );
    let maker = Maker::p256();
    let strict = Verifier::builder(ISSUER, AUDIENCE)
        .algorithms([Algorithm::Es256])
        .only_audience();
    let strict = strict
        .from_jwks(set(&[maker.jwk_with(&json!({ "kid": "k1" }))]))
        .unwrap();
    let judge = |aud: serde_json::Value| {
        let token = maker.token(&header(), &merged(claims(), &json!({ "aud": aud })));
        strict
            .verify(&token, NOW)
            .map(|_| ())
            .map_err(vestibule_verify::Refused::fault)
    };
    assert_eq!(judge(json!(["x", AUDIENCE])), Err(Fault::Audience));
    assert_eq!(judge(json!([AUDIENCE])), Ok(()));
}

/// Holds: TH04
#[test]
fn th04_the_subject_is_a_name() {
    let issuer = Issuer::new();
    assert_eq!(
        issuer.with_claims(&json!({ "sub": null })),
        Err(Fault::Missing("sub"))
    );
    for sub in [
        json!(""),
        json!(7),
        json!("x".repeat(10_000)),
        json!("a\0b"),
        json!(null),
    ] {
        assert_eq!(issuer.with_claim("sub", &sub), Err(Fault::Malformed("sub")));
    }
}

/// Holds: TH05, ASVS 10.3.3
#[test]
fn th05_a_client_is_no_user() {
    let issuer = Issuer::new();
    let own = json!({ "sub": "app-1", "sid": null, "gid": null, "auth_time": null });
    let token = issuer.maker.token(&header(), &merged(claims(), &own));
    assert!(
        issuer
            .verifier
            .verify(&token, NOW)
            .unwrap()
            .is_clients_own()
    );
    // Whatever it calls itself: an id of a user, here.
    let own = json!({ "sub": "user-1", "sid": null, "gid": null, "auth_time": null });
    let token = issuer.maker.token(&header(), &merged(claims(), &own));
    let token = issuer.verifier.verify(&token, NOW).unwrap();
    assert!(token.is_clients_own());
    let marks = ["sid", "gid", "auth_time"];
    for mark in marks {
        let mut only = json!({ "sub": "app-1" });
        for other in marks.iter().filter(|other| **other != mark) {
            only[other] = json!(null);
        }
        let token = issuer.maker.token(&header(), &merged(claims(), &only));
        let token = issuer.verifier.verify(&token, NOW).unwrap();
        assert!(!token.is_clients_own(), "{mark}");
    }
}

/// Holds: TH06, ASVS 10.3.2
#[test]
fn th06_a_scope_is_whole_and_exact() {
    let issuer = Issuer::new();
    let odd = json!([
        ["orders:read"],
        null,
        "orders:read\torders:write",
        "orders:read  orders:write",
        " orders:read",
        7
    ]);
    for scope in odd.as_array().unwrap() {
        assert_eq!(
            issuer.with_claim("scope", scope),
            Err(Fault::Malformed("scope")),
            "{scope}"
        );
    }
    let token = issuer.verifier.verify(&issuer.good(), NOW).unwrap();
    assert!(token.has_scope("orders:read") && token.has_scope("orders:write"));
    for scope in [
        "orders",
        "orders:rea",
        "Orders:read",
        "orders:read orders:write",
        "",
    ] {
        assert!(!token.has_scope(scope), "{scope}");
    }
    let without = issuer
        .maker
        .token(&header(), &merged(claims(), &json!({ "scope": null })));
    assert!(
        !issuer
            .verifier
            .verify(&without, NOW)
            .unwrap()
            .has_scope("orders:read")
    );
}

#[test]
fn the_client_and_the_token_have_names() {
    let issuer = Issuer::new();
    for name in ["client_id", "jti"] {
        assert_eq!(
            issuer.with_claims(&json!({ name: null })),
            Err(Fault::Missing(name))
        );
        for value in [json!(""), json!(7), json!("x".repeat(5_000))] {
            assert_eq!(issuer.with_claim(name, &value), Err(Fault::Malformed(name)));
        }
    }
    let megabyte = issuer.with_claims(&json!({ "jti": "x".repeat(1 << 20) }));
    assert_eq!(megabyte, Err(Fault::TooLong));
}

#[test]
fn a_bound_token_is_no_bearers() {
    let issuer = Issuer::new();
    assert_eq!(
        issuer.with_claims(&json!({ "cnf": { "jkt": "x" } })),
        Err(Fault::Bound)
    );
    for cnf in [
        json!({ "jkt": "x", "x5t#S256": "y" }),
        json!({ "kid": "x" }),
        json!({}),
        json!("x"),
        json!({ "jkt": 1 }),
    ] {
        assert_eq!(
            issuer.with_claims(&json!({ "cnf": cnf })),
            Err(Fault::Malformed("cnf"))
        );
    }
}

#[test]
fn what_an_access_token_says_is_read() {
    let issuer = Issuer::new();
    let token = issuer.verifier.verify(&issuer.good(), NOW).unwrap();
    assert_eq!(
        (token.subject.as_str(), token.client_id.as_str()),
        ("user-1", "app-1")
    );
    assert_eq!(
        (
            token.session.as_deref(),
            token.grant.as_deref(),
            token.revision
        ),
        (Some("s-1"), Some("g-1"), Some(7))
    );
    assert_eq!(
        (token.roles.as_slice(), token.permissions.as_slice()),
        (&["staff".to_owned()][..], &["orders".to_owned()][..])
    );
    assert_eq!(
        (token.acr.as_deref(), token.amr.as_slice()),
        (Some("aal1"), &["pwd".to_owned()][..])
    );
    for (name, value) in [
        ("rev", json!("7")),
        ("rev", json!(-1)),
        ("roles", json!("admin")),
        ("sid", json!(7)),
        ("amr", json!([1])),
        ("auth_time", json!("0")),
    ] {
        assert_eq!(
            issuer.with_claim(name, &value),
            Err(Fault::Malformed(name)),
            "{name}"
        );
    }
}
