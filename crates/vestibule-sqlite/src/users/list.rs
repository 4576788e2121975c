//! Lists of users, a page at a time.

use rusqlite::Connection;

use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{Sought, UserFilter};
use vestibule_store::{Gathering, UserPage};

use super::{read_user, user_columns};
use crate::fault::Fault;
use crate::narrowing::Narrowing;

/// From an address on and before another.
pub(crate) const BY_ADDRESS: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM users u WHERE u.email >= ?1 AND u.email < ?2 ORDER BY u.email"
);

/// Of [`BY_ADDRESS`]: the address, and the name.
const EMAIL: usize = 1;
const NAME: usize = 3;

/// A page of those that match. Rows come as they are asked for: of a page that is full the rest is never read.
pub(super) fn page(
    conn: &Connection,
    filter: &UserFilter,
    after: Option<&EmailAddress>,
    limit: usize,
) -> Result<UserPage, Fault> {
    let sought = filter.sought();
    let (from, to) = range(&sought, after);
    let mut narrowing = Narrowing::by(sought);
    let mut found = conn.prepare_cached(BY_ADDRESS)?;
    let mut rows = found.query((from, to))?;
    let mut page = Gathering::new(limit);
    while let Some(row) = rows.next()? {
        let email = EmailAddress::from_stored(row.get(EMAIL)?);
        if narrowing.admits(row, EMAIL, &[NAME])? {
            let user = read_user(row)?;
            if filter.matches(&user) && !page.take(email.clone(), user) {
                break;
            }
        }
        if !page.reach(email, 1) {
            break;
        }
    }
    let (users, next) = page.page();
    Ok(UserPage { users, next })
}

/// From where on, and before what. No address has a control character, or goes on behind its domain with anything but ASCII.
pub(crate) fn range(sought: &Sought, after: Option<&EmailAddress>) -> (String, String) {
    let (from, to) = match sought {
        Sought::Beginning(beginning) => (beginning.clone(), format!("{beginning}{}", char::MAX)),
        Sought::Anything | Sought::Part(_) => (String::new(), char::MAX.to_string()),
    };
    let after = after.map(|after| format!("{}\u{1}", after.as_str()));
    (from.max(after.unwrap_or_default()), to)
}
