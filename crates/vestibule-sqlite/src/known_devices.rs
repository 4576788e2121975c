//! Devices known from earlier logins.

use rusqlite::OptionalExtension as _;

use vestibule_core::id::{DeviceId, SessionId, UserId};
use vestibule_core::known_device::{DeviceProof, MOST_KNOWN, still_known};
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;

use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::transition::Transition;

/// Whether a device is known to a user's account.
pub(crate) fn is_known(
    tx: &Transition<'_>,
    user: UserId,
    proof: &DeviceProof,
    now: UnixMillis,
) -> Result<bool, Fault> {
    let found: Option<([u8; 32], i64)> = tx
        .prepare(
            "SELECT secret, last_seen FROM known_devices WHERE user_id = ?1 AND device_id = ?2",
        )?
        .query_row((user.as_bytes(), proof.id.as_bytes()), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(found.is_some_and(|(secret, last_seen)| {
        // ASVS 11.2.4: the comparison is constant-time.
        HashedSecret::from_bytes(secret) == proof.secret && still_known(UnixMillis(last_seen), now)
    }))
}

/// Knows a device from now on. Answers whether it was not known until now.
pub(crate) fn remember(
    tx: &Transition<'_>,
    user: UserId,
    proof: &DeviceProof,
    now: UnixMillis,
) -> Result<bool, Fault> {
    if is_known(tx, user, proof, now)? {
        tx.execute(
            "UPDATE known_devices SET last_seen = max(last_seen, ?3) \
             WHERE user_id = ?1 AND device_id = ?2",
            (user.as_bytes(), proof.id.as_bytes(), now.0),
        )?;
        return Ok(false);
    }
    // A row under this id is of a cookie that is no longer good.
    tx.execute(
        "INSERT INTO known_devices (user_id, device_id, secret, first_seen, last_seen) \
         VALUES (?1, ?2, ?3, ?4, ?4) \
         ON CONFLICT (user_id, device_id) \
         DO UPDATE SET secret = ?3, first_seen = ?4, last_seen = ?4",
        (
            user.as_bytes(),
            proof.id.as_bytes(),
            // R20: the hash alone.
            proof.secret.as_bytes(),
            now.0,
        ),
    )?;
    tx.execute(
        "DELETE FROM known_devices WHERE user_id = ?1 AND device_id IN ( \
             SELECT device_id FROM known_devices WHERE user_id = ?1 AND device_id <> ?2 \
             ORDER BY last_seen DESC, device_id DESC LIMIT -1 OFFSET ?3)",
        (
            user.as_bytes(),
            proof.id.as_bytes(),
            bind_limit(MOST_KNOWN - 1),
        ),
    )?;
    Ok(true)
}

/// Forgets a device.
pub(crate) fn forget(tx: &Transition<'_>, user: UserId, device: DeviceId) -> Result<(), Fault> {
    tx.execute(
        "DELETE FROM known_devices WHERE user_id = ?1 AND device_id = ?2",
        (user.as_bytes(), device.as_bytes()),
    )?;
    Ok(())
}

/// Forgets every device of a user but one, if there is one to keep.
pub(crate) fn forget_others(
    tx: &Transition<'_>,
    user: UserId,
    kept: Option<DeviceId>,
) -> Result<(), Fault> {
    tx.execute(
        "DELETE FROM known_devices WHERE user_id = ?1 AND device_id IS NOT ?2",
        (user.as_bytes(), kept.as_ref().map(DeviceId::as_bytes)),
    )?;
    Ok(())
}

/// The device that a session of a user was opened on, if it was remembered.
pub(crate) fn device_of(
    tx: &Transition<'_>,
    user: UserId,
    session: SessionId,
) -> Result<Option<DeviceId>, Fault> {
    let device: Option<Option<[u8; 16]>> = tx
        .prepare("SELECT device_id FROM sessions WHERE id = ?1 AND user_id = ?2")?
        .query_row((session.as_bytes(), user.as_bytes()), |row| row.get(0))
        .optional()?;
    Ok(device.flatten().map(DeviceId::from_bytes))
}
