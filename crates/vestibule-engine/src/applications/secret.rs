//! What an application proves itself with: made here, shown once, judged in memory.

use std::sync::Arc;

use zeroize::Zeroize as _;

use vestibule_core::application::Application;
use vestibule_core::id::ApplicationId;
use vestibule_core::secret::PlainApplicationSecret;
use vestibule_store::{self as store, StoreError};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::sessions::end::see_through;
use crate::visit::Operator;

/// An application that proved itself with a secret that is good now. Only the check builds one.
#[derive(Debug, Clone)]
pub struct AuthenticatedApplication(Arc<Application>);

impl AuthenticatedApplication {
    /// Which.
    pub fn id(&self) -> ApplicationId {
        self.0.id
    }

    /// What is known of it.
    pub fn application(&self) -> &Application {
        &self.0
    }
}

/// What becomes of a rotation.
#[derive(Debug)]
pub enum RotateSecret {
    /// It is so now.
    Rotated {
        /// To be shown this once: nobody can be told it again.
        secret: PlainApplicationSecret,
        /// The application as it is now.
        application: Box<Application>,
    },
    /// There is no such application.
    Unknown,
}

impl Engine {
    /// Gives an application a new secret (ASVS 13.3.4). Where `keep_previous`, the one before it is good until the next rotation;
    /// else it is worth nothing from now on.
    pub async fn rotate_secret(
        self: &Arc<Self>,
        application: ApplicationId,
        keep_previous: bool,
        operator: &Operator,
    ) -> Result<RotateSecret, StoreError> {
        let act = self.order(operator)?;
        let mut bytes = self.random::<32>().map_err(EntropyError::into_store)?;
        let secret = PlainApplicationSecret::new(bytes);
        bytes.zeroize();
        let (engine, hash) = (Arc::clone(self), secret.hashed());
        let rotated = see_through(async move {
            let store = engine.store();
            store
                .rotate_secret(application, hash, keep_previous, act)
                .await
        });
        Ok(match rotated.await? {
            store::RotateSecret::Rotated(application) => RotateSecret::Rotated {
                secret,
                application,
            },
            store::RotateSecret::Unknown => RotateSecret::Unknown,
        })
    }

    /// Judges what an application presents, in memory alone. Unknown, misshapen or not its secret: the caller learns no
    /// difference. Before the fill is whole nobody is known ([`Engine::ready`]: 503, never 401).
    pub fn authenticate_application(
        &self,
        client_id: &str,
        secret: &str,
    ) -> Option<AuthenticatedApplication> {
        let presented = PlainApplicationSecret::parse(secret)?.hashed();
        let doorways = self.doorways();
        let application = doorways.shared(client_id.parse().ok()?)?;
        let proved = application.is_proved_by(presented);
        proved.then(|| AuthenticatedApplication(Arc::clone(application)))
    }
}
