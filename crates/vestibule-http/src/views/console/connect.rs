//! `/console/applications/{name}/connect`: what the proxy in front of an application needs, ready to be copied; and
//! `…/secret`, an application's own secret, shown once.

use std::borrow::Cow;

use super::ProxyChoice;
use crate::texts::msg;
use crate::views::{Frame, page};

/// The configuration of one proxy, filled in.
#[derive(Clone, Debug, Default)]
pub struct ConnectPage {
    /// Link to the application's page.
    pub path: String,
    /// As settings and proxies name it.
    pub name: String,
    /// What people are shown.
    pub title: String,
    /// Where browsers reach it; each has a part of its own in a proxy's configuration.
    pub origins: Vec<String>,
    /// The one that this is for.
    pub origin: String,
    /// Which proxy, by its name in forms.
    pub proxy: String,
    /// The proxies there are.
    pub proxies: Vec<ProxyChoice>,
    /// Where the application listens, as typed.
    pub application: String,
    /// Where Vestibule listens, as typed.
    pub vestibule: String,
    /// Where the proxy connects from, as typed.
    pub from: String,
    /// What of these cannot be so.
    pub faults: ConnectFaults,
    /// What has to be different for this to work.
    pub obstacles: Vec<Obstacle>,
    /// The files.
    pub snippets: Vec<SnippetText>,
    /// What `vestibule.toml` needs.
    pub settings: String,
    /// It says so already.
    pub trusted: bool,
    /// The command that tries it.
    pub doctor: String,
    /// The application was made known just now.
    pub added: bool,
}

/// What was typed and cannot be so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectFaults {
    /// Where the application listens.
    pub application: Option<UpstreamFault>,
    /// Where Vestibule listens.
    pub vestibule: Option<UpstreamFault>,
    /// Where the proxy connects from.
    pub from: bool,
}

/// What is wrong with a place where a program listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamFault {
    /// It is no host and port.
    Malformed,
    /// It has a name, and this proxy's files take addresses alone.
    NeedsAddress,
}

/// What has to be different for this to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The issuer is not https.
    IssuerWithoutTls,
    /// The application's origin is not https.
    OriginWithoutTls,
    /// A port that is not 443: the files say 443.
    OtherPort,
    /// Both share a host; the files are for a host each.
    SharedHost,
    /// The proxy is trusted to send another family of headers.
    OtherFamily,
}

/// A file to be saved.
#[derive(Clone, Debug)]
pub struct SnippetText {
    /// Where.
    pub path: &'static str,
    /// The whole file.
    pub text: String,
}

/// An application's new secret: shown this once.
#[derive(Clone, Debug)]
pub struct SecretPage {
    /// Link to the application's page.
    pub path: String,
    /// What people are shown.
    pub title: String,
    /// As programs name it.
    pub client_id: String,
    /// The secret.
    pub secret: String,
    /// The one before is good until the next rotation.
    pub previous: bool,
}

page!(ConnectPage, "console/connect.html");
page!(SecretPage, "console/secret.html");

impl ConnectPage {
    fn faulty(&self) -> bool {
        self.faults != ConnectFaults::default()
    }

    fn chosen(&self) -> Option<&ProxyChoice> {
        self.proxies.iter().find(|proxy| proxy.name == self.proxy)
    }

    fn heading<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.tongue.text_with(
            "connect-title",
            &[
                ("application", self.title.as_str().into()),
                (
                    "proxy",
                    self.chosen().map_or("", |proxy| proxy.title).into(),
                ),
            ],
        )
    }

    fn proxy_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.chosen().map(|proxy| proxy.text(frame))
    }

    fn application_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults.application.map(|fault| fault.text(frame))
    }

    fn vestibule_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults.vestibule.map(|fault| fault.text(frame))
    }
}

impl SnippetText {
    fn save_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame
            .tongue
            .text_with("connect-save", &[("path", self.path.into())])
    }
}

impl UpstreamFault {
    fn text<'a>(self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self {
            Self::Malformed => msg("connect-fault-upstream"),
            Self::NeedsAddress => msg("connect-fault-address"),
        })
    }
}

impl Obstacle {
    fn text<'a>(self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self {
            Self::IssuerWithoutTls => msg("connect-issuer-http"),
            Self::OriginWithoutTls => msg("connect-origin-http"),
            Self::OtherPort => msg("connect-other-port"),
            Self::SharedHost => msg("connect-shared-host"),
            Self::OtherFamily => msg("connect-other-family"),
        })
    }
}

impl SecretPage {
    fn what_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(if self.previous {
            msg("secret-previous")
        } else {
            msg("secret-alone")
        })
    }
}
