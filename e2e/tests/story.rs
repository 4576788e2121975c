//! The whole story in a real browser, straight at the server.

use vestibule_e2e::browser;
use vestibule_e2e::server::Launch;

/// Holds: ASVS 7.5.2, ASVS 7.4.1, ASVS 7.4.3, ASVS 6.2.6, ASVS 6.2.7, ASVS 6.3.2, N10, N13, N14, N29, C21
#[test]
fn a_person_sets_up_signs_in_and_ends_a_device_in_chromium() -> anyhow::Result<()> {
    let (launch, clock) = Launch::new()?.movable_clock()?;
    let server = launch.start()?;
    let link = format!("{}{}", server.origin(), server.setup_path()?);
    browser::run(
        "story.mjs",
        &[
            ("ORIGIN", &server.origin()),
            ("SETUP_LINK", &link),
            ("CLOCK", &clock.display().to_string()),
        ],
    )?;
    Ok(())
}
