//! What applications keep under sessions. Who may ask for which application's was checked by whoever calls.

use std::sync::Arc;

use vestibule_core::id::{ApplicationId, SessionId};
use vestibule_core::session_data::{
    DataEntry, DataKey, DataPlace, DataVersion, Datum, NewDatum, Precondition,
};
use vestibule_store::{DeleteDatum, PutDatum, StoreError};

use super::end::see_through;
use crate::engine::Engine;
use crate::entropy::EntropyError;

impl Engine {
    /// The value of a key; `None` also where the session is over or the application gone.
    pub async fn session_datum(
        &self,
        session: SessionId,
        application: ApplicationId,
        key: DataKey,
    ) -> Result<Option<Datum>, StoreError> {
        if self.is_over(session) {
            return Ok(None);
        }
        let place = DataPlace {
            session,
            application,
            key,
        };
        self.store().session_datum(place).await
    }

    /// What an application keeps under a session, by key; nothing where the session is over or the application gone.
    pub async fn session_data_keys(
        &self,
        session: SessionId,
        application: ApplicationId,
    ) -> Result<Vec<DataEntry>, StoreError> {
        if self.is_over(session) {
            return Ok(Vec::new());
        }
        self.store().session_data_keys(session, application).await
    }

    /// Keeps a value, where what must be so is so. A caller that hangs up loses nothing but the answer.
    pub async fn put_session_datum(
        self: &Arc<Self>,
        session: SessionId,
        application: ApplicationId,
        key: DataKey,
        value: Vec<u8>,
        precondition: Precondition,
    ) -> Result<PutDatum, StoreError> {
        if self.is_over(session) {
            return Ok(PutDatum::NotLive);
        }
        let random = self.random().map_err(EntropyError::into_store)?;
        let datum = NewDatum {
            place: DataPlace {
                session,
                application,
                key,
            },
            value,
            version: DataVersion::new(random),
            precondition,
        };
        let engine = Arc::clone(self);
        see_through(async move { engine.store().put_session_datum(datum).await }).await
    }

    /// Drops a value, where what must be so is so.
    pub async fn delete_session_datum(
        self: &Arc<Self>,
        session: SessionId,
        application: ApplicationId,
        key: DataKey,
        precondition: Precondition,
    ) -> Result<DeleteDatum, StoreError> {
        if self.is_over(session) {
            return Ok(DeleteDatum::NotLive);
        }
        let place = DataPlace {
            session,
            application,
            key,
        };
        let engine = Arc::clone(self);
        see_through(async move {
            let store = engine.store();
            store.delete_session_datum(place, precondition).await
        })
        .await
    }

    /// Whether memory knows that the session is over: by its clocks, which the store does not ask, or because an end is enforced
    /// that could not be stored (ASVS 7.4.1). While the fill is not whole, the store alone says.
    fn is_over(&self, session: SessionId) -> bool {
        self.ready() && self.index().last_seen(session, self.now()).is_none()
    }
}
