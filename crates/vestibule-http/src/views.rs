//! The pages, typed: one context struct a page, which a handler fills with plain data and renders.
//!
//! ```text
//! let frame = Frame::new(texts.language(headers), "Vestibule", now_millis).signed_in("alice@example.test", logout_csrf);
//! let html = LoginPage { csrf, ..LoginPage::default() }.render(&frame)?;
//! ```
//!
//! Times are milliseconds since 1970 in UTC, and 'now' comes with the [`Frame`]. Every string is text: the templates escape all of
//! it (ASVS 3.2.2), so pass it as the user wrote it. The pages load only the embedded assets and carry no inline script or
//! style, so that `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'` holds.
//!
//! Where each form goes and what it sends (every one a POST, every one with `csrf`):
//!
//! | page | action | fields |
//! |---|---|---|
//! | [`SetupPage`] | `/setup` | `token`, `identifier`, `name` (may be empty), `password` |
//! | [`LoginPage`] | `/login` | `identifier`, `password`, `remember` (`on` or absent), `next` (if any) |
//! | [`RegisterPage`] | `/register` | `identifier`, `name`, `field-…`, `terms` (`on` or absent) |
//! | [`FinishRegisterPage`] | `/register/finish` | `token`, `name`, `field-…`, `terms`, `password` |
//! | [`RecoverPage`] | `/recover` | `identifier` |
//! | [`FinishRecoverPage`] | `/recover/finish` | `token`, `code` (where it is asked for), `password` |
//! | [`EndLoginPage`] | `/recover/end-login` | `token` |
//! | [`LogoutPage`], and the button on every signed-in page | `/logout` | |
//! | [`AppLogoutPage`] | `/vestibule/logout` on an application's host | |
//! | [`DevicesPage`] | `/account/devices/end` | `device` (the [`Device::id`]) |
//! | [`DevicesPage`] | `/account/devices/end-others` | |
//! | [`SecurityPage`] | `/account/security` | `current_password`, `new_password` |
//! | [`AddressesPage`] | `/account/addresses/add` | `email` |
//! | [`AddressesPage`] | `/account/addresses/primary`, `…/remove` | `address` |
//! | [`AddressesPage`] | `/account/addresses/prove` | |
//! | [`ConfirmAddressPage`] | `/account/addresses/confirm` | `token` |
//! | [`ProfilePage`] | `/account/profile` | `name`, `language`, `field-…` |
//! | [`DeletePage`] | `/account/delete` | |
//! | [`FreshPage`] | its own `action` | `password` and what it carries over |

use std::borrow::Cow;

use crate::{
    assets,
    texts::{Msg, Tongue},
};

mod activity;
mod addresses;
mod api_docs;
mod console;
pub(crate) mod dates;
mod delete;
mod details;
mod dev_mail;
mod devices;
mod errors;
mod fresh;
mod handshake;
mod login;
mod logout;
mod password;
pub(crate) mod places;
mod profile;
mod recover;
mod register;
mod security;
mod setup;

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod markup;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub(crate) use self::console::event_rows;
pub use self::{
    activity::{Activity, ActivityPage, AddressChange, Happening},
    addresses::{
        AddressEntry, AddressLink, AddressRoom, AddressesNotice, AddressesPage, ConfirmAddressPage,
        NewAddressFault,
    },
    api_docs::{ApiDocsPage, ApiOperation, ApiParameter, ApiRoom, ApiShape},
    console::{
        AddApplicationPage, AddFaults, AddPersonPage, AddRolePage, ApplicationEntry,
        ApplicationNameFault, ApplicationNotice, ApplicationPage, ApplicationVerb,
        ApplicationsPage, Asks, AuditPage, AuditRow, ChainCheck, ChainReport, ConnectFaults,
        ConnectPage, ConsoleAct, CountedMinute, Health, Obstacle, OpenedThrough, OriginsFault,
        OverviewPage, Paging, PeoplePage, Person, PersonAddress, PersonLinkPage, PersonNotice,
        PersonPage, PersonVerb, ProxyChoice, Reached, RoleEntry, RoleFaults, RoleNameFault,
        RoleNotice, RoleVerb, RolesFault, RolesPage, RuleEntry, SecretPage, SessionOwner,
        SessionPage, SessionRow, SessionsPage, Setting, SettingFrom, SettingsPage, SettingsSection,
        SnippetText, UnknownName, UpstreamFault, Which,
    },
    delete::{DeletePage, DeletedPage},
    details::{AnswerFault, AskedField, Details, Terms},
    dev_mail::{DevLetter, DevLetterPage, DevMailPage, TextPart},
    devices::{Device, DeviceKind, DeviceName, DevicesNotice, DevicesPage, Proof},
    errors::{ErrorKind, ErrorPage},
    fresh::{FreshFault, FreshFor, FreshPage},
    handshake::{AppLogoutPage, AppSignedOutPage, GoOnPage, NotSentPage},
    login::{LoginFault, LoginNotice, LoginPage},
    logout::{LogoutPage, SignedOutPage},
    password::PasswordFault,
    profile::{LanguageChoice, ProfilePage},
    recover::{
        CodeFault, EndLoginPage, FinishRecoverPage, LoginEndedPage, RecoverAskedPage, RecoverPage,
        RecoveredPage,
    },
    register::{FinishRegisterPage, RegisterAskedPage, RegisterPage},
    security::{CurrentPasswordFault, SecurityPage},
    setup::{AddressFault, NameFault, SetupPage},
};

