//! Signatures alone (RFC 7515 §5.2): whose key signed these bytes. What they mean is judged by [`crate::Verifier`].

use crate::algorithm::Algorithm;
use crate::claims::{Claims, LEEWAY};
use crate::compact::Compact;
use crate::error::{Fault, Refused};
use crate::header::Header;
use crate::json::{self, Object};
use crate::jwk::Jwks;
use crate::numeric_date::NumericDate;

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

impl Unverified {
    /// What is wrong with it whatever its keys may be: rules of the header, times. That there is nothing proves nothing.
    pub fn faults(&self, now: NumericDate) -> Vec<Fault> {
        let header = Header::judge(self.header.clone(), &Algorithm::ALL).map(|_| ());
        let times = self.claims.current(now, LEEWAY).map_err(Refused::fault);
        let named = |name| match self.claims.members().get(name) {
            None => Err(Fault::Missing(name)),
            Some(_) => Ok(()),
        };
        let audience = self.claims.audiences().map(|_| ());
        let all = [header, times, named("iss"), named("exp"), audience];
        all.into_iter().filter_map(Result::err).collect()
    }
}

/// Checks the signature of a token under the one key that fits it.
pub fn verify(token: &str, keys: &Jwks, algorithms: &[Algorithm]) -> Result<Jws, Refused> {
    Ok(checked(token, keys, algorithms, |_| Ok(()))?)
}

/// The same; `shaped` judges the header before any key is touched.
pub(crate) fn checked(
    token: &str,
    keys: &Jwks,
    algorithms: &[Algorithm],
    shaped: impl FnOnce(&Header) -> Result<(), Fault>,
) -> Result<Jws, Fault> {
    let compact = Compact::split(token)?;
    let header = Header::read(&compact.header()?, algorithms)?;
    let (payload, signature) = (compact.payload()?, compact.signature()?);
    shaped(&header)?;
    let key = keys.select(&header, algorithms)?;
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
