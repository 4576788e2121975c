//! An application: somebody's software that people reach through this door, and what is asked of them there.
//!
//! Kinds other than [`Kind::Proxy`] come with tokens. An application of kind `proxy` stands behind a reverse proxy that asks
//! `/verify` before each request; it is known by its origins, and sees its own cookie alone.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::id::ApplicationId;
use crate::origin::Origin;
use crate::session::Acr;
use crate::time::UnixMillis;
use crate::user::{DisplayName, Role};

mod secret;

pub use self::secret::ApplicationSecret;

/// An application's name: `[a-z0-9_-]+`, at most 64 characters. Commands, settings and `/verify?app=` use it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationName(String);

/// Not an application's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an application's name has 1 to 64 characters out of a-z, 0-9, _ and -")]
pub struct ParseApplicationNameError;

impl ApplicationName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApplicationName {
    type Err = ParseApplicationNameError;

    fn from_str(text: &str) -> Result<Self, ParseApplicationNameError> {
        let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_' || c == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(fits) {
            return Err(ParseApplicationNameError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ApplicationName {
    type Error = ParseApplicationNameError;

    fn try_from(text: String) -> Result<Self, ParseApplicationNameError> {
        text.parse()
    }
}

impl From<ApplicationName> for String {
    fn from(name: ApplicationName) -> Self {
        name.0
    }
}

impl fmt::Display for ApplicationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What sort of software it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Behind a reverse proxy that asks `/verify`.
    Proxy,
}

impl Kind {
    /// What comes with tokens, and is told so.
    pub const TO_COME: [&'static str; 5] = ["web", "spa", "native", "machine", "api"];

    /// The word that commands, settings and stores hold.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Proxy].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What is asked of a request. The default asks for a live login, and refuses what other sites' pages send.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Demand {
    /// Anybody may pass, signed in or not; who is signed in is still told to the application.
    pub public: bool,
    /// One of these roles; any login where there are none.
    pub roles: Vec<Role>,
    /// At least this sure a login.
    pub acr: Option<Acr>,
    /// Unsafe requests and WebSockets may come from any site's pages: the application defends itself.
    pub cross_site: bool,
    /// They may come from these origins' pages too.
    pub origins: Vec<Origin>,
    /// CORS preflights pass without a login: they carry no cookie, and the application answers them.
    pub preflight: bool,
}

impl Demand {
    /// Whether it asks for more than a login. Such a rule counts, besides, for every path that could be meant by its own.
    pub fn tightens(&self) -> bool {
        !self.public && (!self.roles.is_empty() || self.acr.is_some())
    }
}

/// What is asked of one request: all of it must be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demands<'a> {
    /// By the first rule that covers the request to the letter, or by the application's own demand.
    pub written: &'a Demand,
    /// By every rule before that one which tightens and may mean the request: which of them an application takes it for, nobody
    /// here knows. Mostly none, and then no memory is taken.
    pub meant: Vec<&'a Demand>,
}

impl<'a> Demands<'a> {
    /// This alone.
    pub const fn only(written: &'a Demand) -> Self {
        let meant = Vec::new();
        Self { written, meant }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a Demand> {
        std::iter::once(self.written).chain(self.meant.iter().copied())
    }

    /// Whether all of them allow it.
    pub fn all(&self, allows: impl Fn(&Demand) -> bool) -> bool {
        self.iter().all(allows)
    }
}

/// Which paths a rule is for, compared with the path as an application reads it: percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PathPattern {
    /// `/cart`: this path alone.
    Exact(String),
    /// `/admin/*`: `/admin` and everything below it. `/*` is everything. Held without the slash and star.
    Below(String),
}

/// Not a path pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a path begins with / and may end in /*, like /admin/*; it has no other *, no ?, # or %, and no //, . or .. in it"
)]
pub struct ParsePathPatternError;

impl PathPattern {
    /// Whether the rule is for this path, to the letter, given as it stands in the request target, without its query.
    pub fn covers(&self, path: &str) -> bool {
        let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
        match self {
            Self::Exact(exact) => *decoded == *exact.as_bytes(),
            Self::Below(root) => decoded
                .strip_prefix(root.as_bytes())
                .is_some_and(|rest| rest.first().is_none_or(|next| *next == b'/')),
        }
    }

