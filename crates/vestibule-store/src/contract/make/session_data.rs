//! What applications keep under sessions.

use vestibule_core::application::Application;
use vestibule_core::session::Session;
use vestibule_core::session_data::{
    DataEntry, DataPlace, DataVersion, Datum, NewDatum, Precondition,
};

use crate::contract::harness::Home;
use crate::{DeleteDatum, PutDatum};

/// Where `application` keeps `key` under `session`.
pub fn place(session: &Session, application: &Application, key: &str) -> DataPlace {
    DataPlace {
        session: session.id,
        application: application.id,
        key: key.parse().expect("a key"),
    }
}

impl Home {
    /// A value to be kept, whatever was there; of a version that nothing else has.
    pub fn datum(&self, place: DataPlace, value: &[u8]) -> NewDatum {
        NewDatum {
            place,
            value: value.to_vec(),
            version: DataVersion(i64::MAX.unsigned_abs() - self.number()),
            precondition: Precondition::None,
        }
    }

    /// Keeps a value.
    pub async fn put(&self, datum: NewDatum) -> PutDatum {
        let put = self.store.put_session_datum(datum).await;
        put.expect("the store works")
    }

    /// Keeps a value that nothing stands in the way of.
    pub async fn keep(&self, place: DataPlace, value: &[u8]) -> DataVersion {
        match self.put(self.datum(place, value)).await {
            PutDatum::Put { version, .. } => version,
            refused => panic!("refused: {refused:?}"),
        }
    }

    /// Drops a value.
    pub async fn drop_datum(&self, place: DataPlace, precondition: Precondition) -> DeleteDatum {
        let dropped = self.store.delete_session_datum(place, precondition).await;
        dropped.expect("the store works")
    }

    /// Reads a value.
    pub async fn kept(&self, place: DataPlace) -> Option<Datum> {
        let datum = self.store.session_datum(place).await;
        datum.expect("the store works")
    }

    /// What an application keeps under a session.
    pub async fn entries(&self, session: &Session, application: &Application) -> Vec<DataEntry> {
        let entries = self
            .store
            .session_data_keys(session.id, application.id)
            .await;
        entries.expect("the store works")
    }
}
