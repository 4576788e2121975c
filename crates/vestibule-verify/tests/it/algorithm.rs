use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::KeyPair as _;
use serde_json::{Value, json};
use vestibule_verify::{Algorithm, BuildError, Builder, Fault, Jwks, Verifier};

use crate::maker::{
    AUDIENCE, ISSUER, Issuer, Maker, NOW, b64, claims, header, mac, merged, set, under,
};

const ALL: [Algorithm; 6] = Algorithm::ALL;

/// Holds: TA01, J03, ASVS 9.1.2
#[test]
fn ta01_none_is_refused_in_every_spelling_and_with_every_third_part() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let kept = good.rsplit('.').next().unwrap();
    for alg in ["none", "None", "NONE", "nOnE", "none ", " none", "none\0"] {
        let header = merged(header(), &json!({ "alg": alg })).to_string();
        let signed = format!("{}.{}", b64(header), b64(claims().to_string()));
        let refused = [
            (format!("{signed}."), Fault::AlgorithmNotListed),
            (format!("{signed}.{kept}"), Fault::AlgorithmNotListed),
            (signed, Fault::Form),
        ];
        for (token, fault) in refused {
            assert_eq!(issuer.judge(&token), Err(fault), "{alg:?}");
        }
    }
    assert_eq!(issuer.judge(&good), Ok(()));
}

/// Holds: TA02
#[test]
fn ta02_an_alg_that_is_no_name_is_refused() {
    let issuer = Issuer::new();
    let odd = [
        json!(null),
        json!(7),
        json!(["ES256"]),
        json!({}),
        json!(true),
    ];
    for alg in odd {
        let mut header = header();
        header["alg"] = alg;
        let token = issuer.maker.token(&header, &claims());
        assert_eq!(issuer.judge(&token), Err(Fault::AlgorithmMissing));
    }
    let missing = issuer
        .maker
        .token(&json!({ "kid": "k1", "typ": "at+jwt" }), &claims());
    assert_eq!(issuer.judge(&missing), Err(Fault::AlgorithmMissing));
    assert_eq!(
        issuer.with_header(&json!({ "alg": "" })),
        Err(Fault::AlgorithmNotListed)
    );
}

