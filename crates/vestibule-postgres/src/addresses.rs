//! A user's addresses. Whoever writes one holds its user.

use tokio_postgres::Row;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Address;
use vestibule_store::{Addresses, Answer, Change, MakePrimary, RemoveAddress};

use crate::Postgres;
use crate::fault::Fault;
use crate::transition::{Transition, bytes, values};
use crate::users::{hold_account, is_declared};

impl Addresses for Postgres {
    fn addresses(&self, user: UserId) -> Answer<'_, Vec<Address>> {
        Box::pin(async move {
            self.read(OF_USER, &[&&user.as_bytes()[..]], |rows| read_rows(&rows))
                .await
        })
    }

    fn remove_address(
        &self,
        user: UserId,
        email: EmailAddress,
        act: Act,
    ) -> Answer<'_, RemoveAddress> {
        let input = (user, email, act);
        self.transition("remove_address", input, |tx, (user, email, act)| {
            Box::pin(remove_address(tx, *user, email, act))
        })
    }

    fn make_primary(&self, user: UserId, email: EmailAddress, act: Act) -> Answer<'_, MakePrimary> {
        let input = (user, email, act);
        self.transition("make_primary", input, |tx, (user, email, act)| {
            Box::pin(make_primary(tx, *user, email, act))
        })
    }
}

/// The primary one first, then by age.
const OF_USER: &str = "SELECT a.email, a.verified, a.email = u.email AS is_primary, a.added_at \
     FROM addresses a JOIN users u ON u.id = a.user_id \
     WHERE a.user_id = $1 ORDER BY is_primary DESC, a.added_at, a.email";

pub(crate) async fn read_addresses(
    tx: &mut Transition,
    user: UserId,
) -> Result<Vec<Address>, Fault> {
    let rows = tx.query(OF_USER, &[&&user.as_bytes()[..]]).await?;
    read_rows(&rows)
}

fn read_rows(rows: &[Row]) -> Result<Vec<Address>, Fault> {
    rows.iter()
        .map(|row| {
            Ok(Address {
                email: EmailAddress::from_stored(row.try_get(0)?),
                verified: row.try_get(1)?,
                primary: row.try_get(2)?,
                added_at: UnixMillis(row.try_get(3)?),
            })
        })
        .collect()
}

/// Whose an address is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) user: UserId,
    pub(crate) verified: bool,
    pub(crate) primary: bool,
}

pub(crate) async fn find(
    tx: &mut Transition,
    email: &EmailAddress,
) -> Result<Option<Found>, Fault> {
    let row = tx
        .query_opt(
            "SELECT a.user_id, a.verified, a.email = u.email \
             FROM addresses a JOIN users u ON u.id = a.user_id WHERE a.email = $1",
            &[&email.as_str()],
        )
        .await?;
    row.map(|row| {
        Ok(Found {
            user: UserId::from_bytes(bytes(&row, 0)?),
            verified: row.try_get(1)?,
            primary: row.try_get(2)?,
        })
    })
    .transpose()
}

/// Adds an address to a user who is held, or new. The table refuses what another account took meanwhile, and then all is
/// judged anew.
pub(crate) fn insert_address(
    tx: &mut Transition,
    user: UserId,
    email: &EmailAddress,
    verified: bool,
    at: UnixMillis,
) {
    tx.write(
        "INSERT INTO addresses (email, user_id, verified, added_at) VALUES ($1, $2, $3, $4)",
        values![
            email.as_str().to_owned(),
            user.as_bytes().to_vec(),
            verified,
            at.0,
        ],
    );
}

/// Its owner has proved that they read its mail.
pub(crate) fn verify(tx: &mut Transition, email: &EmailAddress, found: Found) {
    tx.write(
        "UPDATE addresses SET verified = true WHERE email = $1",
        values![email.as_str().to_owned()],
    );
    if found.primary {
        tx.write(
            "UPDATE users SET email_verified = true WHERE id = $1",
            values![found.user.as_bytes().to_vec()],
        );
    }
}

/// It is nobody's from now on, and no link that went to it does anything.
fn drop_address(tx: &mut Transition, user: UserId, email: &EmailAddress) {
    let (owner, email) = (user.as_bytes().to_vec(), email.as_str().to_owned());
    tx.write(
        "DELETE FROM addresses WHERE email = $1 AND user_id = $2",
        values![email.clone(), owner.clone()],
    );
    tx.write(
        "DELETE FROM tickets WHERE user_id = $2 AND email = $1",
        values![email, owner],
    );
}

async fn remove_address(
    tx: &mut Transition,
    user: UserId,
    email: &EmailAddress,
    act: &Act,
) -> Result<RemoveAddress, Fault> {
    tx.hold(&[user], &[]).await?;
    match find(tx, email).await?.filter(|found| found.user == user) {
        None => return Ok(RemoveAddress::Unknown),
        Some(found) if found.primary => return Ok(RemoveAddress::Primary),
        Some(_) => {}
    }
    // Under which one it was declared is not kept: all of them stay.
    if is_declared(tx, user).await? {
        return Ok(RemoveAddress::Declared);
    }
    drop_address(tx, user, email);
    tx.audit(act, &[Event::user(EventKind::AddressRemoved, user)])?;
    Ok(RemoveAddress::Removed)
}

async fn make_primary(
    tx: &mut Transition,
    user: UserId,
    email: &EmailAddress,
    act: &Act,
) -> Result<MakePrimary, Fault> {
    let (Some(account), Some(found)) = (hold_account(tx, user).await?, find(tx, email).await?)
    else {
        return Ok(MakePrimary::Unknown);
    };
    if found.user != user {
        return Ok(MakePrimary::Unknown);
    }
    if found.primary {
        return Ok(MakePrimary::Already);
    }
    if !found.verified {
        return Ok(MakePrimary::Unverified);
    }
    if !account.user.email_verified && is_declared(tx, user).await? {
        return Ok(MakePrimary::Declared);
    }
    let mut user = account.user;
    let before = std::mem::replace(&mut user.email, email.clone());
    let before_verified = std::mem::replace(&mut user.email_verified, true);
    tx.write(
        "UPDATE users SET email = $2, email_verified = true WHERE id = $1",
        values![user.id.as_bytes().to_vec(), user.email.as_str().to_owned()],
    );
    if !before_verified {
        drop_address(tx, user.id, &before);
    }
    tx.audit(act, &[Event::user(EventKind::PrimaryChanged, user.id)])?;
    tx.publish(Change::User(Box::new(user)));
    Ok(MakePrimary::Changed { before })
}
