//! The book's own configurations, whichever proxy it is: nothing is wrong with them, and doctor finds nothing; with their question
//! taken out, it says so.

use anyhow::{Context as _, ensure};
use vestibule_e2e::application::Application;
use vestibule_e2e::proxies::{Kind, Proxy, SHOP};
use vestibule_e2e::server::{Launch, Server};

use super::front::{EMAIL, Examination, PASSWORD};

/// A server and an application that some proxy of this kind stands in front of.
struct Street {
    launch: Launch,
    server: Server,
    shop: Application,
}

impl Street {
    fn open(kind: Kind) -> anyhow::Result<Self> {
        let launch = Launch::new()?.config(&kind.settings()?)?;
        let server = launch.start()?;
        server.add_user(EMAIL, PASSWORD)?;
        let shop = Application::start()?;
        Ok(Self {
            launch,
            server,
            shop,
        })
    }

    fn examine(&self, proxy: &Proxy) -> anyhow::Result<Examination> {
        let config = self.launch.scratch().join("vestibule.toml");
        let config = config.display().to_string();
        let at = |host: &str| format!("{host}=127.0.0.1:{}", proxy.addresses.secure);
        let (issuer, application) = (at("id.example.com"), at("shop.example.com"));
        let url = format!("{SHOP}/orders?id=7");
        let authority = proxy.authority.display().to_string();
        let arguments = [
            "--config",
            &config,
            "--url",
            &url,
            "--email",
            EMAIL,
            "--password-stdin",
            "--resolve",
            &issuer,
            "--resolve",
            &application,
        ];
        let environment = [("SSL_CERT_FILE", authority.as_str())];
        Examination::on(&self.server.data, &arguments, &environment, PASSWORD)
    }
}

/// The book's own text has no fault; without its question it has one.
fn behind(kind: Kind) -> anyhow::Result<()> {
    let street = Street::open(kind)?;
    let (vestibule, shop) = (street.server.port, street.shop.port);
    let found = street.examine(&Proxy::start(kind, vestibule, shop)?)?;
    found.is_healthy().with_context(|| kind.name())?;
    ensure!(
        found.all("proxy").count() == 2,
        "{}: {}",
        kind.name(),
        found.said
    );
    let login = found.of("login")?["what"].as_str().unwrap_or_default();
    ensure!(login.contains("there and back"), "{}: {login}", kind.name());

    let found = street.examine(&Proxy::start_unasking(kind, vestibule, shop)?)?;
    found.names(
        "proxy",
        &["nobody asked Vestibule"],
        &["/verify", "shop.example.com"],
    )?;
    found.names("login", &["hop 1", "without a login"], &["/verify"])
}

/// Holds: R25
#[test]
fn nginx_is_good_as_the_book_has_it_and_not_without_its_question() -> anyhow::Result<()> {
    behind(Kind::Nginx)
}

/// Holds: R25
#[test]
fn haproxy_is_good_as_the_book_has_it_and_not_without_its_question() -> anyhow::Result<()> {
    behind(Kind::Haproxy)
}

/// Holds: R25
#[test]
fn apache_is_good_as_the_book_has_it_and_not_without_its_question() -> anyhow::Result<()> {
    behind(Kind::Apache)
}

/// Holds: R25
#[test]
fn caddy_is_good_as_the_book_has_it_and_not_without_its_question() -> anyhow::Result<()> {
    behind(Kind::Caddy)
}

/// Holds: R25
#[test]
fn traefik_is_good_as_the_book_has_it_and_not_without_its_question() -> anyhow::Result<()> {
    behind(Kind::Traefik)
}

/// Holds: R25
#[test]
fn envoy_is_good_as_the_book_has_it_and_not_without_its_question() -> anyhow::Result<()> {
    behind(Kind::Envoy)
}
