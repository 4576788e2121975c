//! The challenge of a handshake: `base64url(hash ‖ expires ‖ HMAC(key, origin ‖ hash ‖ expires))`. Nothing is stored.
//!
//! It says that ten seconds ago, at the most, a browser at this origin kept the secret of this hash. Without it, whoever once
//! learned a hash could have codes for a login of their own made for that browser, and plant them there (login CSRF).

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac::{self, Context, HMAC_SHA256, Key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::origin::Origin;
use crate::secret::HashedSecret;
use crate::time::UnixMillis;

/// How long a challenge is good: for redirections, and never for a person.
pub const CHALLENGE_LIFE: Duration = Duration::from_secs(10);

const HASH: usize = 32;
const BODY: usize = HASH + 8;
const WHOLE: usize = BODY + 32;
const TEXT: usize = WHOLE / 3 * 4;

/// The key of challenges, derived from the master key.
#[derive(Clone)]
pub struct ChallengeKey(Key);

impl fmt::Debug for ChallengeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChallengeKey")
    }
}

impl ChallengeKey {
    /// Wraps 32 derived bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// Vouches for the browser that keeps the secret of this hash at this origin.
    pub fn challenge(&self, origin: &Origin, browser: HashedSecret, now: UnixMillis) -> String {
        let mut whole = [0; WHOLE];
        whole[..HASH].copy_from_slice(browser.as_bytes());
        whole[HASH..BODY].copy_from_slice(&now.plus(CHALLENGE_LIFE).0.to_be_bytes());
        // The origin first: what follows it has one length, so that one message has one reading.
        let mut mac = Context::with_key(&self.0);
        mac.update(origin.as_str().as_bytes());
        mac.update(&whole[..BODY]);
        whole[BODY..].copy_from_slice(mac.sign().as_ref());
        URL_SAFE_NO_PAD.encode(whole)
    }

    /// The browser that a challenge vouches for at this origin. What is late, foreign or made up is nothing, and nobody learns
    /// which it was.
    pub fn vouched_for(
        &self,
        origin: &Origin,
        told: &str,
        now: UnixMillis,
    ) -> Option<HashedSecret> {
        let mut whole = [0; WHOLE];
        let read = (told.len() == TEXT)
            .then(|| URL_SAFE_NO_PAD.decode_slice(told, &mut whole).ok())
            .flatten();
        (read == Some(WHOLE)).then_some(())?;
        let (body, mac) = whole.split_at(BODY);
        let message = [origin.as_str().as_bytes(), body].concat();
        // ASVS 11.2.4: constant time.
        hmac::verify(&self.0, &message, mac).ok()?;
        let (hash, expires) = body.split_at(HASH);
        let expires = UnixMillis(i64::from_be_bytes(expires.try_into().ok()?));
        let good = now < expires && expires <= now.plus(CHALLENGE_LIFE);
        good.then_some(HashedSecret::from_bytes(hash.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app_session::{PlainBrowserSecret, encode_browser};

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    /// Holds: H03, ASVS 14.2.1
    #[test]
    fn h03_a_challenge_is_good_for_ten_seconds_at_its_origin_and_as_it_was_made() {
        let key = ChallengeKey::new(&[1; 32]);
        let shop = origin("https://shop.example.test");
        let browser = PlainBrowserSecret::new([3; 32]).hashed();
        let told = key.challenge(&shop, browser, NOW);
        assert_eq!(told.len(), TEXT);
        assert_eq!(told[..42], encode_browser(browser)[..42]);
        let last = UnixMillis(NOW.plus(CHALLENGE_LIFE).0 - 1);
        for now in [NOW, last] {
            assert_eq!(key.vouched_for(&shop, &told, now), Some(browser));
        }
        // Late; or made by a clock that was put back since.
        for now in [NOW.plus(CHALLENGE_LIFE), UnixMillis(NOW.0 - 1)] {
            assert_eq!(key.vouched_for(&shop, &told, now), None);
        }
        for elsewhere in [
            "https://wiki.example.test",
            "https://shop.example.test:8443",
        ] {
            assert_eq!(key.vouched_for(&origin(elsewhere), &told, NOW), None);
        }
        let other = ChallengeKey::new(&[2; 32]);
        assert_eq!(other.vouched_for(&shop, &told, NOW), None);
        let whole = URL_SAFE_NO_PAD.decode(&told).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(key.vouched_for(&shop, &changed, NOW), None, "{at}");
        }
        let bare = encode_browser(browser);
        for told in [
            "",
            &bare,
            &told[1..],
            &format!("{told}A"),
            &"~".repeat(TEXT),
        ] {
            assert_eq!(key.vouched_for(&shop, told, NOW), None, "{told}");
        }
        assert_eq!(format!("{key:?}"), "ChallengeKey");
    }
}
