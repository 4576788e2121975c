//! What applications prove themselves with.

use tokio_postgres::Row;

use vestibule_core::application::ApplicationSecret;
use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::ApplicationId;
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, RotateSecret};

use super::load;
use crate::fault::Fault;
use crate::transition::{Transition, values};

pub(super) async fn rotate(
    tx: &mut Transition,
    id: ApplicationId,
    secret: HashedSecret,
    keep_previous: bool,
    act: &Act,
) -> Result<RotateSecret, Fault> {
    tx.hold_installation().await?;
    let Some(found) = load(tx, id).await? else {
        return Ok(RotateSecret::Unknown);
    };
    let application = found.with_secret(secret, keep_previous, act.at);
    tx.write(
        "DELETE FROM application_secrets WHERE application_id = $1",
        values![id.as_bytes().to_vec()],
    );
    for (place, secret) in (0_i64..).zip(&application.secrets) {
        tx.write(
            "INSERT INTO application_secrets (application_id, place, secret, created_at) \
             VALUES ($1, $2, $3, $4)",
            values![
                id.as_bytes().to_vec(),
                place,
                secret.hash.as_bytes().to_vec(),
                secret.created_at.0,
            ],
        );
    }
    let event = Event::application(EventKind::ApplicationSecretRotated, id);
    tx.audit(act, &[event])?;
    tx.publish(Change::Application(Box::new(application.clone())));
    Ok(RotateSecret::Rotated(Box::new(application)))
}

/// An application's, the newest first: the hashes in one column, when they were made in the next.
pub(super) fn read(row: &Row, column: usize) -> Result<Vec<ApplicationSecret>, Fault> {
    let hashes: Vec<&[u8]> = row.try_get(column)?;
    let made: Vec<i64> = row.try_get(column + 1)?;
    let secrets = hashes.into_iter().zip(made).map(|(hash, made)| {
        let unreadable = |_| Fault::unreadable("an id or a hash is not as long as it is made");
        Ok(ApplicationSecret {
            hash: HashedSecret::from_bytes(hash.try_into().map_err(unreadable)?),
            created_at: UnixMillis(made),
        })
    });
    secrets.collect()
}
