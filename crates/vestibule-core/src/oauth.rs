//! OAuth 2.1's and OpenID Connect's nouns and their rules.
//!
//! ```text
//! authorization request ── consent ──▶ grant ─┬─ authorization code ── redeemed once ─┐
//!  (redirect_uri, scope, resource,            │                                      ├─▶ refresh family, access tokens
//!   PKCE, prompt)                             └─ device code ── polled, taken once ───┘
//! ```
//!
//! Nothing here talks to a client: each rule says what is so, and the endpoint says it in the standard's words.

pub mod code;
pub mod consent;
pub mod device_code;
pub mod grant;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod refresh;
pub mod resource;
pub mod scope;
pub mod secret;
pub mod thumbprint;
mod uri;
