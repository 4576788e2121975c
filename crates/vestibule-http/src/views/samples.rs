//! Samples of each page in each of its states: rendered by the tests in every language, and written out by the gallery.

use std::time::Duration;

use super::{
    AddressFault, ApiDocsPage, ApiOperation, ApiParameter, ApiRoom, ApiShape, DeviceName,
    ErrorKind, ErrorPage, Frame, FreshFault, FreshFor, FreshPage, LoginFault, LoginNotice,
    LoginPage, LogoutPage, NameFault, Page, PasswordFault, SetupPage, SignedOutPage,
};
use crate::texts::Tongue;

mod account;
mod accounts;
mod arriving;
mod console;
mod console_people;
mod console_roles;
mod handshake;

/// 2026-11-20 14:00:00 UTC.
pub(super) const NOW: i64 = 1_795_183_200_000;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// As long as the real ones.
const CSRF: &str = "b7Qm0pYx3vLk9sTz2cWf6nHd1gRj5aEuXo4iPqVbKyNlMtZwSrCeGhJxDfUaIoPk";

pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) page: Box<dyn Page>,
    pub(super) signed_in: bool,
    administers: bool,
}

impl Sample {
    pub(super) fn render(&self, tongue: Tongue<'_>) -> String {
        let frame = Frame::new(tongue, "Vestibule", NOW);
        let frame = if self.signed_in {
            frame
                .signed_in("alice@example.test", CSRF)
                .administering(self.administers)
        } else {
            frame
        };
        self.page.render(&frame).expect("a page renders")
    }
}

