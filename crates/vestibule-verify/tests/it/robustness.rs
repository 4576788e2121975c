//! Any bytes at any door: an answer, never a panic. The doors are plain functions of bytes.

use proptest::prelude::*;
use serde_json::json;
use vestibule_verify::{Claims, Fault, Jwk, Jwks, Kind, json, jws};

use crate::maker::{Issuer, NOW, b64, claims, header};

fn token(bytes: &[u8]) {
    let issuer = Issuer::new();
    let text = String::from_utf8_lossy(bytes);
    let _ = issuer.verifier.verify(&text, NOW);
    let _ = issuer.verifier.verify_kind(Kind::IdToken, &text, NOW);
    if let Ok(read) = jws::read_unverified(&text) {
        let _ = read.faults(NOW);
    }
}

fn header_of_bytes(bytes: &[u8]) {
    let issuer = Issuer::new();
    let _ = issuer.judge(&format!("{}.e30.AAAA", b64(bytes)));
}

fn payload(bytes: &[u8]) {
    let issuer = Issuer::new();
    let _ = issuer.with_texts(header().to_string().as_bytes(), bytes);
    if let Ok(claims) = Claims::read(bytes) {
        let _ = claims.current(NOW, 5);
    }
}

fn key(bytes: &[u8]) {
    let _ = Jwk::from_json(bytes);
    let _ = Jwks::from_json(bytes);
    let _ = json::object(bytes);
}

const DOORS: [fn(&[u8]); 4] = [token, header_of_bytes, payload, key];

/// Holds: TK01
#[test]
fn tk01_the_corpus_panics_no_door() {
    let corpus = include_str!("../corpus.txt");
    for line in corpus.lines() {
        for door in DOORS {
            door(line.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Holds: TK01
    #[test]
    fn tk01_no_bytes_panic_any_door(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0..4_usize) {
        DOORS[at](&bytes);
    }

    /// Holds: TK01
    #[test]
    fn tk01_nor_do_good_tokens_with_a_byte_changed(at in 0..10_000_usize, byte in any::<u8>()) {
        let issuer = Issuer::new();
        let mut good = issuer.good().into_bytes();
        let at = at % good.len();
        prop_assume!(good[at] != byte);
        good[at] = byte;
        // No bit of a token is without meaning.
        prop_assert!(issuer.judge(&String::from_utf8_lossy(&good)).is_err());
    }
}

/// Holds: TK03
#[test]
fn tk03_whoever_presents_a_token_learns_nothing_from_the_refusal() {
    let issuer = Issuer::new();
    let secret = "tell-nobody";
    let bad = json!({ "sub": secret, "aud": "elsewhere" });
    let token = issuer
        .maker
        .token(&header(), &crate::maker::merged(claims(), &bad));
    let refused = issuer.verifier.verify(&token, NOW).unwrap_err();
    assert_eq!(refused.fault(), Fault::Audience);
    let other = issuer.verifier.verify("x", NOW).unwrap_err();
    assert_eq!(refused.to_string(), other.to_string());
    let logged = format!("{refused:?} {}", refused.fault());
    assert!(
        !logged.contains(secret) && !logged.contains("elsewhere"),
        "{logged}"
    );
}
