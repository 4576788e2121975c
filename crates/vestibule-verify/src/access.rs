//! Access tokens (RFC 9068), with the claims that Vestibule adds.

use serde_json::Value;

use crate::claims::Claims;
use crate::error::Fault;
use crate::numeric_date::NumericDate;

/// What an access token says.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    /// `iss`.
    pub issuer: String,
    /// `sub`: with `iss`, who it is; never reassigned.
    pub subject: String,
    /// `aud`.
    pub audiences: Vec<String>,
    /// `client_id`.
    pub client_id: String,
    /// `exp`.
    pub expires: NumericDate,
    /// `iat`.
    pub issued: NumericDate,
    /// `jti`: what a deny list goes by; the token's text is no name for it, since a signature can have a twin.
    pub id: String,
    /// `scope`.
    pub scopes: Vec<String>,
    /// `sid`: the session it hangs on.
    pub session: Option<String>,
    /// `gid`: the grant it hangs on.
    pub grant: Option<String>,
    /// `rev`: the number of the last cutoff that its minter knew.
    pub revision: Option<u64>,
    /// `auth_time`.
    pub authenticated: Option<NumericDate>,
    /// `acr`.
    pub acr: Option<String>,
    /// `amr`.
    pub amr: Vec<String>,
    /// `roles`.
    pub roles: Vec<String>,
    /// `permissions`.
    pub permissions: Vec<String>,
    /// `cnf.jkt`: the thumbprint of the key it is bound to (RFC 9449 §6.1).
    pub key_thumbprint: Option<String>,
    /// All of them.
    pub claims: Claims,
}

impl AccessToken {
    /// Whether it has this scope, byte for byte and whole.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|has| has == scope)
    }

    /// Whether it is a client's own (client credentials), with no user behind it (RFC 9068 §2.2, RFC 9700 §4.15). A user leaves
    /// a mark: a session, a grant, or the time of a login. Whose `sub` it is shows nothing: a client may have a user's id for its
    /// own. Other issuers may leave no such mark; their users' tokens are taken for clients' then, never the other way round.
    pub const fn is_clients_own(&self) -> bool {
        self.session.is_none() && self.grant.is_none() && self.authenticated.is_none()
    }

    pub(crate) fn read(claims: Claims) -> Result<Self, Fault> {
        let text = |name| claims.text(name)?.ok_or(Fault::Missing(name));
        let date = |name| claims.date(name)?.ok_or(Fault::Missing(name));
        let issuer = claims.members().get("iss").and_then(Value::as_str);
        Ok(Self {
            issuer: issuer.ok_or(Fault::Missing("iss"))?.to_owned(),
            subject: text("sub")?,
            audiences: claims.audiences()?,
            client_id: text("client_id")?,
            expires: date("exp")?,
            issued: date("iat")?,
            id: text("jti")?,
            scopes: claims.scopes()?,
            session: claims.text("sid")?,
            grant: claims.text("gid")?,
            revision: revision(&claims)?,
            authenticated: claims.date("auth_time")?,
            acr: claims.text("acr")?,
            amr: claims.list("amr")?,
            roles: claims.list("roles")?,
            permissions: claims.list("permissions")?,
            key_thumbprint: key_thumbprint(&claims)?,
            claims,
        })
    }
}

fn revision(claims: &Claims) -> Result<Option<u64>, Fault> {
    let Some(value) = claims.members().get("rev") else {
        return Ok(None);
    };
    value.as_u64().map(Some).ok_or(Fault::Malformed("rev"))
}

/// RFC 7800 §3.1: a confirmation that is not understood is a token that cannot be used.
fn key_thumbprint(claims: &Claims) -> Result<Option<String>, Fault> {
    let Some(value) = claims.members().get("cnf") else {
        return Ok(None);
    };
    let malformed = Fault::Malformed("cnf");
    let members = value.as_object().ok_or(malformed)?;
    match (members.get("jkt").and_then(Value::as_str), members.len()) {
        (Some(thumbprint), 1) => Ok(Some(thumbprint.to_owned())),
        _ => Err(malformed),
    }
}
