//! Why a token was refused: one sentence for whoever presented it, the reason for the log.

use std::fmt;

/// The token was refused.
///
/// Displays the same for every reason (a caller who learns more could use the verifier as an oracle); [`Refused::fault`] is for
/// the log. Neither holds any part of the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused(Fault);

impl Refused {
    /// Why. For logs and for whoever owns the token, never for whoever presented it.
    pub const fn fault(self) -> Fault {
        self.0
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token is not valid")
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refused({:?})", self.0)
    }
}

impl std::error::Error for Refused {}

/// What is wrong with a token or a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// RFC 7515 §3.1; bytes outside the alphabet, or not as many parts as the form has.
    #[error(
        "it is not in the compact form of a signed token: three base64url parts with dots between"
    )]
    Form,
    /// Five parts.
    #[error("it is an encrypted token (five parts), where a signed one is expected")]
    Encrypted,
    /// Over the limit.
    #[error("it is too long")]
    TooLong,
    /// Padding, or unused bits.
    #[error("a part of it is not base64url as RFC 7515 has it (no padding, unused bits zero)")]
    Base64,
    /// Not strict JSON.
    #[error(
        "its header is not one JSON object: UTF-8, each member once, not too deep, nothing after it"
    )]
    HeaderJson,
    /// Not strict JSON.
    #[error(
        "its payload is not one JSON object: UTF-8, each member once, not too deep, nothing after it"
    )]
    PayloadJson,
    /// RFC 7515 §4.1.1.
    #[error("its header has no alg, or one that is not a string")]
    AlgorithmMissing,
    /// Not on the caller's list.
    #[error("its alg is not one of the algorithms that are accepted")]
    AlgorithmNotListed,
    /// `none` (RFC 7518 §3.6).
    #[error("its alg is none: nobody has signed it")]
    Unsigned,
    /// RFC 7515 §4.1.11.
    #[error("its header demands extensions (crit, b64) that are not supported")]
    Critical,
    /// `zip`, `enc`, `epk` and their like.
    #[error("its header has members of an encrypted token (zip, enc, epk or the like)")]
    EncryptionMember,
    /// `jwk`, `jku`, `x5u`, `x5c`.
    #[error("its header brings a key of its own (jwk, jku, x5u or x5c): such keys are never used")]
    KeyInHeader,
    /// A header member has another type than its standard says.
    #[error("a member of its header (kid, typ, cty, x5t) is not a string of reasonable length")]
    HeaderMember,
    /// `typ` says another kind.
    #[error("its typ says that it is another kind of token")]
    Kind,
    /// `cty` in a token that holds no other.
    #[error("its cty says that it holds another token")]
    Nested,
    /// No such key.
    #[error("no key of the set fits it (kid, alg, type and use)")]
    NoKey,
    /// More than one key.
    #[error("more than one key of the set fits it: it cannot be told which to use")]
    SeveralKeys,
    /// RSA, smaller than the caller takes.
    #[error("its RSA key has fewer bits than are accepted")]
    KeyShort,
    /// The header's certificate thumbprint is not the key's.
    #[error("its x5t is not that of the key")]
    Certificate,
    /// The signature does not hold.
    #[error("its signature does not hold under the key")]
    Signature,
    /// A claim that must be there is not.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A claim has another type or shape than its standard says.
    #[error("its {0} is not of the type or shape that its standard says")]
    Malformed(&'static str),
    /// `iss`.
    #[error("its issuer is another")]
    Issuer,
    /// `aud`.
    #[error("it is for another audience")]
    Audience,
    /// `exp`.
    #[error("it has expired")]
    Expired,
    /// `nbf`.
    #[error("it is not good yet (nbf)")]
    NotYet,
    /// `iat` ahead of now, or after `exp`, or `nbf` after `exp`.
    #[error("its times contradict each other or the clock (iat, nbf, exp)")]
    Times,
    /// `exp` minus `iat`.
    #[error("it lives longer than is accepted")]
    LivesTooLong,
    /// A claim that another kind of token has.
    #[error("its {0} says that it is another kind of token")]
    Foreign(&'static str),
    /// `cnf` without the proof.
    #[error("it is bound to a key (cnf), and that key was not proven")]
    Bound,
    /// A key that is no key of a public kind.
    #[error("the key is not a JSON object with the members of its type")]
    KeyForm,
    /// `oct`.
    #[error("the key is symmetric (oct): public keys alone are accepted")]
    KeySymmetric,
    /// `d` and its like.
    #[error("the key has private members: it is no longer a secret, replace it")]
    KeyPrivate,
    /// A type, curve or algorithm that is not supported.
    #[error("the key is of a type, curve or algorithm that is not supported")]
    KeyUnsupported,
    /// Off the curve, too small, known to be broken.
    #[error("the key is weak or not a point of its curve")]
    KeyWeak,
    /// The set is no set.
    #[error(
        "the key set is not one JSON object with an array keys: UTF-8, each member once, not too large"
    )]
    KeySet,
}

/// A verifier cannot be built like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// No issuer.
    #[error("a verifier needs the issuer whose tokens it accepts")]
    Issuer,
    /// No audience.
    #[error("a verifier needs the audience that it is")]
    Audience,
    /// No algorithm.
    #[error("a verifier needs the algorithms that it accepts: there is no default")]
    Algorithms,
    /// Leeway over five minutes.
    #[error("a leeway of more than five minutes makes expiry meaningless")]
    Leeway,
}
