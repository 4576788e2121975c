use serde_json::{Value, json};
use vestibule_verify::{Algorithm, Fault, Jwk, Jwks};

use crate::maker::{Issuer, Maker, b64, claims, header, merged, set, under};

/// Holds: TB01, TB02, TB03, ASVS 9.1.3, J13
#[test]
fn tb01_tb02_tb03_a_token_brings_no_key() {
    let issuer = Issuer::new();
    let own = Maker::p256();
    let brought = json!([
        { "jwk": own.jwk() }, { "jwk": own.jwk(), "kid": "new" }, { "jwk": { "kty": "oct", "k": "AAAA" } },
        { "jku": "https://evil.example.test/jwks" }, { "jku": "https://id.example.test/go?to=evil" },
        { "jku": "https://id.example.test@evil.example.test/" }, { "jku": "https://id.example.test/../x" },
        { "jku": "https://id.example.test/#x" }, { "jku": "http://169.254.169.254/" },
        { "x5u": "https://evil.example.test/c" }, { "x5c": ["AAAA"] }
    ]);
    for more in brought.as_array().unwrap() {
        let token = own.token(&merged(header(), more), &claims());
        assert_eq!(issuer.judge(&token), Err(Fault::KeyInHeader), "{more}");
        assert_eq!(issuer.with_header(more), Err(Fault::KeyInHeader), "{more}");
    }
    let jwk = own.jwk_with(&json!({ "x5t": "one", "x5t#S256": "two" }));
    let judge = |more: &Value| {
        let token = own.token(&merged(json!({ "alg": "ES256" }), more), &claims());
        under(&jwk, &[Algorithm::Es256], &token)
    };
    assert_eq!(judge(&json!({ "x5t": "other" })), Err(Fault::Certificate));
    assert_eq!(
        judge(&json!({ "x5t#S256": "other" })),
        Err(Fault::Certificate)
    );
    assert_eq!(judge(&json!({ "x5t": "one" })), Ok(()));
}

/// Holds: TB04, J13
#[test]
fn tb04_kid_is_a_name_and_nothing_else() {
    let issuer = Issuer::new();
    for kid in [
        "../../dev/null",
        "/etc/passwd",
        "' OR 1=1--",
        "x' UNION SELECT 1--",
        "*)(uid=*",
        "k1;id",
    ] {
        assert_eq!(
            issuer.with_header(&json!({ "kid": kid })),
            Err(Fault::NoKey),
            "{kid}"
        );
    }
    let long = "k".repeat(8 * 1024);
    for kid in [
        json!("k1\0"),
        json!("k1\r\nx: y"),
        json!(long),
        json!(1),
        json!(["k1"]),
    ] {
        assert_eq!(
            issuer.with_header(&json!({ "kid": kid })),
            Err(Fault::HeaderMember)
        );
    }
    let longest = issuer.with_header(&json!({ "kid": "k".repeat(64 * 1024) }));
    assert_eq!(longest, Err(Fault::TooLong));
}

/// Holds: TB06
#[test]
fn tb05_tb06_exactly_one_key_must_fit() {
    let (one, two, ed) = (Maker::p256(), Maker::p256(), Maker::ed());
    let es256 = [Algorithm::Es256];
    let judge = |keys: &[Value], header: Value| {
        let token = one.token(&header, &claims());
        let judged = vestibule_verify::jws::verify(&token, &set(keys), &es256);
        judged.map(|_| ()).map_err(vestibule_verify::Refused::fault)
    };
    let named = |maker: &Maker, kid: &str| maker.jwk_with(&json!({ "kid": kid }));
    let without = json!({ "alg": "ES256" });
    let with = json!({ "alg": "ES256", "kid": "a" });
    assert_eq!(judge(&[named(&one, "a")], without.clone()), Ok(()));
    assert_eq!(
        judge(&[named(&one, "a"), named(&two, "b")], without),
        Err(Fault::SeveralKeys)
    );
    assert_eq!(judge(&[named(&two, "b")], with.clone()), Err(Fault::NoKey));
    // The same kid: of the same type it cannot be told, of another type it can.
    assert_eq!(
        judge(&[named(&one, "a"), named(&two, "a")], with.clone()),
        Err(Fault::SeveralKeys)
    );
    assert_eq!(judge(&[named(&one, "a"), named(&ed, "a")], with), Ok(()));
}

