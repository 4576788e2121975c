//! What applications prove themselves with.

use std::collections::HashMap;

use rusqlite::Connection;

use vestibule_core::application::ApplicationSecret;
use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::ApplicationId;
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, RotateSecret};

use super::load;
use crate::fault::Fault;
use crate::transition::Transition;

pub(super) fn rotate(
    tx: &mut Transition<'_>,
    id: ApplicationId,
    secret: HashedSecret,
    keep_previous: bool,
    act: &Act,
) -> Result<RotateSecret, Fault> {
    let Some(found) = load(tx, id)? else {
        return Ok(RotateSecret::Unknown);
    };
    let application = found.with_secret(secret, keep_previous, act.at);
    tx.execute(
        "DELETE FROM application_secrets WHERE application_id = ?1",
        [id.as_bytes()],
    )?;
    for (place, secret) in (0_i64..).zip(&application.secrets) {
        tx.execute_one(
            "INSERT INTO application_secrets (application_id, place, secret, created_at) \
             VALUES (?1, ?2, ?3, ?4)",
            (
                id.as_bytes(),
                place,
                secret.hash.as_bytes(),
                secret.created_at.0,
            ),
        )?;
    }
    let event = Event::application(EventKind::ApplicationSecretRotated, id);
    tx.audit(act, &[event])?;
    tx.publish(Change::Application(Box::new(application.clone())));
    Ok(RotateSecret::Rotated(Box::new(application)))
}

/// Every application's, the newest first.
pub(super) fn all(conn: &Connection) -> Result<HashMap<[u8; 16], Vec<ApplicationSecret>>, Fault> {
    let mut secrets: HashMap<_, Vec<ApplicationSecret>> = HashMap::new();
    let mut stored = conn.prepare_cached(
        "SELECT application_id, secret, created_at FROM application_secrets \
         ORDER BY application_id, place",
    )?;
    let mut rows = stored.query([])?;
    while let Some(row) = rows.next()? {
        secrets
            .entry(row.get(0)?)
            .or_default()
            .push(ApplicationSecret {
                hash: HashedSecret::from_bytes(row.get(1)?),
                created_at: UnixMillis(row.get(2)?),
            });
    }
    Ok(secrets)
}
