//! One login for applications on hosts of their own, a sibling of the issuer's and one that has nothing to do with it: in
//! Chromium, behind a real nginx with the book's own text.

use anyhow::ensure;
use vestibule_e2e::application::Application;
use vestibule_e2e::browser;
use vestibule_e2e::proxies::{ISSUER, Kind, Proxy, SHOP};
use vestibule_e2e::server::Launch;

/// Neither the issuer's domain nor the shop's.
const WIKI: &str = "https://wiki.elsewhere.test";
const EMAIL: &str = "alice@example.test";
const PASSWORD: &str = "seven green doors open";

/// Holds: H02, H03, R23, N10, ASVS 3.3.3, ASVS 3.7.2, ASVS 7.4.1, ASVS 7.5.2
#[test]
fn one_login_opens_every_application_and_its_end_closes_them_all() -> anyhow::Result<()> {
    let wiki = format!(
        "\n[[applications]]\nname = \"wiki\"\ntitle = \"The wiki\"\norigins = [\"{WIKI}\"]\n"
    );
    let settings = Kind::Nginx.settings()? + &wiki;
    let server = Launch::new()?.config(&settings)?.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    let application = Application::start()?;
    let proxy = Proxy::start_nginx_for(&["wiki.elsewhere.test"], server.port, application.port)?;
    let port = proxy.addresses.secure.to_string();
    browser::run(
        "handshake.mjs",
        &[
            ("ISSUER", ISSUER),
            ("SHOP", SHOP),
            ("WIKI", WIKI),
            ("PORT", &port),
            ("EMAIL", EMAIL),
            ("PASSWORD", PASSWORD),
        ],
    )?;
    for request in application.received() {
        let head = request.head.to_ascii_lowercase();
        ensure!(
            !head.contains("vestibule-") && !head.contains("__host-vestibule"),
            "a cookie of Vestibule's reached an application:\n{head}"
        );
        ensure!(
            !request.target().contains("/vestibule/"),
            "a path of Vestibule's reached an application:\n{head}"
        );
        ensure!(
            request.method() != "POST",
            "a form that met no login was passed on:\n{head}"
        );
    }
    let trail = server.command(["audit", "tail", "-n", "1000", "--json"], "")?;
    let trail = String::from_utf8_lossy(&trail.stdout).into_owned();
    let times = |code: &str| trail.matches(code).count();
    ensure!(
        times("handshake.refused") == 2,
        "the stolen URLs are on record:\n{trail}"
    );
    ensure!(times("app_session.opened") > 4, "{trail}");
    Ok(())
}
