//! An authorization code: what a consent hands to the browser, for the application to take to the token endpoint.
//!
//! ```text
//! issued ──redeemed (once, within a minute)──▶ redeemed ──the same valid request again──▶ its grant dies (C16, R08)
//!   └──over its time──▶ gone
//! ```
//!
//! A request that does not fit (another application, redirect URI, verifier or key) changes nothing, neither before nor after:
//! else whoever finds a code in a history could burn it, or end what came of it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::id::{ApplicationId, GrantId, SessionId};
use crate::lineage::StoreNumber;
use crate::oauth::pkce::{Challenge, PkceError, VerifiedPkce, check};
use crate::oauth::resource::Resources;
use crate::oauth::scope::ScopeSet;
use crate::oauth::secret::PlainAuthorizationCode;
use crate::oauth::thumbprint::Thumbprint;
use crate::secret::HashedSecret;
use crate::time::{STEP, UnixMillis};

/// How long a code may be redeemed (ASVS 10.4.3, C15).
pub const CODE_LIFE: Duration = Duration::from_mins(1);

/// What the client wants back in its ID token, byte for byte (O03). At most [`Nonce::LONGEST`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(String);

/// Not a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a nonce has at most {} bytes", Nonce::LONGEST)]
pub struct ParseNonceError;

impl Nonce {
    /// Longest nonce, in bytes.
    pub const LONGEST: usize = 512;

    /// The nonce.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Nonce {
    type Err = ParseNonceError;

    fn from_str(text: &str) -> Result<Self, ParseNonceError> {
        let fits = text.len() <= Self::LONGEST;
        fits.then(|| Self(text.to_owned())).ok_or(ParseNonceError)
    }
}

impl fmt::Debug for Nonce {
    // A client may take it for a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({} bytes)", self.0.len())
    }
}

/// Whether a code has been redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeState {
    /// Not yet.
    Issued,
    /// It has. The record stays as long as a second redemption should be noticed.
    Redeemed,
}

/// A code as the store keeps it. Whether its session still stands, the store judges beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// What the code hashes to (R20).
    pub code: HashedSecret,
    /// What it is worth, and what dies when it is redeemed twice.
    pub grant: GrantId,
    /// For whom.
    pub application: ApplicationId,
    /// Where it was sent, as the request named it.
    pub redirect_uri: String,
    /// Who asked, where PKCE was used.
    pub challenge: Option<Challenge>,
    /// The key it is bound to (`dpop_jkt`, D08).
    pub jkt: Option<Thumbprint>,
    /// What was consented to.
    pub scopes: ScopeSet,
    /// For which resource servers.
    pub resources: Resources,
    /// Whose login.
    pub session: SessionId,
    /// The store's number at the consent.
    pub rev: StoreNumber,
    /// For the ID token.
    pub nonce: Option<Nonce>,
    /// When the user proved who they are.
    pub auth_time: UnixMillis,
    /// When it was issued.
    pub issued_at: UnixMillis,
    /// Whether it has been redeemed.
    pub state: CodeState,
}

impl AuthorizationCode {
    /// N01: one that a wild clock made ahead of its time is over once the clock is right.
    fn lasts(&self, now: UnixMillis) -> bool {
        now < self.issued_at.plus(CODE_LIFE) && self.issued_at <= now.plus(STEP)
    }
}

/// What somebody brings to the token endpoint. The application is the one that the request was authenticated as.
#[derive(Debug, Clone, Copy)]
pub struct PresentedCode<'a> {
    /// The code.
    pub code: &'a PlainAuthorizationCode,
    /// Who sends it.
    pub application: ApplicationId,
    /// As sent.
    pub redirect_uri: Option<&'a str>,
    /// As sent.
    pub verifier: Option<&'a str>,
    /// The key of the proof that came along, verified.
    pub jkt: Option<Thumbprint>,
}

/// What a presented code comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeem {
    /// Tokens, under its grant.
    Redeemed {
        /// Redeemed now, to be stored in the same transition.
        code: Box<AuthorizationCode>,
        /// Who redeems it is who asked for it.
        pkce: VerifiedPkce,
    },
    /// Nothing, and its grant is to die: the request is valid, but for not being the first (ASVS 10.4.2).
    AlreadyUsed {
        /// What dies.
        grant: GrantId,
    },
    /// Nothing: too late. Nothing changes.
    Expired,
    /// Nothing: it does not fit. Nothing changes.
    Refused(CodeRefusal),
}

