//! The header of a signed token: what it may say, and what it may not.

use crate::algorithm::Algorithm;
use crate::error::Fault;
use crate::json::{self, Object};

/// Longest `kid`, `typ`, `cty`, `x5t`, in bytes.
const LONGEST: usize = 256;

/// Members that bring a key or name where one lies (RFC 7515 §4.1.2 to §4.1.6).
const KEYS: [&str; 4] = ["jwk", "jku", "x5u", "x5c"];
/// Members that belong to encryption (RFC 7516 §4.1, RFC 7518 §4).
const ENCRYPTION: [&str; 9] = ["zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"];

/// A header that holds to the rules; its algorithm is one of the caller's.
#[derive(Debug, Clone)]
pub struct Header {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`: a name to look a key up by, in memory.
    pub kid: Option<String>,
    /// `typ`.
    pub typ: Option<String>,
    /// `cty`.
    pub cty: Option<String>,
    pub(crate) x5t: Option<String>,
    pub(crate) x5t_s256: Option<String>,
    /// All of it.
    pub members: Object,
}

impl Header {
    /// Reads a header that may bring no key.
    pub(crate) fn read(bytes: &[u8], listed: &[Algorithm]) -> Result<Self, Fault> {
        Self::judge(json::object(bytes).map_err(|_| Fault::HeaderJson)?, listed)
    }

    fn judge(members: Object, listed: &[Algorithm]) -> Result<Self, Fault> {
        // RFC 8725 §3.1: the caller's list decides, and the comparison is of bytes.
        let algorithm = Algorithm::named(alg(&members)?).filter(|named| listed.contains(named));
        let algorithm = algorithm.ok_or(Fault::AlgorithmNotListed)?;
        plain(&members)?;
        Ok(Self {
            algorithm,
            kid: text(&members, "kid")?,
            typ: text(&members, "typ")?,
            cty: text(&members, "cty")?,
            x5t: text(&members, "x5t")?,
            x5t_s256: text(&members, "x5t#S256")?,
            members,
        })
    }
}

/// What is wrong with a header whoever accepts which algorithms.
pub fn faults(members: &Object) -> Result<(), Fault> {
    if alg(members)?.trim().eq_ignore_ascii_case("none") {
        return Err(Fault::Unsigned);
    }
    plain(members)?;
    for name in ["kid", "typ", "x5t", "x5t#S256"] {
        text(members, name)?;
    }
    not_nested(text(members, "cty")?.as_deref())
}

/// `cty` of a token that holds claims is not `JWT`: that one holds another token (RFC 7519 §5.2).
pub fn not_nested(cty: Option<&str>) -> Result<(), Fault> {
    if cty.is_some_and(|cty| media_type_is(cty, "JWT")) {
        return Err(Fault::Nested);
    }
    Ok(())
}

fn alg(members: &Object) -> Result<&str, Fault> {
    one_of_each(members)?;
    let named = members.get("alg").and_then(|alg| alg.as_str());
    named.ok_or(Fault::AlgorithmMissing)
}

/// Nothing critical, nothing of encryption, no key.
fn plain(members: &Object) -> Result<(), Fault> {
    // RFC 7515 §4.1.11: no extension is understood, so that none may be critical; RFC 7797 is one of them.
    if members.contains_key("crit") || members.contains_key("b64") {
        return Err(Fault::Critical);
    }
    if ENCRYPTION.iter().any(|name| members.contains_key(*name)) {
        return Err(Fault::EncryptionMember);
    }
    // RFC 8725 §3.10, ASVS 9.1.3: a key of the token's own choice proves nothing.
    if KEYS.iter().any(|name| members.contains_key(*name)) {
        return Err(Fault::KeyInHeader);
    }
    Ok(())
}

/// No two members whose names differ in case alone: who reads them otherwise would see another header.
fn one_of_each(members: &Object) -> Result<(), Fault> {
    let mut names: Vec<String> = members
        .keys()
        .map(|name| name.to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Fault::HeaderJson);
    }
    Ok(())
}

fn text(members: &Object, name: &str) -> Result<Option<String>, Fault> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or(Fault::HeaderMember)?;
    // RFC 8725 §3.10: it reaches nothing but a comparison in memory, and a log safely.
    if text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(Fault::HeaderMember);
    }
    Ok(Some(text.to_owned()))
}

/// Whether `typ` is this media type: without regard to case, and with or without `application/` (RFC 7515 §4.1.9).
pub fn media_type_is(typ: &str, expected: &str) -> bool {
    let short = |text: &str| {
        let prefix = text.get(.."application/".len());
        let prefixed = prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case("application/"));
        // Another slash is another media type.
        let rest = if prefixed {
            &text["application/".len()..]
        } else {
            text
        };
        (!prefixed || !rest.contains('/')).then(|| rest.to_ascii_lowercase())
    };
    match (short(typ), short(expected)) {
        (Some(typ), Some(expected)) => typ == expected,
        _ => false,
    }
}
