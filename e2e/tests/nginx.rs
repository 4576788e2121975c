//! Behind a real nginx with the book's own snippet: one origin, path by path, TLS ended in front.

use anyhow::ensure;
use vestibule_e2e::application::Application;
use vestibule_e2e::browser;
use vestibule_e2e::disk::SmallDisk;
use vestibule_e2e::nginx::{Nginx, Ports};
use vestibule_e2e::server::{Launch, Server};

/// Vestibule, an application and nginx in front of both.
struct Street {
    nginx: Nginx,
    application: Application,
    server: Server,
}

impl Street {
    fn open(launch: Launch) -> anyhow::Result<Self> {
        let ports = Ports::free()?;
        let room = launch.scratch().join("nginx");
        let server = launch
            .argument("--issuer")
            .argument(format!("https://localhost:{}", ports.tls))
            .config("[[trusted_proxies]]\naddress = \"127.0.0.1\"\nheaders = \"x-original\"\n")?
            .start()?;
        let application = Application::start()?;
        let nginx = Nginx::start(&room, &ports, server.port, application.port)?;
        Ok(Self {
            nginx,
            application,
            server,
        })
    }
}

/// Holds: R25, ASVS 4.1.3, ASVS 3.3.1, ASVS 3.3.3, ASVS 3.4.1, ASVS 7.4.1, N10
#[test]
fn a_page_behind_nginx_is_reached_after_sign_in_and_lost_at_the_next_click() -> anyhow::Result<()> {
    let street = Street::open(Launch::new()?)?;
    let origin = street.nginx.origin();
    let link = format!("{origin}{}", street.server.setup_path()?);
    let guest = "bob@example.test";
    street.server.add_user(guest, "seven green doors open")?;
    browser::run(
        "behind-nginx.mjs",
        &[("ORIGIN", &origin), ("SETUP_LINK", &link), ("GUEST", guest)],
    )?;
    for head in street.application.requests() {
        let head = head.to_ascii_lowercase();
        ensure!(
            !head.contains("__host-vestibule"),
            "Vestibule's cookie reached the application:\n{head}"
        );
        ensure!(
            !head.contains("remote-user: root"),
            "a spoofed identity reached the application:\n{head}"
        );
    }
    Ok(())
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_full_disk_and_a_stopped_vestibule_are_503_through_nginx_and_keep_the_cookie()
-> anyhow::Result<()> {
    let launch = Launch::new()?;
    let disk = SmallDisk::mount(launch.scratch().join("disk"), "6m")?;
    let street = Street::open(launch.data(disk.path().join("data")))?;
    street
        .server
        .add_user("alice@example.test", "seven green doors open")?;
    let (origin, pid) = (
        street.nginx.origin(),
        street.server.process.id().to_string(),
    );
    let room = disk.path().display().to_string();
    browser::run(
        "outage.mjs",
        &[
            ("ORIGIN", &origin),
            ("VESTIBULE_PID", &pid),
            ("DISK", &room),
        ],
    )?;
    Ok(())
}