/// Why a code does not fit. All are `invalid_grant` (R12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRefusal {
    /// There is no such code.
    Unknown,
    /// Another application's.
    OtherApplication,
    /// Another redirect URI than the request's, or none where nothing else shows who asked (R04).
    RedirectUri,
    /// PKCE speaks against it.
    Pkce(PkceError),
    /// Bound to a key that was not proven (D08).
    Key,
}

/// Judges a presented code.
pub fn redeem(code: AuthorizationCode, presented: &PresentedCode<'_>, now: UnixMillis) -> Redeem {
    let pkce = match fits(&code, presented) {
        Ok(pkce) => pkce,
        // C16: whatever became of the code before.
        Err(refusal) => return Redeem::Refused(refusal),
    };
    match code.state {
        CodeState::Redeemed => Redeem::AlreadyUsed { grant: code.grant },
        CodeState::Issued if !code.lasts(now) => Redeem::Expired,
        CodeState::Issued => Redeem::Redeemed {
            code: Box::new(AuthorizationCode {
                state: CodeState::Redeemed,
                ..code
            }),
            pkce,
        },
    }
}

fn fits(
    code: &AuthorizationCode,
    presented: &PresentedCode<'_>,
) -> Result<VerifiedPkce, CodeRefusal> {
    // Constant time, by the type (ASVS 11.2.4).
    if presented.code.hashed() != code.code {
        return Err(CodeRefusal::Unknown);
    }
    if presented.application != code.application {
        return Err(CodeRefusal::OtherApplication);
    }
    let same_place = match presented.redirect_uri {
        Some(presented) => presented == code.redirect_uri,
        // OAuth 2.1 §4.1.3 asks for none: PKCE does its work. Without PKCE, RFC 6749 §4.1.3 counts.
        None => code.challenge.is_some(),
    };
    if !same_place {
        return Err(CodeRefusal::RedirectUri);
    }
    let pkce = check(code.challenge.as_ref(), presented.verifier).map_err(CodeRefusal::Pkce)?;
    if code.jkt.is_some() && code.jkt != presented.jkt {
        return Err(CodeRefusal::Key);
    }
    Ok(pkce)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::secret::sha256;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const PLACE: &str = "https://a.example.test/cb";

    fn application(n: u8) -> ApplicationId {
        ApplicationId::new(NOW, [n; 10])
    }

    fn plain() -> PlainAuthorizationCode {
        PlainAuthorizationCode::new([7; 32])
    }

    fn code() -> AuthorizationCode {
        let challenge = URL_SAFE_NO_PAD.encode(sha256(VERIFIER.as_bytes()));
        AuthorizationCode {
            code: plain().hashed(),
            grant: GrantId::new(NOW, [1; 10]),
            application: application(1),
            redirect_uri: PLACE.to_owned(),
            challenge: Challenge::of_request(Some(&challenge), Some("S256"), true).unwrap(),
            jkt: Some(Thumbprint::from_bytes([5; 32])),
            scopes: "openid orders:read".parse().unwrap(),
            resources: Resources::default(),
            session: SessionId::new(NOW, [1; 10]),
            rev: StoreNumber(3),
            nonce: "n".parse().ok(),
            auth_time: NOW,
            issued_at: NOW,
            state: CodeState::Issued,
        }
    }

    fn fitting(code: &PlainAuthorizationCode) -> PresentedCode<'_> {
        PresentedCode {
            code,
            application: application(1),
            redirect_uri: Some(PLACE),
            verifier: Some(VERIFIER),
            jkt: Some(Thumbprint::from_bytes([5; 32])),
        }
    }

    fn redeemed(outcome: Redeem) -> AuthorizationCode {
        match outcome {
            Redeem::Redeemed { code, pkce } => {
                assert!(pkce.is_proven() || code.challenge.is_none());
                *code
            }
            other => panic!("{other:?}"),
        }
    }

    /// Each of the ways in which a request does not fit.
    fn unfitting(code: &PlainAuthorizationCode) -> [(PresentedCode<'_>, CodeRefusal); 8] {
        let right = fitting(code);
        let other_key = Some(Thumbprint::from_bytes([6; 32]));
        [
            (
                PresentedCode {
                    application: application(2),
                    ..right
                },
                CodeRefusal::OtherApplication,
            ),
            (
                PresentedCode {
                    redirect_uri: Some("https://a.example.test/cb/"),
                    ..right
                },
                CodeRefusal::RedirectUri,
            ),
            (
                PresentedCode {
                    redirect_uri: Some(""),
                    ..right
                },
                CodeRefusal::RedirectUri,
            ),
            (
                PresentedCode {
                    verifier: None,
                    ..right
                },
                CodeRefusal::Pkce(PkceError::Missing),
            ),
            (
                PresentedCode {
                    verifier: Some("short"),
                    ..right
                },
                CodeRefusal::Pkce(PkceError::Malformed),
            ),
            (
                PresentedCode {
                    verifier: Some("another-verifier-that-is-long-enough-to-be-one"),
                    ..right
                },
                CodeRefusal::Pkce(PkceError::Mismatch),
            ),
            (PresentedCode { jkt: None, ..right }, CodeRefusal::Key),
            (
                PresentedCode {
                    jkt: other_key,
                    ..right
                },
                CodeRefusal::Key,
            ),
        ]
    }

    /// Holds: R12, R04, D08
    #[test]
    fn r12_a_code_is_bound_to_who_asked_and_where_it_went() {
        let plain = plain();
        assert_eq!(
            redeemed(redeem(code(), &fitting(&plain), NOW)).state,
            CodeState::Redeemed
        );
        for (presented, refusal) in unfitting(&plain) {
            assert_eq!(redeem(code(), &presented, NOW), Redeem::Refused(refusal));
        }
        let other = PlainAuthorizationCode::new([8; 32]);
        let unknown = redeem(code(), &fitting(&other), NOW);
        assert_eq!(unknown, Redeem::Refused(CodeRefusal::Unknown));
    }

    /// Holds: ASVS 10.4.2
    #[test]
    fn asvs_10_4_2_c16_a_second_valid_redemption_ends_the_grant_and_an_invalid_one_nothing() {
        let plain = plain();
        let used = redeemed(redeem(code(), &fitting(&plain), NOW));
        for (presented, refusal) in unfitting(&plain) {
            let outcome = redeem(used.clone(), &presented, NOW);
            assert_eq!(outcome, Redeem::Refused(refusal));
        }
        let grant = used.grant;
        for later in [NOW, NOW.plus(Duration::from_hours(1))] {
            let again = redeem(used.clone(), &fitting(&plain), later);
            assert_eq!(again, Redeem::AlreadyUsed { grant });
        }
    }

    /// Holds: ASVS 10.4.3, R10
    #[test]
    fn asvs_10_4_3_a_code_is_good_for_a_minute() {
        let plain = plain();
        let at = |millis: i64| redeem(code(), &fitting(&plain), UnixMillis(NOW.0 + millis));
        redeemed(at(59_999));
        assert_eq!(at(60_000), Redeem::Expired);
        redeemed(at(-60_000));
        assert_eq!(at(-60_001), Redeem::Expired, "N01: from a clock ahead");
    }

    /// Holds: R04
    #[test]
    fn r04_a_code_without_challenge_takes_no_verifier_and_wants_its_redirect_uri() {
        let plain = plain();
        let bare = || AuthorizationCode {
            challenge: None,
            jkt: None,
            ..code()
        };
        let right = fitting(&plain);
        let downgraded = redeem(bare(), &right, NOW);
        let refusal = CodeRefusal::Pkce(PkceError::Downgraded);
        assert_eq!(downgraded, Redeem::Refused(refusal));
        let no_verifier = PresentedCode {
            verifier: None,
            ..right
        };
        redeemed(redeem(bare(), &no_verifier, NOW));
        let nowhere = PresentedCode {
            redirect_uri: None,
            ..no_verifier
        };
        let outcome = redeem(bare(), &nowhere, NOW);
        assert_eq!(outcome, Redeem::Refused(CodeRefusal::RedirectUri));
        let by_pkce = PresentedCode {
            redirect_uri: None,
            ..right
        };
        redeemed(redeem(code(), &by_pkce, NOW));
    }

    /// Holds: O03
    #[test]
    fn o03_a_nonce_is_kept_as_it_came() {
        let long = "x".repeat(Nonce::LONGEST);
        for text in ["", " n\t", "ä\u{0}", &long] {
            assert_eq!(text.parse::<Nonce>().unwrap().as_str(), text);
        }
        assert!(format!("{long}x").parse::<Nonce>().is_err());
        assert_eq!(
            format!("{:?}", "ab".parse::<Nonce>().unwrap()),
            "Nonce(2 bytes)"
        );
    }
}
