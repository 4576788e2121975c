//! What a login needs of an account, in one statement.

use tokio_postgres::Row;

use vestibule_core::email::EmailAddress;
use vestibule_core::errand::MOST_WAITING;
use vestibule_core::password::HashedPassword;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{Language, Particulars, PasswordRecord};
use vestibule_store::SignInRecord;

use super::{read_user, read_version, user_columns};
use crate::fault::Fault;

/// What the number in the statement below is.
const _: () = assert!(MOST_WAITING == 20);

// Letters go nowhere that nobody proved, but to the address that an operator declared.
macro_rules! records {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", u.password, u.credential_version, u.language, u.details, u.terms_accepted_at, \
             u.last_login, (SELECT t.count FROM tallies t \
                 WHERE t.user_id = u.id AND t.scope = 'password') AS failures, \
             (SELECT count(*) FROM (SELECT 1 FROM errands e WHERE e.user_id = u.id LIMIT 20) waiting) \
             AS letters_waiting, \
             ARRAY(SELECT o.email FROM addresses o \
                 WHERE o.user_id = u.id AND (o.verified OR o.email = u.email) \
                 ORDER BY o.email <> u.email, o.added_at, o.email) AS addresses ",
            $rest
        )
    };
}

/// By any verified address, or by the primary one.
pub(crate) const BY_ADDRESS: &str = records!(
    "FROM addresses a JOIN users u ON u.id = a.user_id \
     WHERE a.email = $1 AND (a.verified OR a.email = u.email)"
);

pub(crate) const OF_USER: &str = records!("FROM users u WHERE u.id = $1");

pub(crate) fn read_record(row: &Row) -> Result<SignInRecord, Fault> {
    let user = read_user(row)?;
    let version = read_version(row.try_get("credential_version")?)?;
    let hash: Option<String> = row.try_get("password")?;
    let details: &str = row.try_get("details")?;
    let terms_accepted_at: Option<i64> = row.try_get("terms_accepted_at")?;
    let last_login: Option<i64> = row.try_get("last_login")?;
    let failures: Option<i64> = row.try_get("failures")?;
    let letters_waiting: i64 = row.try_get("letters_waiting")?;
    let addresses: Vec<String> = row.try_get("addresses")?;
    let count = |count: i64| u32::try_from(count).map_err(|_| Fault::unreadable("a count is none"));
    Ok(SignInRecord {
        user,
        password: hash.map(|hash| PasswordRecord {
            hash: HashedPassword::from_phc(hash),
            version,
        }),
        particulars: Particulars {
            language: Language::of(row.try_get("language")?),
            details: serde_json::from_str(details)
                .map_err(|_| Fault::unreadable("a user's details are none"))?,
            terms_accepted_at: terms_accepted_at.map(UnixMillis),
        },
        addresses: addresses
            .into_iter()
            .map(EmailAddress::from_stored)
            .collect(),
        last_login: last_login.map(UnixMillis),
        failures: failures.map(count).transpose()?.unwrap_or(0),
        letters_waiting: count(letters_waiting)?,
    })
}
