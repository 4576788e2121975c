//! A ticket's row.

use tokio_postgres::Row;

use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ErrandId, SessionId, UserId};
use vestibule_core::secret::HashedSecret;
use vestibule_core::ticket::{Grant, Purpose, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, Particulars};

use crate::fault::Fault;
use crate::transition::{Transition, bytes, bytes_opt, values};
use crate::users::{bind_version, join_roles, read_roles, read_version};

macro_rules! tickets {
    ($rest:literal) => {
        concat!(
            "SELECT secret, user_id, session_id, asked, browser, purpose, email, credential, \
             name, particulars, roles, invited, wrong_codes, created_at, expires_at \
             FROM tickets ",
            $rest
        )
    };
}

/// The one with a secret, for [`read_ticket`].
pub(crate) const BY_SECRET: &str = tickets!("WHERE secret = $1");
/// The same, held until the end.
pub(super) const HOLD: &str = tickets!("WHERE secret = $1 FOR UPDATE");
/// Those that make an account for an address, held in one order until the end.
pub(super) const HOLD_REGISTRATIONS: &str =
    tickets!("WHERE email = $1 AND purpose = 'register' ORDER BY secret FOR UPDATE");

/// Offers a ticket; to nobody who has gone meanwhile.
pub(crate) fn insert_ticket(tx: &mut Transition, ticket: &Ticket) -> Result<(), Fault> {
    let user = ticket.grant.user();
    let mut columns = Columns::default();
    match &ticket.grant {
        Grant::Register {
            name,
            particulars,
            roles,
            invited,
        } => {
            columns.name = Some(name.as_str().to_owned());
            let written = serde_json::to_string(particulars)
                .map_err(|_| Fault::Refused("a ticket's particulars cannot be written"))?;
            columns.particulars = Some(written);
            columns.roles = Some(join_roles(roles));
            columns.invited = Some(*invited);
        }
        Grant::Address { .. } => {}
        Grant::Recover {
            credential, asked, ..
        } => {
            columns.credential = Some(bind_version(*credential)?);
            columns.asked = *asked;
        }
        Grant::EndLogin { session, .. } => columns.session = Some(*session),
    }
    tx.share_later(user);
    tx.write(
        "INSERT INTO tickets \
         (secret, purpose, email, user_id, session_id, credential, asked, browser, name, \
          particulars, roles, invited, wrong_codes, created_at, expires_at) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 \
         WHERE $4::bytea IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = $4)",
        values![
            // R20: the hash alone.
            ticket.secret.as_bytes().to_vec(),
            ticket.grant.purpose().code(),
            ticket.email.as_str().to_owned(),
            user.map(|user| user.as_bytes().to_vec()),
            columns.session.map(|session| session.as_bytes().to_vec()),
            columns.credential,
            columns.asked.map(|asked| asked.as_bytes().to_vec()),
            ticket
                .browser
                .as_ref()
                .map(|browser| browser.as_bytes().to_vec()),
            columns.name,
            columns.particulars,
            columns.roles,
            columns.invited,
            i64::from(ticket.wrong_codes),
            ticket.created_at.0,
            ticket.expires_at.0,
        ],
    );
    Ok(())
}

/// What a grant adds to its ticket.
#[derive(Default)]
struct Columns {
    session: Option<SessionId>,
    credential: Option<i64>,
    asked: Option<ErrandId>,
    name: Option<String>,
    particulars: Option<String>,
    roles: Option<String>,
    invited: Option<bool>,
}

pub(super) fn read_ticket(row: &Row) -> Result<Ticket, Fault> {
    let purpose: &str = row.try_get("purpose")?;
    let purpose = Purpose::ALL
        .into_iter()
        .find(|known| known.code() == purpose)
        .ok_or_else(|| Fault::unreadable("a ticket's purpose is not one of ours"))?;
    let user = || bytes(row, 1).map(UserId::from_bytes);
    let grant = match purpose {
        Purpose::Register => Grant::Register {
            name: DisplayName::from_stored(row.try_get("name")?),
            particulars: read_particulars(row.try_get("particulars")?)?,
            roles: read_roles(row.try_get("roles")?)?,
            invited: row.try_get("invited")?,
        },
        Purpose::Address => Grant::Address { user: user()? },
        Purpose::Recover => Grant::Recover {
            user: user()?,
            credential: read_version(row.try_get("credential")?)?,
            asked: bytes_opt(row, 3)?.map(ErrandId::from_bytes),
        },
        Purpose::EndLogin => Grant::EndLogin {
            user: user()?,
            session: SessionId::from_bytes(bytes(row, 2)?),
        },
    };
    Ok(Ticket {
        secret: HashedSecret::from_bytes(bytes(row, 0)?),
        email: EmailAddress::from_stored(row.try_get("email")?),
        grant,
        browser: bytes_opt(row, 4)?.map(HashedSecret::from_bytes),
        wrong_codes: u32::try_from(row.try_get::<_, i64>("wrong_codes")?)
            .map_err(|_| Fault::unreadable("a ticket's count of codes is none"))?,
        created_at: UnixMillis(row.try_get("created_at")?),
        expires_at: UnixMillis(row.try_get("expires_at")?),
    })
}

fn read_particulars(text: &str) -> Result<Particulars, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::unreadable("a ticket's particulars are none"))
}