/// For a field without a hint or a fault.
const NO_TEXT: Option<Cow<'static, str>> = None;

/// What every page has in common. Made once per request.
pub struct Frame<'a> {
    tongue: Tongue<'a>,
    brand: &'a str,
    now: i64,
    signed_in: Option<SignedIn<'a>>,
    stylesheet: String,
    script: String,
    icon: String,
}

/// Whose page this is.
struct SignedIn<'a> {
    address: &'a str,
    csrf: &'a str,
    administers: bool,
}

/// A page that can be rendered in any frame.
pub trait Page {
    /// The whole document. An error means a defect in a template, never bad data.
    fn render(&self, frame: &Frame<'_>) -> Result<String, askama::Error>;
}

impl<'a> Frame<'a> {
    /// A page for nobody in particular. `now` is the request's clock in milliseconds.
    pub fn new(tongue: Tongue<'a>, brand: &'a str, now: i64) -> Self {
        Self {
            tongue,
            brand,
            now,
            signed_in: None,
            stylesheet: assets::STYLESHEET.path(),
            script: assets::SCRIPT.path(),
            icon: assets::ICON.path(),
        }
    }

    /// On an application's host the assets have a place of their own, and nothing else of ours is there.
    #[must_use]
    pub fn on_application_host(mut self) -> Self {
        for path in [&mut self.stylesheet, &mut self.script, &mut self.icon] {
            path.insert_str(0, assets::ON_APPLICATION_HOST);
        }
        self
    }

    /// A page for a person who is signed in. `csrf` is a token of their session, newly masked: it goes into the sign-out button
    /// that every page then has (ASVS 7.4.4).
    #[must_use]
    pub fn signed_in(mut self, address: &'a str, csrf: &'a str) -> Self {
        self.signed_in = Some(SignedIn {
            address,
            csrf,
            administers: false,
        });
        self
    }

    /// The person administers this installation: their pages lead to the console.
    #[must_use]
    pub fn administering(mut self, administers: bool) -> Self {
        if let Some(person) = &mut self.signed_in {
            person.administers = administers;
        }
        self
    }

    fn administers(&self) -> bool {
        self.signed_in
            .as_ref()
            .is_some_and(|person| person.administers)
    }

    /// The line below the field of a new password.
    fn new_password_hint(&self) -> Cow<'a, str> {
        self.tongue
            .text_with("password-hint", &[("shortest", password::SHORTEST.into())])
    }

    /// A text without variables, for templates.
    fn t(&self, id: impl Into<Msg>) -> Cow<'a, str> {
        self.tongue.text(id)
    }
}

/// Ties a page to its template: the template sees `frame`, and the context as `page`.
macro_rules! page {
    ($page:ident, $path:literal) => {
        const _: () = {
            #[derive(askama::Template)]
            #[template(path = $path, whitespace = "minimize")]
            struct View<'a> {
                frame: &'a crate::views::Frame<'a>,
                page: &'a $page,
            }

            impl crate::views::Page for $page {
                fn render(&self, frame: &crate::views::Frame<'_>) -> Result<String, askama::Error> {
                    askama::Template::render(&View { frame, page: self })
                }
            }
        };
    };
}
use page;
