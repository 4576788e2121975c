//! Telling a user of a login that is new to them (ASVS 6.3.5), with one link that ends it.

use std::time::Duration;

use vestibule_core::errand::{Errand, MOST_WAITING};
use vestibule_core::id::SessionId;
use vestibule_core::letter::{Says, Unusual};
use vestibule_core::ticket::{Grant, PlainTicket, Purpose, Ticket};
use vestibule_store::SignInRecord;
use zeroize::Zeroizing;

use super::credential::NotNow;
use super::tries::Begun;
use crate::engine::Engine;
use crate::visit::Visit;

/// Wrong passwords before a right one from which on the login is told: more than a person mistypes.
const FAILURES: u32 = 5;
/// How long nobody had signed in.
const SILENCE: Duration = Duration::from_hours(90 * 24);

/// What tells of a login, to be written with it.
#[derive(Default)]
pub(super) struct Alert {
    pub(super) letters: Vec<Errand>,
    /// Of the link in them.
    pub(super) ticket: Option<Ticket>,
}

/// What is unusual about a login on this account.
fn unusual(record: &SignInRecord, begun: &Begun, visit: &Visit) -> Vec<Unusual> {
    let mut because = Vec::new();
    // The first login ever is on a new device, and no news to the one who made the account.
    if !begun.known_device && record.last_login.is_some() {
        because.push(Unusual::NewDevice);
    }
    if record.failures >= FAILURES {
        because.push(Unusual::AfterFailures);
    }
    if record
        .last_login
        .is_some_and(|last| visit.now.since(last) >= SILENCE)
    {
        because.push(Unusual::LongSilence);
    }
    because
}

impl Engine {
    /// What tells of this login, if anything about it is unusual.
    pub(super) fn alert(
        &self,
        begun: &Begun,
        session: SessionId,
        visit: &Visit,
    ) -> Result<Alert, NotNow> {
        let Some(record) = begun.record.as_deref() else {
            return Ok(Alert::default());
        };
        let because = unusual(record, begun, visit);
        if because.is_empty() || !self.mails() {
            return Ok(Alert::default());
        }
        // Whoever has the password could fill a mailbox by it, and make what others wait for come late. The trail has it.
        let letters = u32::try_from(record.addresses.len()).unwrap_or(u32::MAX);
        if record.letters_waiting.saturating_add(letters) > MOST_WAITING {
            return Ok(Alert::default());
        }
        let bytes = Zeroizing::new(self.random::<32>()?);
        let link = PlainTicket::new(Purpose::EndLogin, *bytes);
        let says = Says::NewLogin {
            token: link.encode(),
            from: visit.whence(),
            because,
        };
        let letters = self.letters_to(record, &says, visit)?;
        let ticket = Ticket {
            secret: link.hashed(),
            email: record.user.email.clone(),
            grant: Grant::EndLogin {
                user: record.user.id,
                session,
            },
            browser: None,
            wrong_codes: 0,
            created_at: visit.now,
            expires_at: visit.now.plus(Purpose::EndLogin.lifetime()),
        };
        Ok(Alert {
            letters,
            ticket: Some(ticket),
        })
    }
}
