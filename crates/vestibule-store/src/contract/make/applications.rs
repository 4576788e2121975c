//! Applications, handshakes and what browsers bring back.

use vestibule_core::app_session::{AppSession, CODE_LIFE, Handshake};
use vestibule_core::application::{Application, ApplicationSpec, Demand, Kind};
use vestibule_core::id::{AppSessionId, ApplicationId};
use vestibule_core::local_path::LocalPath;
use vestibule_core::origin::Origin;
use vestibule_core::secret::{HashedSecret, sha256};
use vestibule_core::session::Session;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::DisplayName;

use super::NOON;
use crate::contract::harness::Home;
use crate::{OfferHandshake, PutApplication, RedeemHandshake, Redemption};

/// `https://NAME.example.test`.
pub fn origin(name: &str) -> Origin {
    format!("https://{name}.example.test")
        .parse()
        .expect("an origin")
}

/// An application at `https://NAME.example.test` that asks for a login.
pub fn spec(name: &str) -> ApplicationSpec {
    ApplicationSpec {
        name: name.parse().expect("a name"),
        title: DisplayName::parse(&format!("The {name}")).expect("a title"),
        kind: Kind::Proxy,
        origins: vec![origin(name)],
        demand: Demand::default(),
        rules: Vec::new(),
    }
}

/// The hash of what a browser keeps.
pub fn browser(name: &str) -> HashedSecret {
    HashedSecret::from_bytes(sha256(name.as_bytes()))
}

impl Home {
    /// A fresh id.
    pub fn application_id(&self) -> ApplicationId {
        ApplicationId::new(NOON, self.bytes())
    }

    /// Makes an application known.
    pub async fn application(&self, name: &str) -> Application {
        let added = self
            .store
            .add_application(self.application_id(), spec(name), self.act(NOON))
            .await;
        match added.expect("the store works") {
            PutApplication::Put(application) => *application,
            refused => panic!("refused: {refused:?}"),
        }
    }

    /// A code for the application's first origin, asked for by the browser `alice`.
    pub fn handshake(
        &self,
        session: &Session,
        application: &Application,
        at: UnixMillis,
    ) -> Handshake {
        Handshake {
            code: self.secret(),
            session: session.id,
            application: application.id,
            origin: application.spec.origins[0].clone(),
            browser: browser("alice"),
            next: LocalPath::parse("/cart?item=7").expect("a path"),
            expires_at: at.plus(CODE_LIFE),
        }
    }

    /// What the browser that asked brings back.
    pub fn redemption(&self, handshake: &Handshake) -> Redemption {
        Redemption {
            code: handshake.code,
            origin: handshake.origin.clone(),
            browser: Some(handshake.browser),
            id: AppSessionId::new(NOON, self.bytes()),
            secret: self.secret(),
        }
    }

    /// Offers a code.
    pub async fn offer_code(&self, handshake: &Handshake) -> OfferHandshake {
        let offered = self.store.offer_handshake(handshake.clone()).await;
        offered.expect("the store works")
    }

    /// Brings a code back.
    pub async fn bring(&self, redemption: Redemption, at: UnixMillis) -> RedeemHandshake {
        let redeemed = self.store.redeem_handshake(redemption, self.act(at)).await;
        redeemed.expect("the store works")
    }

    /// An app session that nothing stands in the way of.
    pub async fn app_session(&self, session: &Session, application: &Application) -> AppSession {
        let at = session.created_at;
        let handshake = self.handshake(session, application, at);
        assert_eq!(self.offer_code(&handshake).await, OfferHandshake::Offered);
        match self.bring(self.redemption(&handshake), at).await {
            RedeemHandshake::Opened { app_session, .. } => *app_session,
            refused => panic!("refused: {refused:?}"),
        }
    }

    /// A user's app sessions, newest first.
    pub async fn app_sessions_of(&self, session: &Session) -> Vec<AppSession> {
        let found = self.store.app_sessions_of(session.user).await;
        found.expect("the store works")
    }
}
