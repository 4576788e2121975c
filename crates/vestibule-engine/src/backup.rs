//! Backups: everything that is stored, for an operator to keep.

use std::sync::Arc;

use vestibule_core::audit::{Event, EventKind};
use vestibule_core::keys::{MasterKey, PublicSealKey, SealError, SealKey};
use vestibule_store::StoreError;
use vestibule_store::archive::{Begin, Source};

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::visit::Operator;

impl Engine {
    /// Every row there is, as of one moment after this was asked. That it was asked stands in the trail, and in the backup,
    /// before the first row leaves: what became of the rows, nobody here can know.
    pub async fn take_backup(
        self: &Arc<Self>,
        operator: &Operator,
    ) -> Result<(Begin, Box<dyn Source>), StoreError> {
        let act = operator.act(self, None).map_err(EntropyError::into_store)?;
        let taken = Event::plain(EventKind::BackupTaken);
        self.store().record(vec![taken], act).await?;
        let rows = self.store().export().await?;
        let begin = Begin {
            backend: self.store().backend().to_owned(),
            at: operator.now,
        };
        Ok((begin, rows))
    }
}

/// The half of an installation's trail key that verifies, from what is stored of it.
pub fn trail_key(master: &MasterKey, sealed: &[u8]) -> Result<PublicSealKey, SealError> {
    let seed = master.open(SealKey::PURPOSE, sealed)?;
    Ok(SealKey::from_seed(&seed)?.public())
}
