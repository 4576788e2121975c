//! Public keys and sets of them (RFC 7517, RFC 7518 §6, RFC 8037 §2): parsed once and held, each for one algorithm.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    VerificationAlgorithm,
};

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::error::Fault;
use crate::header::Header;
use crate::json::{self, Object, Value};
use crate::rsa;

/// Longest key set, in bytes.
const LONGEST_SET: usize = 256 * 1024;
/// How many keys a set may have.
const MOST_KEYS: usize = 100;
/// How many values a set may have in all.
const MOST_VALUES: usize = 16 * 1024;
/// Members that no public key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Ed25519 points of small order by their y coordinate, sign bit cleared: every signature would hold under such a key.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

/// A public key for signatures.
pub struct Jwk {
    kid: Option<String>,
    algorithm: Option<Algorithm>,
    x5t: Option<String>,
    x5t_s256: Option<String>,
    material: Material,
    thumbprint: String,
}

enum Material {
    P256(ParsedPublicKey),
    P384(ParsedPublicKey),
    Ed25519(ParsedPublicKey),
    /// One key, parsed for both paddings; which of them is settled by [`Jwk::is_for`].
    Rsa {
        pkcs1: ParsedPublicKey,
        pss: ParsedPublicKey,
        bits: usize,
    },
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

/// A key of a set that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its `kid`.
    pub kid: Option<String>,
    /// Why. A [`Fault::KeyPrivate`] is worth an alarm.
    pub fault: Fault,
}

/// A set of public keys.
#[derive(Debug)]
pub struct Jwks {
    keys: Vec<Jwk>,
    dropped: Vec<Dropped>,
}

impl Jwk {
    /// Reads one key.
    pub fn from_json(text: &[u8]) -> Result<Self, Fault> {
        let members = json::object(text).map_err(|_| Fault::KeyForm)?;
        Self::from_object(&members)
    }

