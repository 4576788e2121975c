//! `/console/people`: who has an account.

use std::borrow::Cow;

use super::numbers::counted;
use super::{Paging, Reached};
use crate::texts::{Arg, Msg, Tongue, msg};
use crate::views::{
    Activity, AddressFault, Frame, NameFault,
    activity::Row as EventRow,
    dates::{self, When},
    page,
};

/// A part of the list of people, by address.
#[derive(Clone, Debug, Default)]
pub struct PeoplePage {
    /// What an address or a name was looked for by.
    pub text: String,
    /// `active` or `disabled`, if one was asked for.
    pub status: String,
    /// The role that was asked for.
    pub role: String,
    /// Something was looked for.
    pub narrowed: bool,
    /// How many people there are; `None` while the store does not say.
    pub population: Option<u64>,
    /// In the order of the list.
    pub people: Vec<Person>,
    /// The other parts.
    pub paging: Paging,
    /// What was just done.
    pub notice: Option<PersonNotice>,
}

/// Somebody, as a list shows them.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Link to their page.
    pub path: String,
    /// Their primary address.
    pub email: String,
    /// May be empty.
    pub name: String,
    /// By name.
    pub roles: Vec<String>,
    /// They cannot sign in.
    pub disabled: bool,
    /// When the account was made.
    pub made_at: i64,
}

/// One person, and what can be done.
#[derive(Clone, Debug, Default)]
pub struct PersonPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// Who.
    pub person: Person,
    /// The account's id.
    pub id: String,
    /// It is the administrator's own account.
    pub own: bool,
    /// The settings file declares it.
    pub declared: bool,
    /// Every address, the primary one first.
    pub addresses: Vec<PersonAddress>,
    /// A password was set once. It is never shown, and not set here (ASVS 6.4.6).
    pub has_password: bool,
    /// When somebody last signed in.
    pub last_login: Option<i64>,
    /// Live logins, and what hangs on them.
    pub reach: Reached,
    /// Link to the list of those logins.
    pub sessions: String,
    /// Link to what happened, in the trail.
    pub trail: String,
    /// The newest of it.
    pub events: Vec<Activity>,
    /// Roles as they were typed, if they cannot be so.
    pub typed: Option<String>,
    /// What was just done, or cannot be.
    pub notice: Option<PersonNotice>,
}

/// One of a person's addresses.
#[derive(Clone, Debug)]
pub struct PersonAddress {
    /// Which one.
    pub email: String,
    /// The account is known to read its mail.
    pub verified: bool,
}

/// What was just done with somebody, or cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonNotice {
    /// The account exists, and a mail with a link to set a password is on its way.
    Made,
    /// An invitation is on its way to them.
    Invited,
    /// They have other roles now.
    RolesSet,
    /// Nothing was to be changed.
    Nothing,
    /// This many devices were signed out.
    Ended(u64),
    /// Disabled; this many devices were signed out.
    Disabled(u64),
    /// May sign in again.
    Enabled,
    /// Deleted; this many devices were signed out.
    Deleted(u64),
    /// A mail with a link to set a password is on its way.
    LinkMailed,
    /// It cannot be: nobody else administers.
    LastAdministrator,
    /// It cannot be: the settings file declares the account.
    Declared,
    /// It cannot be: nobody shuts out themselves here.
    Oneself,
    /// A link to set a password is for who may sign in.
    NotWhileDisabled,
}

/// The form that makes an account or invites somebody to make one.
#[derive(Clone, Debug, Default)]
pub struct AddPersonPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// Make the account now, instead of inviting.
    pub now: bool,
    /// As typed.
    pub email: String,
    /// As typed.
    pub name: String,
    /// As typed.
    pub roles: String,
    /// The roles that are known.
    pub known: Vec<String>,
    /// Mail can be sent.
    pub mails: bool,
    /// What is wrong with the address.
    pub email_fault: Option<AddressFault>,
    /// What is wrong with the name.
    pub name_fault: Option<NameFault>,
    /// A role cannot be written so.
    pub roles_fault: bool,
}

/// A link that is handed over by hand, since no mail can be sent: shown this once.
#[derive(Clone, Debug)]
pub struct PersonLinkPage {
    /// It invites; otherwise it sets a password.
    pub invites: bool,
    /// For whom.
    pub email: String,
    /// The link itself.
    pub link: String,
    /// Until when it is good.
    pub expires_at: i64,
    /// Where to go on.
    pub on: String,
}

struct PersonRow<'a> {
    path: &'a str,
    title: &'a str,
    email: Option<&'a str>,
    roles: &'a [String],
    disabled: bool,
    made: When<'a>,
}

