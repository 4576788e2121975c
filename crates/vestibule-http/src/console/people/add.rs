//! `/console/people/add`: somebody is invited to make an account, or gets one made. Nobody but its owner ever chooses its
//! password (ASVS 6.4.6): a link does that.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::email::EmailAddress;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, Role, User};
use vestibule_engine::{AddUserError, Invitation, InviteError, NewAccount};

use super::person::on;
use super::{PATH, path};
use crate::browser::form::{Fields, Posted};
use crate::browser::fresh::Act;
use crate::console::{Acting, Administrator, role_list};
use crate::errors::{Code, Failure};
use crate::pages::setup::name_fault;
use crate::views::{AddPersonPage, AddressFault, ConsoleAct, FreshFor, PersonLinkPage, PersonVerb};

const HERE: &str = "/console/people/add";

/// The form.
pub async fn get(by: Administrator) -> Result<Response, Failure> {
    show(&by, StatusCode::OK, AddPersonPage::default()).await
}

/// Invites, or makes the account.
pub async fn post(by: Administrator, posted: Posted) -> Result<Response, Failure> {
    let form = by.check(posted)?;
    let mut page = typed(&form.fields)?;
    let read = Wanted::read(&mut page);
    let Some(wanted) = read else {
        // RFC 9110 §15.5.21
        return show(&by, StatusCode::UNPROCESSABLE_ENTITY, page).await;
    };
    let act = Act {
        action: HERE.into(),
        fields: carried(&page),
        cancel: PATH.into(),
        purpose: FreshFor::Console(ConsoleAct::Person {
            verb: if page.now {
                PersonVerb::Make
            } else {
                PersonVerb::Invite
            },
            name: wanted.email.as_str().to_owned(),
        }),
    };
    let acting = match by.act(&form, act).await {
        Ok(acting) => acting,
        Err(answer) => return Ok(answer),
    };
    let done = if page.now {
        make(&by, &acting, &wanted).await
    } else {
        invite(&by, &acting, &wanted).await
    };
    let answer = match done {
        Err(Undone::Taken) => {
            page.email_fault = Some(AddressFault::Taken);
            // RFC 9110 §15.5.10
            show(&by, StatusCode::CONFLICT, page).await
        }
        Err(Undone::Failed(failure)) => Err(failure),
        Ok(answer) => Ok(answer),
    };
    Ok(acting.answer(&by, answer))
}

/// What was typed, once it can be so.
struct Wanted {
    email: EmailAddress,
    name: DisplayName,
    roles: Vec<String>,
}

/// Why nothing was made.
enum Undone {
    Taken,
    Failed(Failure),
}

/// A link that goes through the administrator's hands.
pub(super) struct LinkFor<'a> {
    pub(super) invites: bool,
    pub(super) email: &'a str,
    pub(super) token: &'a str,
    pub(super) expires_at: UnixMillis,
    pub(super) on: String,
}

/// The page that shows it once: it is in no other answer, and in no log.
pub(super) fn hand_over(by: &Administrator, link: LinkFor<'_>) -> Result<Response, Failure> {
    let origin = by.context().site.issuer.origin();
    let path = if link.invites {
        "/register/finish"
    } else {
        "/recover/finish"
    };
    by.page(&PersonLinkPage {
        invites: link.invites,
        email: link.email.to_owned(),
        link: format!("{origin}{path}?token={}", link.token),
        expires_at: link.expires_at.0,
        on: link.on,
    })
}

async fn invite(by: &Administrator, acting: &Acting, wanted: &Wanted) -> Result<Response, Undone> {
    let invitation = Invitation {
        email: wanted.email.as_str(),
        name: wanted.name.as_str(),
        roles: &wanted.roles,
        language: by.0.caller.visit.language.clone(),
    };
    let invited = by
        .context()
        .engine
        .invite(invitation, &acting.operator)
        .await;
    let invited = invited.map_err(|error| match error {
        InviteError::AddressTaken => Undone::Taken,
        InviteError::NotNow(error) => Undone::Failed(Failure::not_now(error)),
        // Each was read before.
        InviteError::Email(_) | InviteError::Name(_) | InviteError::Role(_) => {
            Undone::Failed(Failure::of(Code::BadRequest).because(error))
        }
    })?;
    let Some(token) = invited.token else {
        return Ok(Redirect::to(&format!("{PATH}?done=invited")).into_response());
    };
    let link = LinkFor {
        invites: true,
        email: wanted.email.as_str(),
        token: &token,
        expires_at: invited.expires_at,
        on: PATH.to_owned(),
    };
    hand_over(by, link).map_err(Undone::Failed)
}