    /// Reads one key that was read as JSON by [`json::object`].
    pub fn from_object(members: &Object) -> Result<Self, Fault> {
        let kty = text(members, "kty")?.ok_or(Fault::KeyForm)?;
        if kty == "oct" {
            return Err(Fault::KeySymmetric);
        }
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(Fault::KeyPrivate);
        }
        for_verifying(members)?;
        let algorithm = match text(members, "alg")? {
            None => None,
            Some(name) => Some(Algorithm::named(name).ok_or(Fault::KeyUnsupported)?),
        };
        let (material, canonical) = match (kty, text(members, "crv")?) {
            ("EC", Some("P-256")) => curve(members, "P-256", &ECDSA_P256_SHA256_FIXED, 32)
                .map(|(key, told)| (Material::P256(key), told))?,
            ("EC", Some("P-384")) => curve(members, "P-384", &ECDSA_P384_SHA384_FIXED, 48)
                .map(|(key, told)| (Material::P384(key), told))?,
            ("OKP", Some("Ed25519")) => edwards(members)?,
            ("RSA", _) => modulus_and_exponent(members)?,
            ("EC" | "OKP", None) => return Err(Fault::KeyForm),
            _ => return Err(Fault::KeyUnsupported),
        };
        let key = Self {
            kid: text(members, "kid")?.map(str::to_owned),
            algorithm,
            x5t: text(members, "x5t")?.map(str::to_owned),
            x5t_s256: text(members, "x5t#S256")?.map(str::to_owned),
            material,
            // RFC 7638 §3.
            thumbprint: base64url::encode(digest(&SHA256, canonical.as_bytes())),
        };
        // A key that names an algorithm it cannot serve is no key for anything.
        if algorithm.is_some_and(|named| !key.serves(named)) {
            return Err(Fault::KeyUnsupported);
        }
        Ok(key)
    }

    /// `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `alg`, where the key names one.
    pub const fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// The thumbprint by RFC 7638 with SHA-256: what `cnf.jkt` holds.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// How many bits the modulus has, where it is an RSA key. Under 3072 is less than 128 bits of security (ASVS 11.2.3).
    pub const fn rsa_bits(&self) -> Option<usize> {
        match &self.material {
            Material::Rsa { bits, .. } => Some(*bits),
            _ => None,
        }
    }

    const fn serves(&self, algorithm: Algorithm) -> bool {
        matches!(
            (&self.material, algorithm),
            (Material::P256(_), Algorithm::Es256)
                | (Material::P384(_), Algorithm::Es384)
                | (Material::Ed25519(_), Algorithm::EdDsa | Algorithm::Ed25519)
                | (Material::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
        )
    }

    /// RFC 8725 §3.1: one key, one algorithm. A key says its own in `alg`; an RSA key that says none is for RS256, unless the
    /// caller lists PS256 and not RS256.
    fn is_for(&self, algorithm: Algorithm, listed: &[Algorithm]) -> bool {
        let bound = match (self.algorithm, &self.material) {
            (Some(named), _) => named == algorithm,
            (None, Material::Rsa { .. }) => {
                let pss = listed.contains(&Algorithm::Ps256) && !listed.contains(&Algorithm::Rs256);
                let only = if pss {
                    Algorithm::Ps256
                } else {
                    Algorithm::Rs256
                };
                only == algorithm
            }
            (None, _) => true,
        };
        bound && self.serves(algorithm)
    }

    /// Whether the signature holds under this key by this algorithm.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Fault> {
        // The pairing is judged once more where the key is used.
        let ((Material::P256(key), Algorithm::Es256)
        | (Material::P384(key), Algorithm::Es384)
        | (Material::Ed25519(key), Algorithm::EdDsa | Algorithm::Ed25519)
        | (Material::Rsa { pkcs1: key, .. }, Algorithm::Rs256)
        | (Material::Rsa { pss: key, .. }, Algorithm::Ps256)) = (&self.material, algorithm)
        else {
            return Err(Fault::NoKey);
        };
        key.verify_sig(message, signature)
            .map_err(|_| Fault::Signature)
    }
}

impl Jwks {
    /// Reads a set. Keys for encryption, of unknown types, weak ones and ones with private members are left out (see
    /// [`Jwks::dropped`]); a symmetric key beside public ones makes the whole set untrustworthy.
    pub fn from_json(text: &[u8]) -> Result<Self, Fault> {
        if text.len() > LONGEST_SET {
            return Err(Fault::KeySet);
        }
        let set = json::object_of(text, MOST_VALUES).map_err(|_| Fault::KeySet)?;
        Self::from_object(&set)
    }

    /// Reads a set that was read as JSON by [`json::object`].
    pub fn from_object(set: &Object) -> Result<Self, Fault> {
        let all = set.get("keys").and_then(Value::as_array);
        let all = all
            .filter(|all| all.len() <= MOST_KEYS)
            .ok_or(Fault::KeySet)?;
        let mut found = Self {
            keys: Vec::with_capacity(all.len()),
            dropped: Vec::new(),
        };
        for one in all {
            let members = one.as_object().ok_or(Fault::KeySet)?;
            match Jwk::from_object(members) {
                Ok(key) => found.keys.push(key),
                Err(Fault::KeySymmetric) => return Err(Fault::KeySymmetric),
                Err(fault) => {
                    let kid = text(members, "kid").ok().flatten();
                    let kid = kid.map(str::to_owned);
                    found.dropped.push(Dropped { kid, fault });
                }
            }
        }
        Ok(found)
    }