page!(PeoplePage, "console/people.html");
page!(PersonPage, "console/person.html");
page!(AddPersonPage, "console/person_add.html");
page!(PersonLinkPage, "console/person_link.html");

impl PeoplePage {
    fn rows<'a>(&'a self, frame: &Frame<'a>) -> Vec<PersonRow<'a>> {
        let rows = self.people.iter();
        rows.map(|person| person.row(frame.tongue, frame.now))
            .collect()
    }

    fn count_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        Some(counted(frame.tongue, msg("people-count"), self.population?))
    }

    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.notice.as_ref().map(|notice| notice.text(frame))
    }
}

impl Person {
    /// What people call them.
    pub(crate) fn title(&self) -> &str {
        if self.name.is_empty() {
            &self.email
        } else {
            &self.name
        }
    }

    fn row<'a>(&'a self, tongue: Tongue<'a>, now: i64) -> PersonRow<'a> {
        PersonRow {
            path: &self.path,
            title: self.title(),
            email: (!self.name.is_empty()).then_some(&self.email),
            roles: &self.roles,
            disabled: self.disabled,
            made: dates::day(tongue, "people-made", self.made_at, now),
        }
    }
}

impl PersonPage {
    fn made<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        dates::day(frame.tongue, "person-made", self.person.made_at, frame.now)
    }

    fn last_login<'a>(&self, frame: &Frame<'a>) -> Option<When<'a>> {
        self.last_login
            .map(|at| dates::day(frame.tongue, "person-last-login", at, frame.now))
    }

    fn live_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        if self.reach.devices == 0 {
            return frame.t("person-not-live");
        }
        let what = Arg::Phrase(self.reach.text(frame.tongue));
        frame.tongue.text_with("person-live", &[("what", what)])
    }

    fn event_rows<'a>(&'a self, frame: &Frame<'a>) -> Vec<EventRow<'a>> {
        let events = self.events.iter();
        events
            .map(|event| event.row(frame.tongue, frame.now))
            .collect()
    }

    fn roles_text(&self) -> String {
        self.typed
            .clone()
            .unwrap_or_else(|| self.person.roles.join(" "))
    }

    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.notice.as_ref().map(|notice| notice.text(frame))
    }

    fn warns(&self) -> bool {
        self.notice.as_ref().is_some_and(PersonNotice::warns)
    }
}

impl PersonNotice {
    /// It could not be.
    const fn warns(&self) -> bool {
        matches!(
            self,
            Self::LastAdministrator | Self::Declared | Self::Oneself | Self::NotWhileDisabled
        )
    }

    fn text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let counted = |id: Msg, count: u64| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            frame.tongue.text_with(id, &[("count", count.into())])
        };
        match self {
            Self::Made => frame.t("person-done-made"),
            Self::Invited => frame.t("person-done-invited"),
            Self::RolesSet => frame.t("person-done-roles"),
            Self::Nothing => frame.t("person-done-nothing"),
            Self::Ended(count) => counted(msg("person-done-ended"), *count),
            Self::Disabled(count) => counted(msg("person-done-disabled"), *count),
            Self::Enabled => frame.t("person-done-enabled"),
            Self::Deleted(count) => counted(msg("person-done-deleted"), *count),
            Self::LinkMailed => frame.t("person-done-link"),
            Self::LastAdministrator => frame.t("person-last-administrator"),
            Self::Declared => frame.t("person-declared-refused"),
            Self::Oneself => frame.t("person-oneself"),
            Self::NotWhileDisabled => frame.t("person-not-while-disabled"),
        }
    }
}

impl AddPersonPage {
    fn faulty(&self) -> bool {
        self.email_fault.is_some() || self.name_fault.is_some() || self.roles_fault
    }

    fn email_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.email_fault.map(|fault| match fault {
            AddressFault::Taken => frame.t("person-fault-taken"),
            AddressFault::Missing => frame.t("address-fault-missing"),
            AddressFault::Malformed => frame.t("address-fault-malformed"),
        })
    }

    fn name_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.name_fault.map(|fault| frame.t(fault.message()))
    }

    fn known_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        (!self.known.is_empty()).then(|| {
            let list = self.known.join(", ");
            frame
                .tongue
                .text_with("person-roles-known", &[("list", list.into())])
        })
    }
}

impl PersonLinkPage {
    fn title<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        if self.invites {
            frame.t("person-link-invites")
        } else {
            frame.t("person-link-recovers")
        }
    }

    fn what_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let until = dates::in_full(frame.tongue, self.expires_at);
        frame.tongue.text_with(
            "person-link-what",
            &[
                ("address", self.email.as_str().into()),
                ("when", Arg::Phrase(until)),
            ],
        )
    }
}
