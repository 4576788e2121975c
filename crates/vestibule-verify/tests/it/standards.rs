//! The standards' own examples: a verifier that refuses everything fails here.

use serde_json::json;
use vestibule_verify::{Algorithm, Fault, Jwk, jws};

use crate::maker::set;

/// RFC 7515 A.3.
#[test]
fn rfc7515_a3_es256_holds() {
    let key = json!({
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    });
    let token = "eyJhbGciOiJFUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let jws = jws::verify(token, &set(&[key]), &[Algorithm::Es256]).unwrap();
    assert!(jws.payload.starts_with(b"{\"iss\":\"joe\",\r\n"));
}

/// RFC 8037 A.4, A.3.
#[test]
fn rfc8037_a4_ed25519_holds_and_a3_is_its_thumbprint() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let jws = jws::verify(token, &set(std::slice::from_ref(&key)), &[Algorithm::EdDsa]).unwrap();
    assert_eq!(jws.payload, b"Example of Ed25519 signing");
    let key = Jwk::from_json(key.to_string().as_bytes()).unwrap();
    assert_eq!(
        key.thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

/// RFC 7638 §3.1.
#[test]
fn rfc7638_the_thumbprint_of_an_rsa_key() {
    let key = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
              tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI\
              SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    });
    let key = Jwk::from_json(key.to_string().as_bytes()).unwrap();
    assert_eq!(
        key.thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

/// Holds: TF01, J06
#[test]
fn tf01_an_encrypted_token_is_no_signed_one() {
    for alg in ["RSA-OAEP", "RSA1_5", "ECDH-ES", "dir"] {
        let header = crate::maker::b64(json!({ "alg": alg, "enc": "A256GCM" }).to_string());
        let token = format!("{header}.AAAA.AAAA.AAAA.AAAA");
        let refused = jws::verify(&token, &set(&[]), &Algorithm::ALL).unwrap_err();
        assert_eq!(refused.fault(), Fault::Encrypted);
    }
}
