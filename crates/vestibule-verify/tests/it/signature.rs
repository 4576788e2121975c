use serde_json::json;
use vestibule_verify::{Algorithm, Fault};

use crate::maker::{Issuer, Maker, b64, claims, header, merged, unb64, under};

/// The order of P-256.
const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn minus(mut number: Vec<u8>, other: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    for (digit, other) in number.iter_mut().rev().zip(other.iter().rev()) {
        let difference = 256 + i16::from(*digit) - i16::from(*other) - borrow;
        borrow = i16::from(difference < 256);
        *digit = u8::try_from(difference % 256).unwrap();
    }
    number
}

fn with_signature(token: &str, signature: &[u8]) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", b64(signature))
}

/// Holds: TC01
#[test]
fn tc01_the_psychic_signatures_are_refused() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let n = hex(N);
    let mut one = vec![0; 32];
    one[31] = 1;
    let numbers = [vec![0; 32], one.clone(), minus(n.clone(), &one), n];
    for r in &numbers {
        for s in &numbers {
            let token = with_signature(&good, &[r.as_slice(), s].concat());
            assert_eq!(issuer.judge(&token), Err(Fault::Signature));
        }
    }
    let p384 = Maker::p384();
    let token = p384.token(&json!({ "alg": "ES384" }), &claims());
    let zero = with_signature(&token, &[0; 96]);
    assert_eq!(
        under(&p384.jwk(), &Algorithm::ALL, &zero),
        Err(Fault::Signature)
    );
}

/// Holds: TC02
#[test]
fn tc02_a_signature_has_one_form() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let plain = unb64(good.rsplit('.').next().unwrap());
    let (r, s) = plain.split_at(32);
    let integer = |number: &[u8]| [&[2, 33, 0], number].concat();
    let der = [integer(r), integer(s)].concat();
    let der = [vec![0x30, u8::try_from(der.len()).unwrap()], der].concat();
    for signature in [
        der,
        plain[..63].to_vec(),
        plain[1..].to_vec(),
        [&plain[..], &[0]].concat(),
        [&[0], r, &[0], s].concat(),
        [r, &[0; 32], s].concat(),
        [&[0xff; 32], s].concat(),
        [r, &[0xff; 32]].concat(),
        vec![0xff; 1000],
        vec![1],
        Vec::new(),
    ] {
        let token = with_signature(&good, &signature);
        assert_eq!(
            issuer.judge(&token),
            Err(Fault::Signature),
            "{} bytes",
            signature.len()
        );
    }
}

/// Holds: TC03
#[test]
fn tc03_a_signature_has_a_twin_so_that_jti_is_the_name() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let plain = unb64(good.rsplit('.').next().unwrap());
    let (r, s) = plain.split_at(32);
    let twin = with_signature(&good, &[r, &minus(hex(N), s)].concat());
    assert_ne!(good, twin);
    let read = |token: &str| {
        issuer
            .verifier
            .verify(token, crate::maker::NOW)
            .unwrap()
            .into_inner()
            .id
    };
    assert_eq!(read(&good), read(&twin));
}

/// Shapes of TC06; salt lengths and hashes of other sizes are not made here.
#[test]
fn tc05_tc06_rsa_signatures_out_of_shape_are_refused() {
    let maker = Maker::rsa();
    let n = unb64(maker.jwk()["n"].as_str().unwrap());
    let mut one = vec![0; n.len()];
    *one.last_mut().unwrap() = 1;
    for alg in [Algorithm::Rs256, Algorithm::Ps256] {
        let jwk = maker.jwk_with(&json!({ "alg": alg.name() }));
        let token = maker.token(&json!({ "alg": alg.name() }), &claims());
        let good = unb64(token.rsplit('.').next().unwrap());
        let judge =
            |signature: &[u8]| under(&jwk, &Algorithm::ALL, &with_signature(&token, signature));
        assert_eq!(judge(&good), Ok(()));
        // The unreduced twin: the signature plus the modulus, a byte longer.
        let mut unreduced = vec![0; n.len() + 1];
        let mut carry = 0;
        for at in (0..n.len()).rev() {
            let sum = u16::from(good[at]) + u16::from(n[at]) + carry;
            unreduced[at + 1] = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        unreduced[0] = u8::try_from(carry).unwrap();
        let other = if alg == Algorithm::Rs256 {
            "PS256"
        } else {
            "RS256"
        };
        let signed = token.rsplit_once('.').unwrap().0;
        let padded_otherwise = maker.sign(other, signed.as_bytes());
        for signature in [
            vec![0; n.len()],
            one.clone(),
            minus(n.clone(), &one),
            n.clone(),
            unreduced,
            [&[0], good.as_slice()].concat(),
            good[1..].to_vec(),
            padded_otherwise,
            Vec::new(),
        ] {
            assert_eq!(judge(&signature), Err(Fault::Signature), "{alg}");
        }
    }
}

/// Holds: TC07, J05, ASVS 9.1.1, TK05
#[test]
fn tc07_what_was_signed_is_what_counts() {
    let issuer = Issuer::new();
    let good = issuer.good();
    let parts: Vec<&str> = good.split('.').collect();
    let admin = b64(merged(claims(), &json!({ "roles": ["admin"], "exp": 1 })).to_string());
    let head = b64(merged(header(), &json!({ "x": 1 })).to_string());
    let other = issuer
        .maker
        .token(&header(), &merged(claims(), &json!({ "jti": "t-2" })));
    let others: Vec<&str> = other.split('.').collect();
    for token in [
        format!("{}.{admin}.{}", parts[0], parts[2]),
        format!("{head}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], others[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], others[2]),
        format!("{}.{}.", parts[0], parts[1]),
        crate::maker::mac(b"k", &format!("{}.{}", parts[0], parts[1])),
    ] {
        // The first has expired too: its claims are not looked at before its signature.
        assert_eq!(issuer.judge(&token), Err(Fault::Signature));
    }
}
