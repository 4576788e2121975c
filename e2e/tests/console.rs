//! The console in a real browser.

use vestibule_e2e::browser;
use vestibule_e2e::server::Launch;

/// Holds: ASVS 7.4.5, ASVS 7.4.1, ASVS 3.2.2
#[test]
fn asvs_7_4_5_an_administrator_looks_and_ends_sessions_in_chromium() -> anyhow::Result<()> {
    // Every page is looked at in between, many times.
    let server = Launch::new()?
        .environment("VESTIBULE_LOGIN__FRESH", "1h")
        .start()?;
    let link = format!("{}{}", server.origin(), server.setup_path()?);
    browser::run(
        "console.mjs",
        &[("ORIGIN", &server.origin()), ("SETUP_LINK", &link)],
    )?;
    Ok(())
}
