use serde_json::json;
use vestibule_verify::{Fault, json};

use crate::maker::{Issuer, claims};

/// Holds: TD01
#[test]
fn td01_no_extension_is_understood() {
    let issuer = Issuer::new();
    let crits = json!([
        { "crit": ["x"], "x": 1 }, { "crit": [] }, { "crit": "exp" }, { "crit": ["alg"] },
        { "crit": ["x", "x"], "x": 1 }, { "crit": ["absent"] }, { "crit": [1] }
    ]);
    for more in crits.as_array().unwrap() {
        assert_eq!(issuer.with_header(more), Err(Fault::Critical), "{more}");
    }
}

/// Holds: TD02
#[test]
fn td02_b64_is_refused() {
    let issuer = Issuer::new();
    let all = json!([{ "b64": false, "crit": ["b64"] }, { "b64": false }, { "b64": "false" }]);
    for more in all.as_array().unwrap() {
        assert_eq!(issuer.with_header(more), Err(Fault::Critical), "{more}");
    }
}

/// Holds: TD03, J09, J16, J18
#[test]
fn td03_members_of_encryption_are_refused() {
    let issuer = Issuer::new();
    let all = json!([{ "zip": "DEF" }, { "enc": "A256GCM" }, { "epk": {} }, { "p2c": 1_200_001 }]);
    for more in all.as_array().unwrap() {
        assert_eq!(
            issuer.with_header(more),
            Err(Fault::EncryptionMember),
            "{more}"
        );
    }
}

/// Holds: TD04
#[test]
fn td04_each_member_stands_once() {
    let issuer = Issuer::new();
    for header in [
        r#"{"alg":"none","alg":"ES256","kid":"k1","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","ALG":"none","kid":"k1","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","\u0061lg":"ES256","kid":"k1","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","kid":"k2","kid":"k1","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","kid":"k1","typ":"JWT","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","kid":"k1","typ":"at+jwt","x":{"y":1,"y":2}}"#,
    ] {
        let judged = issuer.with_texts(header.as_bytes(), claims().to_string().as_bytes());
        assert_eq!(judged, Err(Fault::HeaderJson), "{header}");
    }
}

/// Holds: TD05
#[test]
fn td05_a_header_is_one_object() {
    let issuer = Issuer::new();
    let good = r#"{"alg":"ES256","kid":"k1","typ":"at+jwt"}"#;
    let trailing = format!("{good}x");
    let twice = format!("{good}{good}");
    for header in ["[]", r#""ES256""#, "256", "null", "", &trailing, &twice] {
        let judged = issuer.with_texts(header.as_bytes(), claims().to_string().as_bytes());
        assert_eq!(judged, Err(Fault::HeaderJson), "{header}");
    }
    let spaced = format!("{good} \r\n\t");
    let judged = issuer.with_texts(spaced.as_bytes(), claims().to_string().as_bytes());
    assert_eq!(judged, Ok(()), "JSON's own blanks are no garbage");
}

/// Holds: TD06, J10
#[test]
fn td06_utf8_alone() {
    let issuer = Issuer::new();
    let good = r#"{"alg":"ES256","kid":"k1","typ":"at+jwt"}"#;
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bom = [b"\xef\xbb\xbf", good.as_bytes()].concat();
    let invalid = good.replace("k1", "k1?").into_bytes();
    let invalid: Vec<u8> = invalid
        .iter()
        .map(|byte| if *byte == b'?' { 0xff } else { *byte })
        .collect();
    let nul = good.replace("k1", "k1\0").into_bytes();
    let surrogate = good.replace("k1", r"k1\ud800").into_bytes();
    for header in [utf16, bom, invalid, nul, surrogate] {
        let judged = issuer.with_texts(&header, claims().to_string().as_bytes());
        assert_eq!(judged, Err(Fault::HeaderJson));
    }
}

/// Holds: TD07, TK01
#[test]
fn td07_depth_size_and_number_are_bounded() {
    let issuer = Issuer::new();
    let claims = claims().to_string();
    // Within the length of a token, and beyond.
    let deep = format!(
        r#"{{"alg":"ES256","x":{}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let long = format!(r#"{{"alg":"ES256","x":"{}"}}"#, "x".repeat(1 << 20));
    let many = format!(r#"{{"alg":"ES256","x":[{}0]}}"#, "0,".repeat(json::MOST));
    let most: Vec<String> = (0..10_000).map(|n| format!(r#""{n}":0"#)).collect();
    let most = format!("{{{}}}", most.join(","));
    for (header, fault) in [
        (deep, Fault::HeaderJson),
        (many, Fault::HeaderJson),
        (long, Fault::TooLong),
        (most.clone(), Fault::TooLong),
    ] {
        let judged = issuer.with_texts(header.as_bytes(), claims.as_bytes());
        assert_eq!(judged, Err(fault));
    }
    // The reader itself, without that length before it.
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let long = format!(r#"{{"x":"{}"}}"#, "x".repeat(1 << 20));
    for wrong in [&deep, &most] {
        assert_eq!(json::object(wrong.as_bytes()), Err(json::NotStrict));
    }
    assert!(
        json::object(long.as_bytes()).is_ok(),
        "one value: its length is for the caller"
    );
}

/// Holds: TD08, J14, ASVS 9.2.2
#[test]
fn td08_typ_is_of_the_kind() {
    let issuer = Issuer::new();
    for typ in [
        json!(null),
        json!("JWT"),
        json!("logout+jwt"),
        json!("dpop+jwt"),
        json!("at+jwt "),
        json!(""),
        json!("application/application/at+jwt"),
        json!("text/at+jwt"),
    ] {
        assert_eq!(
            issuer.with_header(&json!({ "typ": typ })),
            Err(Fault::Kind),
            "{typ}"
        );
    }
    assert_eq!(
        issuer.with_header(&json!({ "typ": ["at+jwt"] })),
        Err(Fault::HeaderMember)
    );
}

/// Holds: TD09, J14
#[test]
fn td09_media_types_know_no_case() {
    let issuer = Issuer::new();
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/AT+jwt",
    ] {
        assert_eq!(issuer.with_header(&json!({ "typ": typ })), Ok(()), "{typ}");
    }
}

/// Holds: TD10
#[test]
fn td10_a_signed_token_holds_no_other() {
    let issuer = Issuer::new();
    assert_eq!(
        issuer.with_header(&json!({ "cty": "JWT" })),
        Err(Fault::Nested)
    );
}
