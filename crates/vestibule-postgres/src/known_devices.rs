//! Devices known from earlier logins. Whoever writes one holds its user.

use vestibule_core::id::{DeviceId, SessionId, UserId};
use vestibule_core::known_device::{DeviceProof, MOST_KNOWN, still_known};
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;

use crate::fault::Fault;
use crate::transition::{Transition, bind_limit, bytes, bytes_opt, values};

/// Whether a device is known to a user's account.
pub(crate) async fn is_known(
    tx: &mut Transition,
    user: UserId,
    proof: &DeviceProof,
    now: UnixMillis,
) -> Result<bool, Fault> {
    let found = tx
        .query_opt(
            "SELECT secret, last_seen FROM known_devices WHERE user_id = $1 AND device_id = $2",
            &[&&user.as_bytes()[..], &&proof.id.as_bytes()[..]],
        )
        .await?;
    let Some(row) = found else { return Ok(false) };
    let last_seen = UnixMillis(row.try_get(1)?);
    // ASVS 11.2.4: the comparison is constant-time.
    Ok(HashedSecret::from_bytes(bytes(&row, 0)?) == proof.secret && still_known(last_seen, now))
}

/// Knows a device from now on. Answers whether it was not known until now.
pub(crate) async fn remember(
    tx: &mut Transition,
    user: UserId,
    proof: &DeviceProof,
    now: UnixMillis,
) -> Result<bool, Fault> {
    let (owner, device) = (user.as_bytes().to_vec(), proof.id.as_bytes().to_vec());
    if is_known(tx, user, proof, now).await? {
        tx.write(
            "UPDATE known_devices SET last_seen = greatest(last_seen, $3) \
             WHERE user_id = $1 AND device_id = $2",
            values![owner, device, now.0],
        );
        return Ok(false);
    }
    // A row under this id is of a cookie that is no longer good.
    tx.write(
        "INSERT INTO known_devices (user_id, device_id, secret, first_seen, last_seen) \
         VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT (user_id, device_id) \
         DO UPDATE SET secret = $3, first_seen = $4, last_seen = $4",
        values![
            owner.clone(),
            device.clone(),
            // R20: the hash alone.
            proof.secret.as_bytes().to_vec(),
            now.0,
        ],
    );
    tx.write(
        "DELETE FROM known_devices WHERE user_id = $1 AND device_id IN ( \
             SELECT device_id FROM known_devices WHERE user_id = $1 AND device_id <> $2 \
             ORDER BY last_seen DESC, device_id DESC OFFSET $3)",
        values![owner, device, bind_limit(MOST_KNOWN - 1)],
    );
    Ok(true)
}

/// Forgets a device.
pub(crate) fn forget(tx: &mut Transition, user: UserId, device: DeviceId) {
    tx.write(
        "DELETE FROM known_devices WHERE user_id = $1 AND device_id = $2",
        values![user.as_bytes().to_vec(), device.as_bytes().to_vec()],
    );
}

/// Forgets every device of a user but one, if there is one to keep.
pub(crate) fn forget_others(tx: &mut Transition, user: UserId, kept: Option<DeviceId>) {
    tx.write(
        "DELETE FROM known_devices WHERE user_id = $1 AND device_id IS DISTINCT FROM $2",
        values![
            user.as_bytes().to_vec(),
            kept.map(|kept| kept.as_bytes().to_vec()),
        ],
    );
}

/// The device that a session of a user was opened on, if it was remembered.
pub(crate) async fn device_of(
    tx: &mut Transition,
    user: UserId,
    session: SessionId,
) -> Result<Option<DeviceId>, Fault> {
    let row = tx
        .query_opt(
            "SELECT device_id FROM sessions WHERE id = $1 AND user_id = $2",
            &[&&session.as_bytes()[..], &&user.as_bytes()[..]],
        )
        .await?;
    let device = row.map(|row| bytes_opt(&row, 0)).transpose()?.flatten();
    Ok(device.map(DeviceId::from_bytes))
}
