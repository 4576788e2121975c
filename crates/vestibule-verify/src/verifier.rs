//! The verifier: who issues, who we are, which algorithms, which keys; then tokens, one call each.

use std::ops::Deref;

use crate::access::AccessToken;
use crate::algorithm::Algorithm;
use crate::claims::{Claims, LEEWAY};
use crate::error::{BuildError, Fault, Refused};
use crate::jwk::Jwks;
use crate::jws;
use crate::kind::Kind;
use crate::numeric_date::NumericDate;
use crate::rsa;

/// Longest leeway, in seconds.
const LONGEST_LEEWAY: i64 = 300;

/// What passed every check. Only the checks build one.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// What was verified, without the proof of it.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Judges tokens of one issuer for one audience.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    leeway: i64,
    longest_life: Option<i64>,
    only_audience: bool,
    smallest_rsa: usize,
    keys: Jwks,
}

/// A verifier in the making.
#[derive(Debug, Clone)]
pub struct Builder {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    leeway: i64,
    longest_life: Option<i64>,
    only_audience: bool,
    smallest_rsa: usize,
}

impl Verifier {
    /// For the tokens of `issuer` that are meant for `audience`.
    pub fn builder(issuer: impl Into<String>, audience: impl Into<String>) -> Builder {
        Builder {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithms: Vec::new(),
            leeway: LEEWAY,
            longest_life: None,
            only_audience: false,
            smallest_rsa: rsa::USUAL,
        }
    }

    /// Judges an access token that came as `Bearer`. One that is bound to a key is refused (RFC 9449 §7.2).
    pub fn verify(&self, token: &str, now: NumericDate) -> Result<Verified<AccessToken>, Refused> {
        let claims = self.judged(Kind::AccessToken, token, now)?;
        Ok(Verified(bearers(claims)?))
    }

    /// Judges a token of any kind; an access token as [`Verifier::verify`] does.
    pub fn verify_kind(
        &self,
        kind: Kind,
        token: &str,
        now: NumericDate,
    ) -> Result<Verified<Claims>, Refused> {
        let claims = self.judged(kind, token, now)?;
        let claims = match kind {
            Kind::AccessToken => bearers(claims)?.claims,
            _ => claims,
        };
        Ok(Verified(claims))
    }

    fn judged(&self, kind: Kind, token: &str, now: NumericDate) -> Result<Claims, Refused> {
        let accepted = jws::Accepted {
            algorithms: &self.algorithms,
            smallest_rsa: self.smallest_rsa,
        };
        let shaped = |header: &_| kind.shaped(header);
        let jws = jws::checked(token, &self.keys, accepted, shaped)?;
        let claims = jws.claims()?;
        claims.issuer_is(&self.issuer)?;
        claims.meant_for(&self.audience)?;
        if self.only_audience && claims.audiences()?.len() > 1 {
            return Err(Fault::Audience.into());
        }
        kind.claimed(&claims)?;
        claims.current(now, self.leeway)?;
        self.short_enough(&claims)?;
        self.authorized_party(kind, &claims)?;
        Ok(claims)
    }

    fn short_enough(&self, claims: &Claims) -> Result<(), Fault> {
        let Some(longest) = self.longest_life else {
            return Ok(());
        };
        let (issued, expires) = (claims.date("iat")?, claims.date("exp")?);
        let issued = issued.ok_or(Fault::Missing("iat"))?;
        let expires = expires.ok_or(Fault::Missing("exp"))?;
        if expires > issued.plus_seconds(longest) {
            return Err(Fault::LivesTooLong);
        }
        Ok(())
    }

    /// OpenID Connect Core §3.1.3.7 steps 4 and 5: an ID token's `azp`, where there is one, is who asked for it.
    fn authorized_party(&self, kind: Kind, claims: &Claims) -> Result<(), Fault> {
        let party = claims.text("azp")?;
        if kind == Kind::IdToken && party.is_some_and(|party| party != self.audience) {
            return Err(Fault::Audience);
        }
        Ok(())
    }
}

/// An access token that whoever holds it may use.
fn bearers(claims: Claims) -> Result<AccessToken, Fault> {
    let token = AccessToken::read(claims)?;
    // RFC 9449 §7.2: one that is bound to a key comes with a proof, and nobody has judged one here.
    if token.key_thumbprint.is_some() {
        return Err(Fault::Bound);
    }
    Ok(token)
}

impl Builder {
    /// The algorithms that are accepted. There is no default.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How long after `exp` and before `nbf` a token is still taken, in seconds: 0 to 300.
    #[must_use]
    pub const fn leeway(mut self, seconds: i64) -> Self {
        self.leeway = seconds;
        self
    }

    /// Refuses tokens that live longer than so many seconds, `exp` less `iat`.
    #[must_use]
    pub const fn longest_life(mut self, seconds: i64) -> Self {
        self.longest_life = Some(seconds);
        self
    }

    /// Refuses tokens that are meant for others besides.
    #[must_use]
    pub const fn only_audience(mut self) -> Self {
        self.only_audience = true;
        self
    }

    /// Takes RSA keys from 2048 bits on. Without it they have 3072 or more (ASVS 11.2.3); some issuers have no other.
    #[must_use]
    pub const fn rsa_2048(mut self) -> Self {
        self.smallest_rsa = rsa::LEAST;
        self
    }

    /// A verifier with these keys.
    pub fn from_jwks(self, keys: Jwks) -> Result<Verifier, BuildError> {
        if self.issuer.is_empty() {
            return Err(BuildError::Issuer);
        }
        if self.audience.is_empty() {
            return Err(BuildError::Audience);
        }
        if self.algorithms.is_empty() {
            return Err(BuildError::Algorithms);
        }
        if !(0..=LONGEST_LEEWAY).contains(&self.leeway) {
            return Err(BuildError::Leeway);
        }
        Ok(Verifier {
            issuer: self.issuer,
            audience: self.audience,
            algorithms: self.algorithms,
            leeway: self.leeway,
            longest_life: self.longest_life,
            only_audience: self.only_audience,
            smallest_rsa: self.smallest_rsa,
            keys,
        })
    }
}
