use serde_json::json;
use vestibule_verify::{Fault, LONGEST_TOKEN};

use crate::maker::{Issuer, b64, claims, header};

/// Holds: TE01, J17
#[test]
fn te01_bytes_outside_the_alphabet_are_refused() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let (start, end) = good.split_at(10);
    for byte in ["=", "+", "/", " ", "\n", "\t", "%2E", "\u{e9}"] {
        assert_eq!(
            issuer.judge(&format!("{start}{byte}{end}")),
            Err(Fault::Form)
        );
        assert_eq!(issuer.judge(&format!("{good}{byte}")), Err(Fault::Form));
    }
}

/// Holds: TE02
#[test]
fn te02_unused_bits_are_zero() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let issuer = Issuer::new();
    // Lengths that leave bits over, by a member of the right size.
    let spare = |text: &str| !text.len().is_multiple_of(4);
    let mut changed = 0;
    for filler in ["", "x", "xx"] {
        let header = crate::maker::merged(header(), &json!({ "x": filler }));
        let claims = crate::maker::merged(claims(), &json!({ "x": filler }));
        let token = issuer.maker.token(&header, &claims);
        assert_eq!(issuer.judge(&token), Ok(()));
        let parts: Vec<&str> = token.split('.').collect();
        for at in 0..3 {
            if !spare(parts[at]) {
                continue;
            }
            let (rest, last) = parts[at].split_at(parts[at].len() - 1);
            let place = ALPHABET.find(last).unwrap();
            let twin = &ALPHABET[place + 1..place + 2];
            let twin = format!("{rest}{twin}");
            let mut parts = parts.clone();
            parts[at] = &twin;
            assert_eq!(
                issuer.judge(&parts.join(".")),
                Err(Fault::Base64),
                "part {at}"
            );
            changed += 1;
        }
    }
    assert!(changed >= 6, "{changed}");
}

/// Holds: TE03
#[test]
fn te03_three_parts() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let parts: Vec<&str> = good.split('.').collect();
    let [head, payload, signature] = parts[..] else {
        panic!("three parts")
    };
    for (token, fault) in [
        (head.to_owned(), Fault::Form),
        (format!("{head}.{payload}"), Fault::Form),
        (format!("{good}.x"), Fault::Form),
        (format!("{good}.x.y.z"), Fault::Form),
        (String::new(), Fault::Form),
        (format!("{good}.x.y"), Fault::Encrypted),
        (format!(".{payload}.{signature}"), Fault::HeaderJson),
        (format!("{head}..{signature}"), Fault::Signature),
    ] {
        assert_eq!(issuer.judge(&token), Err(fault), "{token}");
    }
    assert_eq!(
        issuer.with_texts(header().to_string().as_bytes(), b""),
        Err(Fault::PayloadJson)
    );
}

/// Holds: TE04, TE05, J17
#[test]
fn te04_te05_other_forms_are_refused() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let parts: Vec<&str> = good.split('.').collect();
    let flat = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    let general = json!({ "payload": parts[1], "signatures": [flat] });
    let polyglot = format!("{{\"{good}\":1}}");
    for token in [flat.to_string(), general.to_string(), polyglot] {
        assert_eq!(issuer.judge(&token), Err(Fault::Form));
    }
    for token in [
        format!("Bearer {good}"),
        format!("\"{good}\""),
        format!("\u{feff}{good}"),
    ] {
        assert_eq!(issuer.judge(&token), Err(Fault::Form));
    }
}

/// Holds: TE06
#[test]
fn te06_length_comes_before_everything() {
    let issuer = Issuer::new();
    let limit = |length| issuer.judge(&"a".repeat(length));
    assert_eq!(limit(10 << 20), Err(Fault::TooLong));
    assert_eq!(limit(LONGEST_TOKEN + 1), Err(Fault::TooLong));
    assert_eq!(limit(LONGEST_TOKEN), Err(Fault::Form));
}

/// Holds: TE07, TE08, TE09
#[test]
fn te07_te08_te09_a_payload_is_one_strict_object() {
    let issuer = Issuer::new();
    let head = header().to_string();
    let good = claims().to_string();
    let judge = |payload: &[u8]| issuer.with_texts(head.as_bytes(), payload);
    let member = |more: &str| good.replacen('{', &format!("{{{more},"), 1).into_bytes();
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut invalid = member(r#""x":"?""#);
    let at = invalid.iter().position(|byte| *byte == b'?').unwrap();
    invalid[at] = 0xff;
    for payload in [
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"1".to_vec(),
        b"null".to_vec(),
        Vec::new(),
        member(r#""sub":"x""#),
        member(r#""exp":1"#),
        member(r#""aud":"x""#),
        member(r#""scope":"x""#),
        member(r#""\u0073ub":"x""#),
        invalid,
        utf16,
        member(r#""x":"\ud800""#),
        format!("{good}x").into_bytes(),
        member(r#"/*x*/"x":1"#),
        member(r#""x":NaN"#),
    ] {
        assert_eq!(
            judge(&payload),
            Err(Fault::PayloadJson),
            "{}",
            String::from_utf8_lossy(&payload)
        );
    }
    assert_eq!(judge(good.as_bytes()), Ok(()));
}

/// Holds: TE10
#[test]
fn te10_depth_and_number_are_bounded() {
    let issuer = Issuer::new();
    assert_eq!(
        issuer.with_claims(&json!({ "__proto__": { "roles": ["admin"] } })),
        Ok(())
    );
    let head = header().to_string();
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(
        issuer.with_texts(head.as_bytes(), deep.as_bytes()),
        Err(Fault::PayloadJson)
    );
    let deepest = format!(r#"{{"x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(
        issuer.with_texts(head.as_bytes(), deepest.as_bytes()),
        Err(Fault::TooLong)
    );
    let audiences = json!({ "aud": vec!["x"; 2_100] });
    assert_eq!(issuer.with_claims(&audiences), Err(Fault::PayloadJson));
    let audiences = format!(r#"{{"aud":[{}]}}"#, vec![r#""x""#; 1_000_000].join(","));
    let token = format!("{}.{}.AAAA", b64(&head), b64(audiences));
    assert_eq!(issuer.judge(&token), Err(Fault::TooLong));
}
