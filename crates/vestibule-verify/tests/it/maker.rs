//! Makes tokens, good ones and bad ones: what is under test holds no signing code.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule_verify::{Algorithm, Fault, Jwks, NumericDate, Verifier, jws};

pub const ISSUER: &str = "https://id.example.test";
pub const AUDIENCE: &str = "https://api.example.test";
/// 2026-11-20T12:00:00Z.
pub const NOW: NumericDate = NumericDate::from_seconds(1_795_176_000);

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "signatures of a test need a source of randomness"
)]
pub fn random() -> SystemRandom {
    SystemRandom::new()
}

/// A key that signs.
pub enum Maker {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Maker {
    pub fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn p384() -> Self {
        Self::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    pub fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub fn rsa_3072() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa3072).unwrap())
    }

    /// The public key, without kid or alg.
    pub fn jwk(&self) -> Value {
        match self {
            Self::P256(pair) | Self::P384(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": curve, "x": b64(x), "y": b64(y) })
            }
            Self::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref()) })
            }
            Self::Rsa(pair) => {
                let (n, e) = integers(pair.public_key().as_ref());
                json!({ "kty": "RSA", "n": b64(n), "e": b64(e) })
            }
        }
    }

    /// The public key with more members.
    pub fn jwk_with(&self, more: &Value) -> Value {
        let mut jwk = self.jwk();
        for (name, value) in more.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    pub fn sign(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(pair) | Self::P384(pair) => {
                pair.sign(&random(), message).unwrap().as_ref().to_vec()
            }
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                if alg == "PS256" {
                    pair.sign(&RSA_PSS_SHA256, &random(), message, &mut signature)
                } else {
                    pair.sign(&RSA_PKCS1_SHA256, &random(), message, &mut signature)
                }
                .unwrap();
                signature
            }
        }
    }

    /// A token of these texts, signed.
    pub fn raw(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let signed = format!("{}.{}", b64(header), b64(payload));
        let alg = if matches!(self, Self::Rsa(_)) {
            "RS256"
        } else {
            ""
        };
        let signature = self.sign(alg, signed.as_bytes());
        format!("{signed}.{}", b64(signature))
    }

    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.sign(header["alg"].as_str().unwrap_or(""), signed.as_bytes());
        format!("{signed}.{}", b64(signature))
    }
}

/// The two integers of a PKCS#1 public key, without their leading zeros.
fn integers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    fn element(der: &[u8]) -> (&[u8], &[u8]) {
        let (length, start) = match der[1] {
            0x81 => (usize::from(der[2]), 3),
            0x82 => (usize::from(der[2]) << 8 | usize::from(der[3]), 4),
            short => (usize::from(short), 2),
        };
        (&der[start..start + length], &der[start + length..])
    }
    let (inside, _) = element(der);
    let (n, rest) = element(inside);
    let (e, _) = element(rest);
    let plain = |bytes: &[u8]| {
        bytes
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect()
    };
    (plain(n), plain(e))
}

pub fn mac(key: &[u8], signed: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    format!("{signed}.{}", b64(hmac::sign(&key, signed.as_bytes())))
}

pub fn set(keys: &[Value]) -> Jwks {
    Jwks::from_json(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// An issuer with an ES256 key `k1`, and a verifier that takes what it issues.
pub struct Issuer {
    pub maker: Maker,
    pub verifier: Verifier,
}

impl Issuer {
    pub fn new() -> Self {
        let maker = Maker::p256();
        let keys = set(&[maker.jwk_with(&json!({ "kid": "k1", "alg": "ES256", "use": "sig" }))]);
        let verifier = Verifier::builder(ISSUER, AUDIENCE).algorithms([Algorithm::Es256]);
        Self {
            maker,
            verifier: verifier.from_jwks(keys).unwrap(),
        }
    }

    /// What becomes of a token.
    pub fn judge(&self, token: &str) -> Result<(), Fault> {
        let judged = self.verifier.verify(token, NOW);
        judged.map(|_| ()).map_err(|refused| {
            assert_eq!(refused.to_string(), "the token is not valid");
            refused.fault()
        })
    }

    /// What becomes of an access token whose header has these members besides.
    pub fn with_header(&self, more: &Value) -> Result<(), Fault> {
        self.judge(&self.maker.token(&merged(header(), more), &claims()))
    }

    /// What becomes of an access token that has these claims besides; null takes one away.
    pub fn with_claims(&self, more: &Value) -> Result<(), Fault> {
        self.judge(&self.maker.token(&header(), &merged(claims(), more)))
    }

    /// The same with a claim as it stands, null included.
    pub fn with_claim(&self, name: &str, value: &Value) -> Result<(), Fault> {
        let mut all = claims();
        all[name] = value.clone();
        self.judge(&self.maker.token(&header(), &all))
    }

    /// What becomes of a token of these texts.
    pub fn with_texts(&self, header: &[u8], payload: &[u8]) -> Result<(), Fault> {
        self.judge(&self.maker.raw(header, payload))
    }

    pub fn good(&self) -> String {
        self.maker.token(&header(), &claims())
    }
}

pub fn header() -> Value {
    json!({ "alg": "ES256", "kid": "k1", "typ": "at+jwt" })
}

/// An access token's.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "user-1", "aud": AUDIENCE, "client_id": "app-1", "jti": "t-1",
        "iat": NOW.seconds(), "exp": NOW.seconds() + 600, "scope": "orders:read orders:write",
        "sid": "s-1", "gid": "g-1", "rev": 7, "auth_time": NOW.seconds() - 30, "acr": "aal1",
        "amr": ["pwd"], "roles": ["staff"], "permissions": ["orders"],
    })
}

pub fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

/// What becomes of a token under one key and these algorithms, claims apart.
pub fn under(jwk: &Value, algorithms: &[Algorithm], token: &str) -> Result<(), Fault> {
    let keys = set(std::slice::from_ref(jwk));
    let judged = jws::verify(token, &keys, algorithms);
    judged.map(|_| ()).map_err(vestibule_verify::Refused::fault)
}
