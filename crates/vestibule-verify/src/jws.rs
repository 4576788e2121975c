//! Signatures alone (RFC 7515 §5.2): whose key signed these bytes. What they mean is judged by [`crate::Verifier`].

use crate::algorithm::Algorithm;
use crate::claims::{Claims, LEEWAY};
use crate::compact::Compact;
use crate::error::{Fault, Refused};
use crate::header::{self, Header};
use crate::json::{self, Object};
use crate::jwk::Jwks;
use crate::numeric_date::NumericDate;
use crate::rsa;

/// A token whose signature holds: nothing is known yet of issuer, audience, times or kind.
#[derive(Debug, Clone)]
pub struct Jws {
    /// The header.
    pub header: Header,
    /// The bytes that were signed.
    pub payload: Vec<u8>,
}

/// What a token says, with nothing verified: for showing it to a person, and for nothing else.
#[derive(Debug, Clone)]
pub struct Unverified {
    /// The header.
    pub header: Object,
    /// The payload.
    pub claims: Claims,
}

impl Jws {
    /// The payload as claims. One that says it is another token holds none.
    pub fn claims(&self) -> Result<Claims, Refused> {
        header::not_nested(self.header.cty.as_deref())?;
        Claims::read(&self.payload)
    }
}

impl Unverified {
    /// What is wrong with it whatever its keys may be and whichever algorithms somebody accepts: rules of the header, times. That
    /// there is nothing proves nothing.
    pub fn faults(&self, now: NumericDate) -> Vec<Fault> {
        let header = header::faults(&self.header);
        let times = self.claims.current(now, LEEWAY).map_err(Refused::fault);
        let named = |name| match self.claims.members().get(name) {
            None => Err(Fault::Missing(name)),
            Some(_) => Ok(()),
        };
        let formed = self.claims.formed();
        let all = [
            header,
            times,
            named("iss"),
            named("exp"),
            named("aud"),
            formed,
        ];
        all.into_iter().filter_map(Result::err).collect()
    }
}

/// Which signatures a caller takes.
#[derive(Clone, Copy)]
pub(crate) struct Accepted<'a> {
    /// By these algorithms.
    pub(crate) algorithms: &'a [Algorithm],
    /// Under RSA keys of no fewer bits.
    pub(crate) smallest_rsa: usize,
}

/// Checks the signature of a token under the one key that fits it. RSA keys have 2048 bits or more: [`Jwk::rsa_bits`] says how
/// many.
///
/// [`Jwk::rsa_bits`]: crate::Jwk::rsa_bits
pub fn verify(token: &str, keys: &Jwks, algorithms: &[Algorithm]) -> Result<Jws, Refused> {
    let accepted = Accepted {
        algorithms,
        smallest_rsa: rsa::LEAST,
    };
    Ok(checked(token, keys, accepted, |_| Ok(()))?)
}

/// The same; `shaped` judges the header before any key is touched.
pub(crate) fn checked(
    token: &str,
    keys: &Jwks,
    accepted: Accepted<'_>,
    shaped: impl FnOnce(&Header) -> Result<(), Fault>,
) -> Result<Jws, Fault> {
    let compact = Compact::split(token)?;
    let header = Header::read(&compact.header()?, accepted.algorithms)?;
    let (payload, signature) = (compact.payload()?, compact.signature()?);
    shaped(&header)?;
    let key = keys.select(&header, accepted.algorithms)?;
    // ASVS 11.2.3.
    if key
        .rsa_bits()
        .is_some_and(|bits| bits < accepted.smallest_rsa)
    {
        return Err(Fault::KeyShort);
    }
    key.verify(header.algorithm, compact.signed.as_bytes(), &signature)?;
    Ok(Jws { header, payload })
}

/// Reads a token and verifies nothing.
pub fn read_unverified(token: &str) -> Result<Unverified, Refused> {
    let compact = Compact::split(token)?;
    let header = json::object(&compact.header()?).map_err(|_| Fault::HeaderJson)?;
    let claims = Claims::read(&compact.payload()?)?;
    compact.signature()?;
    Ok(Unverified { header, claims })
}
