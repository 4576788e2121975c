//! Where the forwarded request goes: which application is meant, what it demands, and whose word counts there.

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use vestibule_core::application::{Demand, Demands};
use vestibule_core::local_path::LocalPath;
use vestibule_engine::{Check, Doorway, Doorways};

use super::answer::{Onward, Refusal};
use super::forwarded::Forwarded;
use super::origin::{is_form_sent_by_a_person, is_page_view, page_before};
use super::who::Who;
use crate::browser::cookies;
use crate::context::Context;
use crate::site::Site;

/// First segments of the paths on the issuer's own host that no application there may have.
pub const RESERVED: [&str; 17] = [
    "login",
    "logout",
    "setup",
    "register",
    "recover",
    "account",
    "console",
    "device",
    "assets",
    "verify",
    "api",
    "oauth",
    "revocations",
    "vestibule",
    ".well-known",
    "docs",
    "dev",
];

/// The one that Vestibule has on every application's host.
const OURS_EVERYWHERE: &str = "vestibule";

/// Where no application is registered.
static PLAIN: Demand = Demand {
    public: false,
    roles: Vec::new(),
    acr: None,
    cross_site: false,
    origins: Vec::new(),
    preflight: false,
};

/// An application's place.
pub enum Place<'a> {
    /// The issuer's own host (C24), perhaps with an application that is registered there.
    OwnHost(Option<&'a Doorway>),
    /// A host of the application's own.
    Elsewhere(&'a Doorway),
}

impl<'a> Place<'a> {
    /// Finds out which application the forwarded host means, and whether it may be there.
    pub fn of(
        context: &Context,
        doorways: &'a Doorways,
        forwarded: &Forwarded<'_>,
    ) -> Result<Self, Refusal<'a>> {
        let (site, issuer) = (&context.site, &context.site.issuer);
        let doorway = doorways.at(forwarded.host).map(AsRef::as_ref);
        if issuer.is_named_by(forwarded.host) {
            // R36: no plain http beside an https issuer.
            if forwarded.https != issuer.https() {
                return Err(Refusal::Scheme(None));
            }
            if !site.own_host_application && !issuer.is_loopback() {
                return Err(Refusal::NoApplicationHere);
            }
            if is_one_of(forwarded.path(), &RESERVED) {
                return Err(Refusal::OwnPath);
            }
            return Ok(Self::OwnHost(doorway));
        }
        let Some(doorway) = doorway else {
            // ASVS 16.5.3: while the applications are being read, nobody knows.
            let filled = context.engine.ready();
            return Err(if filled {
                Refusal::ForeignHost
            } else {
                Refusal::NotReady
            });
        };
        // C24: also one that was registered before the issuer, or the setting, was another.
        if !site.admits(doorway.origin()) {
            return Err(Refusal::NoApplicationHere);
        }
        if forwarded.https != doorway.origin().https() {
            return Err(Refusal::Scheme(Some(doorway.origin())));
        }
        if is_one_of(forwarded.path(), &[OURS_EVERYWHERE]) {
            return Err(Refusal::OwnPath);
        }
        Ok(Self::Elsewhere(doorway))
    }

    /// Whether it is the application that the route names.
    pub fn is_of(&self, app: Option<&str>) -> Result<(), Refusal<'a>> {
        if app.is_none_or(|app| self.name() == Some(app)) {
            return Ok(());
        }
        Err(Refusal::OtherApplication)
    }

    fn doorway(&self) -> Option<&'a Doorway> {
        match self {
            Self::OwnHost(doorway) => *doorway,
            Self::Elsewhere(doorway) => Some(doorway),
        }
    }

    /// The application's name, if it is registered.
    pub fn name(&self) -> Option<&'a str> {
        self.doorway()
            .map(|doorway| doorway.application().spec.name.as_str())
    }

    /// What is asked of this request.
    pub fn demands(&self, forwarded: &Forwarded<'_>) -> Demands<'a> {
        self.doorway().map_or(Demands::only(&PLAIN), |doorway| {
            let spec = &doorway.application().spec;
            spec.demands_on(forwarded.method, forwarded.path())
        })
    }

    /// The only origin whose pages may change something, but for exceptions by rule.
    pub fn origin<'s>(&self, site: &'s Site) -> &'s str
    where
        'a: 's,
    {
        match self {
            Self::OwnHost(_) => site.issuer.origin(),
            Self::Elsewhere(doorway) => doorway.origin().as_str(),
        }
    }

    /// Whose the request is, by the cookie that is good here.
    pub fn who(&self, context: &Context, headers: &HeaderMap) -> Result<Option<Who>, Refusal<'a>> {
        let (engine, issuer) = (&context.engine, &context.site.issuer);
        match self {
            Self::OwnHost(_) => {
                let cookie = cookies::session(headers, issuer);
                who(cookie.map(|cookie| engine.check(&cookie, engine.now())))
            }
            Self::Elsewhere(doorway) => {
                let cookie = cookies::app_session(headers, doorway.origin());
                who(cookie.map(|cookie| engine.check_app(&cookie, doorway, engine.now())))
            }
        }
    }

    /// Where a person goes who is not signed in.
    pub fn onward<'r>(
        &self,
        forwarded: &Forwarded<'r>,
        headers: &'r HeaderMap,
    ) -> Option<Onward<'r>>
    where
        'a: 'r,
    {
        let origin = match self {
            Self::OwnHost(_) => None,
            Self::Elsewhere(doorway) => Some(doorway.origin().as_str()),
        };
        if is_page_view(forwarded.method, headers) {
            return Some(Onward::SignIn {
                origin,
                page: forwarded.target,
            });
        }
        is_form_sent_by_a_person(forwarded.method, headers).then(|| Onward::NotSent {
            origin,
            page: origin
                .and_then(|origin| page_before(origin, headers))
                .filter(|page| LocalPath::parse(page).is_some())
                .unwrap_or("/"),
        })
    }
}

/// What a cookie says, if there is one.
fn who<'a, S: Into<Who>>(check: Option<Check<S>>) -> Result<Option<Who>, Refusal<'a>> {
    match check {
        Some(Check::Live(session)) => Ok(Some(session.into())),
        None | Some(Check::Dead) => Ok(None),
        // ASVS 16.5.3: neither let in nor sent away.
        Some(Check::NotReady) => Err(Refusal::NotReady),
    }
}

/// Whether the path's first segment is one of these, also behind escapes.
fn is_one_of(path: &str, names: &[&str]) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    if !first.contains('%') {
        return names.contains(&first);
    }
    names
        .iter()
        .any(|name| percent_decode_str(first).eq(name.bytes()))
}