/// Holds: TB08, J07
#[test]
fn tb08_weak_keys_are_refused_when_they_are_loaded() {
    let refused = |jwk: &Value| {
        Jwk::from_json(jwk.to_string().as_bytes())
            .map(|_| ())
            .unwrap_err()
    };
    let rsa = Maker::rsa();
    let modulus = crate::maker::unb64(rsa.jwk()["n"].as_str().unwrap());
    let mut odd_2047 = modulus.clone();
    odd_2047[0] = 0x7f;
    let mut even = modulus.clone();
    *even.last_mut().unwrap() &= 0xfe;
    let short = &modulus[128..];
    let mut short = short.to_vec();
    short[0] |= 0x80;
    for n in [
        short,
        odd_2047,
        even,
        vec![],
        [&[0], modulus.as_slice()].concat(),
    ] {
        assert_eq!(
            refused(&rsa.jwk_with(&json!({ "n": b64(n) }))),
            Fault::KeyWeak
        );
    }
    for e in [
        vec![1],
        vec![3],
        vec![1, 0, 2],
        vec![0, 1, 0, 1],
        vec![1, 0, 0, 0, 1],
        vec![],
    ] {
        assert_eq!(
            refused(&rsa.jwk_with(&json!({ "e": b64(e) }))),
            Fault::KeyWeak
        );
    }
    let ec = Maker::p256();
    let mut x = crate::maker::unb64(ec.jwk()["x"].as_str().unwrap());
    x[31] ^= 1;
    assert_eq!(
        refused(&ec.jwk_with(&json!({ "x": b64(&x) }))),
        Fault::KeyWeak
    );
    // Infinity has no coordinates; what stands for it elsewhere is off the curve.
    let zero = json!({ "x": b64([0; 32]), "y": b64([0; 32]) });
    assert_eq!(refused(&ec.jwk_with(&zero)), Fault::KeyWeak);
    for x in [&x[1..], &[0; 33]] {
        assert_eq!(
            refused(&ec.jwk_with(&json!({ "x": b64(x) }))),
            Fault::KeyForm
        );
    }
    assert_eq!(
        refused(&json!({ "kty": "oct", "k": "AAAA" })),
        Fault::KeySymmetric
    );
    assert_eq!(
        refused(&json!({ "kty": "EC", "crv": "secp256k1", "x": "", "y": "" })),
        Fault::KeyUnsupported
    );
}

/// What TB09 asks of reading; fetching belongs to whoever fetches.
#[test]
fn tb09_what_is_no_key_set_is_none() {
    let keys = |text: &str| Jwks::from_json(text.as_bytes()).map(|_| ());
    let many = format!(
        r#"{{"keys":[{}]}}"#,
        vec![r#"{"kty":"X"}"#; 10_000].join(",")
    );
    let large = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(50 << 20));
    let html = "<!doctype html><title>500</title>";
    for text in [
        "",
        html,
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[],"keys":[]}"#,
        &many,
        &large,
    ] {
        assert_eq!(keys(text), Err(Fault::KeySet));
    }
    assert_eq!(keys(r#"{"keys":[]}"#), Ok(()));
    let unknown = r#"{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}]}"#;
    assert_eq!(
        Jwks::from_json(unknown.as_bytes()).unwrap().dropped().len(),
        1
    );
}

#[test]
fn rfc_8032_keys_of_small_order_and_an_s_beyond_the_order_are_refused() {
    let small = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for hex in small {
        let mut bytes: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        for sign in [0, 0x80] {
            bytes[31] = bytes[31] & 0x7f | sign;
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(&bytes) });
            let key = Jwk::from_json(jwk.to_string().as_bytes()).map(|_| ());
            assert_eq!(key, Err(Fault::KeyWeak), "{hex}");
        }
    }
    let maker = Maker::ed();
    let token = maker.token(&json!({ "alg": "EdDSA" }), &claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let good = crate::maker::unb64(signature);
    let under = |signature: &[u8]| {
        let token = format!("{signed}.{}", b64(signature));
        under(&maker.jwk(), &[Algorithm::EdDsa], &token)
    };
    assert_eq!(under(&good), Ok(()));
    // S + L, which a lax verifier takes for S.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleable = good.clone();
    let mut carry = 0;
    for (at, digit) in order.iter().enumerate() {
        let sum = u16::from(malleable[32 + at]) + u16::from(*digit) + carry;
        malleable[32 + at] = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(under(&malleable), Err(Fault::Signature));
    // R that is no canonical encoding, and R the neutral element.
    for r in [[0xff; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let forged = [r.as_slice(), &good[32..]].concat();
        assert_eq!(under(&forged), Err(Fault::Signature));
    }
}
