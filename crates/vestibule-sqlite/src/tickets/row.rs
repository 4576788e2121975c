//! A ticket's row.

use rusqlite::Row;

use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ErrandId, SessionId, UserId};
use vestibule_core::secret::HashedSecret;
use vestibule_core::ticket::{Grant, Purpose, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, Particulars};

use crate::fault::Fault;
use crate::transition::Transition;
use crate::users::{bind_version, join_roles, read_roles, read_version};

macro_rules! tickets {
    ($rest:literal) => {
        concat!(
            "SELECT secret, purpose, email, user_id, session_id, credential, asked, browser, \
             name, particulars, roles, invited, wrong_codes, created_at, expires_at \
             FROM tickets ",
            $rest
        )
    };
}

/// The one with a secret, for [`read_ticket`].
pub(crate) const BY_SECRET: &str = tickets!("WHERE secret = ?1");
/// The invitations of an address, the latest first.
pub(super) const INVITATIONS: &str = tickets!(
    "WHERE email = ?1 AND purpose = 'register' AND invited = 1 ORDER BY created_at DESC, secret"
);

/// Offers a ticket; to nobody who has gone meanwhile.
pub(crate) fn insert_ticket(tx: &Transition<'_>, ticket: &Ticket) -> Result<(), Fault> {
    let user = ticket.grant.user();
    let mut columns = Columns::default();
    match &ticket.grant {
        Grant::Register {
            name,
            particulars,
            roles,
            invited,
        } => {
            columns.name = Some(name.as_str());
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
    tx.execute(
        "INSERT INTO tickets \
         (secret, purpose, email, user_id, session_id, credential, asked, browser, name, \
          particulars, roles, invited, wrong_codes, created_at, expires_at) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 \
         WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = ?4)",
        rusqlite::params![
            // R20: the hash alone.
            ticket.secret.as_bytes(),
            ticket.grant.purpose().code(),
            ticket.email.as_str(),
            user.as_ref().map(UserId::as_bytes),
            columns.session.as_ref().map(SessionId::as_bytes),
            columns.credential,
            columns.asked.as_ref().map(ErrandId::as_bytes),
            ticket.browser.as_ref().map(HashedSecret::as_bytes),
            columns.name,
            columns.particulars,
            columns.roles,
            columns.invited,
            ticket.wrong_codes,
            ticket.created_at.0,
            ticket.expires_at.0,
        ],
    )?;
    Ok(())
}

/// What a grant adds to its ticket.
#[derive(Default)]
struct Columns<'a> {
    session: Option<SessionId>,
    credential: Option<i64>,
    asked: Option<ErrandId>,
    name: Option<&'a str>,
    particulars: Option<String>,
    roles: Option<String>,
    invited: Option<bool>,
}

pub(super) fn read_ticket(row: &Row<'_>) -> Result<Ticket, Fault> {
    let purpose: String = row.get("purpose")?;
    let purpose = Purpose::ALL
        .into_iter()
        .find(|known| known.code() == purpose)
        .ok_or_else(|| Fault::unreadable("a ticket's purpose is not one of ours"))?;
    let user = || row.get("user_id").map(UserId::from_bytes);
    let grant = match purpose {
        Purpose::Register => Grant::Register {
            name: DisplayName::from_stored(row.get("name")?),
            particulars: read_particulars(&row.get::<_, String>("particulars")?)?,
            roles: read_roles(&row.get::<_, String>("roles")?)?,
            invited: row.get("invited")?,
        },
        Purpose::Address => Grant::Address { user: user()? },
        Purpose::Recover => Grant::Recover {
            user: user()?,
            credential: read_version(row.get("credential")?)?,
            asked: row
                .get::<_, Option<[u8; 16]>>("asked")?
                .map(ErrandId::from_bytes),
        },
        Purpose::EndLogin => Grant::EndLogin {
            user: user()?,
            session: SessionId::from_bytes(row.get("session_id")?),
        },
    };
    Ok(Ticket {
        secret: HashedSecret::from_bytes(row.get("secret")?),
        email: EmailAddress::from_stored(row.get("email")?),
        grant,
        browser: row
            .get::<_, Option<[u8; 32]>>("browser")?
            .map(HashedSecret::from_bytes),
        wrong_codes: row.get("wrong_codes")?,
        created_at: UnixMillis(row.get("created_at")?),
        expires_at: UnixMillis(row.get("expires_at")?),
    })
}

fn read_particulars(text: &str) -> Result<Particulars, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::unreadable("a ticket's particulars are none"))
}