/// Holds: TA03, J02
#[test]
fn ta03_alg_is_compared_byte_for_byte() {
    let maker = Maker::rsa();
    let homoglyph = "\u{ff32}\u{ff33}256";
    for alg in ["rs256", "Rs256", "RS256 ", homoglyph, "R\u{405}256"] {
        let token = maker.token(&json!({ "alg": alg }), &claims());
        assert_eq!(
            under(&maker.jwk(), &ALL, &token),
            Err(Fault::AlgorithmNotListed),
            "{alg}"
        );
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// Holds: TA04, TA05, J01, J08
#[test]
fn ta04_ta05_no_mac_is_ever_a_signature() {
    let maker = Maker::rsa();
    let Maker::Rsa(pair) = &maker else {
        unreachable!()
    };
    let pkcs1 = pair.public_key().as_ref().to_vec();
    let spki = pair.public_key().as_der().unwrap().as_ref().to_vec();
    let jwk = maker.jwk();
    let modulus = crate::maker::unb64(jwk["n"].as_str().unwrap());
    let ec = Maker::p256();
    let Maker::P256(ec_pair) = &ec else {
        unreachable!()
    };
    let point = ec_pair.public_key().as_ref().to_vec();
    let public = pem("PUBLIC KEY", &spki);
    let secrets: Vec<Vec<u8>> = vec![
        public.clone().into_bytes(),
        pem("RSA PUBLIC KEY", &pkcs1).into_bytes(),
        format!("\n{public}").into_bytes(),
        public.trim_end().as_bytes().to_vec(),
        spki.clone(),
        pem("CERTIFICATE", &spki).into_bytes(),
        jwk.to_string().into_bytes(),
        modulus,
        point,
        vec![],
        vec![0],
        b"secret".to_vec(),
    ];
    for secret in secrets {
        for alg in ["HS256", "HS384", "HS512"] {
            let header = json!({ "alg": alg }).to_string();
            let signed = format!("{}.{}", b64(header), b64(claims().to_string()));
            let token = mac(&secret, &signed);
            for key in [&jwk, &ec.jwk()] {
                assert_eq!(under(key, &ALL, &token), Err(Fault::AlgorithmNotListed));
            }
        }
    }
    assert_eq!(Algorithm::named("HS256"), None, "it cannot even be listed");
}

/// Holds: TA06, J01
#[test]
fn ta06_a_key_serves_its_own_algorithm_alone() {
    let (rsa, p256, p384, ed) = (Maker::rsa(), Maker::p256(), Maker::p384(), Maker::ed());
    let refused = |maker: &Maker, jwk: Value, alg: &str| {
        let token = maker.token(&json!({ "alg": alg }), &claims());
        assert!(under(&jwk, &ALL, &token).is_err(), "{alg} under {jwk}");
    };
    refused(&rsa, rsa.jwk_with(&json!({ "alg": "RS256" })), "PS256");
    refused(&rsa, rsa.jwk_with(&json!({ "alg": "RS256" })), "RS384");
    refused(&rsa, rsa.jwk_with(&json!({ "alg": "RS256" })), "RS512");
    refused(&rsa, rsa.jwk_with(&json!({ "alg": "PS256" })), "RS256");
    refused(&rsa, rsa.jwk(), "PS256");
    refused(&p256, p256.jwk(), "ES384");
    refused(&p256, p256.jwk(), "ES256K");
    refused(&p384, p384.jwk(), "ES256");
    refused(&ed, ed.jwk(), "ES256");
    // Each under its own passes.
    for (maker, alg) in [
        (&rsa, "RS256"),
        (&p256, "ES256"),
        (&p384, "ES384"),
        (&ed, "EdDSA"),
        (&ed, "Ed25519"),
    ] {
        let token = maker.token(&json!({ "alg": alg }), &claims());
        assert_eq!(under(&maker.jwk(), &ALL, &token), Ok(()), "{alg}");
    }
    // An RSA key that names none is for what the caller listed.
    let token = rsa.token(&json!({ "alg": "PS256" }), &claims());
    assert_eq!(under(&rsa.jwk(), &[Algorithm::Ps256], &token), Ok(()));
}

/// Holds: TA07
#[test]
fn ta07_what_a_key_says_of_itself_binds_it() {
    let maker = Maker::p256();
    let token = maker.token(&json!({ "alg": "ES256" }), &claims());
    let other = json!([
        { "alg": "ES384" }, { "alg": "EdDSA" }, { "alg": "ES256K" }, { "use": "enc" }, { "key_ops": ["encrypt"] },
        { "key_ops": "verify" }, { "crv": "P-384" }, { "crv": "Ed25519" }, { "kty": "OKP" }, { "kty": "RSA" }
    ]);
    for more in other.as_array().unwrap() {
        let jwk = maker.jwk_with(more);
        assert_eq!(under(&jwk, &ALL, &token), Err(Fault::NoKey), "{jwk}");
    }
    let plain = maker.jwk_with(&json!({ "alg": "ES256", "use": "sig", "key_ops": ["verify"] }));
    assert_eq!(under(&plain, &ALL, &token), Ok(()));
}

/// Holds: TA08, J01
#[test]
fn ta08_what_is_not_listed_does_not_run() {
    let (p256, ed) = (Maker::p256(), Maker::ed());
    let token = p256.token(&json!({ "alg": "ES256" }), &claims());
    let eddsa = ed.token(&json!({ "alg": "EdDSA" }), &claims());
    let not_listed = Err(Fault::AlgorithmNotListed);
    assert_eq!(under(&p256.jwk(), &[Algorithm::EdDsa], &token), not_listed);
    assert_eq!(under(&p256.jwk(), &[], &token), not_listed);
    assert_eq!(under(&ed.jwk(), &[Algorithm::Ed25519], &eddsa), not_listed);
    let hs = mac(
        b"0123456789abcdef0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.e30",
    );
    assert_eq!(under(&p256.jwk(), &ALL, &hs), not_listed);
}

/// Holds: TA09, J08
#[test]
fn ta09_a_secret_in_a_key_set_is_noticed() {
    let maker = Maker::p256();
    let oct = json!({ "kty": "oct", "k": b64([7; 32]) });
    let mixed = json!({ "keys": [maker.jwk(), oct] }).to_string();
    let refused = Jwks::from_json(mixed.as_bytes()).map(|_| ());
    assert_eq!(refused, Err(Fault::KeySymmetric));
    let leaked = set(&[
        maker.jwk_with(&json!({ "kid": "k1", "d": b64([7; 32]) })),
        Maker::ed().jwk(),
    ]);
    assert_eq!(leaked.keys().len(), 1);
    assert_eq!(leaked.dropped()[0].fault, Fault::KeyPrivate);
    assert_eq!(leaked.dropped()[0].kid.as_deref(), Some("k1"));
}

/// Holds: TA10, J01
#[test]
fn ta10_a_verifier_needs_issuer_audience_and_algorithms() {
    let build = |issuer, audience, algorithms: &[Algorithm]| {
        let builder = Verifier::builder(issuer, audience).algorithms(algorithms.to_vec());
        builder.from_jwks(set(&[])).map(|_| ())
    };
    let es = &[Algorithm::Es256];
    assert_eq!(build("", AUDIENCE, es), Err(BuildError::Issuer));
    assert_eq!(build(ISSUER, "", es), Err(BuildError::Audience));
    assert_eq!(build(ISSUER, AUDIENCE, &[]), Err(BuildError::Algorithms));
    assert_eq!(build(ISSUER, AUDIENCE, es), Ok(()));
    let wide = Verifier::builder(ISSUER, AUDIENCE)
        .algorithms(es.to_vec())
        .leeway(301);
    assert_eq!(
        wide.from_jwks(set(&[])).map(|_| ()),
        Err(BuildError::Leeway)
    );
}

/// Holds: ASVS 11.2.3
#[test]
fn asvs_11_2_3_an_rsa_key_has_3072_bits_unless_the_caller_says_otherwise() {
    let judged = |maker: &Maker, builder: Builder| {
        let verifier = builder.algorithms([Algorithm::Rs256]);
        let verifier = verifier.from_jwks(set(&[maker.jwk()])).unwrap();
        let header = json!({ "alg": "RS256", "typ": "at+jwt" });
        let judged = verifier.verify(&maker.token(&header, &claims()), NOW);
        judged.map(|_| ()).map_err(vestibule_verify::Refused::fault)
    };
    let builder = || Verifier::builder(ISSUER, AUDIENCE);
    let short = Maker::rsa();
    assert_eq!(judged(&short, builder()), Err(Fault::KeyShort));
    assert_eq!(judged(&short, builder().rsa_2048()), Ok(()));
    assert_eq!(set(&[short.jwk()]).keys()[0].rsa_bits(), Some(2048));
    let usual = Maker::rsa_3072();
    assert_eq!(judged(&usual, builder()), Ok(()));
    assert_eq!(set(&[usual.jwk()]).keys()[0].rsa_bits(), Some(3072));
    assert_eq!(set(&[Maker::p256().jwk()]).keys()[0].rsa_bits(), None);
}
