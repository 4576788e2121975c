//! What a login needs of an account.

use rusqlite::{Connection, ToSql};

use vestibule_core::email::EmailAddress;
use vestibule_core::errand::MOST_WAITING;
use vestibule_core::id::UserId;
use vestibule_core::password::HashedPassword;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{Language, Particulars, PasswordRecord};
use vestibule_store::SignInRecord;

use super::{read_user, read_version, user_columns};
use crate::addresses::read_addresses;
use crate::fault::Fault;

/// What the number in the statement below is.
const _: () = assert!(MOST_WAITING == 20);

macro_rules! records {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", u.password, u.credential_version, u.language, u.details, u.terms_accepted_at, \
             u.last_login, (SELECT t.count FROM tallies t \
                 WHERE t.user_id = u.id AND t.scope = 'password') AS failures, \
             (SELECT count(*) FROM (SELECT 1 FROM errands e WHERE e.user_id = u.id LIMIT 20)) \
             AS letters_waiting ",
            $rest
        )
    };
}

/// By any verified address, or by the primary one.
pub(crate) const BY_ADDRESS: &str = records!(
    "FROM addresses a JOIN users u ON u.id = a.user_id \
     WHERE a.email = ?1 AND (a.verified = 1 OR a.email = u.email)"
);

pub(crate) fn by_address(
    conn: &Connection,
    email: &EmailAddress,
) -> Result<Option<SignInRecord>, Fault> {
    read_record(conn, BY_ADDRESS, email.as_str())
}

pub(crate) fn of_user(conn: &Connection, user: UserId) -> Result<Option<SignInRecord>, Fault> {
    read_record(
        conn,
        records!("FROM users u WHERE u.id = ?1"),
        user.as_bytes(),
    )
}

fn read_record(
    conn: &Connection,
    sql: &str,
    key: impl ToSql,
) -> Result<Option<SignInRecord>, Fault> {
    let mut record = conn.prepare_cached(sql)?;
    let mut rows = record.query([key])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let user = read_user(row)?;
    let version = read_version(row.get("credential_version")?)?;
    let hash: Option<String> = row.get("password")?;
    let details: String = row.get("details")?;
    let terms_accepted_at: Option<i64> = row.get("terms_accepted_at")?;
    let last_login: Option<i64> = row.get("last_login")?;
    let failures: Option<u32> = row.get("failures")?;
    // Letters go nowhere that nobody proved, but to the address that an operator declared.
    let addresses = read_addresses(conn, user.id)?
        .into_iter()
        .filter(|address| address.verified || address.primary)
        .map(|address| address.email)
        .collect();
    Ok(Some(SignInRecord {
        user,
        password: hash.map(|hash| PasswordRecord {
            hash: HashedPassword::from_phc(hash),
            version,
        }),
        particulars: Particulars {
            language: Language::of(&row.get::<_, String>("language")?),
            details: serde_json::from_str(&details)
                .map_err(|_| Fault::unreadable("a user's details are none"))?,
            terms_accepted_at: terms_accepted_at.map(UnixMillis),
        },
        addresses,
        last_login: last_login.map(UnixMillis),
        failures: failures.unwrap_or(0),
        letters_waiting: row.get("letters_waiting")?,
    }))
}
