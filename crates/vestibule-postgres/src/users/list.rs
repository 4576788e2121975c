//! Lists of users, a page at a time.

use tokio_postgres::Row;

use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{Sought, UserFilter};
use vestibule_core::user::{Role, User, UserStatus};
use vestibule_store::{Gathering, StoreError, UserPage};

use super::row::{read_user, user_columns};
use crate::Postgres;
use crate::fault::Fault;
use crate::perform::LONGEST_STRIDE;
use crate::transition::bind_limit;

/// A stretch of rows by address: how many and up to where, and those of them that may match. A text that is not ASCII comes
/// along for the rule to judge: what its lower case is, each database says for itself.
const STRETCH: &str = concat!(
    "WITH looked AS MATERIALIZED (SELECT ",
    user_columns!(),
    " FROM users u WHERE u.email > $1 AND u.email >= $2 AND u.email < $3 \
         ORDER BY u.email LIMIT $4), \
     edge AS (SELECT count(*) AS rows, \
         (SELECT l.email FROM looked l ORDER BY l.email DESC LIMIT 1) AS last FROM looked) \
     SELECT ",
    user_columns!(),
    ", edge.rows, edge.last FROM edge LEFT JOIN (SELECT * FROM looked u \
         WHERE ($5::boolean IS NULL OR u.disabled = $5) \
         AND ($6::text IS NULL OR strpos(',' || u.roles || ',', ',' || $6 || ',') > 0) \
         AND ($7::text IS NULL OR strpos(u.email, $7) > 0 \
             OR octet_length(u.name) > char_length(u.name) \
             OR strpos(lower(u.name COLLATE \"C\"), $7) > 0)) u ON true ORDER BY u.email"
);
/// Of a row of [`STRETCH`]: how many rows the stretch has, and its last address.
const ROWS: usize = 8;
const LAST: usize = 9;

impl Postgres {
    /// A page of those that match.
    pub(super) async fn user_page(
        &self,
        filter: &UserFilter,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Result<UserPage, StoreError> {
        let (from, part) = match filter.sought() {
            Sought::Anything => (String::new(), None),
            Sought::Beginning(beginning) => (beginning, None),
            Sought::Part(part) => (String::new(), Some(part)),
        };
        let to = format!("{from}{}", char::MAX);
        let disabled = filter.status.map(|status| status == UserStatus::Disabled);
        let role = filter.role.as_ref().map(Role::as_str);
        let mut page = Gathering::new(limit);
        let mut after = Some(after.unwrap_or(EmailAddress::from_stored(String::new())));
        while let Some(reached) = after {
            let stride = page.stride(LONGEST_STRIDE);
            let rows = bind_limit(stride);
            after = self
                .read(
                    STRETCH,
                    &[
                        &reached.as_str(),
                        &from,
                        &to,
                        &rows,
                        &disabled,
                        &role,
                        &part,
                    ],
                    |rows| gather(&mut page, filter, stride, &rows),
                )
                .await?;
        }
        let (users, next) = page.page();
        Ok(UserPage { users, next })
    }
}

/// Takes what matches of a stretch. Answers where the next one begins, if there is one to be looked at.
fn gather(
    page: &mut Gathering<User, EmailAddress>,
    filter: &UserFilter,
    stride: usize,
    rows: &[Row],
) -> Result<Option<EmailAddress>, Fault> {
    for row in rows {
        if row.try_get::<_, Option<&[u8]>>(0)?.is_none() {
            continue;
        }
        let user = read_user(row)?;
        if filter.matches(&user) && !page.take(user.email.clone(), user) {
            return Ok(None);
        }
    }
    let Some(edge) = rows.first() else {
        return Ok(None);
    };
    let (looked_at, last): (i64, Option<String>) = (edge.try_get(ROWS)?, edge.try_get(LAST)?);
    let looked_at = usize::try_from(looked_at).unwrap_or(usize::MAX);
    let last = last.map(EmailAddress::from_stored);
    let on = last.filter(|last| page.reach(last.clone(), looked_at));
    Ok(on.filter(|_| looked_at >= stride))
}