    /// Whether some application could take this path for one that the rule is for: many read paths without regard to case, to a
    /// slash at the end, or to what follows a name (`/admin.json`, `/admin%3Fx`, `/admin%20`).
    pub fn may_mean(&self, path: &str) -> bool {
        let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
        // An application that decodes before it looks for the query sees the path end there.
        let cut = decoded.split(|c| matches!(c, b'?' | b'#')).next();
        self.may_mean_decoded(&decoded) || cut.is_some_and(|cut| self.may_mean_decoded(cut))
    }

    fn may_mean_decoded(&self, path: &[u8]) -> bool {
        let mut told = segments(path);
        let (own, below) = match self {
            Self::Exact(exact) => (exact, false),
            Self::Below(root) => (root, true),
        };
        segments(own.as_bytes()).all(|own| told.next().is_some_and(|told| may_name(told, own)))
            && (below || told.next().is_none())
    }
}

/// The names in a path, without the slash at either end.
fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let path = path.strip_suffix(b"/").unwrap_or(path);
    path.split(|c| *c == b'/')
        .filter(|segment| !segment.is_empty())
}

/// The same name in another case, perhaps with something behind it that begins with no letter, digit, `-` or `_`.
fn may_name(told: &[u8], own: &[u8]) -> bool {
    let goes_on =
        |next: &u8| next.is_ascii_alphanumeric() || !next.is_ascii() || matches!(next, b'-' | b'_');
    told.split_at_checked(own.len())
        .is_some_and(|(name, rest)| {
            name.eq_ignore_ascii_case(own) && !rest.first().is_some_and(goes_on)
        })
}

impl FromStr for PathPattern {
    type Err = ParsePathPatternError;

    fn from_str(text: &str) -> Result<Self, ParsePathPatternError> {
        let (path, below) = text
            .strip_suffix("/*")
            .map_or((text, false), |path| (path, true));
        let segments = path.strip_prefix('/');
        let whole = match segments {
            None => below && path.is_empty(),
            Some(segments) => {
                segments
                    .split('/')
                    .rev()
                    .skip(1)
                    .all(|segment| !segment.is_empty())
                    && !(below && segments.ends_with('/'))
                    && !segments
                        .split('/')
                        .any(|segment| matches!(segment, "." | ".."))
            }
        };
        let fits = |c: char| !c.is_control() && !matches!(c, '*' | '?' | '#' | '%' | '\\' | ';');
        if !whole || text.len() > 512 || !path.chars().all(fits) || (below && path == "/") {
            return Err(ParsePathPatternError);
        }
        Ok(if below {
            Self::Below(path.to_owned())
        } else {
            Self::Exact(path.to_owned())
        })
    }
}

impl TryFrom<String> for PathPattern {
    type Error = ParsePathPatternError;

    fn try_from(text: String) -> Result<Self, ParsePathPatternError> {
        text.parse()
    }
}

impl From<PathPattern> for String {
    fn from(pattern: PathPattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => f.write_str(path),
            Self::Below(root) => write!(f, "{root}/*"),
        }
    }
}

/// A request's method (RFC 9110 §9.1): case-sensitive, upper case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MethodName(String);

/// Not a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a method is written in capitals, like GET or POST")]
pub struct ParseMethodError;

impl MethodName {
    /// The method.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MethodName {
    type Err = ParseMethodError;

