//! Anti-forgery tokens: an HMAC over what the form is bound to, masked anew for each page.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::id::{AppSessionId, SessionId};

/// The key of anti-forgery tokens, derived from the master key.
#[derive(Clone)]
pub struct CsrfKey(Key);

impl fmt::Debug for CsrfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfKey")
    }
}

/// What a form is bound to.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'a> {
    /// A session's id: its tokens survive a new secret, not a login (N12, H03).
    Session(&'a SessionId),
    /// An app session's id, on an application's own host.
    AppSession(&'a AppSessionId),
    /// The pre-session of a browser nobody has signed in with: the form cookie's 32 bytes (ASVS 3.5.1, H03).
    Form(&'a [u8; 32]),
}

impl CsrfKey {
    /// Wraps 32 derived bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// A token for one page. `mask` is 32 fresh random bytes, so that no two pages carry the same text for a
    /// compression side channel to find (BREACH).
    pub fn token(&self, binding: Binding<'_>, mask: [u8; 32]) -> String {
        let mac = self.mac(binding);
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&mask);
        for (out, (mac, mask)) in bytes[32..].iter_mut().zip(mac.iter().zip(mask)) {
            *out = mac ^ mask;
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether `token` was made for `binding`.
    pub fn verifies(&self, binding: Binding<'_>, token: &str) -> bool {
        let mut bytes = [0; 64];
        if token.len() != 86 || URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) != Ok(64) {
            return false;
        }
        let (mask, masked) = bytes.split_at(32);
        let mut mac = [0; 32];
        for (out, (mask, masked)) in mac.iter_mut().zip(mask.iter().zip(masked)) {
            *out = mask ^ masked;
        }
        // ASVS 11.2.4: constant time.
        verify_slices_are_equal(&mac, &self.mac(binding)).is_ok()
    }

    fn mac(&self, binding: Binding<'_>) -> [u8; 32] {
        let mut message = Vec::with_capacity(40);
        match binding {
            Binding::Session(id) => {
                message.extend_from_slice(b"session");
                message.extend_from_slice(id.as_bytes());
            }
            Binding::AppSession(id) => {
                message.extend_from_slice(b"app session");
                message.extend_from_slice(id.as_bytes());
            }
            Binding::Form(bytes) => {
                message.extend_from_slice(b"form");
                message.extend_from_slice(bytes);
            }
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(sign(&self.0, &message).as_ref());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    /// Holds: N12, H03, ASVS 3.5.1
    #[test]
    fn n12_h03_a_token_serves_what_it_was_made_for_alone() {
        let key = CsrfKey::new(&[1; 32]);
        let (one, two) = (
            SessionId::new(UnixMillis(0), [1; 10]),
            SessionId::new(UnixMillis(0), [2; 10]),
        );
        let token = key.token(Binding::Session(&one), [8; 32]);
        assert!(key.verifies(Binding::Session(&one), &token));
        assert!(!key.verifies(Binding::Session(&two), &token));
        assert!(!key.verifies(Binding::Form(&[0; 32]), &token));
        // The same bytes as another kind of id.
        let same = AppSessionId::from_bytes(*one.as_bytes());
        assert!(!key.verifies(Binding::AppSession(&same), &token));
        let theirs = key.token(Binding::AppSession(&same), [8; 32]);
        assert!(key.verifies(Binding::AppSession(&same), &theirs));
        assert!(!key.verifies(Binding::Session(&one), &theirs));
        assert!(!CsrfKey::new(&[2; 32]).verifies(Binding::Session(&one), &token));
        assert!(!key.verifies(Binding::Session(&one), ""));
        assert!(!key.verifies(Binding::Session(&one), &token[1..]));
    }

    #[test]
    fn two_pages_carry_different_texts_of_one_token() {
        let key = CsrfKey::new(&[1; 32]);
        let form = [5; 32];
        let (one, two) = (
            key.token(Binding::Form(&form), [1; 32]),
            key.token(Binding::Form(&form), [2; 32]),
        );
        assert_ne!(one, two);
        assert!(
            key.verifies(Binding::Form(&form), &one) && key.verifies(Binding::Form(&form), &two)
        );
    }
}
