//! `/console/applications`: what people reach through this door.

use std::borrow::Cow;

use crate::texts::{Arg, Msg, msg};
use crate::views::{
    Frame, NameFault,
    dates::{self, When},
    page,
};

/// Every application: there are few.
#[derive(Clone, Debug, Default)]
pub struct ApplicationsPage {
    /// By name.
    pub applications: Vec<ApplicationEntry>,
    /// What was just done.
    pub notice: Option<ApplicationNotice>,
}

/// An application, as a list shows it.
#[derive(Clone, Debug, Default)]
pub struct ApplicationEntry {
    /// Link to its page.
    pub path: String,
    /// As settings and proxies name it.
    pub name: String,
    /// What people are shown.
    pub title: String,
    /// Where browsers reach it.
    pub origins: Vec<String>,
    /// Who may come in.
    pub asks: Asks,
    /// How many rules say otherwise for some paths.
    pub rules: usize,
    /// The settings file declares it.
    pub declared: bool,
    /// When it was made known.
    pub made_at: i64,
}

/// What is asked of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// Anybody may pass.
    pub public: bool,
    /// One of these roles; any login where there are none.
    pub roles: Vec<String>,
    /// At least this sure a login.
    pub acr: Option<&'static str>,
    /// Other sites' pages may send what changes something.
    pub cross_site: bool,
    /// CORS preflights pass.
    pub preflight: bool,
}

/// One application.
#[derive(Clone, Debug, Default)]
pub struct ApplicationPage {
    /// What it is.
    pub application: ApplicationEntry,
    /// As programs name it.
    pub client_id: String,
    /// It has a secret.
    pub has_secret: bool,
    /// What some paths ask instead.
    pub rules: Vec<RuleEntry>,
    /// What was just done, or cannot be.
    pub notice: Option<ApplicationNotice>,
}

/// An exception.
#[derive(Clone, Debug)]
pub struct RuleEntry {
    /// For which paths; all where there are none.
    pub paths: Vec<String>,
    /// For which methods; all where there are none.
    pub methods: Vec<String>,
    /// What is asked there.
    pub asks: Asks,
}

/// What was just done, or cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationNotice {
    /// It is known now.
    Added,
    /// It is known no more.
    Removed {
        /// How many sign-ins there ended, where that is known.
        sign_ins: Option<u64>,
    },
    /// It cannot be: the settings file declares it.
    Declared,
}

/// The guided 'add'.
#[derive(Clone, Debug, Default)]
pub struct AddApplicationPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// As typed.
    pub title: String,
    /// As typed.
    pub name: String,
    /// As typed, one a line.
    pub origins: String,
    /// Only who has one of the roles.
    pub by_role: bool,
    /// As typed.
    pub roles: String,
    /// Which proxy stands in front, by its name in forms.
    pub proxy: String,
    /// The proxies there are.
    pub proxies: Vec<ProxyChoice>,
    /// What is wrong.
    pub faults: AddFaults,
}

/// A proxy that can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct ProxyChoice {
    /// Its name in forms.
    pub name: &'static str,
    /// As its makers write it.
    pub title: &'static str,
}

/// What is wrong with what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddFaults {
    /// The title cannot be shown.
    pub title: Option<NameFault>,
    /// The name.
    pub name: Option<ApplicationNameFault>,
    /// The origins.
    pub origins: Option<OriginsFault>,
    /// The roles.
    pub roles: Option<RolesFault>,
    /// No proxy was chosen.
    pub proxy: bool,
}

/// What is wrong with an application's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationNameFault {
    /// It has other characters, none, or too many.
    Malformed,
    /// Another application has it.
    Taken,
}

/// What is wrong with origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginsFault {
    /// There is none.
    Missing,
    /// This line is none.
    Malformed(String),
    /// This one is not on loopback and so needs https.
    NeedsHttps(String),
    /// This host stands there twice.
    Twice(String),
    /// There are more than this many.
    TooMany(usize),
    /// Another application is reached there.
    Taken {
        /// Where.
        authority: String,
        /// Its name.
        by: String,
    },
    /// It is the issuer's own host (C24, ASVS 3.5.4).
    IssuersHost(String),
}

/// What is wrong with roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesFault {
    /// One of them is no role's name.
    Malformed,
    /// None was named.
    Missing,
}

page!(ApplicationsPage, "console/applications.html");
page!(ApplicationPage, "console/application.html");
page!(AddApplicationPage, "console/application_add.html");

