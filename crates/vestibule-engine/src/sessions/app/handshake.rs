//! The handshake: a live session at the issuer offers a code, the application's host redeems it for an app session.
//!
//! ```text
//! LiveSession ── offer ──▶ code in a URL (one use, ten seconds) ── finish ──▶ app session's cookie
//! ```

use std::sync::Arc;

use zeroize::Zeroize as _;

use vestibule_core::app_session::{
    AppSessionCookie, CODE_LIFE, Handshake, PlainBrowserSecret, PlainHandshakeCode,
};
use vestibule_core::audit::Actor;
use vestibule_core::id::AppSessionId;
use vestibule_core::local_path::LocalPath;
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;
use vestibule_store::{OfferHandshake, RedeemHandshake, Redemption, StoreError};

use super::LiveAppSession;
use crate::doorways::Doorway;
use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::sessions::check::Check;
use crate::sessions::end::see_through;
use crate::sessions::live::LiveSession;
use crate::visit::Visit;

/// What an application's host asks the issuer for.
#[derive(Debug, Clone)]
pub struct AskedHandshake {
    /// Where.
    pub doorway: Arc<Doorway>,
    /// The hash of what the browser keeps there.
    pub browser: HashedSecret,
    /// The page that was asked for.
    pub next: LocalPath,
}

/// What comes of it.
#[derive(Debug)]
pub enum Offer {
    /// The code for the way back.
    Offered(PlainHandshakeCode),
    /// The session ended meanwhile.
    NotLive,
    /// The application is not reached there any more.
    NoSuchOrigin,
}

/// What a presented code is worth.
#[derive(Debug)]
pub enum Finish {
    /// Somebody is signed in.
    Opened {
        /// For the application's host.
        cookie: AppSessionCookie,
        /// The page that was asked for.
        next: LocalPath,
    },
    /// Another tab of the same browser finished at the same moment, and its cookie took the place of this one.
    Overtaken {
        /// The page that was asked for.
        next: LocalPath,
    },
    /// It came from another browser than the one that asked; it is burnt.
    OtherBrowser,
    /// Unknown, used, too late, elsewhere, or its login ended. Burnt.
    Gone,
}

impl Engine {
    /// Offers a code. A use of the session that is not written yet is written first, where the store would otherwise take the
    /// session for run out.
    pub async fn offer_handshake(
        &self,
        session: &LiveSession,
        asked: AskedHandshake,
        now: UnixMillis,
    ) -> Result<Offer, StoreError> {
        self.settle(session.id(), now).await;
        let mut bytes = self.random::<32>().map_err(EntropyError::into_store)?;
        let code = PlainHandshakeCode::new(bytes);
        bytes.zeroize();
        let handshake = Handshake {
            code: code.hashed(),
            session: session.id(),
            application: asked.doorway.application().id,
            origin: asked.doorway.origin().clone(),
            browser: asked.browser,
            next: asked.next,
            expires_at: now.plus(CODE_LIFE),
        };
        Ok(match self.store().offer_handshake(handshake).await? {
            OfferHandshake::Offered => Offer::Offered(code),
            OfferHandshake::NotLive => Offer::NotLive,
            OfferHandshake::NoSuchOrigin => Offer::NoSuchOrigin,
        })
    }

    /// Redeems a code at an application's host, together with what this browser keeps there. The code is burnt, whatever comes
    /// of it, and whether or not the caller waits for the answer.
    pub async fn finish_handshake(
        self: &Arc<Self>,
        code: &PlainHandshakeCode,
        browser: Option<&PlainBrowserSecret>,
        doorway: &Doorway,
        visit: &Visit,
    ) -> Result<Finish, StoreError> {
        let act = visit.act(self, Actor::Visitor, None);
        let act = act.map_err(EntropyError::into_store)?;
        let cookie = self.app_session_cookie(visit.now);
        let cookie = cookie.map_err(EntropyError::into_store)?;
        let redemption = Redemption {
            code: code.hashed(),
            origin: doorway.origin().clone(),
            browser: browser.map(PlainBrowserSecret::hashed),
            id: cookie.id,
            secret: cookie.hashed(),
        };
        let engine = Arc::clone(self);
        let redeemed =
            see_through(async move { engine.store().redeem_handshake(redemption, act).await });
        Ok(match redeemed.await? {
            // Its session may be over in memory alone, or have run out since: then nobody is signed in.
            RedeemHandshake::Opened { app_session, next } => {
                match self.check_app(&cookie, doorway, visit.now) {
                    Check::Live(_) | Check::NotReady => Finish::Opened { cookie, next },
                    Check::Dead
                        if self
                            .index()
                            .last_seen(app_session.session, visit.now)
                            .is_some() =>
                    {
                        Finish::Overtaken { next }
                    }
                    Check::Dead => Finish::Gone,
                }
            }
            RedeemHandshake::OtherBrowser => Finish::OtherBrowser,
            RedeemHandshake::Gone => Finish::Gone,
        })
    }

    /// Signs out at an application: ends the login that the app session is under, and with it everything (ASVS 7.4.1).
    pub async fn sign_out_everything(
        self: &Arc<Self>,
        app_session: &LiveAppSession,
        visit: &Visit,
    ) -> Result<(), StoreError> {
        self.sign_out(app_session.session(), visit).await
    }

    /// ASVS 7.2.3: 256 bits, new for each app session (7.2.4).
    fn app_session_cookie(&self, now: UnixMillis) -> Result<AppSessionCookie, EntropyError> {
        let id = AppSessionId::new(now, self.random()?);
        let mut secret = self.random::<32>()?;
        let cookie = AppSessionCookie::new(id, secret);
        secret.zeroize();
        Ok(cookie)
    }
}
