//! `/console/applications/{name}/connect`: what the proxy in front of an application needs. Nothing is kept of what is typed
//! here, so it is a GET: it can be come back to, and another proxy is one click away.

use std::net::IpAddr;

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use vestibule_core::application::Application;
use vestibule_core::origin::Origin;

use super::{choices, done, find, path};
use crate::browser::form::{Fields, Query};
use crate::console::Administrator;
use crate::console::proxies::{Proxy, Upstream, Values};
use crate::context::Context;
use crate::errors::{Code, Failure};
use crate::site::{HeaderFamily, ProxyPeer, Site};
use crate::views::{
    ApplicationNotice, ConnectFaults, ConnectPage, Obstacle, SnippetText, UpstreamFault,
};

/// The port that the book's application listens on, until another is said.
const APPLICATION: u16 = 3000;
/// The port that Vestibule listens on, unless its settings say otherwise.
const VESTIBULE: u16 = 8080;

/// The files, filled in.
pub async fn get(
    by: Administrator,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<Response, Failure> {
    let application = find(&by, &name).await?;
    let origin = origin(&application, &query)?;
    let proxy = match query.optional("proxy") {
        None => Proxy::Nginx,
        Some(name) => Proxy::parse(name).ok_or(Failure::of(Code::BadRequest))?,
    };
    let context = by.context();
    let asked = Asked::read(&query, context, proxy);
    let site = &context.site;
    let mut page = ConnectPage {
        path: path(&application),
        name: application.spec.name.to_string(),
        title: application.spec.title().to_owned(),
        origins: application
            .spec
            .origins
            .iter()
            .map(Origin::to_string)
            .collect(),
        origin: origin.to_string(),
        proxy: proxy.as_str().to_owned(),
        proxies: choices(),
        application: asked.application.0,
        vestibule: asked.vestibule.0,
        from: asked.from.0,
        faults: ConnectFaults {
            application: asked.application.1.as_ref().err().copied(),
            vestibule: asked.vestibule.1.as_ref().err().copied(),
            from: asked.from.1.is_none(),
        },
        obstacles: obstacles(site, origin),
        doctor: format!("vestibule doctor --url {origin}"),
        added: done(&by, &query) == Some(ApplicationNotice::Added),
        ..ConnectPage::default()
    };
    let (Ok(vestibule), Ok(upstream), Some(from)) =
        (asked.vestibule.1, asked.application.1, asked.from.1)
    else {
        // RFC 9110 §15.5.21
        return by.0.page(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let snippets = proxy.snippets(&Values {
        issuer: site.issuer.as_origin(),
        origin,
        name: &application.spec.name,
        vestibule: &vestibule,
        application: &upstream,
    });
    page.snippets = snippets
        .into_iter()
        .map(|snippet| SnippetText {
            path: snippet.path,
            text: snippet.text,
        })
        .collect();
    page.settings = settings(from, proxy.headers());
    match site.proxy(from) {
        Some(ProxyPeer::Configured(family)) if family == proxy.headers() => page.trusted = true,
        Some(ProxyPeer::Configured(_)) => page.obstacles.push(Obstacle::OtherFamily),
        Some(ProxyPeer::Loopback) | None => {}
    }
    by.page(&page)
}

/// What was typed, beside what it was read as.
struct Asked {
    application: (String, Result<Upstream, UpstreamFault>),
    vestibule: (String, Result<Upstream, UpstreamFault>),
    from: (String, Option<IpAddr>),
}

impl Asked {
    fn read(query: &Fields, context: &Context, proxy: Proxy) -> Self {
        let upstream = |field: &str, usual: String| {
            let typed = query.optional(field).map_or(usual, ToOwned::to_owned);
            let read = match typed.parse::<Upstream>() {
                Err(_) => Err(UpstreamFault::Malformed),
                Ok(upstream) if proxy.needs_addresses() && !upstream.is_address() => {
                    Err(UpstreamFault::NeedsAddress)
                }
                Ok(upstream) => Ok(upstream),
            };
            (typed, read)
        };
        let from = query.optional("from").unwrap_or("127.0.0.1").to_owned();
        let address = from.trim().parse().ok();
        Self {
            application: upstream("application", Upstream::here(APPLICATION).to_string()),
            vestibule: upstream("vestibule", listening(context).to_string()),
            from: (from, address),
        }
    }
}

/// The one of the application's own origins that was chosen.
fn origin<'a>(application: &'a Application, query: &Fields) -> Result<&'a Origin, Failure> {
    let origins = &application.spec.origins;
    let chosen = query.optional("origin").filter(|text| !text.is_empty());
    let found = match chosen {
        None => origins.first(),
        Some(text) => origins.iter().find(|origin| origin.as_str() == text),
    };
    found.ok_or(Failure::of(Code::BadRequest))
}

/// Where Vestibule listens, as far as the settings in force tell: the first of `server.listen` that a file can name, from this
/// machine.
fn listening(context: &Context) -> Upstream {
    let settings = context.settings.iter();
    let listen = settings
        .filter(|setting| setting.name == "server.listen")
        .flat_map(|setting| setting.value.split('"'));
    let mut listen = listen.filter_map(|text| text.parse::<Upstream>().ok());
    match listen.next() {
        // Everywhere is not where anybody connects to.
        Some(all) if all.is_unspecified() => all.on_this_machine(),
        Some(upstream) => upstream,
        None => Upstream::here(VESTIBULE),
    }
}

/// What `vestibule.toml` needs. An address and a word: nothing in it can be more than that.
fn settings(from: IpAddr, headers: HeaderFamily) -> String {
    let family = match headers {
        HeaderFamily::XForwarded => "x-forwarded",
        HeaderFamily::XOriginal => "x-original",
    };
    format!("[[trusted_proxies]]\naddress = \"{from}\"\nheaders = \"{family}\"\n")
}

/// What has to be different before the book's files work: they are for hosts of their own, over https, at its own port.
fn obstacles(site: &Site, origin: &Origin) -> Vec<Obstacle> {
    let issuer = site.issuer.as_origin();
    let all = [
        (!issuer.https(), Obstacle::IssuerWithoutTls),
        (!origin.https(), Obstacle::OriginWithoutTls),
        (
            [issuer, origin]
                .iter()
                .any(|origin| origin.https() && origin.port() != 443),
            Obstacle::OtherPort,
        ),
        (issuer.name() == origin.name(), Obstacle::SharedHost),
    ];
    all.into_iter()
        .filter_map(|(stands, obstacle)| stands.then_some(obstacle))
        .collect()
}