pub(super) fn all() -> Vec<Sample> {
    [
        setup(),
        login(),
        arriving::register(),
        arriving::recover(),
        arriving::dev_mail(),
        fresh(),
        logout(),
        account::devices(),
        account::security(),
        account::activity(),
        accounts::addresses(),
        accounts::profile(),
        accounts::leaving(),
        accounts::fresh(),
        errors(),
        handshake::pages(),
        api_docs(),
        console::overview(),
        console::sessions(),
        console_people::people(),
        console_people::applications(),
        console_roles::roles(),
        console_people::settings(),
        console::audit(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn stranger(name: &'static str, page: impl Page + 'static) -> Sample {
    Sample {
        name,
        page: Box::new(page),
        signed_in: false,
        administers: false,
    }
}

fn person(name: &'static str, page: impl Page + 'static) -> Sample {
    Sample {
        name,
        page: Box::new(page),
        signed_in: true,
        administers: false,
    }
}

fn administrator(name: &'static str, page: impl Page + 'static) -> Sample {
    Sample {
        administers: true,
        ..person(name, page)
    }
}

fn api_docs() -> Vec<Sample> {
    let parameter = ApiParameter {
        name: "key".into(),
        place: "path".into(),
        required: true,
        description: "1 to 64 characters".into(),
    };
    let operation = ApiOperation {
        id: "put_session_datum".into(),
        method: "PUT".into(),
        path: "/api/v1/session/data/{key}".into(),
        summary: "Keeps a value under a key.".into(),
        description: Some("Without a condition it makes the key.".into()),
        keys: vec!["session + csrf".into(), "application".into()],
        parameters: vec![parameter],
        body: Some("Login".into()),
        answers: vec![("200".into(), "Kept".into(), Some("Login".into()))],
    };
    let page = ApiDocsPage {
        rooms: vec![ApiRoom {
            name: "session data".into(),
            operations: vec![operation],
        }],
        shapes: vec![ApiShape {
            name: "Login".into(),
            json: "{\n  \"type\": \"object\"\n}".into(),
        }],
    };
    vec![stranger("api-docs", page)]
}

fn setup() -> Vec<Sample> {
    let page = SetupPage {
        csrf: CSRF.into(),
        token: "vst_setup_Jq7".into(),
        ..SetupPage::default()
    };
    let faulty = |identifier_fault, name_fault, password_fault| SetupPage {
        identifier: "alice.example.test".into(),
        name: "Alice".into(),
        identifier_fault,
        name_fault,
        password_fault,
        ..page.clone()
    };
    vec![
        stranger("setup", page.clone()),
        stranger(
            "setup-busy",
            SetupPage {
                busy: true,
                ..page.clone()
            },
        ),
        stranger(
            "setup-faults",
            faulty(
                Some(AddressFault::Malformed),
                Some(NameFault::TooLong),
                Some(PasswordFault::TooShort { length: 8 }),
            ),
        ),
        stranger("setup-taken", faulty(Some(AddressFault::Taken), None, None)),
        stranger(
            "setup-missing",
            faulty(
                Some(AddressFault::Missing),
                Some(NameFault::Malformed),
                Some(PasswordFault::Missing),
            ),
        ),
        stranger(
            "setup-short",
            faulty(None, None, Some(PasswordFault::TooShort { length: 1 })),
        ),
        stranger(
            "setup-long",
            faulty(None, None, Some(PasswordFault::TooLong)),
        ),
        stranger(
            "setup-common",
            faulty(None, None, Some(PasswordFault::Common)),
        ),
        stranger(
            "setup-guessable",
            faulty(None, None, Some(PasswordFault::Guessable)),
        ),
        stranger(
            "setup-site-word",
            faulty(None, None, Some(PasswordFault::SiteWord)),
        ),
    ]
}

fn login() -> Vec<Sample> {
    let page = LoginPage {
        csrf: CSRF.into(),
        ..LoginPage::default()
    };
    let tried = LoginPage {
        identifier: "alice@example.test".into(),
        remember: true,
        ..page.clone()
    };
    vec![
        stranger("login", page.clone()),
        stranger(
            "login-continue",
            LoginPage {
                next: Some("/shop/orders?open=1".into()),
                continue_to: Some("/shop/orders".into()),
                ..page.clone()
            },
        ),
        stranger(
            "login-mismatch",
            LoginPage {
                fault: Some(LoginFault::Mismatch),
                ..tried.clone()
            },
        ),
        stranger(
            "login-busy",
            LoginPage {
                fault: Some(LoginFault::Busy),
                ..tried.clone()
            },
        ),
        stranger(
            "login-stale",
            LoginPage {
                fault: Some(LoginFault::Stale),
                ..tried.clone()
            },
        ),
        stranger(
            "login-throttled",
            LoginPage {
                fault: Some(LoginFault::Throttled {
                    wait: Duration::from_secs(90),
                }),
                recovers: true,
                ..tried.clone()
            },
        ),
        stranger(
            "login-open",
            LoginPage {
                recovers: true,
                registers: true,
                ..page.clone()
            },
        ),
        stranger(
            "login-password-set",
            LoginPage {
                notice: Some(LoginNotice::PasswordSet),
                recovers: true,
                ..page.clone()
            },
        ),
        stranger(
            "login-signed-out",
            LoginPage {
                notice: Some(LoginNotice::SignedOut),
                ..page.clone()
            },
        ),
        stranger(
            "login-ended",
            LoginPage {
                notice: Some(LoginNotice::SessionEnded),
                ..page
            },
        ),
    ]
}

fn fresh() -> Vec<Sample> {
    let page = FreshPage {
        csrf: CSRF.into(),
        action: "/account/devices/end-others".into(),
        fields: vec![],
        cancel: "/account".into(),
        purpose: FreshFor::EndOthers { count: 2 },
        proven: false,
        fault: None,
    };
    let one = FreshPage {
        action: "/account/devices/end".into(),
        fields: vec![("device".into(), "01JD4X2V9K7Q".into())],
        purpose: FreshFor::EndDevice {
            name: name("Chrome", "Windows"),
        },
        ..page.clone()
    };
    vec![
        person("fresh-others", page.clone()),
        person(
            "fresh-other",
            FreshPage {
                purpose: FreshFor::EndOthers { count: 1 },
                ..page.clone()
            },
        ),
        person(
            "fresh-all",
            FreshPage {
                purpose: FreshFor::EndAll { others: 2 },
                ..page.clone()
            },
        ),
        person("fresh-device", one.clone()),
        person(
            "fresh-wrong",
            FreshPage {
                fault: Some(FreshFault::Wrong),
                ..one
            },
        ),
        person(
            "fresh-busy",
            FreshPage {
                fault: Some(FreshFault::Busy),
                ..page.clone()
            },
        ),
        person(
            "fresh-throttled",
            FreshPage {
                fault: Some(FreshFault::Throttled {
                    wait: Duration::from_mins(4),
                }),
                ..page.clone()
            },
        ),
        person(
            "fresh-continue",
            FreshPage {
                purpose: FreshFor::Continue,
                ..page
            },
        ),
    ]
}

fn logout() -> Vec<Sample> {
    vec![
        person("logout", LogoutPage { csrf: CSRF.into() }),
        stranger(
            "signed-out",
            SignedOutPage {
                login: "/login".into(),
            },
        ),
    ]
}

fn errors() -> Vec<Sample> {
    let page = |kind, back: Option<&str>| ErrorPage {
        kind,
        id: "7F3K-Q2MX".into(),
        back: back.map(Into::into),
        wait: None,
    };
    vec![
        stranger("error-400", page(ErrorKind::BadRequest, None)),
        person("error-form", page(ErrorKind::FormExpired, Some("/account"))),
        stranger(
            "error-setup-used",
            page(ErrorKind::SetupUsed, Some("/login")),
        ),
        stranger("error-setup-expired", page(ErrorKind::SetupExpired, None)),
        stranger("error-404", page(ErrorKind::NotFound, None)),
        stranger("error-405", page(ErrorKind::MethodNotAllowed, None)),
        stranger("error-401", page(ErrorKind::LoginRefused, Some("/login"))),
        stranger(
            "error-closed",
            page(ErrorKind::RegistrationClosed, Some("/login")),
        ),
        stranger(
            "error-invited",
            page(ErrorKind::RegistrationByInvitation, Some("/login")),
        ),
        stranger(
            "error-recover",
            page(ErrorKind::RecoveryClosed, Some("/login")),
        ),
        stranger("error-409", page(ErrorKind::AddressTaken, Some("/login"))),
        stranger("error-link", page(ErrorKind::LinkGone, Some("/recover"))),
        stranger(
            "error-429",
            ErrorPage {
                wait: Some(Duration::from_hours(3)),
                ..page(ErrorKind::TooManyRequests, None)
            },
        ),
        stranger("error-413", page(ErrorKind::TooLarge, None)),
        stranger("error-415", page(ErrorKind::UnsupportedMediaType, None)),
        person(
            "error-administrator",
            page(ErrorKind::NotAdministrator, None),
        ),
        stranger("error-421", page(ErrorKind::Misdirected, None)),
        stranger("error-431", page(ErrorKind::HeadersTooLarge, None)),
        person("error-500", page(ErrorKind::Internal, None)),
        person("error-503", page(ErrorKind::Unavailable, Some("/account"))),
        person(
            "error-unstored",
            page(ErrorKind::EndUnstored, Some("/logout")),
        ),
        person(
            "error-ends-unstored",
            page(ErrorKind::EndsUnstored, Some("/console/sessions")),
        ),
        person(
            "error-shut-unstored",
            page(ErrorKind::ShutUnstored, Some("/console/people")),
        ),
        person(
            "error-exports",
            page(ErrorKind::ExportsRunning, Some("/console/audit")),
        ),
    ]
}

fn name(browser: &str, system: &str) -> DeviceName {
    DeviceName {
        browser: Some(browser.into()),
        system: Some(system.into()),
    }
}