async fn make(by: &Administrator, acting: &Acting, wanted: &Wanted) -> Result<Response, Undone> {
    let account = NewAccount {
        email: wanted.email.as_str(),
        name: wanted.name.as_str(),
        roles: &wanted.roles,
        password: None,
        verified: false,
    };
    let engine = &by.context().engine;
    let made = engine.add_user(account, &acting.operator).await;
    let user: User = made.map_err(|error| match error {
        AddUserError::AddressTaken => Undone::Taken,
        AddUserError::NotNow(error) => Undone::Failed(Failure::not_now(error)),
        // Each was read before.
        AddUserError::Email(_)
        | AddUserError::Name(_)
        | AddUserError::Role(_)
        | AddUserError::Password(_) => Undone::Failed(Failure::of(Code::BadRequest).because(error)),
    })?;
    let offered = engine.offer_recovery(&user.email, &acting.operator).await;
    // The account stands either way; its page offers the link again.
    let offered =
        offered.map_err(|error| Undone::Failed(Failure::not_now(error).back(path(user.id))))?;
    let Some((token, expires_at)) =
        offered.and_then(|offered| Some((offered.token?, offered.expires_at)))
    else {
        return Ok(on(user.id, "made"));
    };
    let link = LinkFor {
        invites: false,
        email: user.email.as_str(),
        token: &token,
        expires_at,
        on: path(user.id),
    };
    hand_over(by, link).map_err(Undone::Failed)
}

impl Wanted {
    /// Reads it, or tells the page what is wrong with each field.
    fn read(page: &mut AddPersonPage) -> Option<Self> {
        let email = EmailAddress::parse(&page.email);
        let name = DisplayName::parse(&page.name);
        let roles = role_list::read(&page.roles);
        if email.is_err() {
            page.email_fault = Some(if page.email.trim().is_empty() {
                AddressFault::Missing
            } else {
                AddressFault::Malformed
            });
        }
        if name.is_err() {
            page.name_fault = Some(name_fault(&page.name));
        }
        page.roles_fault = roles.is_err();
        Some(Self {
            email: email.ok()?,
            name: name.ok()?,
            roles: roles.ok()?.into_iter().map(String::from).collect(),
        })
    }
}

fn typed(fields: &Fields) -> Result<AddPersonPage, Failure> {
    Ok(AddPersonPage {
        now: fields.required("how")? == "now",
        email: fields.required("email")?.to_owned(),
        name: fields.required("name")?.to_owned(),
        roles: fields.required("roles")?.to_owned(),
        ..AddPersonPage::default()
    })
}

fn carried(page: &AddPersonPage) -> Vec<(String, String)> {
    let how = if page.now { "now" } else { "invite" };
    [
        ("how", how),
        ("email", &page.email),
        ("name", &page.name),
        ("roles", &page.roles),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

async fn show(
    by: &Administrator,
    status: StatusCode,
    page: AddPersonPage,
) -> Result<Response, Failure> {
    let engine = &by.context().engine;
    let known = engine.roles().await.map_err(Failure::store)?;
    let mut known: Vec<_> = known
        .iter()
        .map(|role| role.spec.name.as_str().to_owned())
        .collect();
    if !known.iter().any(|role| role == Role::ADMIN) {
        known.insert(0, Role::ADMIN.to_owned());
    }
    let page = AddPersonPage {
        csrf: by.0.token()?,
        known,
        mails: engine.mails(),
        ..page
    };
    by.0.page(status, &page)
}
