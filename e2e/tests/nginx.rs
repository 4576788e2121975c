//! Behind a real nginx with the book's own snippet: one origin, path by path, TLS ended in front.

use anyhow::ensure;
use vestibule_e2e::browser;
use vestibule_e2e::server::Launch;
use vestibule_e2e::street::Street;

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
