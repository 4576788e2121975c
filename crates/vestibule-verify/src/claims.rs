//! Claims as RFC 7519 §4.1 has them, judged strictly: a claim of the wrong type is a refusal, never an absence.

use serde_json::Value;

use crate::error::{Fault, Refused};
use crate::json::{self, Object};
use crate::numeric_date::NumericDate;

/// How far ahead of ours another's clock may be when it says `iat`, in seconds.
const AHEAD: i64 = 60;
/// How long after `exp` and before `nbf` a token is still taken, in seconds, unless a caller says otherwise.
pub const LEEWAY: i64 = 5;
/// Longest `sub`, `jti` and their like, in bytes (OpenID Connect Core §2: 255 characters).
const LONGEST: usize = 255;
/// Longest `iss` and audience, in bytes.
const LONGEST_URL: usize = 1024;
/// How many audiences, roles or permissions there may be.
const MOST: usize = 256;

/// The claims of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Object);

impl Claims {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> Result<Self, Refused> {
        let object = json::object(payload).map_err(|_| Fault::PayloadJson)?;
        Ok(Self(object))
    }

    /// All of them.
    pub const fn members(&self) -> &Object {
        &self.0
    }

    /// `iss` is this issuer, byte for byte.
    pub fn issued_by(&self, issuer: &str) -> Result<(), Refused> {
        Ok(self.issuer_is(issuer)?)
    }

    /// `aud` is, or has among others, this audience, byte for byte.
    pub fn meant_for(&self, audience: &str) -> Result<(), Refused> {
        let all = self.audiences()?;
        if all.iter().any(|one| one == audience) {
            Ok(())
        } else {
            Err(Fault::Audience.into())
        }
    }

    /// The times that are there agree with each other and with the clock; `leeway` in seconds.
    pub fn current(&self, now: NumericDate, leeway: i64) -> Result<(), Refused> {
        let (expires, starts, issued) = (self.date("exp")?, self.date("nbf")?, self.date("iat")?);
        let before = |one: Option<NumericDate>, other: Option<NumericDate>| matches!((one, other), (Some(one), Some(other)) if one < other);
        if before(expires, starts) || before(expires, issued) {
            return Err(Fault::Times.into());
        }
        // RFC 7519 §4.1.4: on or after which it is refused.
        if expires.is_some_and(|expires| now >= expires.plus_seconds(leeway)) {
            return Err(Fault::Expired.into());
        }
        if starts.is_some_and(|starts| starts > now.plus_seconds(leeway)) {
            return Err(Fault::NotYet.into());
        }
        if issued.is_some_and(|issued| issued > now.plus_seconds(AHEAD)) {
            return Err(Fault::Times.into());
        }
        Ok(())
    }

    /// What there is of these has the type that its standard says: `iss`, `aud`, and the names of who and what it is about.
    pub fn well_formed(&self) -> Result<(), Refused> {
        Ok(self.formed()?)
    }

    pub(crate) fn formed(&self) -> Result<(), Fault> {
        if self.0.get("iss").is_some_and(|issuer| !issuer.is_string()) {
            return Err(Fault::Malformed("iss"));
        }
        if self.0.contains_key("aud") {
            self.audiences()?;
        }
        for name in ["sub", "jti", "sid", "client_id", "azp"] {
            self.text(name)?;
        }
        Ok(())
    }

    pub(crate) fn issuer_is(&self, issuer: &str) -> Result<(), Fault> {
        match self.0.get("iss") {
            None => Err(Fault::Missing("iss")),
            Some(Value::String(found)) if found == issuer => Ok(()),
            Some(Value::String(_)) => Err(Fault::Issuer),
            Some(_) => Err(Fault::Malformed("iss")),
        }
    }

    /// `aud`: one, or an array of at least one, none of them empty.
    pub(crate) fn audiences(&self) -> Result<Vec<String>, Fault> {
        let all = match self.0.get("aud") {
            None => return Err(Fault::Missing("aud")),
            Some(Value::String(one)) => vec![one.clone()],
            Some(_) => self.list("aud")?,
        };
        let sound = |one: &String| !one.is_empty() && one.len() <= LONGEST_URL;
        if all.is_empty() || !all.iter().all(sound) {
            return Err(Fault::Malformed("aud"));
        }
        Ok(all)
    }

    /// A date, where there is one.
    pub(crate) fn date(&self, name: &'static str) -> Result<Option<NumericDate>, Fault> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let date = NumericDate::from_json(value);
        date.map(Some).ok_or(Fault::Malformed(name))
    }

    /// Text of a reasonable length, where there is any.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<String>, Fault> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text))
                if !text.is_empty()
                    && text.len() <= LONGEST
                    && !text.chars().any(char::is_control) =>
            {
                Ok(Some(text.clone()))
            }
            Some(_) => Err(Fault::Malformed(name)),
        }
    }

    /// An array of strings, empty where there is none.
    pub(crate) fn list(&self, name: &'static str) -> Result<Vec<String>, Fault> {
        let Some(value) = self.0.get(name) else {
            return Ok(Vec::new());
        };
        let all = value.as_array().filter(|all| all.len() <= MOST);
        let all = all.ok_or(Fault::Malformed(name))?;
        let texts = all.iter().map(|one| one.as_str().map(str::to_owned));
        texts.collect::<Option<_>>().ok_or(Fault::Malformed(name))
    }

    /// RFC 6749 §3.3: scope tokens with single blanks between; empty where there is no such claim.
    pub(crate) fn scopes(&self) -> Result<Vec<String>, Fault> {
        let Some(value) = self.0.get("scope") else {
            return Ok(Vec::new());
        };
        let malformed = Fault::Malformed("scope");
        let text = value.as_str().ok_or(malformed)?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let plain = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let scopes: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let sound = |scope: &String| !scope.is_empty() && scope.bytes().all(plain);
        if scopes.len() <= MOST && scopes.iter().all(sound) {
            Ok(scopes)
        } else {
            Err(malformed)
        }
    }
}
