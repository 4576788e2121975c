//! `vestibule doctor`: the classic faults of an installation, found and named with the line to change. One file a check.
//!
//! A check looks from where users and proxies stand: it goes through the public address, and asks the running server over the
//! control socket what came of it. Nothing is changed; the login that is tried is ended again.

mod browser;
mod certificate;
mod clock;
mod cookie;
mod data;
mod files;
mod finding;
mod login;
mod mail;
mod proxy;
mod reach;
pub mod web;

use std::net::SocketAddr;

use anyhow::Result;
use serde::Deserialize;
use url::Url;

use vestibule_core::time::UnixMillis;
use vestibule_engine::Clock as _;
use vestibule_http::Issuer;

use crate::client::{self, Client};
use crate::os::SystemClock;
use crate::settings::{Faults, InForce, Settings};

pub use self::finding::Finding;
pub use self::login::Credentials;
pub use self::web::Resolved;
use self::web::Web;

/// What is to be looked at.
pub struct Request {
    /// A page of an application's.
    pub url: Option<Url>,
    /// As whom to sign in there.
    pub credentials: Option<Credentials>,
    /// Names that are to be found elsewhere than the resolver says.
    pub resolved: Vec<Resolved>,
}

/// The installation, and what the checks share.
struct Patient<'a> {
    in_force: &'a InForce,
    issuer: Issuer,
    server: Option<Client>,
    told: Option<Told>,
    web: Web,
    url: Option<Url>,
    credentials: Option<Credentials>,
    now: UnixMillis,
}

/// What the running server tells of itself.
#[derive(Deserialize)]
struct Told {
    issuer: String,
    now: UnixMillis,
    pid: u32,
}

/// Every check, in order. Fails only when the checks cannot be made.
pub async fn examine(in_force: &InForce, request: Request) -> Result<Vec<Finding>> {
    let settings = &in_force.settings;
    let server = Client::running(settings).await?;
    let told = match &server {
        Some(server) => {
            let told = server.get("/api/v1/admin/doctor").await?;
            Some(serde_json::from_value::<Told>(told)?)
        }
        None => None,
    };
    // A server may have been started with other flags than this command.
    let issuer = match &told {
        Some(told) => Issuer::parse(&told.issuer)?,
        None => client::issuer(settings)?,
    };
    let patient = Patient {
        in_force,
        issuer,
        server,
        told,
        web: Web::new(request.resolved)?,
        url: request.url,
        credentials: request.credentials,
        now: SystemClock.wall(),
    };
    let mut findings = vec![patient.settled()];
    findings.extend(data::check(&patient));
    findings.extend(files::check(&patient));
    findings.extend(cookie::check(&patient));
    findings.extend(reach::check(&patient).await);
    findings.extend(certificate::check(&patient).await);
    findings.extend(clock::check(&patient).await);
    findings.extend(proxy::check(&patient).await);
    findings.extend(mail::check(&patient).await);
    findings.extend(login::check(&patient).await);
    Ok(findings)
}

/// Settings that are refused: nothing else can be looked at.
pub fn of_settings(faults: &Faults) -> Vec<Finding> {
    let why = "the server does not start with them";
    let change = "what it names; `vestibule config reference` lists every setting";
    let finding =
        |fault: &crate::settings::Fault| Finding::fault("settings", fault.to_string(), why, change);
    faults.0.iter().map(finding).collect()
}

impl Patient<'_> {
    const fn settings(&self) -> &Settings {
        &self.in_force.settings
    }

    fn settled(&self) -> Finding {
        let of = self.in_force.file.as_ref();
        let of = of.map_or("the defaults".to_owned(), |file| file.display().to_string());
        Finding::good("settings", format!("{of}, as {}", self.issuer.origin()))
    }

    /// Where browsers are sent: the issuer, and the application that was named.
    fn public_urls(&self) -> Vec<Url> {
        let issuer = Url::parse(self.issuer.origin()).ok();
        let mut urls: Vec<Url> = issuer.into_iter().collect();
        let other = self.url.as_ref();
        if let Some(url) =
            other.filter(|url| urls.iter().all(|known| known.origin() != url.origin()))
        {
            let mut root = url.clone();
            root.set_path("/");
            root.set_query(None);
            root.set_fragment(None);
            urls.push(root);
        }
        urls
    }

    /// Whether somebody stands between browsers and this server.
    fn has_proxy(&self) -> bool {
        !self.settings().proxies.is_empty()
            || (self.issuer.https() && self.settings().tls.pair().is_none())
    }

    /// Who ends TLS, for the one who is to change it.
    fn tls_end(&self) -> String {
        if self.settings().tls.pair().is_some() {
            "tls.cert_file and tls.key_file".to_owned()
        } else {
            "the proxy that ends TLS (nginx: `ssl_certificate`)".to_owned()
        }
    }

    fn listens(&self) -> String {
        let listen = self.settings().listen.iter().map(SocketAddr::to_string);
        listen.collect::<Vec<_>>().join(", ")
    }

    /// The running server's process.
    fn pid(&self) -> Option<u32> {
        self.told.as_ref().map(|told| told.pid)
    }

    /// Now, not as the examination began.
    #[expect(
        clippy::unused_self,
        reason = "the checks ask the patient for everything"
    )]
    fn clock(&self) -> UnixMillis {
        SystemClock.wall()
    }
}
