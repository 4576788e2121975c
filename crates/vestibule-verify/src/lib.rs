//! What a resource server embeds: is this token good, and what does it say?
//!
//! Strict JWS and JWK (RFC 7515, 7517, 7518, 8037), the rules that each [`Kind`] of token has, access tokens by RFC 9068.
//! No I/O, no runtime, no clock: the caller holds the keys and says what time it is. Nothing here signs.
//!
//! ```text
//! text ─▶ compact form ─▶ header ─▶ kind ─▶ key ─▶ signature ─▶ claims ─▶ Verified<AccessToken>
//!         bytes, size     strict    typ     one    alg by the    issuer, audience,
//!                         JSON                     caller's list  times, the kind's own
//! ```
//!
//! The order is the order of trust: no claim is read before the signature holds (ASVS 9.1.1), and no key is touched for a token
//! of the wrong shape or kind. A token names neither its algorithm nor its key: it can only agree with what the caller listed.
//! Keys inside a token or behind its URLs are never used.
//!
//! Not checked here: whether a token was revoked, and whether a `jti` was seen before. A caller does that.

#![deny(missing_docs)]

mod access;
mod algorithm;
mod base64url;
mod claims;
mod compact;
mod error;
mod header;
pub mod json;
mod jwk;
pub mod jws;
mod kind;
mod numeric_date;
mod rsa;
mod verifier;

pub use self::access::AccessToken;
pub use self::algorithm::Algorithm;
pub use self::claims::{Claims, LEEWAY};
pub use self::compact::LONGEST as LONGEST_TOKEN;
pub use self::error::{BuildError, Fault, Refused};
pub use self::header::{Header, media_type_is};
pub use self::jwk::{Dropped, Jwk, Jwks};
pub use self::kind::Kind;
pub use self::numeric_date::NumericDate;
pub use self::verifier::{Builder, Verified, Verifier};
