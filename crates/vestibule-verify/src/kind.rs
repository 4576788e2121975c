//! Kinds of token, and what tells each from the others (RFC 8725 §3.11, §3.12): a token made for one purpose serves no other.

use serde_json::Value;

use crate::access::AccessToken;
use crate::claims::Claims;
use crate::error::{Fault, Refused};
use crate::header::{Header, media_type_is};
use crate::json::Object;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An access token (RFC 9068).
    AccessToken,
    /// An ID token (OpenID Connect Core §2).
    IdToken,
    /// A logout token (OpenID Connect Back-Channel Logout §2.4).
    LogoutToken,
    /// A client's assertion of itself (RFC 7523 §2.2, §3).
    ClientAssertion,
    /// A request object (RFC 9101 §4).
    RequestObject,
    /// An introspection answer (RFC 9701 §5).
    Introspection,
    /// A userinfo answer (OpenID Connect Core §5.3.2).
    UserInfo,
    /// An authorization response (JARM §2.1).
    AuthorizationResponse,
}

/// The member of `events` that makes a logout token.
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What tells a kind from the others.
struct Marks {
    /// `typ`.
    typ: &'static str,
    /// A token without `typ`, or with `JWT`, is taken as well: kinds that are older than explicit typing.
    untyped: bool,
    /// Claims it must have, besides its issuer and audience.
    has: &'static [&'static str],
    /// Claims of other kinds.
    lacks: &'static [&'static str],
}

impl Kind {
    const fn marks(self) -> Marks {
        match self {
            Self::AccessToken => Marks {
                typ: "at+jwt",
                untyped: false,
                has: &["sub", "exp", "iat", "jti", "client_id"],
                lacks: &["events", "token_introspection"],
            },
            Self::IdToken => Marks {
                typ: "JWT",
                untyped: true,
                has: &["sub", "exp", "iat"],
                lacks: &[
                    "events",
                    "token_introspection",
                    "response_type",
                    "code",
                    "htm",
                ],
            },
            Self::LogoutToken => Marks {
                typ: "logout+jwt",
                untyped: false,
                has: &["exp", "iat", "jti", "events"],
                lacks: &["nonce"],
            },
            Self::ClientAssertion => Marks {
                typ: "client-authentication+jwt",
                untyped: true,
                has: &["sub", "exp", "jti"],
                lacks: &[
                    "events",
                    "token_introspection",
                    "response_type",
                    "code",
                    "htm",
                ],
            },
            Self::RequestObject => Marks {
                typ: "oauth-authz-req+jwt",
                untyped: false,
                has: &["client_id", "response_type"],
                lacks: &["events", "request", "request_uri"],
            },
            Self::Introspection => Marks {
                typ: "token-introspection+jwt",
                untyped: false,
                has: &["iat", "token_introspection"],
                // RFC 9701 §5: what it says of a token is inside that claim.
                lacks: &["sub", "exp"],
            },
            Self::UserInfo => Marks {
                typ: "JWT",
                untyped: true,
                has: &["sub"],
                lacks: &[
                    "exp",
                    "nonce",
                    "events",
                    "token_introspection",
                    "response_type",
                    "jti",
                ],
            },
            Self::AuthorizationResponse => Marks {
                typ: "JWT",
                untyped: true,
                has: &["exp"],
                lacks: &["sub", "events", "token_introspection", "response_type"],
            },
        }
    }

    /// Its `typ`, where it has one of its own.
    pub const fn typ(self) -> &'static str {
        self.marks().typ
    }

    /// The kind that has this `typ` for itself.
    pub fn with_typ(typ: &str) -> Option<Self> {
        let typed = [
            Self::AccessToken,
            Self::LogoutToken,
            Self::ClientAssertion,
            Self::RequestObject,
            Self::Introspection,
        ];
        typed
            .into_iter()
            .find(|kind| media_type_is(typ, kind.typ()))
    }

    /// Whether a token whose signature holds is of this kind: its header's `typ` and `cty`, the marks of this kind and none of
    /// another, and of an access token every claim that RFC 9068 has. Whose it is, for whom and until when is not judged here.
    pub fn holds(self, header: &Header, claims: &Claims) -> Result<(), Refused> {
        self.shaped(header)?;
        self.claimed(claims)?;
        if self == Self::AccessToken {
            AccessToken::read(claims.clone())?;
        }
        Ok(())
    }

    /// Judges the header, before any key is touched.
    pub(crate) fn shaped(self, header: &Header) -> Result<(), Fault> {
        let marks = self.marks();
        // None of these kinds holds another token.
        if header.cty.is_some() {
            return Err(Fault::Nested);
        }
        let fits = match &header.typ {
            None => marks.untyped,
            Some(typ) => {
                media_type_is(typ, marks.typ) || marks.untyped && media_type_is(typ, "JWT")
            }
        };
        if fits { Ok(()) } else { Err(Fault::Kind) }
    }

    /// Judges which claims there are and what types they have, after the signature.
    pub(crate) fn claimed(self, claims: &Claims) -> Result<(), Fault> {
        self.marked(claims.members())?;
        claims.formed()
    }

    fn marked(self, claims: &Object) -> Result<(), Fault> {
        let marks = self.marks();
        if let Some(name) = marks.has.iter().find(|name| !claims.contains_key(**name)) {
            return Err(Fault::Missing(name));
        }
        if let Some(name) = marks.lacks.iter().find(|name| claims.contains_key(**name)) {
            return Err(Fault::Foreign(name));
        }
        match self {
            // RFC 7523 §3: a client speaks of itself; nobody else's token does.
            Self::ClientAssertion if claims.get("sub") != claims.get("iss") => {
                Err(Fault::Malformed("sub"))
            }
            Self::IdToken if claims.get("sub") == claims.get("iss") => Err(Fault::Foreign("sub")),
            Self::LogoutToken => logout(claims),
            Self::AuthorizationResponse
                if !claims.contains_key("code") && !claims.contains_key("error") =>
            {
                Err(Fault::Missing("code"))
            }
            _ => Ok(()),
        }
    }
}

/// Back-Channel Logout §2.6: steps 4 to 6.
fn logout(claims: &Object) -> Result<(), Fault> {
    let event = claims.get("events").and_then(|events| events.get(LOGOUT));
    if !event.is_some_and(Value::is_object) {
        return Err(Fault::Malformed("events"));
    }
    if claims.contains_key("sub") || claims.contains_key("sid") {
        Ok(())
    } else {
        Err(Fault::Missing("sub"))
    }
}