impl ApplicationsPage {
    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.notice.map(|notice| notice.text(frame))
    }
}

impl ApplicationPage {
    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.notice.map(|notice| notice.text(frame))
    }

    fn warns(&self) -> bool {
        self.notice == Some(ApplicationNotice::Declared)
    }

    fn made<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        let at = self.application.made_at;
        dates::day(frame.tongue, "application-made", at, frame.now)
    }
}

impl ApplicationEntry {
    fn rules_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        (self.rules > 0).then(|| {
            frame
                .tongue
                .text_with("application-rules-count", &[("count", self.rules.into())])
        })
    }
}

impl RuleEntry {
    fn title<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let paths = if self.paths.is_empty() {
            frame.t("application-all-paths")
        } else {
            self.paths.join("  ").into()
        };
        if self.methods.is_empty() {
            return paths;
        }
        format!("{} {paths}", self.methods.join(" ")).into()
    }
}

impl Asks {
    /// In one sentence each.
    fn sentences<'a>(&self, frame: &Frame<'a>) -> Vec<Cow<'a, str>> {
        let who = if self.public {
            frame.t("application-asks-nothing")
        } else if self.roles.is_empty() {
            frame.t("application-asks-login")
        } else {
            let roles = self.roles.join(", ");
            frame
                .tongue
                .text_with("application-asks-roles", &[("roles", roles.into())])
        };
        let acr = self.acr.map(|acr| {
            frame
                .tongue
                .text_with("application-asks-acr", &[("acr", acr.into())])
        });
        let cross = self
            .cross_site
            .then(|| frame.t("application-allows-cross-site"));
        let preflight = self
            .preflight
            .then(|| frame.t("application-allows-preflight"));
        [Some(who), acr, cross, preflight]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl ApplicationNotice {
    fn text<'a>(self, frame: &Frame<'a>) -> Cow<'a, str> {
        match self {
            Self::Added => frame.t("application-added"),
            Self::Removed {
                sign_ins: Some(count),
            } => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                let count = [("count", count.into())];
                frame.tongue.text_with("application-removed-count", &count)
            }
            Self::Removed { sign_ins: None } => frame.t("application-removed"),
            Self::Declared => frame.t("application-declared-refused"),
        }
    }
}

impl AddApplicationPage {
    fn faulty(&self) -> bool {
        self.faults != AddFaults::default()
    }

    fn title_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults.title.map(|fault| frame.t(fault.message()))
    }

    fn name_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults.name.map(|fault| {
            frame.t(match fault {
                ApplicationNameFault::Malformed => msg("application-fault-name"),
                ApplicationNameFault::Taken => msg("application-fault-name-taken"),
            })
        })
    }

    fn origins_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults.origins.as_ref().map(|fault| fault.text(frame))
    }

    fn roles_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults.roles.map(|fault| {
            frame.t(match fault {
                RolesFault::Malformed => msg("person-roles-fault"),
                RolesFault::Missing => msg("application-fault-roles"),
            })
        })
    }
}

impl ProxyChoice {
    /// One sentence about it.
    pub(super) fn text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self.name {
            "nginx" => msg("proxy-nginx"),
            "haproxy" => msg("proxy-haproxy"),
            "apache" => msg("proxy-apache"),
            "caddy" => msg("proxy-caddy"),
            "traefik" => msg("proxy-traefik"),
            _ => msg("proxy-envoy"),
        })
    }
}

impl OriginsFault {
    fn text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let of = |id: Msg, origin: &str| frame.tongue.text_with(id, &[("origin", origin.into())]);
        match self {
            Self::Missing => frame.t("application-fault-origin-missing"),
            Self::Malformed(line) => of(msg("application-fault-origin"), line),
            Self::NeedsHttps(origin) => of(msg("application-fault-https"), origin),
            Self::Twice(origin) => of(msg("application-fault-twice"), origin),
            Self::TooMany(most) => frame
                .tongue
                .text_with("application-fault-many", &[("most", (*most).into())]),
            Self::Taken { authority, by } => frame.tongue.text_with(
                "application-fault-origin-taken",
                &[
                    ("origin", authority.as_str().into()),
                    ("application", Arg::from(by.as_str())),
                ],
            ),
            Self::IssuersHost(origin) => of(msg("application-fault-issuer"), origin),
        }
    }
}