    /// The keys that signatures may be judged by.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// What was left out.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// The one key that fits `(kid, alg, type, use)`: none is no answer, and neither are two.
    pub(crate) fn select(&self, header: &Header, listed: &[Algorithm]) -> Result<&Jwk, Fault> {
        let mut fitting = self.keys.iter().filter(|key| {
            let named = header.kid.is_none() || header.kid == key.kid;
            named && key.is_for(header.algorithm, listed)
        });
        let key = fitting.next().ok_or(Fault::NoKey)?;
        if fitting.next().is_some() {
            return Err(Fault::SeveralKeys);
        }
        let thumbprints = [(&header.x5t, &key.x5t), (&header.x5t_s256, &key.x5t_s256)];
        let agrees = |(said, known): &(&Option<String>, &Option<String>)| {
            said.is_none() || known.is_none() || said == known
        };
        if !thumbprints.iter().all(agrees) {
            return Err(Fault::Certificate);
        }
        Ok(key)
    }
}

/// RFC 7517 §4.2, §4.3: `use` is `sig` and `key_ops` has `verify`, where there are any.
fn for_verifying(members: &Object) -> Result<(), Fault> {
    if text(members, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(Fault::KeyUnsupported);
    }
    let Some(operations) = members.get("key_ops") else {
        return Ok(());
    };
    let operations = operations.as_array().ok_or(Fault::KeyForm)?;
    if operations.iter().any(|operation| operation == "verify") {
        Ok(())
    } else {
        Err(Fault::KeyUnsupported)
    }
}

fn text<'a>(members: &'a Object, name: &str) -> Result<Option<&'a str>, Fault> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::KeyForm),
    }
}

fn bytes(members: &Object, name: &str) -> Result<Vec<u8>, Fault> {
    let text = text(members, name)?.ok_or(Fault::KeyForm)?;
    base64url::decode(text).ok_or(Fault::KeyForm)
}

/// A point of a NIST curve: both coordinates at full length, and on the curve.
fn curve(
    members: &Object,
    name: &str,
    algorithm: &'static dyn VerificationAlgorithm,
    length: usize,
) -> Result<(ParsedPublicKey, String), Fault> {
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    if x.len() != length || y.len() != length {
        return Err(Fault::KeyForm);
    }
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    let key = ParsedPublicKey::new(algorithm, point).map_err(|_| Fault::KeyWeak)?;
    let (x, y) = (base64url::encode(x), base64url::encode(y));
    let canonical = format!(r#"{{"crv":"{name}","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Ok((key, canonical))
}

fn edwards(members: &Object) -> Result<(Material, String), Fault> {
    let x: [u8; 32] = bytes(members, "x")?
        .try_into()
        .map_err(|_| Fault::KeyForm)?;
    let mut y = x;
    y[31] &= 0x7f;
    // RFC 8032 §5.1.3: a coordinate of 2^255 - 19 and above is no encoding.
    let canonical_y = y[31] != 0x7f || y[1..31].iter().any(|byte| *byte != 0xff) || y[0] < 0xed;
    if !canonical_y || SMALL_ORDER.contains(&y) {
        return Err(Fault::KeyWeak);
    }
    // Not every y is of a point; of one that is not, the crypto library knows when it is used: no signature holds under it.
    let key = ParsedPublicKey::new(&ED25519, x).map_err(|_| Fault::KeyWeak)?;
    let x = base64url::encode(x);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    Ok((Material::Ed25519(key), canonical))
}

fn modulus_and_exponent(members: &Object) -> Result<(Material, String), Fault> {
    let (n, e) = (bytes(members, "n")?, bytes(members, "e")?);
    if !rsa::fit(&n, &e) {
        return Err(Fault::KeyWeak);
    }
    let key = RsaPublicKeyComponents { n: &n, e: &e };
    let parsed = |padding| {
        key.to_parsed_public_key(padding)
            .map_err(|_| Fault::KeyWeak)
    };
    let material = Material::Rsa {
        pkcs1: parsed(&RSA_PKCS1_2048_8192_SHA256)?,
        pss: parsed(&RSA_PSS_2048_8192_SHA256)?,
        bits: rsa::bits(&n),
    };
    let (n, e) = (base64url::encode(&n), base64url::encode(&e));
    Ok((material, format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)))
}
