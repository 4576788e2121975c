//! Proof Key for Code Exchange (RFC 7636): who redeems a code is who asked for it. S256 alone.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::oauth::thumbprint::decode_32;
use crate::secret::sha256;

/// The hash of a verifier that only the asker knows. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Challenge([u8; 32]);

/// Why an authorization request's challenge is none. All are `invalid_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// There is none, and one is needed.
    #[error("code_challenge is missing: this client needs PKCE")]
    Missing,
    /// Nothing or something else than S256. No method means `plain` (RFC 7636 §4.3).
    #[error("code_challenge_method must be S256")]
    Method,
    /// Not 43 characters of base64url.
    #[error("code_challenge must be 43 characters of base64url")]
    Malformed,
}

impl Challenge {
    /// Reads what an authorization request says. Where none is `required` (a confidential client's exception), none may come,
    /// but what comes must be whole.
    pub fn of_request(
        challenge: Option<&str>,
        method: Option<&str>,
        required: bool,
    ) -> Result<Option<Self>, ChallengeError> {
        match (challenge, method) {
            (None, None) if !required => Ok(None),
            (None, _) => Err(ChallengeError::Missing),
            (Some(_), method) if method != Some("S256") => Err(ChallengeError::Method),
            (Some(text), _) => decode_32(text)
                .map(|hash| Some(Self(hash)))
                .ok_or(ChallengeError::Malformed),
        }
    }

    /// Reads what a store holds.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for a store to bind.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({})", URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// That PKCE was looked at and nothing speaks against the redemption. Only [`check`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedPkce {
    proven: bool,
}

impl VerifiedPkce {
    /// Whether a verifier was shown. Not, where the client is excepted.
    pub const fn is_proven(self) -> bool {
        self.proven
    }
}

/// Why a verifier is not good. All are `invalid_grant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// The code has a challenge, and no verifier came.
    #[error("code_verifier is missing")]
    Missing,
    /// Not 43 to 128 unreserved characters.
    #[error("code_verifier must be 43 to 128 characters out of A-Z, a-z, 0-9, -, ., _ and ~")]
    Malformed,
    /// Another one's.
    #[error("code_verifier does not fit the code")]
    Mismatch,
    /// The code has no challenge: somebody took it out of the request (RFC 9700 §4.8, R14).
    #[error("code_verifier for a code that was issued without code_challenge")]
    Downgraded,
}

/// Whether the verifier fits the challenge that the code was issued with.
pub fn check(
    challenge: Option<&Challenge>,
    verifier: Option<&str>,
) -> Result<VerifiedPkce, PkceError> {
    match (challenge, verifier) {
        (None, None) => Ok(VerifiedPkce { proven: false }),
        (None, Some(_)) => Err(PkceError::Downgraded),
        (Some(_), None) => Err(PkceError::Missing),
        (Some(_), Some(verifier)) if !is_verifier(verifier) => Err(PkceError::Malformed),
        // ASVS 11.2.4: constant time.
        (Some(challenge), Some(verifier)) => {
            verify_slices_are_equal(&sha256(verifier.as_bytes()), &challenge.0)
                .map(|()| VerifiedPkce { proven: true })
                .map_err(|_| PkceError::Mismatch)
        }
    }
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn challenge() -> Challenge {
        let read = Challenge::of_request(Some(CHALLENGE), Some("S256"), true);
        read.unwrap().unwrap()
    }

    /// Holds: R13, ASVS 10.4.6
    #[test]
    fn r13_a_request_brings_a_whole_s256_challenge() {
        let read = |challenge, method| Challenge::of_request(challenge, method, true);
        let (challenge, s256) = (Some(CHALLENGE), Some("S256"));
        assert!(read(challenge, s256).is_ok());
        assert_eq!(read(None, None), Err(ChallengeError::Missing));
        assert_eq!(read(None, s256), Err(ChallengeError::Missing));
        for method in [None, Some("plain"), Some("s256"), Some("")] {
            assert_eq!(
                read(challenge, method),
                Err(ChallengeError::Method),
                "{method:?}"
            );
        }
        let long = format!("{CHALLENGE}A");
        let padded = format!("{CHALLENGE}=");
        let plus = CHALLENGE.replace('-', "+");
        for wrong in ["", &CHALLENGE[1..], &long, &padded, &plus] {
            assert_eq!(
                read(Some(wrong), s256),
                Err(ChallengeError::Malformed),
                "{wrong}"
            );
        }
    }

    /// Holds: R13
    #[test]
    fn r13_who_is_excepted_brings_none_or_a_whole_one() {
        let read = |challenge, method| Challenge::of_request(challenge, method, false);
        assert_eq!(read(None, None), Ok(None));
        assert_eq!(read(None, Some("S256")), Err(ChallengeError::Missing));
        assert_eq!(read(Some(CHALLENGE), None), Err(ChallengeError::Method));
        assert!(read(Some(CHALLENGE), Some("S256")).unwrap().is_some());
    }

    /// Holds: R13, ASVS 10.4.6
    #[test]
    fn r13_a_verifier_fits_its_challenge_alone() {
        let challenge = challenge();
        let against = |verifier| check(Some(&challenge), verifier);
        assert!(against(Some(VERIFIER)).unwrap().is_proven());
        assert_eq!(against(None), Err(PkceError::Missing));
        assert_eq!(against(Some(CHALLENGE)), Err(PkceError::Mismatch));
        let (long, blank, wide) = ("a".repeat(129), format!("{VERIFIER} "), "é".repeat(43));
        for wrong in ["", &VERIFIER[1..], &long, &blank, &wide] {
            assert_eq!(against(Some(wrong)), Err(PkceError::Malformed), "{wrong}");
        }
        assert_eq!(against(Some(&long[..128])), Err(PkceError::Mismatch));
    }

    #[test]
    fn a_verifier_for_a_code_without_challenge_is_refused() {
        assert_eq!(check(None, Some(VERIFIER)), Err(PkceError::Downgraded));
        assert_eq!(check(None, Some("")), Err(PkceError::Downgraded));
        assert!(!check(None, None).unwrap().is_proven());
    }
}