    fn from_str(text: &str) -> Result<Self, ParseMethodError> {
        let fits = |c: u8| c.is_ascii_uppercase() || c == b'-';
        if text.is_empty() || text.len() > 32 || !text.bytes().all(fits) {
            return Err(ParseMethodError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for MethodName {
    type Error = ParseMethodError;

    fn try_from(text: String) -> Result<Self, ParseMethodError> {
        text.parse()
    }
}

impl From<MethodName> for String {
    fn from(method: MethodName) -> Self {
        method.0
    }
}

/// What is asked on some paths or of some methods instead of the application's own demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Any of these; every path where there are none.
    pub paths: Vec<PathPattern>,
    /// Any of these; every method where there are none.
    pub methods: Vec<MethodName>,
    /// What is asked; the whole of it.
    pub demand: Demand,
}

impl Rule {
    /// RFC 9110 §9.3.2: a HEAD is a GET of which only the head is wanted.
    fn is_for(&self, method: &str) -> bool {
        let names = |asked: &str| self.methods.iter().any(|method| method.as_str() == asked);
        self.methods.is_empty() || names(method) || method == "HEAD" && names("GET")
    }
}

/// An application as an operator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationSpec {
    /// Unique.
    pub name: ApplicationName,
    /// What people are shown; the name where it is empty.
    pub title: DisplayName,
    /// What sort of software it is.
    pub kind: Kind,
    /// Where it is reached, sorted; an authority belongs to one application.
    pub origins: Vec<Origin>,
    /// What is asked where no rule says otherwise.
    pub demand: Demand,
    /// Exceptions: the first that covers a request counts.
    pub rules: Vec<Rule>,
}

/// Why a description is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Nobody could reach it.
    #[error(
        "the application needs an origin: where do browsers reach it, like https://shop.example.com?"
    )]
    NoOrigin,
    /// More origins than this.
    #[error("the application has too many origins: at most {0}")]
    TooManyOrigins(usize),
    /// More rules than this.
    #[error("the application has too many rules: at most {0}")]
    TooManyRules(usize),
    /// The same host twice.
    #[error("the application has {0} twice")]
    Twice(String),
}

impl ApplicationSpec {
    /// Most origins of one application.
    pub const MOST_ORIGINS: usize = 20;
    /// Most rules of one application.
    pub const MOST_RULES: usize = 100;

    /// Sorts the origins and looks whether it is whole.
    pub fn checked(mut self) -> Result<Self, SpecError> {
        self.origins.sort();
        let authorities: Vec<_> = self.origins.iter().map(Origin::authority).collect();
        let mut seen = authorities.clone();
        seen.sort_unstable();
        if let Some(twice) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SpecError::Twice(twice[0].to_owned()));
        }
        if authorities.is_empty() {
            return Err(SpecError::NoOrigin);
        }
        if authorities.len() > Self::MOST_ORIGINS {
            return Err(SpecError::TooManyOrigins(Self::MOST_ORIGINS));
        }
        if self.rules.len() > Self::MOST_RULES {
            return Err(SpecError::TooManyRules(Self::MOST_RULES));
        }
        Ok(self)
    }

    /// What is asked of a request: its method, and its path as it stands in the request target, without the query.
    ///
    /// ASVS 8.3.1: what opens counts to the letter, what tightens for everything that an application might read as its path.
    pub fn demands_on(&self, method: &str, path: &str) -> Demands<'_> {
        let mut meant = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.is_for(method)) {
            let any = |covers: fn(&PathPattern, &str) -> bool| {
                rule.paths.is_empty() || rule.paths.iter().any(|pattern| covers(pattern, path))
            };
            if any(PathPattern::covers) {
                let written = &rule.demand;
                return Demands { written, meant };
            }
            // Where anybody may pass, a login is more than is asked.
            let tightens = rule.demand.tightens() || (self.demand.public && !rule.demand.public);
            if tightens && any(PathPattern::may_mean) {
                meant.push(&rule.demand);
            }
        }
        let written = &self.demand;
        Demands { written, meant }
    }

    /// What people are shown.
    pub fn title(&self) -> &str {
        match self.title.as_str() {
            "" => self.name.as_str(),
            title => title,
        }
    }
}

/// An application as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Never given again.
    pub id: ApplicationId,
    /// What an operator said.
    pub spec: ApplicationSpec,
    /// It stands in the settings file and is managed there.
    pub declared: bool,
    /// When it was made.
    pub created_at: UnixMillis,
    /// What it may prove itself with, the newest first: none, one, or two while its operator changes over.
    pub secrets: Vec<ApplicationSecret>,
}

#[cfg(test)]
mod tests;
