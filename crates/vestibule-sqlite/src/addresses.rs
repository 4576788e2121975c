//! A user's addresses.

use rusqlite::{Connection, OptionalExtension as _};

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Address;
use vestibule_store::{Addresses, Answer, Change, MakePrimary, RemoveAddress};

use crate::Sqlite;
use crate::fault::Fault;
use crate::transition::Transition;
use crate::users::{is_declared, load_account};

impl Addresses for Sqlite {
    fn addresses(&self, user: UserId) -> Answer<'_, Vec<Address>> {
        self.read(move |conn| read_addresses(conn, user))
    }

    fn remove_address(
        &self,
        user: UserId,
        email: EmailAddress,
        act: Act,
    ) -> Answer<'_, RemoveAddress> {
        self.transition(move |tx| {
            match find(tx, &email)?.filter(|found| found.user == user) {
                None => return Ok(RemoveAddress::Unknown),
                Some(found) if found.primary => return Ok(RemoveAddress::Primary),
                Some(_) => {}
            }
            // Under which one it was declared is not kept: all of them stay.
            if is_declared(tx, user)? {
                return Ok(RemoveAddress::Declared);
            }
            drop_address(tx, user, &email)?;
            tx.audit(&act, &[Event::user(EventKind::AddressRemoved, user)])?;
            Ok(RemoveAddress::Removed)
        })
    }

    fn make_primary(&self, user: UserId, email: EmailAddress, act: Act) -> Answer<'_, MakePrimary> {
        self.transition(move |tx| make_primary(tx, user, email, &act))
    }
}

/// The primary one first, then by age.
pub(crate) fn read_addresses(conn: &Connection, user: UserId) -> Result<Vec<Address>, Fault> {
    let mut addresses = conn.prepare_cached(
        "SELECT a.email, a.verified, a.email = u.email AS is_primary, a.added_at \
         FROM addresses a JOIN users u ON u.id = a.user_id \
         WHERE a.user_id = ?1 ORDER BY is_primary DESC, a.added_at, a.email",
    )?;
    let mut rows = addresses.query([user.as_bytes()])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(Address {
            email: EmailAddress::from_stored(row.get(0)?),
            verified: row.get(1)?,
            primary: row.get(2)?,
            added_at: UnixMillis(row.get(3)?),
        });
    }
    Ok(read)
}

/// Whose an address is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) user: UserId,
    pub(crate) verified: bool,
    pub(crate) primary: bool,
}

pub(crate) fn find(tx: &Transition<'_>, email: &EmailAddress) -> Result<Option<Found>, Fault> {
    Ok(tx
        .prepare(
            "SELECT a.user_id, a.verified, a.email = u.email \
             FROM addresses a JOIN users u ON u.id = a.user_id WHERE a.email = ?1",
        )?
        .query_row([email.as_str()], |row| {
            Ok(Found {
                user: UserId::from_bytes(row.get(0)?),
                verified: row.get(1)?,
                primary: row.get(2)?,
            })
        })
        .optional()?)
}

pub(crate) fn insert_address(
    tx: &Transition<'_>,
    user: UserId,
    email: &EmailAddress,
    verified: bool,
    at: UnixMillis,
) -> Result<(), Fault> {
    tx.execute_one(
        "INSERT INTO addresses (email, user_id, verified, added_at) VALUES (?1, ?2, ?3, ?4)",
        (email.as_str(), user.as_bytes(), verified, at.0),
    )
}

/// Its owner has proved that they read its mail.
pub(crate) fn verify(tx: &Transition<'_>, email: &EmailAddress, found: Found) -> Result<(), Fault> {
    tx.execute_one(
        "UPDATE addresses SET verified = 1 WHERE email = ?1",
        [email.as_str()],
    )?;
    if found.primary {
        tx.execute_one(
            "UPDATE users SET email_verified = 1 WHERE id = ?1",
            [found.user.as_bytes()],
        )?;
    }
    Ok(())
}

/// It is nobody's from now on, and no link that went to it does anything.
fn drop_address(tx: &Transition<'_>, user: UserId, email: &EmailAddress) -> Result<(), Fault> {
    tx.execute_one(
        "DELETE FROM addresses WHERE email = ?1 AND user_id = ?2",
        (email.as_str(), user.as_bytes()),
    )?;
    tx.execute(
        "DELETE FROM tickets WHERE user_id = ?2 AND email = ?1",
        (email.as_str(), user.as_bytes()),
    )?;
    Ok(())
}

fn make_primary(
    tx: &mut Transition<'_>,
    user: UserId,
    email: EmailAddress,
    act: &Act,
) -> Result<MakePrimary, Fault> {
    let (Some(account), Some(found)) = (load_account(tx, user)?, find(tx, &email)?) else {
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
    if !account.user.email_verified && is_declared(tx, user)? {
        return Ok(MakePrimary::Declared);
    }
    let mut user = account.user;
    let before = std::mem::replace(&mut user.email, email);
    let before_verified = std::mem::replace(&mut user.email_verified, true);
    tx.execute_one(
        "UPDATE users SET email = ?2, email_verified = 1 WHERE id = ?1",
        (user.id.as_bytes(), user.email.as_str()),
    )?;
    if !before_verified {
        drop_address(tx, user.id, &before)?;
    }
    tx.audit(act, &[Event::user(EventKind::PrimaryChanged, user.id)])?;
    tx.publish(Change::User(Box::new(user)));
    Ok(MakePrimary::Changed { before })
}
