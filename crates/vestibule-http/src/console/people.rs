//! `/console/people`: who has an account, looked for among however many.

use axum::response::Response;
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{UserFilter, parse_text};
use vestibule_core::id::UserId;
use vestibule_core::user::{Role, User, UserStatus};
use vestibule_engine::Reach;

use super::{Administrator, Browse};
use crate::browser::form::{Fields, Query};
use crate::errors::{Code, Failure};
use crate::views::{PeoplePage, Person, PersonNotice, Reached};

pub mod acts;
pub mod add;
pub mod person;
pub mod roles;

const PATH: &str = "/console/people";
/// The field of what is looked for.
const TEXT: &str = "text";
/// How many stand on a page: with all it loads it stays under 50 KB.
const PAGE: usize = 40;

/// A part of the list, by address.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let mut browse = Browse::new(PATH, &query);
    let text = browse.text(TEXT)?;
    let looked_for = parse_text(&text);
    let status = browse.word("status", status)?;
    let role = browse.word("role", |role| role.parse::<Role>().ok())?;
    let after = browse.before(|address| EmailAddress::parse(address).ok())?;
    let filter = UserFilter {
        text: looked_for.map_err(|error| Failure::of(Code::BadRequest).because(error))?,
        status,
        role: role.clone(),
    };
    let engine = &by.context().engine;
    let found = engine.users(filter, after, PAGE).await;
    let found = found.map_err(Failure::store)?;
    let notice = done(&by, &query);
    by.page(&PeoplePage {
        text,
        status: status.map_or("", word).to_owned(),
        role: role.map_or_else(String::new, String::from),
        narrowed: browse.is_narrowed(),
        population: Some(engine.population().users),
        people: found.users.iter().map(person).collect(),
        paging: browse.paging(found.next.map(|next| next.as_str().to_owned())),
        notice,
    })
}

fn reached(reach: Reach) -> Reached {
    Reached {
        devices: reach.devices,
        sign_ins: reach.app_sessions,
        applications: reach.applications,
    }
}

/// Somebody's page.
fn path(user: UserId) -> String {
    format!("{PATH}/{user}")
}

fn person(user: &User) -> Person {
    Person {
        path: path(user.id),
        email: user.email.as_str().to_owned(),
        name: user.name.as_str().to_owned(),
        roles: user.roles.iter().cloned().map(String::from).collect(),
        disabled: user.status == UserStatus::Disabled,
        made_at: user.created_at.0,
    }
}

fn status(text: &str) -> Option<UserStatus> {
    [UserStatus::Active, UserStatus::Disabled]
        .into_iter()
        .find(|status| word(*status) == text)
}

const fn word(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Disabled => "disabled",
    }
}

/// A path's segment that names somebody. What names nobody is not found.
fn user_id(segment: &str) -> Result<UserId, Failure> {
    segment.parse().map_err(|_| Failure::of(Code::NotFound))
}

/// Whether the settings file in force declares the account: what is changed here holds until that is read again.
fn is_declared(by: &Administrator, email: &EmailAddress) -> bool {
    let named = format!("{:?}", email.as_str());
    let lists = by.context().settings.iter();
    lists
        .filter(|setting| setting.name == "users")
        .any(|setting| setting.value.contains(&named))
}

/// What the page before this one did, as its redirection says it.
fn done(by: &Administrator, query: &Fields) -> Option<PersonNotice> {
    let word = query.optional("done");
    let word = word.filter(|_| by.0.caller.led_by_own_page())?;
    let count = query.optional("count").and_then(|count| count.parse().ok());
    Some(match (word, count) {
        ("made", _) => PersonNotice::Made,
        ("invited", _) => PersonNotice::Invited,
        ("roles", _) => PersonNotice::RolesSet,
        ("nothing", _) => PersonNotice::Nothing,
        ("enabled", _) => PersonNotice::Enabled,
        ("link", _) => PersonNotice::LinkMailed,
        ("ended", Some(count)) => PersonNotice::Ended(count),
        ("disabled", Some(count)) => PersonNotice::Disabled(count),
        ("deleted", Some(count)) => PersonNotice::Deleted(count),
        _ => return None,
    })
}
