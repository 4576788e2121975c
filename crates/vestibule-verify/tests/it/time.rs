use serde_json::json;
use vestibule_verify::{Algorithm, Fault, Kind, Verifier};

use crate::maker::{AUDIENCE, ISSUER, Issuer, Maker, NOW, claims, header, merged, set};

/// Holds: TG01, TG02, ASVS 9.2.1
#[test]
fn tg01_tg02_an_expired_token_is_refused() {
    let issuer = Issuer::new();
    let exp =
        |seconds: i64| issuer.with_claims(&json!({ "iat": NOW.seconds() - 900, "exp": seconds }));
    assert_eq!(
        issuer.with_claims(&json!({ "exp": null })),
        Err(Fault::Missing("exp"))
    );
    assert_eq!(exp(NOW.seconds() - 6), Err(Fault::Expired));
    assert_eq!(exp(NOW.seconds() - 5), Err(Fault::Expired));
    assert_eq!(exp(NOW.seconds() - 1), Ok(()), "within the leeway of 5 s");
    let maker = Maker::p256();
    let strict = Verifier::builder(ISSUER, AUDIENCE)
        .algorithms([Algorithm::Es256])
        .leeway(0);
    let strict = strict.from_jwks(set(&[maker.jwk()])).unwrap();
    let token = |exp: i64| {
        let head = json!({ "alg": "ES256", "typ": "at+jwt" });
        let token = maker.token(&head, &merged(claims(), &json!({ "exp": exp })));
        strict
            .verify(&token, NOW)
            .map(|_| ())
            .map_err(vestibule_verify::Refused::fault)
    };
    assert_eq!(token(NOW.seconds()), Err(Fault::Expired));
    assert_eq!(token(NOW.seconds() + 1), Ok(()));
}

/// Holds: TG03, TG05, ASVS 9.2.1
#[test]
fn tg03_tg05_what_is_no_date_is_refused_and_not_absent() {
    let issuer = Issuer::new();
    let odd = json!([
        "9999999999",
        "never",
        null,
        true,
        [],
        {},
        "",
        9_223_372_036_854_775_808_u64,
        18_446_744_073_709_551_615_u64,
        9_223_372_036_854_775_807_i64,
        -1,
        0,
        1_795_176_000_000_i64,
        1e300
    ]);
    for exp in odd.as_array().unwrap() {
        assert_eq!(
            issuer.with_claim("exp", exp),
            Err(Fault::Malformed("exp")),
            "{exp}"
        );
        assert_eq!(
            issuer.with_claim("nbf", exp),
            Err(Fault::Malformed("nbf")),
            "{exp}"
        );
        assert_eq!(
            issuer.with_claim("iat", exp),
            Err(Fault::Malformed("iat")),
            "{exp}"
        );
    }
    for exp in ["1e400", "NaN", "-1e400"] {
        let payload = claims()
            .to_string()
            .replace(&(NOW.seconds() + 600).to_string(), exp);
        let judged = issuer.with_texts(header().to_string().as_bytes(), payload.as_bytes());
        assert_eq!(judged, Err(Fault::PayloadJson), "{exp}");
    }
}

/// Holds: TG04
#[test]
fn tg04_fractions_and_exponents_are_dates() {
    let issuer = Issuer::new();
    for exp in ["1795176600.5", "1.9e9", "1.7951766e9"] {
        let payload = claims()
            .to_string()
            .replace(&(NOW.seconds() + 600).to_string(), exp);
        let judged = issuer.with_texts(header().to_string().as_bytes(), payload.as_bytes());
        assert_eq!(judged, Ok(()), "{exp}");
    }
}

/// Holds: TG06, TG07, TG08, TG09
#[test]
fn tg06_tg07_tg08_tg09_times_agree_with_each_other_and_the_clock() {
    let issuer = Issuer::new();
    let now = NOW.seconds();
    let judge = |more: &serde_json::Value| issuer.with_claims(more);
    assert_eq!(judge(&json!({ "nbf": now + 6 })), Err(Fault::NotYet));
    assert_eq!(judge(&json!({ "nbf": now + 5 })), Ok(()));
    assert_eq!(judge(&json!({ "nbf": now + 601 })), Err(Fault::Times));
    assert_eq!(judge(&json!({ "iat": now + 61 })), Err(Fault::Times));
    assert_eq!(judge(&json!({ "iat": now + 10 })), Ok(()));
    assert_eq!(
        judge(&json!({ "iat": now + 20, "exp": now + 10 })),
        Err(Fault::Times)
    );
    assert_eq!(judge(&json!({ "iat": null })), Err(Fault::Missing("iat")));
    let maker = Maker::p256();
    let short = Verifier::builder(ISSUER, AUDIENCE).algorithms([Algorithm::Es256]);
    let short = short
        .longest_life(600)
        .from_jwks(set(&[maker.jwk()]))
        .unwrap();
    let life = |seconds: i64| {
        let more = json!({ "iat": now, "exp": now + seconds });
        let head = json!({ "alg": "ES256", "typ": "at+jwt" });
        let token = maker.token(&head, &merged(claims(), &more));
        let judged = short.verify_kind(Kind::AccessToken, &token, NOW);
        judged.map(|_| ()).map_err(vestibule_verify::Refused::fault)
    };
    assert_eq!((life(600), life(601)), (Ok(()), Err(Fault::LivesTooLong)));
}
