//! An app session: a cookie on an application's own host, under one session in the lineage; and the handshake that makes it.
//!
//! ```text
//! application's host                issuer's host                     application's host
//! start ───── challenge ────▶ offer (a code: one use, ten seconds) ──▶ redeem ──▶ open
//!                                                                        │          ║ lives while its session lives,
//!                                                         burnt, whatever comes     ║ on its application's origin alone
//! ```
//!
//! The challenge is the hash of what the browser keeps, vouched for by us for ten seconds: so that who once saw a hash cannot
//! have codes made for it ever after. The code is bound to the session, the application, the origin and the browser that asked,
//! and worth nothing to another browser. Nothing else in a URL is worth anything (R23, ASVS 14.2.1).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::id::{AppSessionId, ApplicationId, SessionId};
use crate::local_path::LocalPath;
use crate::origin::Origin;
use crate::secret::{HashedSecret, join, plain_secret, sha256, split};
use crate::time::UnixMillis;

mod challenge;

pub use self::challenge::{CHALLENGE_LIFE, ChallengeKey};

/// How long a code may be redeemed.
pub const CODE_LIFE: Duration = Duration::from_secs(10);

/// An app session as the store keeps it. It lives while its session lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSession {
    /// Names it; not a secret.
    pub id: AppSessionId,
    /// Under which session.
    pub session: SessionId,
    /// For which application.
    pub application: ApplicationId,
    /// On which of its origins.
    pub origin: Origin,
    /// What the cookie must hash to.
    pub secret: HashedSecret,
    /// When it was opened.
    pub opened_at: UnixMillis,
}

/// The value of an app session's cookie: its id and 256 random bits, 64 characters of base64url (ASVS 7.2.3).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AppSessionCookie {
    /// Which app session.
    #[zeroize(skip)]
    pub id: AppSessionId,
    secret: [u8; 32],
}

impl AppSessionCookie {
    /// A new one, its secret fresh from the engine's entropy.
    pub const fn new(id: AppSessionId, secret: [u8; 32]) -> Self {
        Self { id, secret }
    }

    /// Reads a cookie's value. One value has one spelling.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (id, secret) = split(value)?;
        Some(Self {
            id: AppSessionId::from_bytes(id),
            secret,
        })
    }

    /// The value to set.
    pub fn encode(&self) -> String {
        join(self.id.as_bytes(), &self.secret)
    }

    /// What a store may keep.
    pub fn hashed(&self) -> HashedSecret {
        HashedSecret::from_bytes(sha256(&self.secret))
    }
}

impl fmt::Debug for AppSessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSessionCookie({})", self.id)
    }
}

plain_secret!(
    /// The code in the URL on the way back: one use, ten seconds.
    PlainHandshakeCode,
    ""
);
plain_secret!(
    /// What a browser that begins a handshake keeps, in a cookie of the application's host; its hash alone travels.
    PlainBrowserSecret,
    ""
);

/// A browser's hash in text, 43 characters of base64url. A challenge begins with all but the last of them.
pub fn encode_browser(hash: HashedSecret) -> String {
    URL_SAFE_NO_PAD.encode(hash.as_bytes())
}

/// What a live session offers an application's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The code's hash.
    pub code: HashedSecret,
    /// Whose login.
    pub session: SessionId,
    /// For which application.
    pub application: ApplicationId,
    /// On which of its origins.
    pub origin: Origin,
    /// The hash of what the browser that asked keeps.
    pub browser: HashedSecret,
    /// The page that was asked for.
    pub next: LocalPath,
    /// When the code is worth nothing any more.
    pub expires_at: UnixMillis,
}

/// What a redeemed code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// Another app session.
    Good,
    /// Nothing: it came from another browser than the one that asked. Somebody passed it on, or stole it.
    OtherBrowser,
    /// Nothing: too late, or on another origin than it was made for.
    Gone,
}

impl Handshake {
    /// Judges a presented code. Whatever the answer, it is burnt.
    pub fn redeem(
        &self,
        origin: &Origin,
        browser: Option<HashedSecret>,
        now: UnixMillis,
    ) -> Redeemed {
        if now >= self.expires_at || *origin != self.origin {
            return Redeemed::Gone;
        }
        match browser {
            // Constant time, by the type (ASVS 11.2.4).
            Some(browser) if browser == self.browser => Redeemed::Good,
            _ => Redeemed::OtherBrowser,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    fn handshake() -> Handshake {
        Handshake {
            code: PlainHandshakeCode::new([1; 32]).hashed(),
            session: SessionId::new(NOW, [1; 10]),
            application: ApplicationId::new(NOW, [2; 10]),
            origin: origin("https://shop.example.test"),
            browser: PlainBrowserSecret::new([3; 32]).hashed(),
            next: LocalPath::parse("/cart").unwrap(),
            expires_at: NOW.plus(CODE_LIFE),
        }
    }

    /// Holds: ASVS 14.2.1, H02
    #[test]
    fn asvs_14_2_1_a_code_is_worth_nothing_later_elsewhere_or_to_another_browser() {
        let browser = Some(PlainBrowserSecret::new([3; 32]).hashed());
        let other = Some(PlainBrowserSecret::new([4; 32]).hashed());
        let shop = origin("https://shop.example.test");
        let wiki = origin("https://wiki.example.test");
        let last = UnixMillis(NOW.plus(CODE_LIFE).0 - 1);
        for (origin, browser, now, worth) in [
            (&shop, browser, NOW, Redeemed::Good),
            (&shop, browser, last, Redeemed::Good),
            (&shop, browser, NOW.plus(CODE_LIFE), Redeemed::Gone),
            (&wiki, browser, NOW, Redeemed::Gone),
            (&shop, other, NOW, Redeemed::OtherBrowser),
            (&shop, None, NOW, Redeemed::OtherBrowser),
        ] {
            assert_eq!(handshake().redeem(origin, browser, now), worth);
        }
    }

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_what_is_secret_reads_back_and_debug_does_not_show_it() {
        let cookie = AppSessionCookie::new(AppSessionId::new(NOW, [5; 10]), [6; 32]);
        let read = AppSessionCookie::parse(cookie.encode().as_bytes()).unwrap();
        assert_eq!((read.id, read.hashed()), (cookie.id, cookie.hashed()));
        let code = PlainHandshakeCode::new([7; 32]);
        assert_eq!(
            PlainHandshakeCode::parse(&code.encode()).unwrap().hashed(),
            code.hashed()
        );
        assert!(PlainHandshakeCode::parse(&code.encode()[1..]).is_none());
        let browser = PlainBrowserSecret::new([8; 32]);
        let shown = format!("{cookie:?} {code:?} {browser:?}");
        assert_eq!(
            shown,
            format!(
                "AppSessionCookie({}) PlainHandshakeCode PlainBrowserSecret",
                cookie.id
            )
        );
    }
}
